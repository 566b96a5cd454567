"""Processes that sign, close, scan, explain and post over one count at the same moment: it stays one story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.wire.times import shown
from devices.ledger.proving.verify import verify
from panku.wiring import CHECKS, RECORD_KINDS
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, finish, held, scan, sign
from tests.door import TODAY, Client, Door
from tests.fighters import FIGHTERS, NOW, Answer, Ask, Fighters
from tests.test_races import asking

pytestmark = pytest.mark.both_engines

DONE = {"finished": True}


@pytest.fixture(scope="module")
def fighters() -> Iterator[Fighters]:
    """The processes that fight."""
    made = Fighters()
    yield made
    made.end()


class Hall:
    """A door whose storekeeper and auditor are signed in, with the merchandise that is counted."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.zhang, self.li = door.sign_in("zhang"), door.sign_in("li")
        self.stock = held(door, "merchandise")
        self.others = held(door, "merchandise", "quarantined")

    def closed(self, short: int = 2) -> str:
        """A closed count in which the first devices are short; all is explained."""
        number = begin(self.zhang)
        scan(self.zhang, number, *self.stock[short:], *self.others)
        self.door.now += SECOND
        assert close_count(self.zhang, number).status_code == 200
        explain(self.zhang, number)
        return number

    def signing(self, number: str, client: Client, username: str, role: str) -> Ask:
        """A signature over the sheet as it is now."""
        digest = client.get(f"/v1/stocktakes/{number}").json["digest"]
        body = {"role": role, "digest": digest, "password": self.door.password(username)}
        return asking(client, "POST", f"/v1/stocktakes/{number}/signatures", body, key=f"sign-{username}")

    def explaining(self, number: str, serial: str, words: str, revision: int) -> Ask:
        """Other words about a variance."""
        path = f"/v1/stocktakes/{number}/findings/{serial}"
        body = {"explanation": words, "action": "照办"}
        return asking(self.zhang, "PUT", path, body, key=words, If_Match=f'"{revision}"')

    def scanning(self, number: str, client: Client, serial: str, scan_id: str) -> Ask:
        """One scan."""
        at = shown(NOW)
        body = {"sent_at": at, "scans": [{"id": scan_id, "serial": serial, "at": at}]}
        return asking(client, "POST", f"/v1/stocktakes/{number}/scans", body, key=scan_id)

    def doing(self, number: str, what: str, key: str, client: Client | None = None, body: Any = None) -> Ask:
        """A step of the count."""
        path = f"/v1/stocktakes/{number}/{what}"
        return asking(client or self.zhang, "POST", path, body or {}, key=key)

    def moving(self, serial: str, was: str) -> Ask:
        """A posting that moves a device to the other bin."""
        code = "M-02" if was == "M-01" else "M-01"
        lines = [{"serial": serial}]
        body = {"type": "move", "site": "BJ01", "business_date": TODAY, "bin": code, "lines": lines}
        return asking(self.zhang, "POST", "/v1/documents", body, key="move")

    def read(self, number: str) -> Any:
        """The count as it stands."""
        return self.zhang.get(f"/v1/stocktakes/{number}").json

    def results(self, number: str) -> dict[str, str]:
        """Every serial's result on the sheet."""
        sheet = self.zhang.get(f"/v1/stocktakes/{number}/sheet?limit=500").json
        return {line["serial"]: line["result"] for line in sheet["lines"]}

    def missing(self) -> set[str]:
        """The devices that the books have as missing."""
        rows = self.door.store.rows("SELECT serial FROM position WHERE state = 'missing'")
        return {serial for (serial,) in rows}

    def count(self, table: str, condition: str = "1 = 1") -> int:
        """How many rows there are."""
        return int((self.door.store.row(f"SELECT COUNT(*) FROM {table} WHERE {condition}") or (0,))[0])

    def whole(self) -> None:
        """Books, counts, sheets and signatures are what the chain says."""
        assert verify(self.door.store, RECORD_KINDS, checks=CHECKS).faults == []


@pytest.fixture(params=ENGINES)
def hall(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Hall]:
    """The demo's books behind the real application."""
    door = Door(stores.demo(request.param))
    yield Hall(door)
    stores.drop(door.store)


def codes(answers: list[Answer]) -> list[str]:
    """What each was told."""
    return [answer.code for answer in answers]


def told(answer: Answer) -> Any:
    """The body of an answer."""
    return json.loads(answer.told)


