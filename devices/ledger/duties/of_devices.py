"""Devices that are under a deadline while they are in a state: on their way, carried, at the maker, sold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from devices.deadlines import DEADLINE_OF_STATE
from devices.ledger.duties.due import Due, Duty, due_of
from devices.store.database import Store
from devices.values import Site

_STARTS = " ".join(f"WHEN '{state}' THEN '{each.starts_from}'" for state, each in DEADLINE_OF_STATE.items())
_MEETS = [document for each in DEADLINE_OF_STATE.values() for document in each.met_by]
_MET_BY = " OR ".join(
    f"(b.state = '{state}' AND l.type IN ({', '.join(map(repr, each.met_by))}))"
    for state, each in DEADLINE_OF_STATE.items()
)
# By hand: a report. The day is that of the device's last document of the kind the deadline starts from; opening stock
# starts with its own date.
_UNDER_WAY = (
    "SELECT p.state, p.serial, COALESCE(p.site, p.responsible_site) AS answering, COALESCE("
    "(SELECT l.business_date FROM line l WHERE l.serial = p.serial AND l.reverses IS NULL"
    f" AND l.type = CASE p.state {_STARTS} END ORDER BY l.step DESC LIMIT 1), p.business_date)"
    f" FROM position p WHERE p.state IN ({', '.join(map(repr, DEADLINE_OF_STATE))})"
    " AND COALESCE(p.site, p.responsible_site) IN (:each)"
)
# By hand: a report. b is the line before: where the device was, and which site answered for it.
MET = (
    "SELECT b.state, l.serial, COALESCE(b.site, b.responsible_site), l.business_date, COALESCE("
    "(SELECT s.business_date FROM line s WHERE s.serial = l.serial AND s.step < l.step AND s.reverses IS NULL"
    f" AND s.type = CASE b.state {_STARTS} END ORDER BY s.step DESC LIMIT 1), b.business_date)"
    " FROM document d JOIN line l ON l.document = d.number JOIN line b ON b.serial = l.serial AND b.step = l.step - 1"
    f" WHERE d.business_date >= ? AND d.type IN ({', '.join(map(repr, _MEETS))})"
    f" AND l.reverses IS NULL AND l.state <> b.state AND ({_MET_BY})"
    " AND NOT EXISTS (SELECT 1 FROM line u WHERE u.serial = l.serial AND u.reverses = l.step)"
    " AND COALESCE(b.site, b.responsible_site) IN (:each)"
)


def _due(store: Store, sites: Sequence[Site], today: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for state, serial, site, started in store.rows_in(_UNDER_WAY, by_code):
        yield due_of(DEADLINE_OF_STATE[state], serial, by_code[site], date.fromisoformat(started), today)


def _met(store: Store, sites: Sequence[Site], since: date) -> Iterator[Due]:
    by_code = {site.code: site for site in sites}
    for state, serial, site, done, started in store.rows_in(MET, by_code, before=(since.isoformat(),)):
        day, first = date.fromisoformat(done), date.fromisoformat(started)
        yield due_of(DEADLINE_OF_STATE[state], serial, by_code[site], first, day, day)


DEVICE_DUTY = Duty(tuple(each.name for each in DEADLINE_OF_STATE.values()), _due, _met)
