"""One short scene for each thing that a count can come to, played from wherever a walk has got to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from devices.audit.stocktake.counting import RESULT
from tests.count_model import HERE, Spot
from tests.count_scans import ROLES
from tests.count_walk import (
    EXPLAINED_LATE,
    LISTED,
    REACHED,
    SEALED,
    SEALED_SHORT,
    TAKEN,
    UNFINISHED,
    Counting,
)
from tests.ledger_books import TAXPAYER

GOOD, OTHER_BIN, OTHER_ZONE = "MG", "MG2", "SG"

Scene = Callable[[Counting, Random], None]


def put_away(walk: Counting) -> None:
    """Bring the count that goes on to an end: to its seal where somebody has signed, or else by giving it up."""
    if walk.count is not None and walk.count.signed:
        (other,) = (username for username, role in ROLES.items() if role not in walk.count.signed)
        walk.sign_as(other)
    if walk.count is not None:
        walk.cancel_it()


def received(walk: Counting, count: int = 2) -> list[str]:
    """So many devices, received just now."""
    serials = [next(walk.fresh) for _ in range(count)]
    walk.receive(serials, "merchandise", HERE, GOOD, "TCG-01")
    return serials


def sell(walk: Counting, serial: str) -> None:
    """Sell a device."""
    walk.post("sale", HERE, [serial], Spot("sold"), customer=TAXPAYER, application="A")


def begin(walk: Counting, *, double: bool = False) -> list[str]:
    """Begin a count of the merchandise after whatever went on before; returns two devices that are on its shelf."""
    put_away(walk)
    serials = received(walk)
    walk.begin("merchandise", "blind", double=double)
    return serials


def scan(walk: Counting, chance: Random, *also: tuple[str, str], but: Iterable[str] = ()) -> None:
    """Scan all that is on the shelf, each in its bin, but some, and what else is seen after them."""
    count = walk.running()
    shelf = [(serial, spot.bin or "") for serial, spot in walk.log.now().items() if count.is_here(spot)]
    seen = [(serial, code) for serial, code in shelf if serial not in but]
    walk.send([(serial, code, walk.now) for serial, code in (*seen, *also)], chance, "zhang")


# what a serial comes to


def match(walk: Counting, chance: Random) -> None:
    begin(walk)
    scan(walk, chance)
    walk.close_it()


def shortage(walk: Counting, chance: Random) -> None:
    missing, _ = begin(walk)
    scan(walk, chance, but=[missing])
    walk.close_it()


def surplus(walk: Counting, chance: Random) -> None:
    sold, _ = begin(walk)
    sell(walk, sold)
    scan(walk, chance, (sold, GOOD))
    walk.close_it()


def misplaced(walk: Counting, chance: Random) -> None:
    carried, _ = begin(walk)
    scan(walk, chance, (carried, OTHER_BIN))
    walk.close_it()


def wrong_zone(walk: Counting, chance: Random) -> None:
    carried, _ = begin(walk)
    scan(walk, chance, (carried, OTHER_ZONE))
    walk.close_it()


def unknown(walk: Counting, chance: Random) -> None:
    begin(walk)
    scan(walk, chance, (next(walk.fresh), GOOD))
    walk.close_it()


def unconfirmed(walk: Counting, chance: Random) -> None:
    """One counter saw a stranger, and in the recount nobody did."""
    begin(walk, double=True)
    scan(walk, chance, (next(walk.fresh), GOOD))
    walk.recount_it()
    walk.close_it()


def unscanned(walk: Counting, chance: Random) -> None:
    begin(walk)
    scan(walk, chance)
    received(walk)
    walk.close_it()


def entered(walk: Counting, chance: Random) -> None:
    begin(walk)
    stranger = next(walk.fresh)
    scan(walk, chance, (stranger, GOOD))
    walk.receive([stranger], "merchandise", HERE, GOOD, "TCG-01")
    walk.close_it()


def left(walk: Counting, chance: Random) -> None:
    sold, _ = begin(walk)
    sell(walk, sold)
    scan(walk, chance)
    walk.close_it()


def apart(walk: Counting, chance: Random) -> None:
    (sent,) = received(walk, 1)
    walk.send_away(sent)
    match(walk, chance)


# what a count comes to


def sealed(walk: Counting, chance: Random) -> None:
    match(walk, chance)
    for username in ROLES:
        walk.sign_as(username)


def sealed_short(walk: Counting, chance: Random) -> None:
    shortage(walk, chance)
    walk.say_of(sorted(walk.running().unexplained()))
    for username in ROLES:
        walk.sign_as(username)


def findings_reopened(walk: Counting, chance: Random) -> None:
    """A device that was short turns up in another bin between the signatures."""
    missing, _ = begin(walk)
    scan(walk, chance, but=[missing])
    walk.close_it()
    walk.say_of([missing])
    walk.sign_as("zhang")
    walk.move(missing)
    walk.sign_as("li")


def reopened(walk: Counting, chance: Random) -> None:
    match(walk, chance)
    walk.reopen(chance)


def closed_unfinished(walk: Counting, chance: Random) -> None:
    begin(walk)
    scan(walk, chance)
    walk.close_it("等不到")


def came_late(walk: Counting, chance: Random) -> str:
    """A device that is short on the sheet is scanned by a phone that comes back to the network."""
    missing, _ = begin(walk)
    scan(walk, chance, but=[missing])
    walk.close_it()
    walk.send_late(missing, GOOD, walk.now, chance, "li")
    return missing


def late_taken_in(walk: Counting, chance: Random) -> None:
    missing = came_late(walk, chance)
    walk.reopen(chance)
    walk.close_it()
    assert walk.running().results[missing] == "match"


def late_explained(walk: Counting, chance: Random) -> None:
    came_late(walk, chance)
    for each in walk.running().waiting():
        walk.explain_one(each)


def late_listed(walk: Counting, chance: Random) -> None:
    """What came after the seal is listed by the next count that is sealed."""
    for _ in range(2):
        sealed(walk, chance)


def cancelled(walk: Counting, chance: Random) -> None:
    match(walk, chance)
    walk.cancel_it()


SCENES: dict[str, Scene] = {
    "match": match,
    "shortage": shortage,
    "surplus": surplus,
    "misplaced": misplaced,
    "wrong_zone": wrong_zone,
    "unknown": unknown,
    "unconfirmed": unconfirmed,
    "unscanned": unscanned,
    "entered": entered,
    "left": left,
    "apart": apart,
    SEALED: sealed,
    SEALED_SHORT: sealed_short,
    "findings reopened": findings_reopened,
    "reopened": reopened,
    "cancelled": cancelled,
    UNFINISHED: closed_unfinished,
    TAKEN: late_taken_in,
    EXPLAINED_LATE: late_explained,
    LISTED: late_listed,
}
"""By what comes of it: a result of a serial, or an end of a count."""

assert SCENES.keys() == {*RESULT, *REACHED}, "something that a count can come to has no scene"


def play(walk: Counting, wanted: Iterable[str], chance: Random) -> None:
    """Play the scene of each of these that has not come out yet, one after another."""
    for name in wanted:
        if name not in walk.met:
            walk.act(f"the scene of {name}")
            SCENES[name](walk, chance)
            walk.holds()
            assert name in walk.met
    walk.holds_thoroughly()