def test_two_people_sign_at_once_and_it_is_sealed_once(hall: Hall, fighters: Fighters) -> None:
    number = hall.closed()
    answers = fighters.fight(
        hall.door.store,
        [
            hall.signing(number, hall.zhang, "zhang", "storekeeper"),
            hall.signing(number, hall.li, "li", "auditor"),
        ],
    )
    assert codes(answers) == ["won", "won"], answers
    assert sorted(told(answer)["stocktake"]["state"] for answer in answers) == ["closed", "sealed"]
    assert sorted(len(told(answer)["documents"]) for answer in answers) == [0, 1]
    read = hall.read(number)
    assert {each["role"]: each["username"] for each in read["signatures"]} == {
        "storekeeper": "zhang", "auditor": "li",
    }  # fmt: skip
    assert hall.count("document", "type = 'shortage'") == 1
    assert hall.missing() == {serial for serial, _ in hall.stock[:2]}
    hall.whole()


def test_one_person_signs_twice_at_once_and_signs_once(hall: Hall, fighters: Fighters) -> None:
    number = hall.closed()
    ask = hall.signing(number, hall.zhang, "zhang", "storekeeper")
    again = Ask(ask.method, ask.path, {**ask.headers, "Idempotency-Key": "another"}, ask.body)
    answers = fighters.fight(hall.door.store, [ask, again])
    assert sorted(codes(answers)) == ["signed_already", "won"]
    assert hall.count("revision", "kind = 'signature'") == 1
    hall.whole()


def test_the_last_signature_sent_twice_at_once_seals_once(hall: Hall, fighters: Fighters) -> None:
    number = hall.closed()
    assert sign(hall.zhang, number, "zhang", "storekeeper").status_code == 201
    ask = hall.signing(number, hall.li, "li", "auditor")
    answers = fighters.fight(hall.door.store, [ask] * FIGHTERS)
    assert set(codes(answers)) == {"won"}
    assert len({answer.told for answer in answers}) == 1
    assert hall.count("document", "type = 'shortage'") == 1
    hall.whole()


def test_of_two_closes_one_makes_the_sheet(hall: Hall, fighters: Fighters) -> None:
    number = begin(hall.zhang)
    scan(hall.zhang, number, *hall.stock)
    finish(hall.zhang, number)
    answers = fighters.fight(
        hall.door.store, [hall.doing(number, "close", "a"), hall.doing(number, "close", "b", hall.li)]
    )
    assert sorted(codes(answers)) == ["stocktake_not_counting", "won"]
    assert hall.count("sheet") == 1
    hall.whole()


def test_of_two_openings_of_one_register_one_wins(hall: Hall, fighters: Fighters) -> None:
    body = {"site": "BJ01", "register": "merchandise"}
    asks = [
        asking(client, "POST", "/v1/stocktakes", body, key=key)
        for client, key in ((hall.zhang, "a"), (hall.li, "b"))
    ]
    assert sorted(codes(fighters.fight(hall.door.store, asks))) == ["stocktake_open_already", "won"]
    hall.whole()


def test_a_scan_racing_a_close_holds_it_up_or_is_late(hall: Hall, fighters: Fighters) -> None:
    number = begin(hall.zhang)
    (late, _), *others = hall.stock
    scan(hall.zhang, number, *others)
    scanned, closed = fighters.fight(
        hall.door.store,
        [hall.scanning(number, hall.li, late, "late"), hall.doing(number, "close", "c", body=DONE)],
    )
    assert scanned.won, scanned
    kept = hall.count("scan", "id = 'late'"), hall.count("record", "kind = 'late_scan'")
    assert (told(scanned)[0]["outcome"], closed.code, *kept) in (
        ("taken", "counters_not_finished", 1, 0),
        ("late", "won", 0, 1),
    )
    hall.whole()


def test_a_last_word_racing_a_close_comes_before_it_or_holds_it_up(hall: Hall, fighters: Fighters) -> None:
    number = begin(hall.zhang)
    scan(hall.li, number, *hall.stock)
    finished, closed = fighters.fight(
        hall.door.store, [hall.doing(number, "finish", "f", hall.li), hall.doing(number, "close", "c")]
    )
    assert (finished.code, closed.code) in (("won", "won"), ("won", "counters_not_finished"))
    hall.whole()


