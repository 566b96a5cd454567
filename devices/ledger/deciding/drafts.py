"""What a poster sends: one body type per document, told apart by `type`.

Serials, bins and taxpayer ids are plain text here: the rules recognise them, so that every fault of a batch is told
at once. Dates are ISO dates, money is integer fen. A line's own `bin` wins over the document's.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from devices.texts.lengths import Address, Contact, CustomerName, Day, Moment, Papers, Sentence, Serial, Word
from devices.values import Book, Register

LINE_LIMIT = 10_000

Fen = Annotated[int, Meta(ge=0, le=100_000_000_00)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Party(_Part, frozen=True, kw_only=True):
    """A customer as the poster knows them: by taxpayer id and name, or one of the site's own by their `number`.

    `renamed` says that the name is a known taxpayer's new one, which is then proposed to their home. Kept outside the
    journal, which holds a commitment only.
    """

    taxpayer_id: Word | None = None
    number: Word | None = None
    name: CustomerName | None = None
    address: Address | None = None
    contact: Contact | None = None
    renamed: bool = False


class Item(_Part, frozen=True, kw_only=True):
    """One device that only needs naming."""

    serial: Serial


class BinItem(_Part, frozen=True, kw_only=True):
    """One device and the bin it goes to."""

    serial: Serial
    bin: Word | None = None


class OpeningItem(_Part, frozen=True, kw_only=True):
    """One device of the opening stock, in the state the old books left it."""

    serial: Serial
    model: Word
    state: Word
    register: Register | None = None
    bin: Word | None = None
    party: Word | None = None
    customer: Party | None = None
    order: Word | None = None
    warranty_until: Day | None = None


class ReceiptItem(_Part, frozen=True, kw_only=True):
    """One device received; `reason` says why it goes to quarantine."""

    serial: Serial
    model: Word | None = None
    bin: Word | None = None
    reason: Sentence | None = None


class AdoptionItem(_Part, frozen=True, kw_only=True):
    """A device we never sold. A spare part without a serial gets an internal one, to be printed on it."""

    serial: Serial | None = None
    model: Word
    warranty_until: Day | None = None


class ReleaseItem(_Part, frozen=True, kw_only=True):
    """One inspected device; `reinitialised` is the re-initialisation result a customer's return needs."""

    serial: Serial
    bin: Word | None = None
    reinitialised: Sentence | None = None


class ArrivalItem(_Part, frozen=True, kw_only=True):
    """One device that arrived; `damaged` says how, and sends it to quarantine."""

    serial: Serial
    bin: Word | None = None
    damaged: Sentence | None = None


class SaleItem(_Part, frozen=True, kw_only=True):
    """One device sold; the catalogue's price is taken where none is given."""

    serial: Serial
    price_fen: Fen | None = None


class RegistrationItem(_Part, frozen=True, kw_only=True):
    """One device registered; a report disk may name the tax disk it is `paired_with`."""

    serial: Serial
    paired_with: Serial | None = None


class CarryItem(_Part, frozen=True, kw_only=True):
    """One spare, and the customer's faulty serial it is carried out for."""

    serial: Serial
    faulty: Serial


class SwapItem(_Part, frozen=True, kw_only=True):
    """A customer's faulty device and the spare that replaces it; `bin` is the faulty bin it goes to."""

    faulty: Serial
    spare: Serial
    bin: Word | None = None


class FactoryItem(_Part, frozen=True, kw_only=True):
    """One device back from the maker; `model` only for a serial nobody had sent."""

    serial: Serial
    bin: Word | None = None
    result: Sentence | None = None
    model: Word | None = None


class ExchangeItem(_Part, frozen=True, kw_only=True):
    """The serial the maker kept, and the one it sent instead; the old one's model unless another is given."""

    old: Serial
    new: Serial
    model: Word | None = None
    bin: Word | None = None


