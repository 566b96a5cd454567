"""Templates with their words: every text of a page is the catalogue's, every value is shown as people write it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from devices.calendar import TIME_ZONE
from devices.ledger.reading.history import Event
from devices.ledger.reading.listing import DocumentRow
from devices.people.roles import Person
from labels.forms.service.dispatch import window_text
from labels.words import LANGUAGE_TAGS, Locale, catalogue, sentence, term
from web.job_words import JOB_WORDS
from web.navigation import links_of
from web.scan_words import SCAN_WORDS

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_FEN = 100


def render(template: str, locale: Locale, *, person: Person | None, **shown: Any) -> str:
    """A page as HTML, in one language; `person` decides which links it has."""
    words: Callable[..., str] = partial(_words, locale=locale)
    return (
        _environment()
        .get_template(template)
        .render(
            **shown,
            person=person,
            links=links_of(person),
            words=words,
            term=partial(term, locale=locale),
            poster=partial(_poster, locale=locale),
            language=LANGUAGE_TAGS[locale],
            zone=TIME_ZONE,
            other_language=other_language(shown.get("uri", ""), locale),
            offset=datetime.now(ZoneInfo(TIME_ZONE)).isoformat()[-len("+08:00") :],
            locale=locale,
            script_words=partial(script_words, locale=locale),
        )
    )


def _words(message: str, /, locale: Locale, **facts: object) -> str:
    """The text of `page.<message>`, its facts filled in."""
    return sentence(f"page.{message}", facts, locale)


def _poster(names: Mapping[str, str], posted: DocumentRow | Event, locale: Locale) -> str:
    """Who posted a document, or the document of a line, and through which token."""
    name = names[posted.made_by]
    return (
        f"{name} {sentence('form.through', {'label': posted.token.label}, locale)}" if posted.token else name
    )


def other_language(uri: str, locale: Locale) -> str:
    """The address of the same page, with all it was asked for, in the other language."""
    asked = [(name, value) for name, value in parse_qsl(urlsplit(uri).query) if name != "lang"]
    (other,) = (each for each in LANGUAGE_TAGS if each != locale)
    return f"?{urlencode([*asked, ('lang', other)])}"


SCRIPT_WORDS: dict[str, tuple[str, ...]] = {
    "count": ("counts.finished", "counts.unfinished", "counts.unsent"),
    "reviews": ("reviews.was_approved", "reviews.was_rejected"),
    "people": ("secret",),
    "person": ("secret",),
    "tokens": ("secret",),
    **SCAN_WORDS,
    **JOB_WORDS,
}
"""By page: the texts its script says, besides those that every page's script may say."""
EVERY_SCRIPT = ("offline",)


def script_words(page: str, locale: Locale) -> dict[str, str]:
    """The texts that a page's script says, by name, for the script to fill in."""
    return {name: catalogue(locale)[f"page.{name}"] for name in (*EVERY_SCRIPT, *SCRIPT_WORDS.get(page, ()))}


def _moment(at_us: int | None) -> str:
    """A moment in UTC microseconds as the unit's clock shows it, to the minute."""
    if at_us is None:
        return ""
    return (
        datetime.fromtimestamp(at_us / 1_000_000, UTC)
        .astimezone(ZoneInfo(TIME_ZONE))
        .strftime("%Y-%m-%d %H:%M")
    )


def _yuan(fen: int | None) -> str:
    """An amount of fen as yuan."""
    return "" if fen is None else f"{fen // _FEN}.{fen % _FEN:02d}"


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes with its content."""
    return f"/static/{name}?{static_digest(name)}"


@cache
def static_digest(name: str) -> str:
    """What tells one version of a static file from another."""
    return hashlib.sha256(static_bytes(name)).hexdigest()[:12]


@cache
def static_bytes(name: str) -> bytes:
    """A static file as it is served.

    What a script imports has the address that pages give it: a browser takes another address for another module, and
    would run the same file twice. Its comments and its indents are for whoever reads the source.
    """
    data = (STATIC / name).read_bytes()
    if not name.endswith(".js"):
        return data
    data = INDENTS.sub(b"", COMMENTS.sub(b"", data))
    return IMPORTED.sub(lambda found: found[1] + static_url(found[2].decode()).encode() + found[3], data)


COMMENTS = re.compile(rb"^ *(?://.*|/\*\*(?s:.*?)\*/)\n| +// .*$", re.MULTILINE)
"""Comments, on lines of their own or behind what they are about."""
INDENTS = re.compile(rb"^ +", re.MULTILINE)
IMPORTED = re.compile(rb'((?:from|import) ")\./(\w+\.js)(")')


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": _moment, "window": window_text, "yuan": _yuan}
    environment.globals["static"] = static_url
    return environment
