"""One device in every place a device can be, at one site, and a draft of any document for each of them."""

from __future__ import annotations

from typing import Any

from devices.ledger.deciding.rules_of_all import ANYWHERE, OF_THE_SELLER
from devices.lifecycle import DOCUMENTS, EXCHANGE_STATE, FROM, Step, roles_of, starts_of
from devices.values import BIN_STATE, NEW, RECEIVABLE, STATE, STATES, Register
from tests.ledger_books import BINS, SITES, TAXPAYER, TODAY, Books

Place = tuple[str, Register | None]
HOME, AWAY = SITES

PLACES: list[Place] = [
    (NEW, None),
    *((state.name, register) for state in STATES for register in state.registers or (None,)),
]
SERIALS: dict[Place, str] = {place: f"6615657143{n:02d}" for n, place in enumerate(PLACES)}
POSTED = {document.name: document for document in DOCUMENTS if document.posters}
"""The documents that people post, by name; the others are made by what people sign."""
PARTS = [(document, role) for document in POSTED for role in roles_of(document)]
PARTNERS = {site: {name: f"66156572{n}{m}00" for m, name in enumerate(("faulty", "spare", "old", "new"))}
            for n, site in enumerate(SITES)}  # fmt: skip
"""At each site a customer's device, a spare, a device of the spare book at the factory, and a serial never seen."""

COME_AGAIN = {SERIALS[state, None] for state in ("void", "returned")}
"""The devices that left, and may be received anew."""

FIELDS: dict[str, dict[str, Any]] = {
    "opening": {},
    "receipt": {"supplier": "厂", "delivery_note": "D", "model": "TCG-01", "register": "merchandise"},
    "adoption": {"customer": TAXPAYER},
    "move": {},
    "hold": {"reason": "损"},
    "release": {"inspection": "好"},
    "dispatch": {"carrier": "SF", "consignment_number": "W"},
    "arrival": {},
    "transit_loss": {"consignment_number": "W", "claim": "赔"},
    "sale": {"customer": TAXPAYER, "application": "A"},
    "sale_cancellation": {"reason": "取消"},
    "registration": {"customer": TAXPAYER},
    "repair_intake": {"fault": "坏"},
    "repair_return": {"diagnosis": "d", "work": "w", "completed_at": f"{TODAY}T10:00:00+08:00"},
    "carry_out": {},
    "carry_back": {},
    "swap": {"fault": "坏", "terms": "free"},
    "customer_return": {"reason": "注销"},
    "factory_dispatch": {"maker": "厂", "carrier": "SF", "consignment_number": "W-F"},
    "factory_receipt": {"result": "修复"},
    "factory_exchange": {},
    "supplier_return": {"reason": "损", "carrier": "SF", "consignment_number": "W-S"},
    "surrender": {"tax_document": "T", "reason": "deregistration", "customer": TAXPAYER},
    "loss_report": {"report_number": "R", "customer": TAXPAYER},
    "recovery": {"found": "角落", "customer": TAXPAYER},
    "write_off": {"reason": "坏", "consent": "同意"},
    "reversal": {"reason": "错"},
}
"""What each document asks for that no device decides."""

LINES: dict[str, dict[str, Any]] = {
    "opening": {"model": "TCG-01", "state": "in_stock", "bin": "MG"},
    "adoption": {"model": "TCG-01"},
    "factory_receipt": {"model": "TCG-01"},
    "factory_exchange": {"model": "TCG-01"},
}
"""What its lines ask for besides serials."""

LATER = ("surrendered", "returned", "exchanged", "written_off", "void")
"""States that no opening leads to: the shelf opens such devices in another and goes on from there."""
BEFORE_THAT: dict[str, dict[str, Any]] = {
    "surrendered": {"state": "in_service", "customer": TAXPAYER},
    "returned": {"state": "quarantined", "bin": "MQ"},
    "exchanged": {"state": "at_factory", "register": "spare", "party": "厂"},
    "written_off": {"state": "faulty", "bin": "SF"},
    "void": {"state": "in_stock", "bin": "MG"},
}