class Draft(_Part, tag_field="type", frozen=True, kw_only=True):
    """What every document has: the acting site, the business date, and what it rests on.

    `answers` names a rejected document that this one sets right; `attachments` are digests of stored papers.
    """

    site: Word
    business_date: Day
    answers: Word | None = None
    attachments: Papers = ()
    note: Sentence | None = None


class Opening(Draft, tag="opening", frozen=True, kw_only=True):
    """期初: the stock a unit comes with. Its proof is attached."""

    lines: Annotated[tuple[OpeningItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Receipt(Draft, tag="receipt", frozen=True, kw_only=True):
    """入库单: devices received from a supplier into one book, checked against a manifest where one is named."""

    register: Book
    supplier: Sentence
    delivery_note: Sentence
    manifest: Word | None = None
    model: Word | None = None
    bin: Word | None = None
    lines: Annotated[tuple[ReceiptItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Adoption(Draft, tag="adoption", frozen=True, kw_only=True):
    """外来建档: a customer's device that we never sold."""

    customer: Party
    lines: Annotated[tuple[AdoptionItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Move(Draft, tag="move", frozen=True, kw_only=True):
    """移位: to another bin of the same register and condition."""

    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Hold(Draft, tag="hold", frozen=True, kw_only=True):
    """待检: out of the available stock, into quarantine."""

    reason: Sentence
    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Release(Draft, tag="release", frozen=True, kw_only=True):
    """待检处置: what the inspection found decides where a quarantined device goes."""

    inspection: Sentence
    bin: Word | None = None
    lines: Annotated[tuple[ReleaseItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Dispatch(Draft, tag="dispatch", frozen=True, kw_only=True):
    """调拨出库: sent to another site with an approved carrier."""

    destination: Word
    carrier: Word
    consignment_number: Word
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Arrival(Draft, tag="arrival", frozen=True, kw_only=True):
    """调拨入库: what arrived of one dispatch. A serial that is not on it becomes a finding, never a line."""

    dispatch: Word
    bin: Word | None = None
    lines: Annotated[tuple[ArrivalItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class TransitLoss(Draft, tag="transit_loss", frozen=True, kw_only=True):
    """Lost on the way: the consignment and the claim made for it."""

    consignment_number: Word
    claim: Sentence
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Sale(Draft, tag="sale", frozen=True, kw_only=True):
    """发售出库: sold to one customer on a usage application."""

    customer: Party
    application: Sentence
    lines: Annotated[tuple[SaleItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class SaleCancellation(Draft, tag="sale_cancellation", frozen=True, kw_only=True):
    """A sale undone: each disk is scanned back into a bin."""

    reason: Sentence
    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Registration(Draft, tag="registration", frozen=True, kw_only=True):
    """用户登记: the customer of a sold device, entered within three working days of the sale."""

    customer: Party
    lines: Annotated[tuple[RegistrationItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class RepairIntake(Draft, tag="repair_intake", frozen=True, kw_only=True):
    """送修收件: a customer's device comes into our custody under a repair order."""

    order: Word | None = None
    fault: Sentence
    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=1)]


class RepairReturn(Draft, tag="repair_return", frozen=True, kw_only=True):
    """修复交还: the repaired device goes back to its customer."""

    diagnosis: Sentence
    work: Sentence
    completed_at: Moment
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=1)]


class CarryOut(Draft, tag="carry_out", frozen=True, kw_only=True):
    """A technician takes spares along under a dispatch order, each for a named faulty device."""

    order: Word | None = None
    lines: Annotated[tuple[CarryItem, ...], Meta(min_length=1, max_length=100)]


class CarryBack(Draft, tag="carry_back", frozen=True, kw_only=True):
    """A carried spare that was not used comes back."""

    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=100)]


class Swap(Draft, tag="swap", frozen=True, kw_only=True):
    """备件更换: a spare becomes the customer's, the faulty device becomes the spare book's faulty stock."""

    order: Word | None = None
    fault: Sentence
    terms: Literal["free", "charged"]
    charged_fen: Fen = 0
    bin: Word | None = None
    lines: Annotated[tuple[SwapItem, ...], Meta(min_length=1, max_length=100)]


class CustomerReturn(Draft, tag="customer_return", frozen=True, kw_only=True):
    """退货: a customer gives a device back for good."""

    reason: Sentence
    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class FactoryDispatch(Draft, tag="factory_dispatch", frozen=True, kw_only=True):
    """返厂: sent to the maker with an approved carrier."""

    maker: Sentence
    carrier: Word
    consignment_number: Word
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class FactoryReceipt(Draft, tag="factory_receipt", frozen=True, kw_only=True):
    """返厂入库: what the maker sent back of one factory dispatch, with its result."""

    dispatch: Word
    result: Sentence
    bin: Word | None = None
    lines: Annotated[tuple[FactoryItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class FactoryExchange(Draft, tag="factory_exchange", frozen=True, kw_only=True):
    """The maker keeps one serial and sends another in its place."""

    dispatch: Word
    bin: Word | None = None
    lines: Annotated[tuple[ExchangeItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class SupplierReturn(Draft, tag="supplier_return", frozen=True, kw_only=True):
    """Quarantined devices go back to their supplier for good."""

    reason: Sentence
    carrier: Word
    consignment_number: Word
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Surrender(Draft, tag="surrender", frozen=True, kw_only=True):
    """收缴: handed to the tax authority. `customer` names another site's, whose device is not in hand."""

    tax_document: Sentence
    reason: Literal["deregistration", "suspension", "replacement", "violation", "other"]
    customer: Party | None = None
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class LossReport(Draft, tag="loss_report", frozen=True, kw_only=True):
    """丢失: reported lost or stolen by its customer; `customer` names another site's."""

    report_number: Sentence
    customer: Party | None = None
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Recovery(Draft, tag="recovery", frozen=True, kw_only=True):
    """寻回: a lost, missing or written-off device is found again.

    `customer` names another site's, whose lost device stays with them.
    """

    found: Sentence
    order: Word | None = None
    customer: Party | None = None
    bin: Word | None = None
    lines: Annotated[tuple[BinItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class WriteOff(Draft, tag="write_off", frozen=True, kw_only=True):
    """报废: `consent` is the customer's, needed for a device that is theirs."""

    reason: Sentence
    consent: Sentence | None = None
    lines: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class ShortageItem(_Part, frozen=True, kw_only=True):
    """One device that a count did not find, and the finding that says so."""

    serial: Serial
    finding: Sentence


class Shortage(Draft, tag="shortage", frozen=True, kw_only=True):
    """盘亏: written by the seal of a stocktake only, on its two signatures; nobody posts it."""

    stocktake: Word
    lines: Annotated[tuple[ShortageItem, ...], Meta(min_length=1, max_length=LINE_LIMIT)]


class Reversal(Draft, tag="reversal", frozen=True, kw_only=True):
    """冲销: undoes a document, or the lines of it whose serials are named."""

    document: Word
    reason: Sentence
    serials: Annotated[tuple[Serial, ...], Meta(min_length=1, max_length=LINE_LIMIT)] | None = None


AnyDraft = (
    Opening
    | Receipt
    | Adoption
    | Move
    | Hold
    | Release
    | Dispatch
    | Arrival
    | TransitLoss
    | Sale
    | SaleCancellation
    | Registration
    | RepairIntake
    | RepairReturn
    | CarryOut
    | CarryBack
    | Swap
    | CustomerReturn
    | FactoryDispatch
    | FactoryReceipt
    | FactoryExchange
    | SupplierReturn
    | Surrender
    | LossReport
    | Recovery
    | WriteOff
    | Reversal
)

DRAFTS: dict[str, type[Draft]] = {str(draft.__struct_config__.tag): draft for draft in AnyDraft.__args__}


Sending = Dispatch | FactoryDispatch | SupplierReturn


def destination_of(draft: Sending) -> str:
    """Where a consignment goes: a site, the maker, or the supplier."""
    if isinstance(draft, Dispatch):
        return draft.destination
    return draft.maker if isinstance(draft, FactoryDispatch) else "supplier"
