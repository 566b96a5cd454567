"""The route table: every operation with its access, shapes and functions. What serves and what describes read it."""

from __future__ import annotations

from api import signing
from api.callers import access
from api.callers.access import ADMIN, ANYONE, PUBLIC, READERS, SIGNED_IN, Access
from api.examples import DAY, DOCUMENTS, INSPECTION, SERIAL
from api.form_routes import FORM_ROUTES
from api.resources import (
    attachments,
    books,
    consignments,
    customers,
    devices,
    documents,
    handovers,
    inspections,
    keys,
    labels,
    manifests,
    minimum_levels,
    months,
    orders,
    people,
    records,
    registers,
    scanning,
    sheets,
    stocktakes,
    system,
    tokens,
    visits,
)
from api.routing import Route
from api.wire.paging import PageQuery, SiteQuery
from devices.audit.custody.custody_kinds import Inspection
from devices.audit.custody.visits import STEP, VISIT_READERS
from devices.journal import Head
from devices.ledger.books import books as ledger_books
from devices.ledger.deciding.drafts import AnyDraft
from devices.ledger.duties import due
from devices.ledger.posting.manifests import Compared
from devices.ledger.reading import changes, listing
from devices.paperwork import Attachment, Consignment, DispatchOrder, RepairOrder
from devices.paperwork_kinds import CONSIGNMENT, DISPATCH_ORDER, REPAIR
from devices.people.kinds import PublicKey
from devices.people.roles import KEY_CONFIRMERS, METRICS, WATCHERS
from devices.spares.minimum_levels import Level
from devices.values import Bin, Carrier, Model, Site
from labels.label_printing import FORMATS

AUDITOR = Access(roles=("auditor",), site="number")
POSTER = Access(roles="of_document", site="body", scope="post")
READER = Access(roles=READERS, site="number", scope="read")
READ_BOOK = Access(roles=READERS, site="path")
READ_LEVEL = Access(roles=(*READERS, "admin"), site="path")
DESK_BODY = Access(roles=("storekeeper", "clerk"), site="body")
DESK_NUMBER = Access(roles=("storekeeper", "clerk"), site="number")
STOREKEEPER_QUERY = Access(roles=("storekeeper",), site="query")
STAFF_QUERY = Access(roles=access.SITE_STAFF, site="query")
STOREKEEPER_PATH = Access(roles=("storekeeper",), site="path")
COUNTER = Access(roles=("storekeeper", "auditor"), site="number")
COUNTER_BODY = Access(roles=("storekeeper", "auditor"), site="body")
COUNTER_PATH = Access(roles=("storekeeper", "auditor"), site="path")
STAFF_NUMBER = Access(roles=READERS, site="number")
STOREKEEPER_BODY = Access(roles=("storekeeper",), site="body")
SITE_STAFF_NUMBER = Access(roles=access.SITE_STAFF, site="number")
VISIT_NUMBER = Access(roles=VISIT_READERS, site="number")
CONFIRMER = Access(roles=KEY_CONFIRMERS, site="any")
VISIT_STEP = {name: Access(roles=(step.role,), site="number") for name, step in STEP.items()}
WATCHER = Access(roles=WATCHERS, scope=METRICS)
CREATED = (201,)
EVIDENCE = ("application/json",)
"""A DSSE envelope with the keys and links that it is checked by."""

R = Route
PASSWORD = "correct horse battery staple"  # noqa: S105

