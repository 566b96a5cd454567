"""An example for every body the API takes; each is decoded as its body in a test."""

from __future__ import annotations

from typing import Any

DAY = "2026-11-24"
SERIAL, SPARE, OTHER = "661565714353", "661565720011", "661565729999"
TAXPAYER = "91110108MA01ABCD0B"
_CUSTOMER = {"taxpayer_id": TAXPAYER, "name": "北京晨光商贸有限公司"}
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def _document(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "site": "BJ01", "business_date": DAY, **fields}


def _serials(*serials: str) -> list[dict[str, Any]]:
    return [{"serial": serial} for serial in serials]


SERVICE_RECORD_EXAMPLE: dict[str, Any] = {
    "arrived_at": "2026-11-24T14:10:00+08:00",
    "completed_at": "2026-11-24T15:30:00+08:00",
    "diagnosis": "主板故障",
    "work": "更换备件，开票测试正常",
    "outcomes": {"repair": "solved"},
    "used": [{"faulty": SERIAL, "spare": SPARE}],
    "charged_fen": 0,
    "confirmation": {"how": "signed", "paper": DIGEST},
}
_AFTERNOON = {"starts_at": "2026-11-24T14:00:00+08:00", "ends_at": "2026-11-24T16:00:00+08:00"}
DISPATCH_EXAMPLES: dict[str, dict[str, Any]] = {
    "reassign": {"technician": "zhao.lei", "reason": "原技术员请病假"},
    "appoint": {"window": _AFTERNOON},
    "postpone": {"reason": "customer_absent", "window": _AFTERNOON},
    "correct": {"reason": "收费写错一位", "record": SERVICE_RECORD_EXAMPLE},
    "cancel": {"reason": "用户电话告知已恢复"},
}
INSTALL_EXAMPLES: dict[str, dict[str, Any]] = {
    "guide": {"minutes": 12, "outcome": "not_helped"},
    "send": {"dispatch_order": {"fault": "上门安装", "technician": "wang.qiang", "window": _AFTERNOON}},
    "confirm": {
        "checks": {"opens": True, "runs": True, "prints": True},
        "confirmed_by": {"name": "刘会计", "phone": "010-62000000"},
    },
    "give_up": {"reason": "用户电脑系统过旧，装不了开票软件"},
}


ANSWERS_EXAMPLE: dict[str, Any] = {
    "on_time": "yes",
    "manner": "yes",
    "proper": "yes",
    "promise": "yes",
    "paid_fen": 10000,
    "favour": "no",
    "solved": "yes",
    "disk": SPARE,
    "signed": "yes",
    "overall": 2,
}
CALL_EXAMPLES: dict[str, dict[str, Any]] = {
    "attempt": {"outcome": "no_answer"},
    "answer": {
        "answers": ANSWERS_EXAMPLE,
        "complaint": "师傅收了我 100 元现金，没有给收据",
        "spoken_to": {"name": "刘会计", "phone": "010-62000000"},
        "passed_on": "用户反映现场收费，单上为零",
        "passed_to": "unit_head",
    },
    "explain": {"text": "100 元为用户另购网线的代付款，未写入服务单"},
    "settle": {
        "accepted": False,
        "text": "代付款也应写明，且无票据",
        "consequence": "criticised",
        "passed_to": "unit_head",
    },
}
COMPLAINT_EXAMPLES: dict[str, dict[str, Any]] = {
    "hand_over": {"owner": "zhang.wei", "reason": "原受理人即被投诉人"},
    "investigate": {"text": "核对服务单与用户付款记录，确有收费未入账", "valid": True},
    "decide": {"decision": "valid"},
    "resolve": {
        "text": "退还 100 元并当面致歉",
        "apology_at": "2026-11-25T10:00:00+08:00",
        "consequence": "criticised",
    },
    "confirm": {"word": "content"},
    "correct": {"what": "现场收费一律扫单位收款码", "owner": "zhang.wei", "due_on": "2026-12-10"},
    "check": {"text": "抽查十二月上旬 8 单，均有收款记录", "holds": True},
    "close": {"reason": "已向用户说明，用户表示理解"},
    "register": {"reference": "HJ-2026-0119", "day": "2026-11-25"},
}


