"""Characters that cannot be kept are refused where they stand, alike on both engines; a scanner's are taken off."""

from functools import partial
from itertools import product
from typing import Any, get_args, get_type_hints
from urllib.parse import quote

import msgspec
import pytest

from api.routes import ROUTES
from api.wire.texts import JUDGED_ELSEWHERE, SENTENCES, refuse_texts
from devices.ledger.deciding.drafts import DRAFTS, AnyDraft
from devices.ledger.posting import post
from devices.ledger.reading import cursors
from devices.problems import Problem
from devices.store.database import Store
from devices.texts.lengths import Sentence
from devices.unit import unit_of
from panku.wiring import RULEBOOK
from tests.bodies import BODIES, texts_of, with_text
from tests.door import NOW, Door, move

SERIAL = "661565714360"


@pytest.fixture
def door(demo: Store) -> Door:
    """The application over demo books, on each engine."""
    return Door(demo)


UNSEEN = ["\u202e", "\u200f", "\u2069", "\u200b", "\ufeff", "\u00ad", "\u3164", "\U000e0041"]
"""Of each kind of what is not seen: direction, zero width, a hyphen that may be, a filler, a tag."""


def inserted(character: str, text: str) -> str:
    """The text with a character put into it."""
    return text[:1] + character + text[1:]


@pytest.mark.parametrize(("name", "example"), [(name, example) for name, _, example in BODIES])
def test_what_cannot_be_kept_or_seen_in_any_text_is_refused_at_its_field(name: str, example: Any) -> None:
    for pointer, character in product(texts_of(example), ("\0", *UNSEEN)):
        problems = list(refuse_texts(with_text(example, pointer, partial(inserted, character))))
        field = [part for part in pointer.split("/") if part and not part.isdigit()][-1]
        facts = {"field": field, "code_point": f"U+{ord(character):04X}"}
        expected = [] if field in JUDGED_ELSEWHERE else [Problem("control_character", pointer, facts)]
        assert problems == expected


@pytest.mark.parametrize("character", ["\0", "\x04", "\x1d", "\x7f", "\x85", "￾", "￿"])
def test_a_character_that_cannot_be_kept_is_refused(door: Door, character: str) -> None:
    body = {**move(), "bin": f"M{character}02", "note": f"x{character}", "type": "hold", "reason": "y"}
    answer = door.sign_in("zhang").post("/v1/documents", body)
    assert (answer.status_code, answer.json["code"]) == (400, "control_character")
    assert {fault["pointer"] for fault in answer.json["errors"]} == {"/note", "/bin"}


NAMED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a person": ("admin", "/v1/people", {"username": "qian", "name": "钱*进"}),
    "a site": ("admin", "/v1/sites", {"code": "BJ09", "name": "北京*库房"}),
    "a bin": ("admin", "/v1/bins", {"site": "BJ01", "code": "M-77", "register": "merchandise", "condition": "good",
                                     "name": "A*架"}),
    "a model": ("admin", "/v1/models", {"code": "TCG-77", "kind": "tax_disk", "name": "税*盘",
                                        "serial_pattern": "[0-9]{12}", "price_fen": 1, "warranty_months": 1}),
    "a carrier": ("admin", "/v1/carriers", {"code": "YT", "name": "圆*通"}),
    "a token's label": ("admin", "/v1/tokens", {"label": "门*店", "site": "BJ01", "scopes": ["read"],
                                                "expires_at": "2027-01-01T00:00:00+08:00"}),
    "a visitor": ("zhang", "/v1/visits", {"site": "BJ01", "visit_on": "2026-11-25", "purpose": "检修", "name": "刘*洋",
                                          "organisation": "海淀维修部"}),
    "a reason": ("zhang", "/v1/documents", {**move(), "type": "hold", "bin": "M-09", "reason": "外壳*破损"}),
    "a dispatch order's fault": ("zhang", "/v1/dispatch-orders", {"site": "BJ01", "serials": ["661565714354"],
                                                                  "fault": "打不*开"}),
}  # fmt: skip


@pytest.mark.parametrize("character", UNSEEN)
@pytest.mark.parametrize("named", NAMED)
def test_a_name_or_reason_with_what_is_not_seen_is_refused_naming_it(
    door: Door, named: str, character: str
) -> None:
    who, path, body = NAMED[named]
    (field,) = [name for name, text in body.items() if isinstance(text, str) and "*" in text]
    client = door.sign_in(who)
    answer = client.post(path, {**body, field: body[field].replace("*", character)})
    assert (answer.status_code, answer.json["code"]) == (400, "control_character")
    (fault,) = answer.json["errors"]
    assert (fault["pointer"], fault["field"]) == (f"/{field}", field)
    assert fault["code_point"] == f"U+{ord(character):04X}"
    assert fault["code_point"] in fault["detail"]
    assert client.post(path, {**body, field: body[field].replace("*", "")}).status_code == 201


def test_what_was_kept_before_is_told_as_it_is(door: Door) -> None:
    draft = msgspec.convert(
        {**move(), "type": "hold", "bin": "M-09", "reason": "外壳\u202e破损"}, type=AnyDraft
    )
    unit = unit_of(door.store)
    assert unit is not None
    with door.store.writing():
        poster = post.Poster("zhang")
        number = post.post(door.store, unit, draft, by=poster, at_us=NOW, rulebook=RULEBOOK).number
    answer = door.sign_in("zhang").get(f"/v1/documents/{number}")
    assert (answer.status_code, "外壳\u202e破损" in answer.text) == (200, True)


def test_half_a_character_is_refused(door: Door) -> None:
    for half in (rb"\ud83d", rb"\ude00", rb"\ude00\ud83d"):
        body = msgspec.json.encode(move()).replace(b"M-02", b"M-02" + half)
        answer = door.sign_in("zhang").post("/v1/documents", body)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")


