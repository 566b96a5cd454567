"""A walk through the whole lifecycle: documents, reviews, reversals and repeated requests, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import msgspec
import pytest

from api.calls import Done
from api.requests import once
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.posting import post
from devices.ledger.posting.reviewing import Decision
from devices.ledger.proving.verify import verify
from devices.lifecycle import DOCUMENT
from devices.problems import Refused
from devices.store.database import Store
from devices.values import NEW
from panku.wiring import RECORD_KINDS, RULEBOOK
from tests.drafting import Draft, Drafting, Option, slipped
from tests.feeds import Follower, assert_exported
from tests.ledger_books import NOW, SITES, assert_consistent
from tests.nearer import Tried, next_towards
from tests.shelf import POSTED
from tests.walks import Act, Course, Walk

SERIALS = [f"6615657143{n:02d}" for n in range(16)]
POSTER, AUDITOR = "zhang", "li"
WALKED = (*SITES, "SH01")
FOLLOWED = (*((site,) for site in WALKED), WALKED[1:], WALKED)
"""Whose feeds are followed on the way: each site's, that of two, and the whole unit's."""
PARTS = ("serial", "faulty", "spare", "old", "new")
LONGEST_WAY = 12
"""Postings after which a way to a document is given up, and begun anew with devices never seen."""
DEVICES_AT_MOST = 2
"""As many devices as any document asks for."""


class Request(msgspec.Struct, frozen=True):
    """A request as it was sent, and what it was answered."""

    key: str
    body: bytes
    answer: Done


class Lifecycle(Walk):
    """What `zhang` posts and `li` reviews; the kinds of documents that were let pass are `met`."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.drafting = Drafting(store, list(SERIALS), WALKED)
        self.books = self.drafting.books
        self.followers = [Follower(store, sites) for sites in FOLLOWED]
        self.requests: list[Request] = []
        self.refused: set[Tried] = set()
        self.books.receive(*SERIALS[:3])
        self.books.receive(*SERIALS[3:6], register="spare")
        self.books.serve(*SERIALS[6:8])
        self.drafting.look()

    # documents

    def send(self, key: str, body: bytes) -> tuple[Done, bool]:
        """Post a body under an Idempotency-Key, as the API does."""
        unit = self.books.unit

        def write(mark: str) -> Done:
            draft, by = msgspec.json.decode(body, type=AnyDraft), post.Poster(POSTER, request=mark)
            done = post.post(self.store, unit, draft, by=by, at_us=NOW, rulebook=RULEBOOK)
            return Done(202 if done.status == "pending" else 201, done.number)

        return once(self.store, unit, POSTER, key, body, write)

    def attempt(self, document: str, draft: Draft) -> str | None:
        """Post one document; returns its number, or none where it is refused, which changes nothing."""
        key, body = f"key-{len(self.trail)}-{len(self.requests)}", msgspec.json.encode(draft)
        before = everything(self.store)
        try:
            answer, fresh = self.send(key, body)
        except Refused as refused:
            self.tell(f"{document} {serials_of(draft)} refused: {codes_of(refused)}")
            assert everything(self.store) == before
            return None
        assert fresh
        self.tell(f"{document} {serials_of(draft)} is {answer.key}")
        self.requests.append(Request(key, body, answer))
        if DOCUMENT[document].review != "before":
            self.met.add(document)
        self.drafting.look()
        return answer.key

    def post(self, document: str, chance: Random) -> None:
        """Post a document for devices that it could move, some of the time with a slip or as an answer."""
        draft = self.drafting.draft(document, chance.choice(list(self.drafting.options(document))), chance)
        rejected = [number for number in self.rejected() if number.startswith(draft["site"])]
        if chance.random() < 0.1:
            draft = slipped(draft, self.drafting.serials, chance)
        elif rejected and chance.random() < 0.3:
            draft["answers"] = chance.choice(rejected)
        self.settle(document, draft, chance)

    def take_back_what_was_rejected(self, chance: Random) -> None:
        """Reverse a document that was rejected after its effect, where it was the last of a device."""
        self.settle(
            "reversal", self.drafting.draft("reversal", chance.choice(self.to_take_back()), chance), chance
        )

    def to_take_back(self) -> list[Option]:
        """The devices whose last document was rejected after its effect."""
        rejected = self.rejected()
        found = self.drafting.options("reversal") if rejected else ()
        return [option for option in found if self.drafting.last[option[0].serial] in rejected]

    def settle(self, document: str, draft: Draft, chance: Random) -> None:
        """Post a document, and approve a proposal at once now and then."""
        number = self.attempt(document, draft)
        if number and DOCUMENT[document].review == "before" and chance.random() < 0.5:
            self.decide(number, "approve")

    # reviews and repetitions

    def decide(self, number: str, decision: Decision, by: str = AUDITOR) -> None:
        """Decide on a document; the rules may refuse a proposal by now."""
        before = everything(self.store)
        try:
            self.books.review(number, decision, by=by)
        except Refused as refused:
            self.tell(f"{decision} {number} refused: {codes_of(refused)}")
            assert everything(self.store) == before
            return
        self.tell(f"{decision} {number}")
        if decision == "approve":
            self.met.add(self.kind_of(number))
        self.drafting.look()

    def proposed(self) -> list[str]:
        """The documents that have no effect before they are approved."""
        return self.standing("status = 'pending'")

    def waiting(self) -> list[str]:
        """The documents that wait for a review, before their effect or after it."""
        return self.standing("review = 'waiting'")

    def rejected(self) -> list[str]:
        """The documents that were rejected after their effect, and are neither reversed nor answered yet."""
        return self.standing("review = 'rejected' AND resolved = 0")

    def standing(self, condition: str) -> list[str]:
        """The documents of whose standing something is true."""
        found = self.store.rows(f"SELECT document FROM standing WHERE {condition} ORDER BY 1")
        return [number for (number,) in found]

    def kind_of(self, number: str) -> str:
        """Which kind of document a number is."""
        return str(self.store.rows("SELECT type FROM document WHERE number = ?", (number,))[0][0])

    def approve(self, chance: Random) -> None:
        """Approve a proposal, or else what is only reviewed afterwards."""
        self.decide(chance.choice(self.proposed() or self.waiting()), "approve")

    def reject(self, chance: Random) -> None:
        """Reject whatever waits for a review."""
        self.decide(chance.choice(self.waiting()), "reject")

    def withdraw(self, chance: Random) -> None:
        """Take a proposal back."""
        self.decide(chance.choice(self.proposed()), "withdraw", by=POSTER)

    def repeat(self, chance: Random) -> None:
        """A request sent again changes nothing, and is answered as the first time."""
        request = chance.choice(self.requests)
        before = everything(self.store)
        assert self.send(request.key, request.body) == (request.answer, False)
        assert everything(self.store) == before

    def reuse_a_key(self, chance: Random) -> None:
        """The key of an earlier request with another body is refused."""
        request = chance.choice(self.requests)
        before = everything(self.store)
        with pytest.raises(Refused, match="idempotency_key_reused"):
            self.send(request.key, request.body + b" ")
        assert everything(self.store) == before

    # ways to what was not yet

    def go_on_to_something_new(self, chance: Random) -> None:
        """Post a document that this walk has not had, or the next on the way to it."""
        new = [document for document in POSTED if document not in self.met]
        if new:
            self.come_nearer(chance.choice(new), self.drafting.serials, chance)

    def lead_to(self, wanted: Iterable[str], chance: Random) -> None:
        """Post each of these documents once, by the shortest ways that there are."""
        for document in wanted:
            self.act(f"the way to {document}")
            self.go_the_way(document, self.drafting.serials, chance)
            if document not in self.met:
                self.go_the_way(document, self.drafting.have_new(DEVICES_AT_MOST), chance)
        self.holds_thoroughly()

    def go_the_way(self, document: str, pool: list[str], chance: Random) -> None:
        """Bring devices of a pool to where a document can be posted, and post it, unless the rules stop every way."""
        for _ in range(LONGEST_WAY):
            if document in self.met or not self.come_nearer(document, pool, chance):
                return
            self.holds()

    def come_nearer(self, document: str, pool: list[str], chance: Random) -> bool:
        """Take a step towards a document with devices of a pool, one not refused yet; false where there is none."""
        tried = next_towards(self.drafting, document, pool, self.refused)
        if tried is None:
            return False
        kind, option = tried
        number = self.attempt(kind, self.drafting.draft(kind, option, chance))
        if number is None:
            self.refused.add(tried)
        elif DOCUMENT[kind].review == "before":
            self.decide(number, "approve")
        return True

    # what always holds

    def holds(self) -> None:
        """Positions equal the ledger, the books balance, and each serial is in one place."""
        assert_consistent(self.store)
        step = len(self.trail)
        self.followers[step % len(self.followers)].read(
            1 + step % 7
        )  # each in its turn, and by pages of any size
        after: dict[str, tuple[Any, ...]] = {}
        for serial, step, *there in self.store.rows(
            "SELECT serial, step, from_state, from_register, from_site, from_bin, state, register, site, bin"
            " FROM line ORDER BY serial, step"
        ):
            known = after.get(serial, (0, NEW, None, None, None))
            assert (step - 1, *there[:4]) == known, serial
            after[serial] = (step, *there[4:])

    def holds_thoroughly(self) -> None:
        """The chain verifies, and whoever followed a site's feed has its book."""
        assert verify(self.store, RECORD_KINDS).faults == []
        for follower in self.followers:
            follower.read_all()
            follower.holds()
        for site in WALKED:
            assert_exported(self.store, site)


