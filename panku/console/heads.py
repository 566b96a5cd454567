"""Journals' heads that are held outside of the books: written by several commands, read by every `--against`."""

import argparse
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from devices.chain import Held
from panku.commands import BAD_USE, Refused

Exported = Mapping[str, Mapping[str, Any]]
"""Heads as they are written: by site, `{"seq": …, "hash": …}`."""

_Seq = Annotated[int, msgspec.Meta(ge=1, lt=10**18)]
_Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_PRINTED = re.compile(
    r"(?<![A-Z0-9-])([A-Z][A-Z0-9-]*)(?:/|\s+第?|\s+no\.)\s*([1-9][0-9]{0,17})\s*号?[\s,，]+([0-9a-f]{64})(?![0-9a-f])"
)
"""A head as commands tell it (`BJ01 812 …`), pages show it (`BJ01/812 …`) and sheets print it (`BJ01 第 812 号，…`)."""


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head as `GET /v1/journal/{site}/head` and a device's answer have it."""

    site: str
    seq: _Seq
    hash: _Hash
    recorded_at: str


class _HeadOfSite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A head under its site, as they are exported."""

    seq: _Seq
    hash: _Hash


class _DeviceAnswer(msgspec.Struct, frozen=True):
    journal: list[_Head]


def take_heads(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Have a command take files of heads, `--against FILE` as often as there are such."""
    parser.add_argument("--against", type=Path, action="append", default=[], metavar="HEADS", help=meaning)


def write_heads(path: Path, heads: Exported) -> None:
    """Write heads into a file. Raises Refused where it cannot be written."""
    try:
        path.write_text(json.dumps(heads, indent=2) + "\n")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error


def read_heads(paths: Iterable[Path]) -> frozenset[Held]:
    """The heads in these files, exported, answered or copied from paper. Raises Refused for a file that has none."""
    return frozenset(held for path in paths for held in _heads_in(path))


def _heads_in(path: Path) -> Sequence[Held]:
    try:
        text = path.read_text()
        told = json.loads(text) if text.lstrip().startswith(("{", "[")) else text
        heads = list(_printed(told) if isinstance(told, str) else _answered(told))
    except RecursionError as error:
        raise Refused(f"{path} holds no heads of journals: it is nested too deeply.", BAD_USE) from error
    except (OSError, ValueError) as error:
        raise Refused(f"{path} holds no heads of journals: {error}", BAD_USE) from error
    if not heads:
        raise Refused(f"{path} holds no heads of journals.", BAD_USE)
    return heads


def _printed(text: str) -> Iterator[Held]:
    return ((site, int(seq), digest) for site, seq, digest in _PRINTED.findall(text))


def _answered(told: object) -> Iterator[Held]:
    """The heads of JSON that has the shape of one answer or export. Raises msgspec.ValidationError."""
    match told:
        case {"site": _}:
            found = [msgspec.convert(told, _Head)]
        case {"journal": list()}:
            found = msgspec.convert(told, _DeviceAnswer).journal
        case _:
            by_site = msgspec.convert(told, dict[str, _HeadOfSite])
            return ((site, head.seq, head.hash) for site, head in by_site.items())
    return ((head.site, head.seq, head.hash) for head in found)


def told_heads(heads: Exported) -> list[str]:
    """Heads for whoever reads them, a line each."""
    return [f"{site} {head['seq']} {head['hash']}" for site, head in heads.items()]


def older(found: Exported, than: Collection[Held]) -> list[str]:
    """Of each journal that ends before a head that is held, how far: `BJ01 ends at 12, the head held is 30`."""
    wanted = {site: max(seq for of, seq, _ in than if of == site) for site, _, _ in than}
    ends = {site: found[site]["seq"] if site in found else 0 for site in sorted(wanted)}
    return [
        f"{site} ends at {end}, the head held is {wanted[site]}"
        for site, end in ends.items()
        if end < wanted[site]
    ]