OPENED_IN: dict[str, Register] = {
    "returned": "merchandise", "exchanged": "spare", "written_off": "spare", "void": "merchandise",
}  # fmt: skip


class Shelf(Books):
    """The books with the shelf filled; `opened` is each device's opening, `orders` the repairs by site and serial."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self.opened: dict[str, str] = {}
        for site in SITES:
            self._open(site)
        self._end()
        self.orders = {
            (site, serial): self.repair(serial, site)
            for (serial,) in store.rows("SELECT serial FROM position WHERE customer IS NOT NULL")
            for site in SITES
        }
        self.trips = {site: self.dispatch_order(PARTNERS[site]["faulty"], site) for site in SITES}

    def _open(self, site: str) -> None:
        partners, model = PARTNERS[site], {"model": "TCG-01"}
        by_register: dict[Register | None, list[dict[str, Any]]] = {
            None: [{**model, "serial": partners["faulty"], "state": "in_service", "customer": TAXPAYER}],
            "spare": [
                {**model, "serial": partners["spare"], "state": "in_stock", "bin": "SG"},
                {**model, "serial": partners["old"], **BEFORE_THAT["exchanged"]},
            ],
        }
        for place in PLACES if site == HOME else ():
            if place[0] != NEW:
                line = _opening_line(place)
                by_register.setdefault(place[1] or OPENED_IN.get(place[0]), []).append(line)
        for lines in by_register.values():
            number = self.settle("opening", site=site, attachments=[self.paper], lines=lines)
            self.opened |= {line["serial"]: number for line in lines}

    def _end(self) -> None:
        serial = {state: SERIALS[state, None] for state in LATER}
        self.post("surrender", serial["surrendered"], **FIELDS["surrender"])
        self.settle("supplier_return", serial["returned"], **FIELDS["supplier_return"])
        kept = {"old": serial["exchanged"], "new": "661565739999", "bin": "SG"}
        self.post("factory_exchange", dispatch=self.opened[serial["exchanged"]], lines=[kept])
        self.settle("write_off", serial["written_off"], **FIELDS["write_off"])
        self.settle("reversal", document=self.opened[serial["void"]], reason="错", serials=[serial["void"]])

    def body(self, document: str, role: str, place: Place, site: str) -> dict[str, Any]:
        """A draft of `document` at `site` that moves the device of `place`, in its part of `role`.

        Whatever else it asks for is right: where the device may be moved, nothing refuses it.
        """
        serial, partners = SERIALS[place], PARTNERS[site]
        fields: dict[str, Any] = {"type": document, "site": site, "business_date": TODAY, **FIELDS[document]}
        line: dict[str, Any] = {"serial": serial}
        if document == "carry_out":
            line["faulty"] = partners["faulty"]
        if role != "device":
            line = {name: partners[name] for name in roles_of(document)} | {role: serial}
        if (target := bin_of(document, role, place)) is not None and document != "opening":
            fields["bin"] = target
        fields |= self._papers(document, line, site)
        if document == "reversal":
            return {**fields, "serials": [serial]}
        return {**fields, "lines": [{**line, **LINES.get(document, {})}]}

    def _papers(self, document: str, line: dict[str, Any], site: str) -> dict[str, Any]:
        """What a draft of one line rests on: orders, cited documents, papers."""
        partners = PARTNERS[site]
        serial = line.get("old") or line.get("faulty") or line.get("serial")
        match document:
            case "opening" | "adoption":
                return {"attachments": [self.paper]}
            case "dispatch":
                return {"destination": AWAY if site == HOME else HOME}
            case "factory_receipt" if site != HOME and serial in COME_AGAIN:
                return {"dispatch": self.opened[partners["old"]]}
            case "arrival" | "factory_receipt" | "factory_exchange":
                return {"dispatch": self.opened.get(serial or "", self.opened[partners["old"]])}
            case "reversal":
                return {"document": self.opened.get(serial or "", self.opened[PARTNERS[HOME]["old"]])}
            case "repair_intake" | "swap":
                return {"order": self.orders.get((site, serial or ""), "R-NONE-000001")}
            case "carry_out":
                return {"order": self.trips[site]}
            case _:
                return {}


def _opening_line(place: Place) -> dict[str, Any]:
    state, register = place
    line = {"serial": SERIALS[place], "model": "TCG-01"}
    if state in LATER:
        return {**line, **BEFORE_THAT[state]}
    kind = STATE[state]
    line |= {"state": state, "register": register} if register else {"state": state}
    if kind.place == "bin":
        line["bin"] = bin_for(register, state)
    if kind.place == "party":
        line["party"] = "厂"
    if kind.place == "customer" or register == "custody":
        return {**line, "customer": TAXPAYER, "order": "R-OLD-000001"}
    return line


def bin_for(register: Register | None, state: str) -> str:
    """A bin in which a device of a register is in a state."""
    return next(BINS[key] for key, becomes in BIN_STATE.items() if key[0] == register and becomes == state)


def step_of(document: str, role: str, place: Place) -> Step | None:
    """The declared step that the shelf's draft of a document takes from a place; None where there is none."""
    state, register = place
    steps = [s for s in FROM.get((document, role, state), ()) if register in s.registers]
    if document == "factory_exchange" and role == "new":
        steps = [step for step in steps if step.after == EXCHANGE_STATE["spare"]]
    return steps[0] if steps else None


