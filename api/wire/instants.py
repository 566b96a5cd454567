"""Answers as they leave by the door: every Instant in them is told as RFC 3339 text, named without `_us`.

Inside, an instant is an integer, in a field that is declared `Instant`. `outside` makes of a declared answer the shape
that is served and described; `told` turns a value of the first into one of the second. A shape without an instant is
served as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec

from api.wire import times
from devices.values import Instant

_Tell = Callable[[Any], Any]


@cache
def outside(shape: Any) -> Any:
    """The shape an answer declared as `shape` is served in."""
    if shape == Instant:
        return times.Told
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return _served(shape) if any(tell for _, tell in _fields(shape)) else shape
    parts = get_args(shape)
    served = tuple(each if each is Ellipsis else outside(each) for each in parts)
    if served == parts:
        return shape
    return Union[served] if _is_union(shape) else get_origin(shape)[served]  # noqa: UP007 - made of a tuple


def one_of(shape: Any) -> tuple[Any, ...]:
    """The structs that an answer is one of, where it is declared as a union of several; else the shape itself."""
    several = _is_union(shape) and all(isinstance(part, type) for part in get_args(shape))
    return get_args(shape) if several else (shape,)


def told(shape: Any, value: Any) -> Any:
    """A value of the declared `shape` as it is served."""
    tell = _telling(shape)
    return tell(value) if tell else value


def _served(shape: type[msgspec.Struct]) -> type[msgspec.Struct]:
    fields = []
    for field in msgspec.structs.fields(shape):
        name = field.encode_name.removesuffix("_us") if _telling(field.type) else field.encode_name
        default = {
            key: value
            for key, value in (("default", field.default), ("default_factory", field.default_factory))
            if value is not msgspec.NODEFAULT
        }
        kept = (msgspec.field(**default),) if default else ()
        fields.append((name, outside(field.type), *kept))
    omit = shape.__struct_config__.omit_defaults
    made = msgspec.defstruct(shape.__name__, fields, module=shape.__module__, frozen=True, omit_defaults=omit)
    made.__doc__ = shape.__doc__
    return made


def _fields(shape: type[msgspec.Struct]) -> list[tuple[str, _Tell | None]]:
    return [(field.name, _telling(field.type)) for field in msgspec.structs.fields(shape)]


@cache
def _telling(shape: Any) -> _Tell | None:
    """What turns a value of `shape` into what is served; None where that is the value itself."""
    if shape == Instant:
        return times.shown
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return _telling_struct(shape)
    tells = {part: tell for part in get_args(shape) if part is not Ellipsis and (tell := _telling(part))}
    if not tells:
        return None
    if len(tells) > 1:  # one of several structs
        return lambda value: tells[type(value)](value)
    (tell,) = tells.values()
    if _is_union(shape):
        return lambda value: None if value is None else tell(value)
    if get_origin(shape) is dict:
        return lambda value: {key: tell(each) for key, each in value.items()}
    return lambda value: [tell(each) for each in value]


def _telling_struct(shape: type[msgspec.Struct]) -> _Tell | None:
    tells = [(index, tell) for index, (_, tell) in enumerate(_fields(shape)) if tell]
    if not tells:
        return None
    served = outside(shape)

    def tell_struct(value: Any) -> Any:
        parts = list(msgspec.structs.astuple(value))
        for index, tell in tells:
            parts[index] = tell(parts[index])
        return served(*parts)

    return tell_struct


def _is_union(shape: Any) -> bool:
    return get_origin(shape) in (Union, UnionType)