def test_a_late_scan_racing_the_last_signature_is_on_the_sheet_or_after_its_seal(
    hall: Hall, fighters: Fighters
) -> None:
    number = hall.closed()
    assert sign(hall.zhang, number, "zhang", "storekeeper").status_code == 201
    short = hall.stock[0][0]
    scanned, signed = fighters.fight(
        hall.door.store,
        [hall.scanning(number, hall.li, short, "off"), hall.signing(number, hall.li, "li", "auditor")],
    )
    assert told(scanned)[0]["outcome"] == "late"
    read, sheet = hall.read(number), hall.zhang.get(f"/v1/stocktakes/{number}/sheet").json
    assert (signed.code, read["state"], len(read["signatures"]), len(sheet["late"])) in (
        ("late_scans_unsettled", "closed", 0, 1),
        ("won", "sealed", 2, 0),
    )
    assert read["late_waiting"] == 1
    hall.whole()


def test_a_late_scan_racing_a_reopening_is_part_of_the_count_either_way(
    hall: Hall, fighters: Fighters
) -> None:
    number = hall.closed()
    short = hall.stock[0][0]
    scanned, reopened = fighters.fight(
        hall.door.store,
        [
            hall.scanning(number, hall.li, short, "off"),
            hall.doing(number, "reopen", "r", body={"reason": "并入"}),
        ],
    )
    assert reopened.won
    assert told(scanned)[0]["outcome"] in ("late", "taken")
    assert (hall.count("scan", "id = 'off'"), hall.read(number)["late_waiting"]) == (1, 0)
    hall.whole()


def test_one_late_scan_sent_several_times_at_once_is_kept_once(hall: Hall, fighters: Fighters) -> None:
    number, serial = hall.closed(), hall.stock[0][0]
    asks = [hall.scanning(number, hall.li, serial, "one") for _ in range(FIGHTERS)]
    answers = fighters.fight(hall.door.store, asks)
    assert [told(answer)[0]["outcome"] for answer in answers] == ["late"] * FIGHTERS
    assert hall.count("record", "kind = 'late_scan'") == hall.count("revision", "kind = 'late_scan'") == 1
    hall.whole()


def test_an_undo_racing_a_close_is_on_the_sheet_or_late(hall: Hall, fighters: Fighters) -> None:
    number = begin(hall.zhang)
    scan(hall.zhang, number, *hall.stock)
    serial = hall.stock[0][0]
    row = hall.door.store.row("SELECT id FROM scan WHERE serial = ?", (serial,))
    assert row is not None
    undone, closed = fighters.fight(
        hall.door.store,
        [hall.doing(number, f"scans/{row[0]}/undo", "u"), hall.doing(number, "close", "c", body=DONE)],
    )
    assert (undone.won, closed.won) == (True, True)
    late = hall.read(number)["late_waiting"]
    assert (hall.count("scan_undo"), late, hall.results(number)[serial]) in (
        (1, 0, "shortage"),
        (0, 1, "match"),
    )
    hall.whole()


def test_a_move_racing_a_close_is_before_the_head_on_the_sheet_or_after_it(
    hall: Hall, fighters: Fighters
) -> None:
    number = begin(hall.zhang)
    (serial, was), *others = hall.stock
    scan(hall.zhang, number, *others)
    moved, closed = fighters.fight(
        hall.door.store, [hall.moving(serial, was), hall.doing(number, "close", "c", body=DONE)]
    )
    assert (moved.code, closed.code) == ("won", "won")
    sheet = hall.zhang.get(f"/v1/stocktakes/{number}/sheet?limit=500").json
    (line,) = [each for each in sheet["lines"] if each["serial"] == serial]
    document = hall.door.store.row(
        "SELECT number, journal_seq FROM document WHERE type = 'move' ORDER BY recorded_at DESC"
    )
    assert document is not None
    before = document[1] <= sheet["header"]["seq"]
    assert (line["result"], line["moved"]) == ("shortage", [document[0]] if before else [])
    hall.whole()


def test_a_short_device_posted_while_the_seal_is_put_on_reopens_its_finding_or_is_missing(
    hall: Hall, fighters: Fighters
) -> None:
    number = hall.closed()
    assert sign(hall.zhang, number, "zhang", "storekeeper").status_code == 201
    (short, was), (other, _), *_ = hall.stock
    posted, signed = fighters.fight(
        hall.door.store, [hall.moving(short, was), hall.signing(number, hall.li, "li", "auditor")]
    )
    assert signed.won, signed
    answer = told(signed)
    if posted.won:
        assert (answer["stocktake"]["state"], answer["reopened"]) == ("closed", [short])
        assert hall.missing() == set()
        assert hall.read(number)["signatures"] == []
    else:
        assert posted.code in ("wrong_state", "race_lost")
        assert answer["stocktake"]["state"] == "sealed"
        assert hall.missing() == {short, other}
    hall.whole()


