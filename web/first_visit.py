"""The first page anybody sees: how to make the first administrator, or that the service runs."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from labels.words import LANGUAGE_TAGS, Locale, term

HERE = Path(__file__).parent
COMMAND = ".venv/bin/panku init --username admin --name 王建国"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )


def render_first_visit(has_administrator: bool, locale: Locale) -> str:
    """The page as HTML, without script or inline style; its words are the catalogue's `page.first_visit`."""
    return (
        _environment()
        .get_template("first_visit.html")
        .render(
            has_administrator=has_administrator,
            command=COMMAND,
            words=partial(term, "page.first_visit", locale=locale),
            language=LANGUAGE_TAGS[locale],
        )
    )


def stylesheet() -> bytes:
    """The stylesheet, as served."""
    return (HERE / "static" / "panku.css").read_bytes()


def icon() -> bytes:
    """The pages' icon (SVG), as served."""
    return (HERE / "static" / "panku.svg").read_bytes()