def test_what_a_scanner_appends_to_a_serial_is_taken_off(door: Door) -> None:
    answer = door.sign_in("zhang").post("/v1/documents", move(f"\x02{SERIAL}\x04\x1d\r\n\0"))
    assert (answer.status_code, answer.json["serials"]) == (201, [SERIAL])


def test_a_control_character_within_a_serial_is_refused_at_its_line(door: Door) -> None:
    body = {**move(), "lines": [{"serial": SERIAL}, {"serial": "661565\x00714358"}]}
    answer = door.sign_in("zhang").post("/v1/documents", body)
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/lines/1/serial", "malformed_serial")
    ]


def test_a_sentence_may_have_several_lines_and_a_code_may_not(door: Door) -> None:
    hold = {**move(to="M-09"), "type": "hold", "reason": "外壳破损\n螺丝缺失"}
    zhang = door.sign_in("zhang")
    broken = zhang.post("/v1/documents", {**hold, "bin": "M-09\n"}).json
    assert (broken["code"], broken["errors"][0]["pointer"]) == ("control_character", "/bin")
    assert zhang.post("/v1/documents", hold).status_code == 201


def test_every_field_for_sentences_is_a_field_of_some_body() -> None:
    bodies = [*DRAFTS.values(), *(route.body for route in ROUTES if route.body is not None)]
    _, components = msgspec.json.schema_components(bodies)
    fields = {name for each in components.values() for name in each.get("properties", {})}
    assert fields >= SENTENCES
    assert fields >= JUDGED_ELSEWHERE


ONE_LINE = {"supplier", "delivery_note", "maker", "application", "tax_document", "report_number"}
"""What a document says in one line: who supplies or makes it, how another's paper is numbered."""


@pytest.mark.parametrize("document", DRAFTS)
def test_the_words_of_a_document_are_sentences_or_of_one_line(document: str) -> None:
    words = {
        name
        for shape in shapes_of(DRAFTS[document])
        for name, kind in get_type_hints(shape, include_extras=True).items()
        if kind in (Sentence, Sentence | None)
    }
    assert words - SENTENCES - ONE_LINE == set(), "SENTENCES in api/wire/texts.py, or ONE_LINE here"


def shapes_of(draft: Any) -> list[Any]:
    """A document's declaration, and that of its lines."""
    lines = get_type_hints(draft).get("lines")
    return [draft, *get_args(lines)[:1]]


@pytest.mark.parametrize("character", ["\0", "\n", "\x85", "\u202e"])
def test_a_query_is_refused_naming_its_parameter(door: Door, character: str) -> None:
    zhang = door.sign_in("zhang")
    answer = zhang.get(f"/v1/devices?state=sold&model={quote('TCG' + character)}")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")
    assert answer.json["errors"][0]["name"] == "model"


@pytest.mark.parametrize("field", ["supplier", "delivery_note"])
def test_what_is_kept_of_a_query_is_refused_as_a_text_of_a_body(door: Door, field: str) -> None:
    said = {"supplier": "启明", "delivery_note": "QM-9", field: "启\u202e明"}
    asked = "&".join(f"{name}={quote(text)}" for name, text in said.items())
    answer = door.sign_in("zhang").post(f"/v1/manifests?site=BJ01&register=spare&{asked}", b"x")
    assert (answer.status_code, answer.json["code"]) == (400, "control_character")
    (fault,) = answer.json["errors"]
    assert (fault["field"], fault["code_point"]) == (field, "U+202E")


@pytest.mark.parametrize(
    "path", ["documents/BJ01-2026-%00", "customers/C-BJ01-%00", "keys?username=%00", "sites/%00"]
)
def test_a_path_with_a_control_character_names_nothing(door: Door, path: str) -> None:
    assert door.sign_in("zhang").get(f"/v1/{path}").status_code in (400, 404)


def test_a_scanned_serial_in_a_path_is_recognised(door: Door) -> None:
    answer = door.sign_in("zhang").get(f"/v1/devices/{SERIAL}%04")
    assert (answer.status_code, answer.json["device"]["serial"]) == (200, SERIAL)


def test_a_cursor_that_holds_a_control_character_is_refused(door: Door) -> None:
    answer = door.sign_in("zhang").get(f"/v1/devices?cursor={cursors.encoded('A' + chr(0))}")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_cursor")


def test_a_file_name_with_a_control_character_is_refused(door: Door) -> None:
    zhang = door.sign_in("zhang")
    for name, code_point in (("a%00b", "U+0000"), ("a%E2%80%AEfdp.exe", "U+202E")):
        answer = zhang.post("/v1/attachments?site=BJ01", b"x", X_File_Name=name)
        assert (answer.status_code, answer.json["code"]) == (400, "control_character")
        assert answer.json["errors"][0]["code_point"] == code_point


def test_a_packing_list_with_what_a_scanner_appends_is_read(door: Door) -> None:
    target = "/v1/manifests?site=BJ01&register=spare&supplier=x&delivery_note=y"
    zhang = door.sign_in("zhang")
    rows = "序列号,箱号", "661565\x04714999,C1", "661565714998\x04,C1\x1d", "661565714997,C\x1d1"
    answer = zhang.post(target, "\n".join(rows).encode())
    assert [(each["row"], each["code"]) for each in answer.json["faults"]] == [
        (2, "malformed_serial"),
        (4, "control_character"),
    ]
    assert answer.json["short"] == ["661565714998"]
    assert [each["carton"] for each in answer.json["rows"]] == ["C1", "C1", None]
    assert zhang.post(target, "序列号\n66156\x005714999\n".encode()).json["code"] == "not_a_spreadsheet"
