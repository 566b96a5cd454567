"""A text costs what it weighs: one that is long costs no more than all of its parts do.

No time is asserted, for a slow machine is slow over both: a text is read whole, and then as many short ones as it has
parts. What takes time by the square takes up to as many times longer over the whole as there are parts. A field of a
few hundred characters cannot, whatever reads it: that a longer text is refused, `tests/test_lengths.py` looks at.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import process_time
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from api.resources.attachments import file_name
from api.routes import ROUTES
from api.wire import times
from api.wire.downloads import safe_name
from api.wire.reading import decoded_body, query_of, revision_seen
from devices import serials, taxpayers
from devices.ledger.reading import cursors
from devices.people import tokens
from devices.problems import Refused
from devices.sheets.headings import header_key
from devices.sheets.opening_list import read_opening_stock
from devices.sheets.packing_lists import read_packing_list
from devices.texts.characters import stripped, unkeepable
from devices.texts.judging import fault_of_line
from devices.texts.lengths import Name
from labels.words import negotiate
from tests.bodies import BODIES, texts_of, with_text
from tests.conftest import Stores
from tests.door import Client, Door
from tests.sheets import FIRST, PATTERNS
from web import pages

Read = Callable[[Any], object]

HOSTILE = {
    "blanks and controls": " \x7f", "zero-width": "\u200b\u2060", "direction": "\u202e\u202c", "variations": "\ufe0f",
    "wide": "１Ａ－", "combining": "\u0301\u0323", "ligatures": "\ufdfa", "brackets": "([【", "quotes": "\"'",
    "commas": ",;，、", "ranges": "1-", "digits": "1", "letters": "ab", "percents": "%E4", "lines": "\r\n",
    "equals": '="',
}  # fmt: skip
WHOLE, PARTS = 131_072, 256
"""How long a text is, and how many parts it has: the parts of a longer one are long themselves."""
DEARER = 4
"""How many times what its parts cost a text may cost."""
TRIES = 4
"""A machine that does something else meanwhile does so in one of them."""


def cost(read: Read, text: Any) -> float:
    """The seconds of this process that it takes to read it."""
    began = process_time()
    with suppress(Refused):
        read(text)
    return process_time() - began


def is_dearer(read: Read, whole: Any, part: Any, parts: int = PARTS) -> bool:
    """Whether a whole costs DEARER times what its parts do, each time that it is tried."""
    return all(_is_dearer_now(read, whole, part, parts) for _ in range(TRIES))


def _is_dearer_now(read: Read, whole: Any, part: Any, parts: int) -> bool:
    left = cost(read, whole)
    for _ in range(parts):
        left -= DEARER * cost(read, part)
        if left <= 0:  # what the other parts cost makes it no dearer
            return False
    return True


def text_of(characters: str, length: int) -> str:
    """A text of these characters."""
    return (characters * length)[:length]


def dear(read: Read, length: int = WHOLE, parts: int = PARTS) -> list[str]:
    """Of which characters a text costs more than it weighs, alone or with others at its ends."""
    found = []
    for name, characters in HOSTILE.items():
        whole, part = text_of(characters, length), text_of(characters, length // parts)
        if is_dearer(read, whole, part, parts) or is_dearer(read, f"A{whole}A", f"A{part}A", parts):
            found.append(name)
    return found


def request(**headers: str) -> Any:
    """A request with these headers, for what reads one alone."""
    return SimpleNamespace(
        content_type=headers.get("content_type"), get_header=lambda _: headers.get("value")
    )


READERS: dict[str, Read] = {
    "stripped": stripped,
    "unkeepable in a line": unkeepable,
    "unkeepable in a sentence": lambda text: unkeepable(text, sentence=True),
    "a line judged": lambda text: fault_of_line(text, "name", Name),
    "trimmed": serials.trimmed,
    "half_width": serials.half_width,
    "shortened": serials.shortened,
    "a serial": serials.recognise,
    "a range": serials.expand,
    "a pattern": serials.pattern_fault,
    "a taxpayer id": taxpayers.recognise_taxpayer,
    "a moment": times.moment,
    "a day": lambda text: times.day(text, "from"),
    "a cursor": lambda text: cursors.decoded(text, str),
    "a cursor in base64": lambda text: cursors.decoded(cursors.encoded(text), str),
    "a header of a list": header_key,
    "a text of a page": lambda text: pages.texts_of({"q": text}),
    "Accept-Language": negotiate,
    "If-Match": lambda text: revision_seen(request(value=text)),
    "Content-Type": lambda text: decoded_body(b"{}", dict[str, int], request(content_type=text)),
    "Authorization": lambda text: tokens.authenticate(None, text, 0),  # type: ignore[arg-type]
    "X-File-Name": lambda text: file_name(SimpleNamespace(file_name=text)),  # type: ignore[arg-type]
    "the name of a download": safe_name,
}
"""Whatever reads a text that comes in, by what it reads; a few of them are never given a long one."""


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_text_costs_no_more_than_its_parts(read: Read) -> None:
    assert dear(read) == []


def test_what_takes_time_by_the_square_would_be_found() -> None:
    def trimmed_in_turns(text: str) -> str:
        while (shorter := text.strip().strip("\x7f")) != text:
            text = shorter
        return text

    assert dear(trimmed_in_turns) == ["blanks and controls"]


def list_of(text: str) -> bytes:
    """A list with the text in each of its columns, before its heading, in it and after it."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([
        [text], ["设备编号", "型号", "状态", "箱号", "纳税人识别号", "保修至", "地址", text],
        [FIRST, *[text] * 7], [text, "TCG-01", text], [text],
    ])  # fmt: skip
    return written.getvalue().encode()