def bin_of(document: str, role: str, place: Place) -> str | None:
    """The bin that the shelf's draft names: one by which the step can be taken."""
    if document in ("swap", "factory_exchange"):
        target: Register = "spare"
        if document == "factory_exchange" and role == "old" and place[1]:
            target = place[1]
        return bin_for(target, "faulty" if document == "swap" else EXCHANGE_STATE[target])
    step = step_of(document, role, place)
    if step is None or STATE[step.after].place != "bin":
        return None
    left: Register = "spare" if place[0] == "written_off" else "merchandise"
    register: Register | None = {
        "same": place[1], "given": "merchandise", "left": left, "spare": "spare", "custody": "custody",
    }[str(step.becomes)]  # fmt: skip
    return bin_for(register, step.after) + ("2" if document == "move" else "")


INTO_SPARE = {("factory_receipt", "device"), ("factory_exchange", "new")}
"""Where the shelf's draft brings a serial into the spare book; its returned one had left the merchandise."""

REVERSED = {NEW: "not_a_line", "void": "already_reversed"}


def expected(document: str, role: str, place: Place, site: str) -> str | None:
    """The code with which the tables refuse a draft of the shelf; None where they let it pass."""
    state, register = place
    if document == "reversal":
        if site != HOME:
            return "unknown_document"
        return REVERSED.get(state, "later_lines" if state in LATER else None)
    if document == "arrival" and state == NEW:
        return "no_lines"
    if not FROM.get((document, role, state)):
        if state == NEW:
            return "unknown_device"
        only_new = set(starts_of(document, role)) == set(RECEIVABLE)
        return "already_held" if only_new else "wrong_state"
    if step_of(document, role, place) is None:
        return "wrong_register"
    if document == "arrival" and site != HOME:
        return "unknown_document"  # the shelf was opened, and an opening is addressed to nobody
    if state == "returned" and (document, role) in INTO_SPARE:
        return "other_book"
    bound = document not in ANYWHERE and (register is not None or document in OF_THE_SELLER)
    return "foreign_device" if bound and site != HOME else None


assert FIELDS.keys() == POSTED.keys(), f"FIELDS in tests/shelf.py: {FIELDS.keys() ^ POSTED.keys()}"