ROUTES = (
    # sessions
    R("POST", "/v1/session", "sign_in", PUBLIC, people.show_begun, people.Me, write=people.begin_session,
      body=people.SignInBody, keyless=True, statuses=CREATED, example={"username": "zhang.wei", "password": PASSWORD}),
    R("DELETE", "/v1/session", "sign_out", SIGNED_IN, people.show_ended, None, write=people.end_session,
      keyless=True, statuses=(204,)),
    R("GET", "/v1/me", "who_am_i", ANYONE, people.show_me, people.Me),
    R("POST", "/v1/me/password", "change_password", SIGNED_IN, people.show_person, people.PersonAnswer,
      check=people.choose_password_anew, write=people.change_password, body=people.PasswordBody,
      example={"password": PASSWORD, "new": "another long password"}),
    R("POST", "/v1/me/key", "rotate_key", SIGNED_IN, keys.show_key, PublicKey, check=keys.make_key,
      write=keys.rotate_key, body=keys.OwnPasswordBody, statuses=CREATED, example={"password": PASSWORD}),
    # documents
    R("POST", "/v1/documents", "post_document", POSTER, documents.show_posted, documents.PostedAnswer,
      write=documents.post_document, body=AnyDraft, statuses=(201, 202), example=DOCUMENTS),
    R("GET", "/v1/documents", "list_documents", ANYONE, documents.list_documents, listing.DocumentPage,
      query=documents.DocumentQuery),
    R("GET", "/v1/documents/{number}", "read_document", READER, documents.show_document, listing.DocumentView,
      query=documents.LinesQuery),
    R("POST", "/v1/documents/{number}/review", "review_document", AUDITOR, documents.show_document,
      listing.DocumentView, check=documents.reauthenticate, write=documents.review_document,
      body=documents.ReviewBody, example={"decision": "approve", "password": PASSWORD}),
    R("POST", "/v1/documents/{number}/withdraw", "withdraw_document",
      Access(roles=("storekeeper", "clerk"), site="number"), documents.show_document, listing.DocumentView,
      write=documents.withdraw_document),
    # devices
    R("GET", "/v1/devices", "list_devices", ANYONE, devices.list_devices, listing.DevicePage,
      query=devices.DeviceQuery),
    R("POST", "/v1/devices/lookup", "look_devices_up", ANYONE, devices.lookup, list[devices.LookupAnswer],
      body=devices.LookupBody, example={"serials": [SERIAL]}),
    R("POST", "/v1/devices/check", "check_scans", ANYONE, scanning.check, list[scanning.CheckAnswer],
      body=scanning.ChecksBody, example={"site": "BJ01", "document": "move",
                                         "scans": [{"serial": SERIAL, "bin": "M-02"}]}),
    R("POST", "/v1/devices/expand", "expand_list", ANYONE, scanning.expand, scanning.ListAnswer,
      body=scanning.ListBody, example={"entries": "661565714353-380"}),
    R("GET", "/v1/devices/{serial}", "read_device", ANYONE, devices.show_device, devices.DeviceAnswer),
    R("GET", "/v1/devices/{serial}/history", "read_history", ANYONE, devices.show_history, devices.HistoryAnswer,
      query=devices.HistoryQuery),
    R("GET", "/v1/changes", "read_changes", ANYONE, devices.list_changes, changes.Changes,
      query=devices.ChangesQuery),
    # books
    R("GET", "/v1/books/{site}/{register}", "read_book", READ_BOOK, books.show_totals, ledger_books.Totals,
      query=books.TotalsQuery),
    R("GET", "/v1/books/{site}/{register}/card", "read_card", READ_BOOK, books.show_card, ledger_books.Card,
      query=books.CardQuery),
    R("GET", "/v1/books/{site}/{register}/statement", "read_statement", READ_BOOK, books.show_statement,
      books.StatementAnswer, query=books.StatementQuery),
    R("GET", "/v1/deadlines", "list_deadlines", ANYONE, books.list_deadlines, list[due.Due],
      query=books.DeadlineQuery),
    R("GET", "/v1/journal/heads", "read_heads", ANYONE, books.show_heads, dict[str, books.HeldHead]),
    R("GET", "/v1/journal/{site}/head", "read_head", ANYONE, books.show_head, Head),
    # labels
    R("POST", "/v1/labels", "print_labels", ANYONE, labels.show_labels, bytes, body=labels.LabelsBody,
      media_types=tuple(drawn.media_type for drawn in FORMATS.values()),
      example={"format": "pdf", "stock": "L7160", "start": 4, "what": [
          {"kind": "device", "serial": SERIAL}, {"kind": "bin", "site": "BJ01", "code": "M-01"},
          {"kind": "document", "number": "BJ01-2026-000001"}, {"kind": "command", "command": "finish"}]}),
    # manifests and attachments
    R("POST", "/v1/manifests", "add_manifest", STOREKEEPER_QUERY, manifests.show_manifest, Compared,
      check=manifests.read_packing_list, write=manifests.add_manifest, query=manifests.ManifestQuery, raw=True,
      statuses=CREATED),
    R("GET", "/v1/manifests/{number}", "read_manifest", READER, manifests.show_manifest, Compared),
    R("POST", "/v1/attachments", "add_attachment", STAFF_QUERY, attachments.show_attached, Attachment,
      write=attachments.add_attachment, query=attachments.AttachmentQuery, raw=True, statuses=CREATED),
    R("GET", "/v1/attachments/{digest}", "read_attachment", SIGNED_IN, attachments.show_attachment, bytes),
    # orders, consignments, customers
    R("POST", "/v1/repairs", "open_repair", DESK_BODY, records.showing(REPAIR), RepairOrder,
      write=orders.open_repair, body=orders.RepairBody, statuses=CREATED,
      example={"site": "BJ01", "serial": SERIAL, "fault": "无法识别"}),
    R("GET", "/v1/repairs", "list_repairs", SIGNED_IN, records.listing(REPAIR), list[RepairOrder],
      query=SiteQuery),
    R("GET", "/v1/repairs/{number}", "read_repair", READER, records.showing(REPAIR), RepairOrder),
    R("POST", "/v1/repairs/{number}/service-record", "file_repair_record", DESK_NUMBER, records.showing(REPAIR),
      RepairOrder, write=orders.filing(REPAIR), body=orders.ServiceRecordBody, statuses=CREATED,
      example={"completed_at": "2026-11-24T15:30:00+08:00", "diagnosis": "接口松动", "work": "更换接口"}),
    R("POST", "/v1/repairs/{number}/cancel", "cancel_repair", DESK_NUMBER, records.showing(REPAIR), RepairOrder,
      write=orders.cancelling(REPAIR)),
    R("POST", "/v1/dispatch-orders", "open_dispatch_order", DESK_BODY, records.showing(DISPATCH_ORDER), DispatchOrder,
      write=orders.open_dispatch_order, body=orders.DispatchOrderBody, statuses=CREATED,
      example={"site": "BJ01", "serial": SERIAL, "fault": "无法开机", "technician": "王师傅"}),
    R("GET", "/v1/dispatch-orders", "list_dispatch_orders", SIGNED_IN, records.listing(DISPATCH_ORDER),
      list[DispatchOrder], query=SiteQuery),
    R("GET", "/v1/dispatch-orders/{number}", "read_dispatch_order", READER, records.showing(DISPATCH_ORDER),
      DispatchOrder),
    R("POST", "/v1/dispatch-orders/{number}/service-record", "file_service_record", DESK_NUMBER,
      records.showing(DISPATCH_ORDER), DispatchOrder, write=orders.filing(DISPATCH_ORDER),
      body=orders.ServiceRecordBody, statuses=CREATED,
      example={"completed_at": "2026-11-24T15:30:00+08:00", "diagnosis": "主板故障", "work": "更换备件"}),
    R("POST", "/v1/dispatch-orders/{number}/cancel", "cancel_dispatch_order", DESK_NUMBER,
      records.showing(DISPATCH_ORDER), DispatchOrder, write=orders.cancelling(DISPATCH_ORDER)),
    R("GET", "/v1/consignments", "list_consignments", SIGNED_IN, records.listing(CONSIGNMENT), list[Consignment],
      query=SiteQuery),
    R("GET", "/v1/consignments/{site}/{carrier}/{waybill}", "read_consignment", READ_BOOK,
      consignments.show_consignment, Consignment),
    R("PUT", "/v1/consignments/{site}/{carrier}/{waybill}", "replace_consignment", STOREKEEPER_PATH,
      consignments.show_consignment, Consignment, write=consignments.replace_consignment,
      body=consignments.ConsignmentBody, replaces=True, example={"packages": 2, "note": "保价", "papers": []}),
    R("GET", "/v1/customers", "find_customer", SIGNED_IN, customers.find_customer, list[customers.CustomerAnswer],
      query=customers.CustomerQuery),
    R("GET", "/v1/customers/{number}", "read_customer", SIGNED_IN, customers.show_customer,
      customers.CustomerAnswer),
    R("PUT", "/v1/customers/{number}", "replace_customer", DESK_NUMBER, customers.show_customer,
      customers.CustomerAnswer, write=customers.replace_customer, body=customers.CustomerBody, replaces=True,
      example={"name": "北京晨光商贸有限公司", "contact": "李经理"}),
    R("POST", "/v1/customers/{number}/erase", "erase_customer", AUDITOR, customers.show_customer,
      customers.CustomerAnswer, check=documents.reauthenticate, write=customers.erase_customer,
      body=customers.EraseBody,
      example={"password": PASSWORD}),
    # stocktakes
    R("POST", "/v1/stocktakes", "begin_stocktake", COUNTER_BODY, stocktakes.show, stocktakes.StocktakeAnswer,
      write=stocktakes.begin, body=stocktakes.StocktakeBody, statuses=CREATED,
      example={"site": "BJ01", "register": "spare", "method": "blind"}),
    R("GET", "/v1/stocktakes", "list_stocktakes", SIGNED_IN, stocktakes.list_stocktakes,
      list[stocktakes.StocktakeAnswer], query=stocktakes.StocktakeQuery),
    R("GET", "/v1/stocktakes/{number}", "read_stocktake", STAFF_NUMBER, stocktakes.show, stocktakes.StocktakeAnswer),
    R("POST", "/v1/stocktakes/{number}/scans", "scan", COUNTER, stocktakes.take_scans, list[stocktakes.ScanAnswer],
      body=stocktakes.ScansBody, example={
          "sent_at": "2026-11-24T10:00:05+08:00",
          "scans": [{"id": "c0ffee-1", "serial": SERIAL, "bin": "M-01", "at": "2026-11-24T10:00:03+08:00"}]}),
    R("POST", "/v1/stocktakes/{number}/scans/{id}/undo", "undo_scan", COUNTER, stocktakes.show,
      stocktakes.StocktakeAnswer, write=stocktakes.undo_scan),
    R("POST", "/v1/stocktakes/{number}/recount", "begin_recount", COUNTER, stocktakes.show,
      stocktakes.StocktakeAnswer, write=stocktakes.recount),
    R("POST", "/v1/stocktakes/{number}/close", "close_stocktake", COUNTER, stocktakes.show,
      stocktakes.StocktakeAnswer, write=stocktakes.close),
    R("POST", "/v1/stocktakes/{number}/reopen", "reopen_stocktake", COUNTER, stocktakes.show,
      stocktakes.StocktakeAnswer, write=stocktakes.reopen, body=stocktakes.ReasonBody,
      example={"reason": "漏数一格"}),
    R("POST", "/v1/stocktakes/{number}/cancel", "cancel_stocktake", COUNTER, stocktakes.show,
      stocktakes.StocktakeAnswer, write=stocktakes.cancel, body=stocktakes.ReasonBody, example={"reason": "改日再盘"}),
    R("GET", "/v1/stocktakes/{number}/sheet", "read_sheet", STAFF_NUMBER, sheets.show_sheet,
      sheets.SheetAnswer, query=sheets.SheetQuery),
    R("PUT", "/v1/stocktakes/{number}/findings/{serial}", "explain_finding", COUNTER, sheets.show_finding,
      sheets.SheetLine, write=sheets.explain, body=sheets.FindingBody, replaces=True,
      example={"explanation": "已售出，尚未出门", "action": "补办发售取消"}),
    R("POST", "/v1/stocktakes/{number}/signatures", "sign_sheet", COUNTER, sheets.show_signed,
      sheets.SignedAnswer, check=signing.open_key, write=sheets.sign, body=signing.SignatureBody,
      statuses=CREATED, example={"role": "auditor", "digest": "0" * 64, "password": PASSWORD}),
    R("GET", "/v1/stocktakes/{number}/evidence", "read_evidence", STAFF_NUMBER, sheets.show_evidence, bytes,
      media_types=EVIDENCE),
    # months
    R("POST", "/v1/months", "close_month", COUNTER_BODY, months.show_done, months.MonthAnswer, write=months.close,
      body=months.MonthBody, statuses=CREATED,
      example={"site": "BJ01", "register": "merchandise", "month": "2026-11"}),
    R("GET", "/v1/months", "list_months", SIGNED_IN, months.list_months, list[months.MonthAnswer],
      query=SiteQuery),
    R("GET", "/v1/months/{site}/{register}/{month}", "read_month", READ_BOOK, months.show, months.ClosedMonth),
    R("POST", "/v1/months/{site}/{register}/{month}/signatures", "sign_month", COUNTER_PATH, months.show_done,
      months.MonthAnswer, check=signing.open_key, write=months.sign, body=signing.SignatureBody,
      statuses=CREATED, example={"role": "auditor", "digest": "0" * 64, "password": PASSWORD}),
    R("POST", "/v1/months/{site}/{register}/{month}/reopen", "reopen_month", COUNTER_PATH, months.show_done,
      months.MonthAnswer, write=months.reopen, body=stocktakes.ReasonBody, example={"reason": "漏审一张单"}),
    R("GET", "/v1/months/{site}/{register}/{month}/evidence", "read_month_evidence", READ_BOOK,
      months.show_evidence, bytes, media_types=EVIDENCE),
    # inspections, visits, handovers
    R("POST", "/v1/inspections", "inspect", COUNTER_BODY, inspections.show_inspection, Inspection,
      write=inspections.inspect, body=inspections.InspectionBody, statuses=CREATED, example=INSPECTION),
    R("GET", "/v1/inspections", "list_inspections", SIGNED_IN, inspections.list_inspections, list[Inspection],
      query=SiteQuery),
    R("GET", "/v1/inspections/{number}", "read_inspection", STAFF_NUMBER, inspections.show_inspection, Inspection),
    R("POST", "/v1/inspections/{number}/settle", "settle_finding", SITE_STAFF_NUMBER, inspections.show_inspection,
      Inspection, write=inspections.settle, body=inspections.SettlementBody,
      example={"item": "damp", "work": "已换除湿机"}),
    R("POST", "/v1/visits", "request_visit", STOREKEEPER_BODY, visits.show_visit, visits.VisitAnswer,
      write=visits.request_visit, body=visits.VisitBody, statuses=CREATED,
      example={"site": "BJ01", "visit_on": DAY, "purpose": "检修空调", "name": "刘洋",
               "organisation": "海淀制冷维修部", "contact": "13800000000"}),
    R("GET", "/v1/visits", "list_visits", SIGNED_IN, visits.list_visits, list[visits.VisitAnswer],
      query=SiteQuery),
    R("GET", "/v1/visits/{number}", "read_visit", VISIT_NUMBER, visits.show_visit, visits.VisitAnswer),
    R("POST", "/v1/visits/{number}/approve", "approve_visit", VISIT_STEP["approve"], visits.show_visit,
      visits.VisitAnswer, write=visits.taking("approve", "Let a visitor in on that day, before they enter.")),
    R("POST", "/v1/visits/{number}/refuse", "refuse_visit", VISIT_STEP["refuse"], visits.show_visit,
      visits.VisitAnswer, write=visits.taking("refuse", "Do not let a visitor in."), body=visits.RefusalBody,
      example={"reason": "当日盘点，不接待来访"}),
    R("POST", "/v1/visits/{number}/enter", "enter_visit", VISIT_STEP["enter"], visits.show_visit,
      visits.VisitAnswer, write=visits.taking("enter", "Log that a visitor enters now, and with whom."),
      body=visits.EscortBody, example={"escort": "zhang.wei"}),
    R("POST", "/v1/visits/{number}/leave", "leave_visit", VISIT_STEP["leave"], visits.show_visit,
      visits.VisitAnswer, write=visits.taking("leave", "Log that a visitor leaves now.")),
    R("POST", "/v1/visits/{number}/erase", "erase_visitor", AUDITOR, visits.show_visit, visits.VisitAnswer,
      check=documents.reauthenticate, write=visits.erase_visitor, body=customers.EraseBody,
      example={"password": PASSWORD}),
    R("POST", "/v1/handovers", "begin_handover", STOREKEEPER_BODY, handovers.show_handover, handovers.HandoverAnswer,
      write=handovers.begin_handover, body=handovers.HandoverBody, statuses=CREATED,
      example={"site": "BJ01", "reason": "岗位调整", "outgoing": "zhang.wei", "incoming": "sun.li",
               "supervisor": "chen.jing"}),
    R("GET", "/v1/handovers", "list_handovers", SIGNED_IN, handovers.list_handovers, list[handovers.HandoverAnswer],
      query=SiteQuery),
    R("GET", "/v1/handovers/{number}", "read_handover", SIGNED_IN, handovers.show_handover, handovers.HandoverAnswer),
    R("POST", "/v1/handovers/{number}/signatures", "sign_handover", SIGNED_IN, handovers.show_handover,
      handovers.HandoverAnswer, check=signing.open_key, write=handovers.sign_handover, body=signing.SignatureBody,
      statuses=CREATED, example={"role": "incoming", "digest": "0" * 64, "password": PASSWORD}),
    R("POST", "/v1/handovers/{number}/cancel", "cancel_handover", SIGNED_IN, handovers.show_handover,
      handovers.HandoverAnswer, write=handovers.cancel_handover, body=stocktakes.ReasonBody,
      example={"reason": "接收人未到岗"}),
    R("GET", "/v1/handovers/{number}/evidence", "read_handover_evidence", SIGNED_IN, handovers.show_handover_evidence,
      bytes, media_types=EVIDENCE),
    # forms
    *FORM_ROUTES,
    # registers
    R("POST", "/v1/sites", "add_site", ADMIN, registers.showing(registers.SITES), Site,
      write=registers.creating(registers.SITES), body=registers.SiteBody, statuses=CREATED,
      example={"code": "BJ01", "name": "北京海淀库房"}),
    R("GET", "/v1/sites", "list_sites", ANYONE, registers.listing(registers.SITES), list[Site], query=PageQuery),
    R("GET", "/v1/sites/{code}", "read_site", ANYONE, registers.showing(registers.SITES), Site),
    R("PUT", "/v1/sites/{code}", "replace_site", ADMIN, registers.showing(registers.SITES), Site,
      write=registers.replacing(registers.SITES), body=registers.SiteBody, replaces=True,
      example={"code": "BJ01", "name": "北京海淀库房", "in_transit_days": 7}),
    R("POST", "/v1/bins", "add_bin", ADMIN, registers.showing(registers.BINS), Bin,
      write=registers.creating(registers.BINS), body=registers.BinBody, statuses=CREATED,
      example={"site": "BJ01", "code": "M-01", "register": "merchandise", "condition": "good"}),
    R("GET", "/v1/bins", "list_bins", ANYONE, registers.list_bins, list[Bin], query=SiteQuery),
    R("GET", "/v1/bins/{site}/{code}", "read_bin", ANYONE, registers.showing(registers.BINS), Bin),
    R("PUT", "/v1/bins/{site}/{code}", "replace_bin", ADMIN, registers.showing(registers.BINS), Bin,
      write=registers.replacing(registers.BINS), body=registers.BinBody, replaces=True,
      example={"site": "BJ01", "code": "M-01", "register": "merchandise", "condition": "good", "name": "A 架 1 层"}),
    R("POST", "/v1/models", "add_model", ADMIN, registers.showing(registers.MODELS), Model,
      write=registers.creating(registers.MODELS), body=registers.ModelBody, statuses=CREATED,
      example={"code": "TCG-01", "kind": "tax_disk", "name": "税控盘", "serial_pattern": "[0-9]{12}",
               "price_fen": 20000, "warranty_months": 12}),
    R("GET", "/v1/models", "list_models", ANYONE, registers.listing(registers.MODELS), list[Model], query=PageQuery),
    R("GET", "/v1/models/{code}", "read_model", ANYONE, registers.showing(registers.MODELS), Model),
    R("PUT", "/v1/models/{code}", "replace_model", ADMIN, registers.showing(registers.MODELS), Model,
      write=registers.replacing(registers.MODELS), body=registers.ModelBody, replaces=True,
      example={"code": "TCG-01", "kind": "tax_disk", "name": "税控盘", "serial_pattern": "[0-9]{12}",
               "price_fen": 18000, "warranty_months": 12}),
    R("POST", "/v1/carriers", "add_carrier", ADMIN, registers.showing(registers.CARRIERS), Carrier,
      write=registers.creating(registers.CARRIERS), body=registers.CarrierBody, statuses=CREATED,
      example={"code": "SF", "name": "顺丰速运"}),
    R("GET", "/v1/carriers", "list_carriers", ANYONE, registers.listing(registers.CARRIERS), list[Carrier],
      query=PageQuery),
    R("GET", "/v1/carriers/{code}", "read_carrier", ANYONE, registers.showing(registers.CARRIERS), Carrier),
    R("PUT", "/v1/carriers/{code}", "replace_carrier", ADMIN, registers.showing(registers.CARRIERS), Carrier,
      write=registers.replacing(registers.CARRIERS), body=registers.CarrierBody, replaces=True,
      example={"code": "SF", "name": "顺丰速运", "active": False}),
    # minimum levels of spares
    R("GET", "/v1/minimum-levels", "list_minimum_levels", SIGNED_IN, minimum_levels.list_levels, list[Level],
      query=SiteQuery),
    R("GET", "/v1/minimum-levels/{site}/{model}", "read_minimum_level", READ_LEVEL, minimum_levels.show_level, Level),
    R("PUT", "/v1/minimum-levels/{site}/{model}", "replace_minimum_level", ADMIN, minimum_levels.show_level, Level,
      write=minimum_levels.replace_level, body=minimum_levels.LevelBody, replaces=True, example={"minimum": 5}),
    # people, keys, tokens
    R("POST", "/v1/people", "add_person", ADMIN, people.show_person, people.PersonAnswer, write=people.add_person,
      body=people.PersonBody, statuses=CREATED, example={"username": "zhang.wei", "name": "张伟"}),
    R("GET", "/v1/people", "list_people", ADMIN, people.list_people, list[people.PersonAnswer], query=PageQuery),
    R("POST", "/v1/people/{username}/enrol", "enrol", PUBLIC, people.show_enrolled, people.PersonAnswer,
      check=people.choose_password, write=people.enrol, body=people.EnrolBody, statuses=CREATED,
      example={"code": "7K2M-9QXA-41TD", "password": PASSWORD}),
    R("POST", "/v1/people/{username}/grants", "grant_role", ADMIN, people.show_person, people.PersonAnswer,
      write=people.grant_role, body=people.GrantBody, statuses=CREATED,
      example={"role": "storekeeper", "site": "BJ01"}),
    R("POST", "/v1/people/{username}/revoke", "revoke_role", ADMIN, people.show_person, people.PersonAnswer,
      write=people.revoke_role, body=people.GrantBody, example={"role": "storekeeper", "site": "BJ01"}),
    R("POST", "/v1/people/{username}/reset", "reset_password", ADMIN, people.show_person, people.PersonAnswer,
      write=people.reset_password),
    R("POST", "/v1/people/{username}/deactivate", "deactivate", ADMIN, people.show_person, people.PersonAnswer,
      write=people.deactivate),
    R("GET", "/v1/keys", "list_keys", SIGNED_IN, keys.list_keys, list[PublicKey], query=keys.KeyQuery),
    R("POST", "/v1/keys/{fingerprint}/confirm", "confirm_key", CONFIRMER, keys.show_key, PublicKey,
      write=keys.confirm_key),
    R("POST", "/v1/tokens", "issue_token", ADMIN, tokens.show_token, tokens.TokenAnswer, write=tokens.issue_token,
      body=tokens.TokenBody, statuses=CREATED,
      example={"label": "海淀网点", "site": "BJ01", "scopes": ["read"], "expires_at": "2027-11-24T00:00:00+08:00"}),
    R("GET", "/v1/tokens", "list_tokens", ADMIN, tokens.list_tokens, list[tokens.TokenAnswer], query=PageQuery),
    R("POST", "/v1/tokens/{id}/revoke", "revoke_token", ADMIN, tokens.show_token, tokens.TokenAnswer,
      write=tokens.revoke_token),
    # the doors themselves
    R("GET", "/healthz", "is_alive", PUBLIC, system.show_health, system.Health),
    R("GET", "/readyz", "is_ready", PUBLIC, system.show_readiness, system.Health),
    R("GET", "/metrics", "read_metrics", WATCHER, system.show_metrics, bytes, media_types=("text/plain",)),
)  # fmt: skip

assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES), "a route is declared twice"
assert len({route.name for route in ROUTES}) == len(ROUTES), "two routes share a name"