SHEETS: dict[str, Read] = {
    "a packing list": lambda text: read_packing_list(list_of(text), PATTERNS),
    "opening stock": lambda text: read_opening_stock(list_of(text), PATTERNS),
    "no list": lambda text: read_packing_list(text.encode(), PATTERNS),
}


@pytest.mark.parametrize("read", SHEETS.values(), ids=SHEETS)
def test_a_list_costs_no_more_than_its_parts(read: Read) -> None:
    assert dear(read, length=32_768, parts=64) == []


WEIGHTS = (WHOLE, WHOLE // PARTS)


@pytest.mark.parametrize(("name", "route", "example"), BODIES, ids=[name for name, _, _ in BODIES])
def test_a_text_of_a_body_costs_no_more_than_its_parts(name: str, route: Any, example: Any) -> None:
    def read(body: bytes) -> None:
        decoded_body(body, route.body, request(content_type="application/json"))

    def encoded(pointer: str, length: int) -> bytes:
        return msgspec.json.encode(with_text(example, pointer, partial(replaced, text_of(" \x7f", length))))

    weighed = {pointer: [encoded(pointer, length) for length in WEIGHTS] for pointer in texts_of(example)}
    assert [pointer for pointer, (whole, part) in weighed.items() if is_dearer(read, whole, part)] == []


def replaced(new: str, _old: str) -> str:
    """What a text is changed into, whatever it was."""
    return new


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_parameter_costs_no_more_than_its_parts(route: Any) -> None:
    def read(asked: Any) -> None:
        query_of(asked, route.query)

    weighed = {
        name: [
            SimpleNamespace(params={name.removesuffix("_"): text_of(" \x7f", length)}) for length in WEIGHTS
        ]
        for name in route.query.__struct_fields__
    }
    assert [name for name, (whole, part) in weighed.items() if is_dearer(read, whole, part)] == []


Send = Callable[[Client, str], object]
DOORS: dict[str, tuple[int, Send]] = {
    "a list of serials": (200_000, lambda who, text: who.post("/v1/devices/expand", {"entries": text})),
    "a list of labels": (
        50_000,
        lambda who, text: who.post(
            "/v1/labels", {"format": "zpl", "what": [{"kind": "devices", "entries": text}]}
        ),
    ),
    "an uploaded list": (
        131_000,
        lambda who, text: who.post(
            "/v1/manifests?site=BJ01&register=spare&supplier=x&delivery_note=y", list_of(text)
        ),
    ),
    "a list's cursor": (60_000, lambda who, text: who.get(f"/v1/devices?cursor={quote(text)}")),
}
"""How long a text of each is, and how it is sent."""


@pytest.mark.parametrize("named", DOORS)
def test_what_may_be_long_costs_no_more_than_its_parts_at_the_door(stores: Stores, named: str) -> None:
    (length, send), zhang = DOORS[named], Door(stores.demo("sqlite")).sign_in("zhang")
    weighed = {
        characters: [text_of(characters, size) for size in (length, length // 16)]
        for characters in (" \x7f", "1,", "\u0301\u0323", "([【")
    }
    ask = partial(send, zhang)
    assert [of for of, (whole, part) in weighed.items() if is_dearer(ask, whole, part, 16)] == []
