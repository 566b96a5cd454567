"""Characters that cannot be kept are refused where they stand, alike on both engines; a scanner's are taken off."""

from typing import Any, get_args, get_type_hints
from urllib.parse import quote

import msgspec
import pytest

from api.routes import ROUTES
from api.wire.texts import JUDGED_ELSEWHERE, SENTENCES, refuse_texts
from devices.ledger.deciding.drafts import DRAFTS
from devices.ledger.reading import cursors
from devices.store.database import Store
from devices.texts.lengths import Sentence
from tests.door import Door, move

SERIAL = "661565714360"
EXAMPLES = [
    *((name, example) for route in ROUTES if route.name == "post_document" for name, example in route.example.items()),
    *((route.name, route.example) for route in ROUTES if route.body is not None and route.name != "post_document"),
]  # fmt: skip


@pytest.fixture
def door(demo: Store) -> Door:
    """The application over demo books, on each engine."""
    return Door(demo)


def texts_of(value: Any, pointer: str = "") -> list[str]:
    """The pointers of every text of an example."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str):
        return [pointer]
    return [found for name, part in inner for found in texts_of(part, f"{pointer}/{name}")]


def spoiled(value: Any, pointer: str, character: str) -> Any:
    """The example with a character put into one of its texts."""
    _, _, rest = pointer.partition("/")
    name, _, deeper = rest.partition("/")
    if isinstance(value, str):
        return value[:1] + character + value[1:]
    rest = f"/{deeper}" if deeper else ""
    if isinstance(value, dict):
        return {**value, name: spoiled(value[name], rest, character)}
    return [spoiled(part, rest, character) if n == int(name) else part for n, part in enumerate(value)]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_a_nul_in_any_text_is_refused_at_its_field(name: str, example: Any) -> None:
    for pointer in texts_of(example):
        problems = list(refuse_texts(spoiled(example, pointer, "\0")))
        fields = [part for part in pointer.split("/") if part and not part.isdigit()]
        expected = [] if fields[-1] in JUDGED_ELSEWHERE else [("control_character", pointer, fields[-1])]
        assert [(each.code, each.pointer, each.facts["field"]) for each in problems] == expected


@pytest.mark.parametrize("character", ["\0", "\x04", "\x1d", "\x7f", "\x85", "￾", "￿"])
def test_a_character_that_cannot_be_kept_is_refused(door: Door, character: str) -> None:
    body = {**move(), "bin": f"M{character}02", "note": f"x{character}", "type": "hold", "reason": "y"}
    answer = door.sign_in("zhang").post("/v1/documents", body)
    assert (answer.status_code, answer.json["code"]) == (400, "control_character")
    assert {fault["pointer"] for fault in answer.json["errors"]} == {"/note", "/bin"}


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


@pytest.mark.parametrize("character", ["\0", "\n", "\x85"])
def test_a_query_is_refused_naming_its_parameter(door: Door, character: str) -> None:
    zhang = door.sign_in("zhang")
    answer = zhang.get(f"/v1/devices?state=sold&model={quote('TCG' + character)}")
    assert (answer.status_code, answer.json["code"]) == (400, "malformed_parameter")
    assert answer.json["errors"][0]["name"] == "model"


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
    answer = zhang.post("/v1/attachments?site=BJ01", b"x", X_File_Name="a%00b")
    assert (answer.status_code, answer.json["code"]) == (400, "control_character")


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
