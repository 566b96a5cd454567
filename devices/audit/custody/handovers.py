"""The handover between storekeepers: what is handed over is frozen, three persons sign it, and the role moves."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from devices import records
from devices.audit import signing
from devices.audit.custody.custody_kinds import HANDOVER, HANDOVERS, Handover
from devices.audit.custody.open_items import Asked, open_items
from devices.audit.kinds import SIGNATURE, Signature, Stocktake, signature_key
from devices.audit.stocktake.sheet import Signer, header_of
from devices.audit.stocktake.stocktakes import stocktake_of, stocktakes_of
from devices.calendar import first_day, month_of
from devices.journal import Writer, moment_of
from devices.listed import Only, listed
from devices.people import grants
from devices.people.signing_keys import keys_of
from devices.problems import Fact, Problem, Refused, refuse
from devices.store.database import Store
from devices.store.statements import GIVEN, compiled
from devices.store.tables.registers import Bins
from devices.unit import Unit
from devices.values import UNIT

HANDOVER_TYPE = "application/vnd.panku.handover+json"
_FORMAT = 1
PARTIES = ("outgoing", "incoming", "supervisor")
"""In what role each of the three signs; each is a field of the handover too."""
ROLE_HANDED_OVER = "storekeeper"
_REGISTERS = compiled(
    Bins.select(Bins.register).distinct().where(Bins.site == GIVEN, Bins.active == 1).order_by(Bins.register)
)


class Count(msgspec.Struct, frozen=True):
    """A sealed stocktake that the handover rests on; `digest` is that of its signed sheet."""

    register: str
    stocktake: str
    closed_at: int
    digest: str


class Header(msgspec.Struct, frozen=True):
    """The head of a handover. Times are UTC microseconds; `seq` and `hash` are the journal's head as of the opening."""

    format: int
    unit: str
    number: str
    site: str
    reason: str
    outgoing: str
    incoming: str
    supervisor: str
    opened_at: int
    opened_by: str
    journal: str
    seq: int
    hash: str
    signers: tuple[Signer, ...]
    stocktakes: tuple[Count, ...]


class Statement(msgspec.Struct, frozen=True):
    """What the three sign: who hands over to whom, what was counted, and what is still open, by list."""

    header: Header
    open_items: dict[str, list[str]]


_encode = msgspec.json.Encoder().encode
decode_handover = msgspec.json.Decoder(Statement).decode


def begin_handover(
    writer: Writer,
    unit: Unit,
    *,
    site: str,
    reason: str,
    outgoing: str,
    incoming: str,
    supervisor: str,
    by: str,
) -> Handover:
    """Open a handover of a site, with the site's journal held.

    Raises Refused with everything that is wrong: `handover_open_already`, `empty_text`, `no_active_bins`,
    `stocktake_missing`, `three_persons_needed`, `party_without_role`, `signer_without_key`, and what
    devices.people.grants.refuse_hand_over says of the incoming person.
    """
    store = writer.store
    if others := handovers_of(store, site, states=HANDOVERS.before("complete")):
        raise refuse("handover_open_already", handover=others[0].number)
    parties = dict(zip(PARTIES, (outgoing, incoming, supervisor), strict=True))
    signers = _signers(store, parties)
    counts = _counts(store, unit, site, writer.now_us)
    empty = [] if reason.strip() else [Problem("empty_text", "/reason", {"field": "reason"})]
    problems = [
        *empty, *_uncounted(store, unit, site, writer.now_us, counts), *_unfit(store, site, parties),
        *_keyless(parties, signers),
    ]  # fmt: skip
    if problems:
        raise Refused(problems)
    head = writer.heads[site]
    assert head is not None, "a site with a sealed stocktake has a journal"
    number = records.next_number(store, HANDOVER, site)
    header = Header(
        format=_FORMAT,
        unit=unit.name,
        number=number,
        site=site,
        reason=reason,
        **parties,
        opened_at=writer.now_us,
        opened_by=by,
        journal=head.site,
        seq=head.seq,
        hash=head.hash,
        signers=signers,
        stocktakes=counts,
    )
    payload = _encode(Statement(header, _open_items(store, unit, site, writer.now_us, counts))).decode()
    value = Handover(number, site, outgoing, incoming, supervisor, "open", payload, writer.now_us, by)
    return records.write(writer, HANDOVER, value, by=by, expected=0)[0]