def everything(store: Store) -> list[Any]:
    """What any change of the books would change: heads, positions, reservations, standings, requests."""
    return [
        store.rows("SELECT site, MAX(seq), MAX(hash) FROM journal GROUP BY site ORDER BY site"),
        store.rows("SELECT serial, step FROM position ORDER BY serial"),
        store.rows("SELECT serial, document FROM reservation ORDER BY serial"),
        store.rows("SELECT document, status, review, reversed, resolved FROM standing ORDER BY document"),
        store.rows("SELECT COUNT(*) FROM request"),
    ]


def serials_of(draft: Draft) -> str:
    """The devices that a draft names, for whoever reads a trail."""
    named = [line[part] for line in draft.get("lines", ()) for part in PARTS if part in line]
    return " ".join(named) or str(draft.get("document"))


def codes_of(refused: Refused) -> str:
    """Why something was refused."""
    return ", ".join(problem.code for problem in refused.problems)


def posting(document: str) -> Act[Lifecycle]:
    """The act that posts one kind of document."""
    return Act(
        f"post {document}",
        2,
        lambda walk, chance: walk.post(document, chance),
        lambda walk: walk.drafting.can(document),
    )


def has_sent(walk: Lifecycle) -> bool:
    """Whether there is a request to send again."""
    return bool(walk.requests)


def has_proposed(walk: Lifecycle) -> bool:
    """Whether there is a proposal to take back."""
    return bool(walk.proposed())


def can_take_back(walk: Lifecycle) -> bool:
    """Whether there is something rejected to reverse."""
    return bool(walk.to_take_back())


def is_awaited(walk: Lifecycle) -> bool:
    """Whether there is a document to review."""
    return bool(walk.waiting())


ACTS: tuple[Act[Lifecycle], ...] = (
    *(posting(document) for document in POSTED),
    Act("approve", 8, Lifecycle.approve, is_awaited),
    Act("reject", 3, Lifecycle.reject, is_awaited),
    Act("withdraw", 3, Lifecycle.withdraw, has_proposed),
    Act("take back what was rejected", 3, Lifecycle.take_back_what_was_rejected, can_take_back),
    Act("repeat", 4, Lifecycle.repeat, has_sent),
    Act("reuse a key", 2, Lifecycle.reuse_a_key, has_sent),
    Act("go on to something new", 10, Lifecycle.go_on_to_something_new),
)
COURSE = Course(
    Lifecycle, ACTS, tuple(POSTED), Lifecycle.lead_to, walks={"sqlite": 14, "postgresql": 7}, steps=60
)
