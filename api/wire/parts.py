"""A value of any shape part by part: every text in it, and the value again without what is to be left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

GONE: Any = object()
"""What is left out: of a list or a mapping, and of anything else together with the value that it is a part of."""
Tell: TypeAlias = Callable[[Any], Any]


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    match value:
        case str():
            yield value
        case msgspec.Struct():
            yield from texts_in([getattr(value, name) for name in value.__struct_fields__])
        case Mapping():
            yield from texts_in([*value.keys(), *value.values()])
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from texts_in(each)


def in_parts(value: Any, tell: Tell) -> Any:
    """A value each of whose parts is as `tell` tells it, or GONE; the same object where nothing has changed.

    A tuple is a list where it is the field of a struct; elsewhere, as in a list, it is one value of several parts.
    """
    match value:
        case msgspec.Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            told = {name: _left(p, tell) if isinstance(p, tuple) else tell(p) for name, p in fields.items()}
            if GONE in told.values():
                return GONE
            changed = {name: part for name, part in told.items() if part is not fields[name]}
            return msgspec.structs.replace(value, **changed) if changed else value
        case tuple():
            several = [tell(part) for part in value]
            return GONE if GONE in several else _kept(value, several)
        case Mapping():
            pairs = {tell(name): tell(part) for name, part in value.items()}
            left = {name: part for name, part in pairs.items() if GONE not in (name, part)}
            same = len(left) == len(value) and all(part is value[name] for name, part in left.items())
            return value if same else left
        case list() | set() | frozenset():
            return _left(value, tell)
    return value


def _left(values: Collection[Any], tell: Tell) -> Any:
    """What is left of a list."""
    return _kept(values, [told for value in values if (told := tell(value)) is not GONE])


def _kept(values: Any, told: Sequence[Any]) -> Any:
    same = len(told) == len(values) and all(a is b for a, b in zip(values, told, strict=True))
    return values if same else type(values)(told)
