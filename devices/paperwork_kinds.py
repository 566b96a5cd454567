"""The kinds of the records a document can rest on, and how each is numbered."""

from __future__ import annotations

from devices.paperwork import (
    Attachment,
    Consignment,
    Customer,
    DispatchOrder,
    Manifest,
    RepairOrder,
    attachment_key,
)
from devices.records import RecordKind

CUSTOMER = RecordKind("customer", Customer, lambda v: v.number, lambda v: v.site)
REPAIR = RecordKind("repair", RepairOrder, lambda v: v.number, lambda v: v.site)
DISPATCH_ORDER = RecordKind("dispatch_order", DispatchOrder, lambda v: v.number, lambda v: v.site)
MANIFEST = RecordKind("manifest", Manifest, lambda v: v.number, lambda v: v.site)
CONSIGNMENT = RecordKind("consignment", Consignment, lambda v: v.number, lambda v: v.site)
ATTACHMENT = RecordKind(
    "attachment", Attachment, lambda v: attachment_key(v.site, v.digest), lambda v: v.site
)
PAPERWORK_KINDS = (CUSTOMER, REPAIR, DISPATCH_ORDER, MANIFEST, CONSIGNMENT, ATTACHMENT)

ORDER_PREFIX = {"repair": "R", "dispatch_order": "D"}
CUSTOMER_PREFIX = "C"
MANIFEST_PREFIX = "M"
