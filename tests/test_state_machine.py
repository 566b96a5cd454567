"""A walk through the whole lifecycle, on both engines: whatever is done in whatever order, the books stay whole."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.calls import Done
from api.requests import once
from devices.database import Store
from devices.ledger import post
from devices.ledger.drafts import AnyDraft
from devices.ledger.gather import held
from devices.ledger.rules_of_all import OF_THE_SELLER
from devices.ledger.verify import verify
from devices.lifecycle import (
    DOCUMENT,
    EXCHANGE_STATE,
    FROM,
    OPENING_STATES,
    Step,
    roles_of,
)
from devices.problems import Refused
from devices.values import NEW, NOWHERE, STATE, Position, Register
from panku.wiring import RECORD_KINDS, RULEBOOK
from tests.conftest import ENGINES, Stores
from tests.ledger_books import BINS, NOW, SITES, TAXPAYER, TODAY, Books, assert_consistent
from tests.shelf import FIELDS, LINES, POSTED, bin_for

SERIALS = [f"6615657143{n:02d}" for n in range(16)]
POSTER, AUDITOR = "zhang", "li"
Choice = tuple[str, Position, Step]


class Request(msgspec.Struct, frozen=True):
    """A request as it was sent, and what it was answered."""

    key: str
    body: bytes
    answer: Done


class Walk(RuleBasedStateMachine):
    """Documents, reviews, reversals and repeated requests; `taken` are the documents that were let pass."""

    engine: ClassVar[str]
    stores: ClassVar[Stores]
    taken: ClassVar[set[str]]

    def __init__(self) -> None:
        super().__init__()
        self.store: Store = self.stores.fresh(self.engine)
        self.books = Books(self.store)
        self.requests: list[Request] = []
        self.done: set[str] = set()
        self.books.receive(*SERIALS[:3])
        self.books.receive(*SERIALS[3:6], register="spare")
        self.books.serve(*SERIALS[6:8])
        self.look()

    def look(self) -> None:
        """Read where every device is, and which wait on a proposal."""
        found = held(self.store, SERIALS)
        self.position = {s: found[s].position if s in found else NOWHERE for s in SERIALS}
        self.free = {s for s in SERIALS if s not in found or not found[s].reserved}
        self.last = {s: found[s].document if s in found else "" for s in SERIALS}

    # what fits

    def choices(self, document: str, role: str = "device") -> list[Choice]:
        """Every free device that the table lets a document move, with each step it can take."""
        return [
            (serial, position, step)
            for serial, position in self.position.items()
            for step in FROM.get((document, role, position.state), ())
            if serial in self.free and position.register in step.registers
            if document != "arrival" or step.after == position.left_state
        ]

    def can(self, document: str) -> bool:
        """Whether there is anything that a document could move."""
        if document == "reversal":
            return any(self.last[serial] for serial in self.free)
        return all(self.choices(document, role) for role in roles_of(document))

    def site_of(self, document: str, position: Position, chance: random.Random) -> str:
        """A site that may move a device."""
        bound = position.site or (position.responsible_site if document in OF_THE_SELLER else None)
        return bound or chance.choice(SITES)

    def sent_on(self, serial: str, *types: str) -> str:
        """The last document of these types that moved a device."""
        row = self.store.row(
            "SELECT l.document FROM line l JOIN document d ON d.number = l.document WHERE l.serial = ?"
            f" AND d.type IN ({', '.join('?' * len(types))}) ORDER BY l.step DESC LIMIT 1",
            (serial, *types),
        )
        return str(row[0]) if row else "BJ01-2026-999999"

    def repair(self, serial: str, site: str) -> str:
        """A repair order of a device at a site, the open one where there is one."""
        try:
            return self.books.repair(serial, site)
        except Refused as refused:
            return str(refused.problems[0].facts.get("order", "R-BJ01-999999"))

    # what is sent

    def draft(self, document: str, chance: random.Random) -> dict[str, Any] | None:
        """A draft that fits, most of the time; None where no device can be moved so."""
        if document == "reversal":
            return self.reversal(chance)
        if document == "opening":
            return self.opening(chance)
        if document in ("swap", "factory_exchange"):
            return self.pair(document, chance)
        serial, position, step = chance.choice(self.choices(document))
        site = self.site_of(document, position, chance)
        line: dict[str, Any] = {"serial": serial, **LINES.get(document, {})}
        if document == "release" and position.mark:
            line["reinitialised"] = "好"
        fields = {"type": document, "site": site, "business_date": TODAY, **FIELDS[document], "lines": [line]}
        if STATE[step.after].place == "bin":
            fields["bin"] = self.bin_to(document, position, step, chance)
        if document == "receipt":
            fields["register"] = "spare" if fields["bin"].startswith("S") else "merchandise"
            line["reason"] = "破"
        return fields | self.papers(document, serial, position, step, site, line, chance)

    def papers(
        self, document: str, serial: str, position: Position, step: Step, site: str, line: dict[str, Any],
        chance: random.Random,
    ) -> dict[str, Any]:  # fmt: skip
        """What a draft rests on: orders, cited documents, proof."""
        match document:
            case "adoption":
                return {"attachments": [self.books.paper]}
            case "dispatch":
                return {"destination": next(other for other in SITES if other != site)}
            case "arrival":
                sent = self.sent_on(serial, "dispatch", "opening")
                return {
                    "dispatch": sent,
                    "site": next(other for other in SITES if not sent.startswith(other)),
                }
            case "factory_receipt":
                away = [s for s, p in self.position.items() if p.state == "at_factory"]
                known = serial if position.state == "at_factory" or not away else away[0]
                return {"dispatch": self.sent_on(known, "factory_dispatch", "opening")}
            case "repair_intake":
                return {"order": self.repair(serial, site)}
            case "recovery" if step.after == "in_repair":
                return {"order": self.repair(serial, site)}
            case "carry_out":
                theirs = [s for s, p in self.position.items() if p.state in ("in_service", "in_repair")]
                line["faulty"] = chance.choice(theirs) if theirs else SERIALS[0]
                return {
                    "order": self.books.dispatch_order(line["faulty"], site) if theirs else "D-BJ01-999999"
                }
            case _:
                return {}

    def bin_to(self, document: str, position: Position, step: Step, chance: random.Random) -> str:
        """A bin by which a step can be taken; now and then any other."""
        register: Register | None = position.register
        if step.becomes == "left":
            register = position.left_book
        elif step.becomes == "given":
            register = chance.choice(("merchandise", "spare"))
        elif step.becomes in ("spare", "custody"):
            register = step.becomes
        if register is None or chance.random() < 0.05:
            return chance.choice(list(BINS.values()))
        code = bin_for(register, step.after)
        return code + "2" if position.bin == code else code

    def pair(self, document: str, chance: random.Random) -> dict[str, Any] | None:
        """A swap or an exchange: two devices that go together."""
        first, second = (self.choices(document, role) for role in roles_of(document))
        if document == "swap":
            fitting = [
                (old, new)
                for old, new in itertools.product(first, second)
                if old[1].site in (None, new[1].site) and new[1].meant_for in (None, old[0])
            ]
        else:
            fitting = [
                (old, new)
                for old, new in itertools.product(first, second)
                if EXCHANGE_STATE[old[1].register] == new[2].after
            ]
        if not fitting:
            return None
        (old, was, step), (new, is_now, _) = chance.choice(fitting)
        site = is_now.site or was.site or SITES[0]
        fields = {"type": document, "site": site, "business_date": TODAY, **FIELDS[document]}
        if document == "swap":
            place = {"bin": bin_for("spare", "faulty")} if step.after == "faulty" else {}
            return {
                **fields,
                **place,
                "order": self.repair(old, site),
                "lines": [{"faulty": old, "spare": new}],
            }
        sent = self.sent_on(old, "factory_dispatch", "opening")
        target = bin_for(was.register, EXCHANGE_STATE[was.register])
        line = {"old": old, "new": new, "model": "TCG-01"}
        return {**fields, "dispatch": sent, "bin": target, "lines": [line]}

    def reversal(self, chance: random.Random) -> dict[str, Any]:
        """The last document of some device, taken back whole or in part."""
        named = [serial for serial in sorted(self.free) if self.last[serial]]
        serial = chance.choice(named)
        number = self.last[serial]
        part = {"serials": [serial]} if chance.random() < 0.4 else {}
        return {
            "type": "reversal", "site": number[:4], "business_date": TODAY, "document": number, **FIELDS["reversal"],
            **part,
        }  # fmt: skip

    def opening(self, chance: random.Random) -> dict[str, Any]:
        """A device of the old books, in any state that has not ended."""
        found = self.choices("opening")
        state = chance.choice(OPENING_STATES)
        line: dict[str, Any] = {"serial": chance.choice(found)[0], "model": "TCG-01", "state": state}
        kind = STATE[state]
        if kind.registers:
            line["register"] = chance.choice(kind.registers)
        if kind.place == "bin":
            line["bin"] = bin_for(line["register"], state)
        if kind.place == "party":
            line["party"] = "厂"
        if kind.place == "customer" or line.get("register") == "custody":
            line["customer"] = TAXPAYER
        return {
            "type": "opening", "site": chance.choice(SITES), "business_date": TODAY,
            "attachments": [self.books.paper], "lines": [line],
        }  # fmt: skip

    def send(self, key: str, body: bytes) -> tuple[Done, bool]:
        """Post a body under an Idempotency-Key, as the API does."""
        unit = self.books.unit

        def write(mark: str) -> Done:
            draft, by = msgspec.json.decode(body, type=AnyDraft), post.Poster(POSTER, request=mark)
            done = post.post(self.store, unit, draft, by=by, at_us=NOW, rulebook=RULEBOOK)
            return Done(202 if done.status == "pending" else 201, done.number)

        return once(self.store, unit, POSTER, key, body, write)

    def attempt(self, document: str, seed: int) -> None:
        """Post one document; what is refused changes nothing."""
        draft = self.draft(document, random.Random(seed))
        if draft is None:
            return
        key, body = f"key-{len(self.requests)}-{seed}", msgspec.json.encode(draft)
        before = everything(self.store)
        try:
            answer, fresh = self.send(key, body)
        except Refused:
            assert everything(self.store) == before
            return
        assert fresh
        self.requests.append(Request(key, body, answer))
        if DOCUMENT[document].review != "before":
            self.took(document)
        elif seed % 2:
            self.decide([answer.key], "approve", seed)
        self.look()

    def took(self, document: str) -> None:
        """Keep that a document was let pass, in this walk and in all."""
        self.done.add(document)
        self.taken.add(document)

    @rule(seed=st.integers(0, 2**32))
    def do_what_was_not_yet(self, seed: int) -> None:
        """Approve or post a kind of document that no walk has had, or else not this one, where one can be."""
        for had in (self.taken, self.done):
            if proposed := [n for n in self.waiting("status = 'pending'") if self.kind_of(n) not in had]:
                self.decide(proposed, "approve", seed)
                return
            if fresh := [document for document in POSTED if document not in had and self.can(document)]:
                self.attempt(random.Random(seed).choice(fresh), seed)
                return

    # reviews and repetitions

    def decide(self, numbers: list[str], decision: Any, seed: int, by: str = AUDITOR) -> None:
        """Decide on one of these documents; the rules may refuse a proposal by now."""
        number = random.Random(seed).choice(numbers)
        before = everything(self.store)
        try:
            self.books.review(number, decision, by=by)
        except Refused:
            assert everything(self.store) == before
            return
        if decision == "approve":
            self.took(self.kind_of(number))
        self.look()

    def waiting(self, condition: str) -> list[str]:
        """The documents in whose standing something is true."""
        return [
            row[0] for row in self.store.rows(f"SELECT document FROM standing WHERE {condition} ORDER BY 1")
        ]

    def kind_of(self, number: str) -> str:
        """Which kind of document a number is."""
        return str(self.store.rows("SELECT type FROM document WHERE number = ?", (number,))[0][0])

    @rule(seed=st.integers(0, 2**32))
    def approve(self, seed: int) -> None:
        numbers = self.waiting("status = 'pending'") or self.waiting("review = 'waiting'")
        if numbers:
            self.decide(numbers, "approve", seed)

    @rule(seed=st.integers(0, 2**32))
    def reject(self, seed: int) -> None:
        if numbers := self.waiting("review = 'waiting'"):
            self.decide(numbers, "reject", seed)

    @rule(seed=st.integers(0, 2**32))
    def withdraw(self, seed: int) -> None:
        if numbers := self.waiting("status = 'pending'"):
            self.decide(numbers, "withdraw", seed, by=POSTER)

    @precondition(lambda self: self.requests)
    @rule(seed=st.integers(0, 2**32))
    def repeat(self, seed: int) -> None:
        """A request sent again changes nothing, and is answered as the first time."""
        request = random.Random(seed).choice(self.requests)
        before = everything(self.store)
        assert self.send(request.key, request.body) == (request.answer, False)
        assert everything(self.store) == before

    @precondition(lambda self: self.requests)
    @rule(seed=st.integers(0, 2**32))
    def reuse_a_key(self, seed: int) -> None:
        """The key of an earlier request with another body is refused."""
        request = random.Random(seed).choice(self.requests)
        before = everything(self.store)
        with pytest.raises(Refused, match="idempotency_key_reused"):
            self.send(request.key, request.body + b" ")
        assert everything(self.store) == before

    # what always holds

    @invariant()
    def positions_equal_the_ledger_and_the_books_balance(self) -> None:
        assert_consistent(self.store)

    @invariant()
    def each_serial_is_in_one_place(self) -> None:
        after: dict[str, tuple[Any, ...]] = {}
        for serial, step, *there in self.store.rows(
            "SELECT serial, step, from_state, from_register, from_site, from_bin, state, register, site, bin"
            " FROM line ORDER BY serial, step"
        ):
            known = after.get(serial, (0, NEW, None, None, None))
            assert (step - 1, *there[:4]) == known, serial
            after[serial] = (step, *there[4:])

    @invariant()
    def the_chain_verifies(self) -> None:
        assert verify(self.store, RECORD_KINDS).faults == []

    def teardown(self) -> None:
        """Verify once more, and put the books away."""
        faults = verify(self.store, RECORD_KINDS).faults
        self.stores.drop(self.store)
        assert faults == []


def everything(store: Store) -> list[Any]:
    """What any change of the books would change: heads, positions, reservations, standings, requests."""
    return [
        store.rows("SELECT site, MAX(seq), MAX(hash) FROM journal GROUP BY site ORDER BY site"),
        store.rows("SELECT serial, step FROM position ORDER BY serial"),
        store.rows("SELECT serial, document FROM reservation ORDER BY serial"),
        store.rows("SELECT document, status, review, reversed, resolved FROM standing ORDER BY document"),
        store.rows("SELECT COUNT(*) FROM request"),
    ]


def rule_of(document: str) -> Callable[..., None]:
    """The rule that posts one kind of document."""

    def attempt(self: Walk, seed: int) -> None:
        self.attempt(document, seed)

    return precondition(lambda self: self.can(document))(rule(seed=st.integers(0, 2**32))(attempt))


for name in POSTED:
    setattr(Walk, f"post_{name}", rule_of(name))


def machine(stores: Stores, engine: str) -> type[Walk]:
    """The machine on one engine."""
    return type("Walk", (Walk,), {"stores": stores, "engine": engine, "taken": set()})


@pytest.mark.parametrize("engine", ENGINES)
def test_the_books_stay_consistent_whatever_is_done(engine: str, stores: Stores) -> None:
    walk = machine(stores, engine)
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=16 if engine == "sqlite" else 12,
            stateful_step_count=60,
            phases=(Phase.generate,),  # shrinking a walk this long takes longer than reading it
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert POSTED.keys() - walk.taken == set()