DOCUMENT_EXAMPLES: dict[str, dict[str, Any]] = {
    "opening": _document(
        "opening",
        attachments=[DIGEST],
        lines=[{"serial": SERIAL, "model": "TCG-01", "state": "in_stock", "bin": "M-01"}],
    ),
    "receipt": _document(
        "receipt",
        register="merchandise",
        supplier="启明税控设备厂",
        delivery_note="QM-20261102-017",
        manifest="M-BJ01-000001",
        model="TCG-01",
        bin="M-01",
        lines=_serials(SERIAL),
    ),
    "adoption": _document(
        "adoption", attachments=[DIGEST], customer=_CUSTOMER, lines=[{"serial": OTHER, "model": "TCG-01"}]
    ),
    "move": _document("move", bin="M-02", lines=_serials(SERIAL)),
    "hold": _document("hold", reason="外壳破损", bin="M-09", lines=_serials(SERIAL)),
    "release": _document("release", inspection="通电检测正常", bin="M-01", lines=_serials(SERIAL)),
    "dispatch": _document(
        "dispatch",
        destination="TJ01",
        carrier="SF",
        consignment_number="SF1234567890",
        lines=_serials(SERIAL),
    ),
    "arrival": _document("arrival", dispatch="TJ01-2026-000007", bin="M-01", lines=_serials(SERIAL)),
    "transit_loss": _document(
        "transit_loss", consignment_number="SF1234567890", claim="理赔单 2026-11-03", lines=_serials(SERIAL)
    ),
    "sale": _document("sale", customer=_CUSTOMER, application="SY-2026-0001", lines=_serials(SERIAL)),
    "sale_cancellation": _document(
        "sale_cancellation", reason="客户当日取消", bin="M-01", lines=_serials(SERIAL)
    ),
    "registration": _document(
        "registration",
        customer={**_CUSTOMER, "address": "北京市海淀区中关村大街 1 号", "contact": "李经理 13800000000"},
        lines=_serials(SERIAL),
    ),
    "repair_intake": _document(
        "repair_intake", order="R-BJ01-000001", fault="无法识别", bin="R-01", lines=_serials(SERIAL)
    ),
    "repair_return": _document(
        "repair_return",
        diagnosis="接口松动",
        work="更换接口",
        completed_at=f"{DAY}T15:30:00+08:00",
        lines=_serials(SERIAL),
    ),
    "carry_out": _document("carry_out", order="D-BJ01-000001", lines=[{"serial": SPARE, "faulty": SERIAL}]),
    "carry_back": _document("carry_back", bin="S-01", lines=_serials(SPARE)),
    "swap": _document(
        "swap",
        order="R-BJ01-000001",
        fault="无法识别",
        terms="free",
        bin="S-09",
        lines=[{"faulty": SERIAL, "spare": SPARE}],
    ),
    "customer_return": _document("customer_return", reason="客户注销", bin="M-09", lines=_serials(SERIAL)),
    "factory_dispatch": _document(
        "factory_dispatch",
        maker="启明税控设备厂",
        carrier="SF",
        consignment_number="SF1234567891",
        lines=_serials(SERIAL),
    ),
    "factory_receipt": _document(
        "factory_receipt", dispatch="BJ01-2026-000009", result="已修复", bin="S-01", lines=_serials(SERIAL)
    ),
    "factory_exchange": _document(
        "factory_exchange", dispatch="BJ01-2026-000009", bin="S-01", lines=[{"old": SERIAL, "new": OTHER}]
    ),
    "supplier_return": _document(
        "supplier_return",
        reason="批次缺陷",
        carrier="SF",
        consignment_number="SF1234567892",
        lines=_serials(SERIAL),
    ),
    "surrender": _document(
        "surrender", tax_document="京税收缴〔2026〕15号", reason="deregistration", lines=_serials(SERIAL)
    ),
    "loss_report": _document("loss_report", report_number="BA-2026-1101", lines=_serials(SERIAL)),
    "recovery": _document("recovery", found="库房角落寻回", bin="M-09", lines=_serials(SERIAL)),
    "write_off": _document("write_off", reason="无修复价值", lines=_serials(SERIAL)),
    "reversal": _document("reversal", document="BJ01-2026-000001", reason="录入错误", serials=[SERIAL]),
}

INSPECTION_EXAMPLE: dict[str, Any] = {
    "site": "BJ01",
    "items": [
        {"item": "locks", "ok": True},
        {"item": "alarm", "ok": True},
        {"item": "fire_equipment", "ok": True, "expires_on": "2027-06-30"},
        {
            "item": "damp",
            "ok": False,
            "note": "北墙返潮",
            "finding": {"fault": "除湿机停转", "owner": "zhang.wei", "due_on": "2026-12-01"},
        },
        {"item": "electrics", "ok": True},
        {"item": "tidy_by_class", "ok": True},
        {"item": "spares_apart", "ok": True},
        {"item": "hygiene", "ok": True},
        {"item": "access_log", "ok": True},
        {"item": "documents_filed", "ok": True},
    ],
}