def sign_handover(writer: Writer, unit: Unit, number: str, given: signing.Signing) -> Handover:
    """Sign a handover, its role one of the parties; the third signature completes it, and the role moves.

    Call it with the journals of the site and of the unit held. Raises Refused: `handover_settled`, `not_this_party`,
    `key_not_on_handover`, `handover_out_of_date`, what `begin` says of the parties and counts, and whatever
    devices.audit.signing.sign does; nothing is written then.
    """
    store, party, username = writer.store, given.role, given.by.username
    value, revision = handover_of(store, number)
    HANDOVERS.take("sign", value.state, handover=number)
    if party not in PARTIES or getattr(value, party) != username:
        raise refuse("not_this_party", "/role", party=party, username=username)
    statement = decode_handover(value.payload)
    if problems := [
        *_unnamed(statement, party, given.key),
        *_changed(store, unit, value, statement, writer.now_us),
    ]:
        raise Refused(problems)
    payload = payload_of(value)
    signing.sign(writer, payload, given)
    if {each.role for each in signing.standing(store, number, payload.digest)} != set(PARTIES):
        return value
    step = HANDOVERS.take("complete", value.state, handover=number)
    grants.hand_over(
        writer, number, ROLE_HANDED_OVER, value.site, outgoing=value.outgoing, incoming=value.incoming
    )
    completed = msgspec.structs.replace(value, state=step.after, completed_at=writer.now_us)
    return records.write(writer, HANDOVER, completed, by=username, expected=revision)[0]


def cancel_handover(writer: Writer, number: str, *, by: str, note: str) -> Handover:
    """Give a handover up before all three have signed; what was signed is void. Raises Refused (`handover_settled`)."""
    value, revision = handover_of(writer.store, number)
    step = HANDOVERS.take("cancel", value.state, handover=number)
    if not note.strip():
        raise refuse("empty_text", "/reason", field="reason")
    signing.void(writer, number, by=by)
    cancelled = msgspec.structs.replace(value, state=step.after, note=note)
    return records.write(writer, HANDOVER, cancelled, by=by, expected=revision)[0]


def handover_of(store: Store, number: str) -> tuple[Handover, int]:
    """A handover with its revision. Raises Refused (`not_found`)."""
    found = records.current(store, HANDOVER, number)
    if found is None:
        raise refuse("not_found")
    return found


def handovers_of(store: Store, site: str, *, states: Collection[str] | None = None) -> list[Handover]:
    """The handovers of a site, oldest first: all, or those in some states."""
    return list(listed(store, HANDOVER, [site], only=Only(states=states)))


def payload_of(value: Handover) -> signing.Payload:
    """What the three sign."""
    return signing.Payload(value.number, value.site, HANDOVER_TYPE, value.payload.encode())


def counters_of(store: Store, statement: Statement) -> dict[str, list[str]]:
    """Who counted in each stocktake that a handover rests on."""
    found: dict[str, list[str]] = {}
    for each in statement.header.stocktakes:
        counted, _ = stocktake_of(store, each.stocktake)
        assert counted.closed is not None, "a sealed stocktake was closed"
        found[each.stocktake] = list(header_of(store, counted.number, counted.closed.closing).counters)
    return found


def counted_registers(store: Store, site: str) -> list[str]:
    """The registers that a site has bins in use for: each is counted every month."""
    return [register for (register,) in store.rows(_REGISTERS, (site,))]


def _counts(store: Store, unit: Unit, site: str, at_us: int) -> tuple[Count, ...]:
    """The last sealed stocktake of each register that has bins, closed in the month that it is."""
    month = month_of(unit.day_of(at_us))
    last: dict[str, Stocktake] = {}
    for each in stocktakes_of(store, site, states=("sealed",), since=first_day(month).isoformat()):
        if each.closed and month_of(unit.day_of(each.closed.at)) == month:
            last[each.register] = each
    wanted = [last[register] for register in counted_registers(store, site) if register in last]
    return tuple(
        Count(each.register, each.number, each.closed.at, _signed_digest(store, each.number))
        for each in wanted
        if each.closed
    )


