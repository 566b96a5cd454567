"""Every text that comes in has a length, every list a number of members; what is longer is refused where it stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from api.openapi import REF, description
from api.routes import ROUTES
from api.wire.reading import decoded_body, query_of
from devices.problems import Refused
from devices.sheets import bulk, workbooks
from devices.texts import lengths
from panku import gunicorn_conf
from tests.bodies import BODIES, texts_of, with_text
from tests.conftest import Stores
from tests.door import Door
from web import pages

DESCRIBED = description(ROUTES)
TEMPLATES = Path(__file__).parents[1] / "web" / "templates"
TOO_LONG = "A" * 200_001
"""Longer than the longest list of serials."""


@pytest.fixture
def door(stores: Stores) -> Door:
    """Demo books on SQLite: lengths are no engine's matter."""
    return Door(stores.demo("sqlite"))


def unbounded(schema: dict[str, Any], place: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Where a schema takes a text or list of any length."""
    if (reference := schema.get("$ref")) is not None:
        if reference not in seen:
            component = DESCRIBED["components"]["schemas"][reference.removeprefix(REF.format(name=""))]
            yield from unbounded(component, place, (*seen, reference))
        return
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from unbounded(choice, place, seen)
    kinds = schema.get("type", ())
    known = {"enum", "const"} & schema.keys()
    if "string" in kinds and not known and "maxLength" not in schema:
        yield place
    if "array" in kinds:
        if "maxItems" not in schema:
            yield f"{place}[]"
        inner = (*schema.get("prefixItems", ()), *([schema["items"]] if schema.get("items") else ()))
        for item in inner:
            yield from unbounded(item, f"{place}/-", seen)
    if "additionalProperties" in schema and schema["additionalProperties"] and "maxProperties" not in schema:
        yield f"{place}{{}}"
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, f"{place}/{name}", seen)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_text_and_list_that_an_operation_takes_is_described_with_its_length(route: Any) -> None:
    operation = DESCRIBED["paths"][route.path][route.method.lower()]
    for each in operation["parameters"]:
        assert list(unbounded(each["schema"], f"{each['in']} {each['name']}")) == []
    if not route.raw and "requestBody" in operation:
        assert list(unbounded(operation["requestBody"]["content"]["application/json"]["schema"], "")) == []


class _Inner(msgspec.Struct):
    name: str | None
    known: lengths.Word


class _Outer(msgspec.Struct):
    rows: list[_Inner]
    notes: dict[str, int]


def test_a_field_without_a_length_would_be_found() -> None:
    found = msgspec.json.schema(_Outer)["$defs"]
    found["_Outer"]["properties"]["rows"]["items"] = found["_Inner"]
    assert list(unbounded(found["_Outer"], "")) == ["/rows[]", "/rows/-/name", "/notes{}"]


@pytest.mark.parametrize(("name", "route", "example"), BODIES, ids=[name for name, _, _ in BODIES])
def test_a_text_that_is_too_long_is_refused_at_its_field(name: str, route: Any, example: Any) -> None:
    request: Any = SimpleNamespace(content_type="application/json")
    for pointer in texts_of(example):
        body = msgspec.json.encode(with_text(example, pointer, lambda _: TOO_LONG))
        with pytest.raises(Refused) as refused:
            decoded_body(body, route.body, request)
        (problem,) = refused.value.problems
        assert (problem.code, problem.pointer) == ("malformed_body", pointer)
        assert len(str(problem.facts["reason"])) <= 200


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_parameter_that_is_too_long_is_refused_by_its_name(route: Any) -> None:
    for name in route.query.__struct_fields__:
        outer = name.removesuffix("_")
        request: Any = SimpleNamespace(params={outer: TOO_LONG})
        with pytest.raises(Refused) as refused:
            query_of(request, route.query)
        codes = {(problem.code, problem.facts["name"]) for problem in refused.value.problems}
        assert codes & {("malformed_parameter", outer)} or {code for code, _ in codes} == {
            "missing_parameter"
        }


def test_a_part_of_a_path_that_is_too_long_names_nothing(door: Door) -> None:
    zhang = door.sign_in("zhang")
    for path in ("documents", "devices", "customers", "keys"):
        assert zhang.get(f"/v1/{path}/{'A' * (lengths.LONGEST_PART + 1)}").status_code in (404, 405)


def test_an_answer_does_not_repeat_what_was_too_long(door: Door) -> None:
    zhang = door.sign_in("zhang")
    for body in (
        {TOO_LONG: 1},
        {"type": TOO_LONG},
        {"type": "move", "site": TOO_LONG},
        {"type": "move", TOO_LONG: 1, "site": "BJ01"},
    ):
        answer = zhang.post("/v1/documents", body)
        assert (answer.status_code, answer.json["code"]) == (400, "malformed_body")
        assert len(answer.content) < 2_000


def test_the_name_of_a_file_has_a_length(door: Door) -> None:
    zhang, limit = door.sign_in("zhang"), lengths.longest(lengths.FileName)
    kept = zhang.post("/v1/attachments?site=BJ01", b"x", X_File_Name="x" * limit)
    assert (kept.status_code, len(kept.json["name"])) == (201, limit)
    answer = zhang.post("/v1/attachments?site=BJ01", b"y", X_File_Name="x" * (limit + 1))
    assert (answer.status_code, answer.json["code"]) == (400, "text_too_long")
    assert answer.json["errors"][0]["limit"] == limit


def test_what_a_page_is_asked_has_a_length() -> None:
    text = "1" * lengths.LONGEST_ASKED
    assert pages.texts_of({"q": f" {text}\x04"}) == {"q": text}
    with pytest.raises(Refused) as refused:
        pages.texts_of({"q": text + "1"})
    assert [problem.code for problem in refused.value.problems] == ["malformed_parameter"]


def test_the_server_takes_no_longer_line_or_header_than_its_limits() -> None:
    assert 0 < gunicorn_conf.limit_request_line <= 4_094
    assert 0 < gunicorn_conf.limit_request_field_size <= 8_190
    assert 0 < gunicorn_conf.limit_request_fields <= 64


@cache
def declared_lengths() -> dict[str, set[int]]:
    """By the name of a field: how long the texts are that bodies and queries take under it."""
    shapes = [shape for route in ROUTES for shape in (route.body, route.query) if shape is not None]
    _, components = msgspec.json.schema_components(shapes)
    found: dict[str, set[int]] = defaultdict(set)
    for component in components.values():
        for name, schema in component.get("properties", {}).items():
            parts = (schema, *schema.get("anyOf", ()))
            found[name] |= {part["maxLength"] for part in parts if "maxLength" in part}
    return found


DOCS = Path(__file__).parents[1] / "docs"


def test_the_api_guide_tells_every_kind_of_text_and_its_length() -> None:
    declared = {
        name: lengths.longest(kind) for name, kind in vars(lengths).items() if hasattr(kind, "__metadata__")
    }
    guide = (DOCS / "api.md").read_text(encoding="utf-8").partition("## Texts")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \| ([\d,]+) \|", guide, re.MULTILINE)
    assert {name: int(most.replace(",", "")) for name, most in told} == declared


def test_the_api_guide_tells_how_much_a_spreadsheet_may_hold() -> None:
    guide = (DOCS / "api.md").read_text(encoding="utf-8").replace("\n", " ")
    for most in (
        workbooks.ROWS, workbooks.COLUMNS, workbooks.MEMBERS, bulk.ELEMENTS, bulk.DRESS, bulk.NUMBER_FORMATS,
        bulk.NUMBER_FORMAT, bulk.CELL_CHARACTERS, bulk.CHARACTERS,
    ):  # fmt: skip
        assert f" {most:,} " in guide


TYPED = re.compile(r"<(?:input|textarea)\b[^>]*>")
NOT_TYPED = re.compile(
    r'\btype="(?!text|{)|\btype="text" class="hidden"|data-as="(?:yuan|integer)"|\bid="scan"|\bpattern="'
)
"""What is chosen, ticked, a number, a secret, never sent, or of a length by its pattern."""


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.stem)
def test_a_field_that_is_typed_on_a_page_says_how_long_its_text_may_be(template: Path) -> None:
    declared = declared_lengths()
    for tag in TYPED.findall(template.read_text(encoding="utf-8")):
        if NOT_TYPED.search(tag):
            continue
        said = re.search(r'maxlength="(\d+)"|{% if field\.longest %} maxlength', tag)
        assert said, tag
        name = (re.search(r'name="([^"]*)"', tag) or [""])[1].rpartition(".")[2]
        if said[1] and declared.get(name):
            assert int(said[1]) in declared[name], tag
