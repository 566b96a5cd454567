"""The examples of the route table, and what becomes of one in which a text is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.routes import ROUTES
from api.routing import Route

BODIES: list[tuple[str, Route, Any]] = [
    (name, route, example)
    for route in ROUTES
    if route.body is not None
    for name, example in (
        route.example.items() if route.name == "post_document" else [(route.name, route.example)]
    )
]
"""What each body is called, the route that takes it, and an example of it; a document is called by its type."""


def texts_of(value: Any, pointer: str = "") -> list[str]:
    """The pointers of every text of an example."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str):
        return [pointer]
    return [found for name, part in inner for found in texts_of(part, f"{pointer}/{name}")]


def with_text(value: Any, pointer: str, change: Callable[[str], str]) -> Any:
    """The example with one of its texts changed."""
    _, _, rest = pointer.partition("/")
    name, _, deeper = rest.partition("/")
    if isinstance(value, str):
        return change(value)
    rest = f"/{deeper}" if deeper else ""
    if isinstance(value, dict):
        return {**value, name: with_text(value[name], rest, change)}
    return [with_text(part, rest, change) if n == int(name) else part for n, part in enumerate(value)]