def _signed_digest(store: Store, stocktake: str) -> str:
    """The digest of the sheet that was signed."""
    found = records.current(store, SIGNATURE, signature_key(stocktake, "auditor"))
    assert found is not None, "a sealed stocktake without its auditor's signature"
    signature: Signature = found[0]
    return signature.digest


def _uncounted(
    store: Store, unit: Unit, site: str, at_us: int, counts: tuple[Count, ...]
) -> Iterator[Problem]:
    registers = counted_registers(store, site)
    if not registers:
        yield Problem("no_active_bins", "/site", {"site": site})
    month = month_of(unit.day_of(at_us))
    for register in sorted(set(registers) - {each.register for each in counts}):
        yield Problem("stocktake_missing", "", {"site": site, "register": register, "month": month})


def _unfit(store: Store, site: str, parties: dict[str, str]) -> Iterator[Problem]:
    """Three different persons, each fit for their part: now, and again when they sign."""
    if len(set(parties.values())) < len(parties):
        yield Problem("three_persons_needed")
    for party, role, where in (("outgoing", ROLE_HANDED_OVER, site), ("supervisor", "supervisor", UNIT)):
        username = parties[party]
        if (role, where) not in grants.grants_of(store, username):
            facts: dict[str, Fact] = {"username": username, "role": role, "party": party}
            yield Problem("party_without_role", f"/{party}", facts)
    for problem in grants.refuse_hand_over(store, ROLE_HANDED_OVER, site, parties["incoming"]):
        yield msgspec.structs.replace(problem, pointer="/incoming")


def _signers(store: Store, parties: dict[str, str]) -> tuple[Signer, ...]:
    return tuple(
        Signer(party, username, key.fingerprint)
        for party, username in parties.items()
        for key in keys_of(store, username)
        if key.status == "active"
    )


def _keyless(parties: dict[str, str], signers: tuple[Signer, ...]) -> Iterator[Problem]:
    for party, username in parties.items():
        if party not in {each.role for each in signers}:
            yield Problem("signer_without_key", f"/{party}", {"username": username})


def _unnamed(statement: Statement, party: str, key: signing.Key) -> Iterator[Problem]:
    """Only a key that the handover was opened with signs it."""
    public = key[0]
    if Signer(party, public.username, public.fingerprint) not in statement.header.signers:
        facts: dict[str, Fact] = {"username": public.username, "fingerprint": public.fingerprint}
        yield Problem("key_not_on_handover", "", facts)


def _changed(
    store: Store, unit: Unit, value: Handover, statement: Statement, at_us: int
) -> Iterator[Problem]:
    """A handover is signed as long as everything is as it says: counts, open items, and its people."""
    parties = {party: getattr(value, party) for party in PARTIES}
    yield from _unfit(store, value.site, parties)
    counts = _counts(store, unit, value.site, at_us)
    yield from _uncounted(store, unit, value.site, at_us, counts)
    found = _open_items(store, unit, value.site, at_us, counts)
    lists = [name for name, items in found.items() if items != statement.open_items.get(name, [])]
    if counts != statement.header.stocktakes:
        lists.insert(0, "stocktakes")
    if lists:
        yield Problem("handover_out_of_date", "", {"handover": value.number, "lists": lists})


def _closing_recorded(store: Store, number: str) -> int:
    """When the close of a count is recorded in its journal: the link after the head that it names is its own."""
    counted, _ = stocktake_of(store, number)
    assert counted.closed is not None, "a sealed stocktake was closed"
    return moment_of(store, counted.site, counted.closed.seq + 1)


def _open_items(
    store: Store, unit: Unit, site: str, at_us: int, counts: tuple[Count, ...]
) -> dict[str, list[str]]:
    counted_at = {each.register: _closing_recorded(store, each.stocktake) for each in counts}
    return open_items(Asked(store, site, unit.day_of(at_us), counted_at))