def test_a_sheet_is_never_sealed_over_what_was_explained_meanwhile(hall: Hall, fighters: Fighters) -> None:
    number = hall.closed()
    assert sign(hall.zhang, number, "zhang", "storekeeper").status_code == 201
    short = hall.stock[0][0]
    explained, signed = fighters.fight(
        hall.door.store,
        [hall.explaining(number, short, "又想起来了", 1), hall.signing(number, hall.li, "li", "auditor")],
    )
    state = hall.read(number)["state"]
    assert (explained.code, signed.code, state) in (
        ("won", "digest_differs", "closed"),
        ("stocktake_not_closed", "won", "sealed"),
    )
    assert hall.missing() == (set() if state == "closed" else {serial for serial, _ in hall.stock[:2]})
    hall.whole()


def test_a_first_signature_racing_an_explanation_does_not_stand_over_it(
    hall: Hall, fighters: Fighters
) -> None:
    number = hall.closed()
    explained, signed = fighters.fight(
        hall.door.store,
        [
            hall.explaining(number, hall.stock[0][0], "又想起来了", 1),
            hall.signing(number, hall.li, "li", "auditor"),
        ],
    )
    assert explained.won
    assert signed.code in ("won", "digest_differs")
    assert hall.read(number)["signatures"] == []
    hall.whole()


def test_of_two_explanations_of_one_revision_one_is_refused(hall: Hall, fighters: Fighters) -> None:
    number, short = hall.closed(), hall.stock[0][0]
    asks = [hall.explaining(number, short, words, 1) for words in ("一", "二")]
    assert sorted(codes(fighters.fight(hall.door.store, asks))) == ["if_match_failed", "won"]
    hall.whole()


def test_a_reopening_racing_a_signature_leaves_no_signature_on_what_is_counted_again(
    hall: Hall, fighters: Fighters
) -> None:
    number = hall.closed()
    reopened, signed = fighters.fight(
        hall.door.store,
        [
            hall.doing(number, "reopen", "r", body={"reason": "漏了"}),
            hall.signing(number, hall.li, "li", "auditor"),
        ],
    )
    assert (reopened.code, signed.code, hall.read(number)["state"]) in (
        ("won", "stocktake_not_closed", "counting"),
        ("stocktake_signed", "won", "closed"),
    )
    hall.whole()


def test_one_scan_sent_several_times_at_once_is_kept_once(hall: Hall, fighters: Fighters) -> None:
    number, serial = begin(hall.zhang), hall.stock[0][0]
    asks = [hall.scanning(number, hall.zhang, serial, "one") for _ in range(FIGHTERS)]
    answers = fighters.fight(hall.door.store, asks)
    assert set(codes(answers)) == {"won"}
    assert [told(answer)[0]["outcome"] for answer in answers] == ["taken"] * FIGHTERS
    assert hall.count("scan") == 1
    hall.whole()


def test_of_two_scans_with_one_id_one_is_kept_and_the_other_is_told(hall: Hall, fighters: Fighters) -> None:
    number = begin(hall.zhang)
    serials = [serial for serial, _ in hall.stock[:2]]
    asks = [
        hall.scanning(number, client, serial, "one")
        for client, serial in zip((hall.zhang, hall.li), serials, strict=True)
    ]
    bodies = [told(answer)[0] for answer in fighters.fight(hall.door.store, asks)]
    assert sorted(body["outcome"] for body in bodies) == ["refused", "taken"]
    (refused,) = [body for body in bodies if body["outcome"] == "refused"]
    assert refused["error"]["code"] == "scan_id_reused"
    (kept,) = [body["serial"] for body in bodies if body["outcome"] == "taken"]
    assert hall.door.store.rows("SELECT serial FROM scan") == [(kept,)]
    hall.whole()


def test_many_people_scan_at_once_and_nothing_is_lost(hall: Hall, fighters: Fighters) -> None:
    number = begin(hall.zhang)
    clients = [hall.zhang, hall.li] * 2
    asks = [
        hall.scanning(number, client, serial, f"s{n}")
        for n, (client, (serial, _)) in enumerate(zip(clients, hall.stock, strict=False))
    ]
    answers = fighters.fight(hall.door.store, asks)
    assert [told(answer)[0]["outcome"] for answer in answers] == ["taken"] * FIGHTERS
    assert hall.door.store.rows("SELECT n FROM scan ORDER BY n") == [(n,) for n in range(1, FIGHTERS + 1)]
    hall.whole()
