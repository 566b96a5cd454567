"""What a body says in confidence: passwords and one-time codes. Nothing that is kept may depend on them.

A fingerprint of a body with its password in it, kept beside the key that made it, would let whoever reads the database
try passwords by the hundred thousand a second, past argon2.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import inspect

_CONFIDENTIAL = {"confidential": True}
Password = Annotated[str, msgspec.Meta(max_length=200, extra=_CONFIDENTIAL)]
OneTimeCode = Annotated[str, msgspec.Meta(max_length=100, extra=_CONFIDENTIAL)]


@cache
def confidential_fields(body: Any) -> frozenset[str]:
    """The names of a body type's fields that are said in confidence."""
    shape = inspect.type_info(body)
    fields = shape.fields if isinstance(shape, inspect.StructType) else ()
    return frozenset(each.encode_name for each in fields if _marked(each.type))


def _marked(shape: inspect.Type) -> bool:
    return isinstance(shape, inspect.Metadata) and bool((shape.extra or {}).get("confidential"))


def without_confidences(body: Any, raw: bytes) -> bytes:
    """What a request said besides its confidences: the bytes as they came, where it has none."""
    hidden = confidential_fields(type(body)) if isinstance(body, msgspec.Struct) else frozenset()
    if not hidden:
        return raw
    said: dict[str, Any] = msgspec.to_builtins(body)
    return msgspec.json.encode({name: said[name] for name in sorted(said) if name not in hidden})
