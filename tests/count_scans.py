"""A count under way at HERE: scans, sent again and undone, by phones whose clocks are off; each answer is predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from api.wire.times import shown
from devices.audit.stocktake import counters, keeping, scans, stocktakes, taking
from devices.journal import Writer, open_journals
from devices.people import enrolment, grants, persons, signing_keys
from devices.people.roles import Person
from devices.problems import Refused
from devices.store.database import Store
from devices.values import UNIT
from tests.count_model import HERE, ON_A_SHELF, Count, Late, Seen
from tests.count_movements import SECOND, SHELVES, THERE, Moving
from tests.staff import PASSWORD

CLOCKS = (0, 0, 40 * SECOND, -50 * SECOND, 600 * SECOND)
"""How far a phone may be off: a little, or so far that the scan is flagged."""
ENOUGH = 3
"""A count goes on to its recount, close or end after more scans than this."""
ROLES = {"zhang": "storekeeper", "li": "auditor"}
STRANGE = ("６６１５６５７１４３５３", "中文", "a\x00b")


class Scanning(Moving):
    """Two people who count, while devices come, move and go."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.sent: list[tuple[taking.Sent, int, taking.Taken, Person]] = []
        self.left: list[Late] = []
        self.on_sealed: list[Late] = []
        self.people, self.keys = self._enrol()
        self.stock()

    def _enrol(self) -> tuple[dict[str, Person], dict[str, Any]]:
        unit, keys = self.books.unit, {}
        admin = Person(username="root", name="", roles=frozenset({("admin", UNIT)}))
        with self.store.writing():
            writer = open_journals(self.store, [UNIT], self.now)
            for username, role in ROLES.items():
                code = persons.create(writer, unit, admin, username, username).code
                enrolment.enrol(
                    writer, username, code, enrolment.choose(writer.store, unit, username, PASSWORD)
                )
                grants.grant(writer, admin, username, role, HERE)
        people = {}
        for username in ROLES:
            person = persons.person_of(self.store, username)
            assert person is not None
            people[username] = person
            keys[username] = signing_keys.open_key(self.store, username, PASSWORD)
        return people, keys

    # the count

    def running(self) -> Count:
        """The count that is going on."""
        assert self.count is not None
        return self.count

    def is_in(self, *states: str) -> bool:
        """Whether there is a count, in one of these states."""
        return self.count is not None and self.count.state in states

    def write(self, act: Callable[[Writer], Any]) -> Any:
        """Do something with the site's journal held."""
        self.tick()
        with self.store.writing():
            return act(open_journals(self.store, [HERE], self.now))

    def open_a_count(self, chance: Random) -> None:
        register = chance.choices(("merchandise", "spare", "custody"), (6, 3, 1))[0]
        self.begin(register, chance.choice(("blind", "open")), double=chance.random() < 0.5)

    def begin(self, register: str, method: str, *, double: bool) -> None:
        """Begin a count, and no other beside it."""
        asked: dict[str, Any] = {"site": HERE, "register": register, "method": method, "double": double}
        begun = self.write(lambda writer: stocktakes.begin_stocktake(writer, **asked, by="zhang"))
        assert begun.opened_at == self.now
        self.count = Count(
            self.log, begun.number, register, blind=method == "blind", double=double, at=self.now
        )
        self.sent = []
        self.tell(f"{begun.number}, {method}, {'double' if double else 'single'}, of {register}")
        with pytest.raises(Refused, match="stocktake_open_already"):
            self.write(lambda writer: stocktakes.begin_stocktake(writer, **asked, by="li"))

    def part_of(self, username: str) -> str:
        """Which part a person's scans are of now."""
        count = self.running()
        if not count.double:
            return "single"
        return "recount" if count.state == "recounting" else ROLES[username]

    def send(
        self, made: Sequence[tuple[str, str | None, int]], chance: Random, username: str | None = None
    ) -> None:
        """Scan texts in bins at true moments, by a phone whose clock is off, and check each answer."""
        count, clock = self.running(), chance.choice(CLOCKS)
        username = username or chance.choice(sorted(ROLES))
        self.tick(chance)
        part: Any = self.part_of(username)
        batch = [
            taking.Sent(
                f"s{len(self.sent)}-{n}", text, code, at + clock, part if chance.random() < 0.5 else None
            )
            for n, (text, code, at) in enumerate(made)
        ]
        answers = self.take(batch, self.now + clock, username)
        self.tell(f"{username} {', '.join(f'{text}@{code}' for text, code, _ in made)}")
        for sent, answer, (text, code, at) in zip(batch, answers, made, strict=True):
            if at < count.opened_at - taking.SKEW_US:
                assert (answer.outcome, answer.problem and answer.problem.code) == (
                    "refused",
                    "scan_before_opening",
                )
                continue
            self.sent.append((sent, self.now + clock, answer, self.people[username]))
            count.hears(username, self.now, sent.id)
            if text in STRANGE:
                assert answer.outcome == "unreadable"
                count.unreadable.append(sent.id)
                continue
            assert answer.outcome == self.outcome(text, code, part), (text, code)
            count.seen.append(Seen(sent.id, text, code, part, max(at, count.opened_at)))

    def take(self, batch: Sequence[taking.Sent], sent_at: int, username: str) -> list[taking.Taken]:
        """Deliver a batch."""
        return self.take_of(self.running().number, batch, sent_at, username)

    def take_of(
        self, number: str, batch: Sequence[taking.Sent], sent_at: int, username: str
    ) -> list[taking.Taken]:
        """Deliver a batch of some count."""
        by = self.people[username]
        return taking.receive(self.store, number, batch, sent_at_us=sent_at, received_at_us=self.now, by=by)

    def send_late(self, text: str, code: str | None, at: int, chance: Random, username: str) -> None:
        """Deliver a scan that nothing keeps from being kept: the count is closed, or the part it says is over."""
        count, clock = self.running(), chance.choice(CLOCKS)
        self.tick(chance)
        part: Any = ROLES[username] if count.double else "single"
        said = part if count.state == "recounting" or chance.random() < 0.5 else None
        sent = taking.Sent(f"late{len(count.late)}", text, code, at + clock, said)
        (answer,) = self.take([sent], self.now + clock, username)
        serial = None if text in STRANGE else text
        assert (answer.outcome, answer.serial) == ("late", serial)
        self.tell(f"{username} {text}@{code}")
        at = min(max(at, count.opened_at), self.now)
        self.came_late(
            Late(
                count.number,
                count.register,
                sent.id,
                scans.kept_text(text),
                serial,
                code,
                part,
                at,
                self.now,
                username,
            )
        )
        self.answered_as_before((sent, self.now + clock, answer, self.people[username]))

    def came_late(self, late: Late) -> None:
        """Something is kept apart: the sheet is another now, so no signature stands."""
        count = self.running()
        count.late[late.id] = late
        count.signed = set()

    def scan_late(self, chance: Random) -> None:
        """A phone comes back to the network: with what lies here, or was sold, in a bin that is none, or unreadable."""
        count, username = self.running(), chance.choice(sorted(ROLES))
        if not (count.state == "closed" or count.double):
            return
        here = [serial for serial, spot in self.log.now().items() if count.is_here(spot)]
        text = chance.choice([*here, *self.those("sold"), next(self.fresh), *STRANGE])
        code = chance.choice((*SHELVES[count.register], "ZZ", None))
        self.send_late(text, code, chance.randint(count.opened_at - 90 * SECOND, self.now), chance, username)

    def outcome(self, serial: str, code: str | None, part: str) -> str:
        """What a scan must be answered."""
        count = self.running()
        before = count.last(serial, part)
        if before is not None and before.bin == code:
            return "duplicate"
        spot = self.log.where(serial)
        here = spot is not None and count.is_here(spot) and code in (None, spot.bin)
        return "taken" if count.blind or here else "unexpected"

    def moment(self, chance: Random) -> int:
        """When a scan was made: long ago and only delivered now, just now, or exactly when something was posted."""
        opened = self.running().opened_at
        since = [event.at for event in self.log.events if event.at >= opened]
        if since and chance.random() < 0.3:
            return chance.choice(since)
        return chance.choice((self.now, chance.randint(opened - 30 * SECOND, self.now)))

    def scan_the_shelf(self, chance: Random) -> None:
        """Most of what was on the shelf at one moment, each device in its bin."""
        count = self.running()
        at = self.moment(chance)
        known = [(serial, self.log.where(serial, at)) for serial in self.log.models]
        there = [(serial, spot.bin, at) for serial, spot in known if spot and count.is_here(spot)]
        whole = [
            (serial, code if chance.random() < 0.9 else None, at)
            for serial, code, at in there
            if chance.random() < 0.8
        ]
        if whole:
            self.send(whole, chance)

    def scan_something_odd(self, chance: Random) -> None:
        """A wrong bin, a wrong zone, one that moved or went, an unknown serial, or what is no serial at all."""
        count = self.running()
        here = SHELVES[count.register]
        other = SHELVES["spare" if count.register == "merchandise" else "merchandise"]
        held = [serial for serial, spot in self.log.now().items() if count.is_here(spot)]
        strangers = [
            serial
            for serial, spot in self.log.now().items()
            if spot.site == HERE and spot.state in ON_A_SHELF and not count.is_here(spot)
        ]
        away = self.those("sold", "in_service", "in_transit", "missing") + self.those("in_stock", site=THERE)
        moved = [serial for serial in held if self.log.since(serial, count.opened_at)]
        pick = chance.randrange(7)
        text = chance.choice(
            (held, held, moved, strangers, away, [next(self.fresh)], list(STRANGE))[pick] or ["中文"]
        )
        code = chance.choice(other if pick == 1 else here)
        self.send([(text, code, self.moment(chance))], chance)

    def scan_what_no_shelf_had_yet(self, chance: Random) -> None:
        """A scan that was made long before the count is refused by itself."""
        count = self.running()
        self.send([(next(self.fresh), None, count.opened_at - 61 * SECOND)], chance)

    def send_again(self, chance: Random) -> None:
        """A scan delivered again is the same scan."""
        if not self.sent:
            return
        before = self.kept()
        self.tick()
        self.answered_as_before(chance.choice(self.sent))
        assert self.kept() == before

    def answered_as_before(self, kept: tuple[taking.Sent, int, taking.Taken, Person]) -> None:
        """Deliver a scan that was kept again."""
        sent, sent_at, answer, by = kept
        (again,) = self.take([sent], sent_at, by.username)
        assert (again.outcome, again.serial) == (answer.outcome, answer.serial)

    def undo_a_scan(self, chance: Random) -> None:
        count = self.running()
        if not count.live():
            return
        scan = chance.choice(count.live())
        self.write(lambda writer: keeping.undo(writer, count.number, scan.id, by="zhang"))
        count.undone.add(scan.id)
        count.undoes("zhang", self.now)

    def undo_late(self, chance: Random) -> None:
        """An undoing that comes after the close is kept apart too, once."""
        count = self.running()
        if not count.live():
            return
        scan = chance.choice(count.live())
        for _ in range(2):
            self.write(lambda writer: keeping.undo(writer, count.number, scan.id, by="zhang"))
            undoing = f"{scan.id}:undo"
            if undoing not in count.late:
                self.came_late(
                    Late(
                        count.number,
                        count.register,
                        undoing,
                        scan.serial,
                        scan.serial,
                        scan.bin,
                        scan.part,
                        self.now,
                        self.now,
                        "zhang",
                        scan.id,
                    )
                )

    def finish(self, chance: Random) -> None:
        """One of the two says that they have nothing left to send."""
        self.finish_as(chance.choice(sorted(ROLES)))

    def finish_as(self, username: str) -> None:
        """Say so."""
        count = self.running()
        self.write(lambda writer: counters.finish(writer, count.number, by=username))
        count.hears(username, self.now)
        count.finished[username] = count.state

    def finish_all(self) -> None:
        """Whoever has scanned says so."""
        for username in sorted(self.running().unfinished()):
            self.finish_as(username)

    def refused_unfinished(self, refused: Refused) -> None:
        """Whoever has not finished is named, with when they were last heard, and (not blind) how much they scanned."""
        count = self.running()
        told = [each.facts for each in refused.problems if each.code == "counters_not_finished"]
        standing = {by: (scans, at) for by, scans, at, _ in count.people()}
        assert [each["username"] for each in told] == sorted(count.unfinished())
        for each in told:
            scans, at = standing[str(each["username"])]
            assert each["scans"] == (None if count.blind else scans)
            assert each["heard_at"] == shown(at // SECOND * SECOND)

    def begin_the_recount(self, chance: Random) -> None:
        count = self.running()
        if not count.double:
            with pytest.raises(Refused, match="not_a_double_count"):
                self._begin_the_recount()
        elif len(count.seen) > ENOUGH:
            self.recount_it()

    def recount_it(self) -> None:
        """Begin the recount of a double count, once both have finished: from then on each has to say so anew."""
        count = self.running()
        if count.unfinished():
            with pytest.raises(Refused) as refused:
                self._begin_the_recount()
            self.refused_unfinished(refused.value)
        self.finish_all()
        self._begin_the_recount()
        count.state = "recounting"

    def _begin_the_recount(self) -> None:
        number = self.running().number
        self.write(lambda writer: stocktakes.begin_recount(writer, number, by="li"))

    def recount(self, chance: Random) -> None:
        """Some of what the two disagree on is found."""
        count = self.running()
        counted, _ = stocktakes.stocktake_of(self.store, count.number)
        recounted = {scan.serial for scan in count.live() if scan.part == "recount"}
        assert scans.disputed(self.store, counted) == sorted(count.disputed().keys() - recounted)
        both = {serial for serial in count.blocking() if serial in count.disputed()}
        some = both | {serial for serial in count.disputed() if chance.random() < 0.5}
        made = [(serial, chance.choice(SHELVES[count.register]), self.now) for serial in sorted(some)]
        if made:
            self.send(made, chance)

    def kept(self) -> list[Any]:
        """What a scan would change."""
        return [
            self.store.rows("SELECT COUNT(*) FROM scan"),
            self.store.rows("SELECT COUNT(*) FROM scan_undo"),
            self.store.rows("SELECT COUNT(*) FROM record WHERE kind = 'late_scan'"),
            self.store.rows("SELECT stocktake, closing FROM sheet ORDER BY 1, 2"),
            self.store.rows("SELECT site, MAX(seq) FROM journal GROUP BY site ORDER BY site"),
        ]
