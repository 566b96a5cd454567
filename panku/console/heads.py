"""Files of journals' heads, which are held outside of the books: written by several commands, read by `--against`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panku.commands import BAD_USE, Refused

Exported = Mapping[str, Mapping[str, Any]]
"""Heads as they are written: by site, `{"seq": …, "hash": …}`."""
KnownHeads = dict[str, tuple[int, str]]
"""Heads as they are compared: by site, the number of a link and its hash."""


def write_heads(path: Path, heads: Exported) -> None:
    """Write heads into a file. Raises Refused where it cannot be written."""
    try:
        path.write_text(json.dumps(heads, indent=2) + "\n")
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", BAD_USE) from error


def read_heads(path: Path) -> KnownHeads:
    """The heads of a file. Raises Refused for one that holds none."""
    try:
        heads = known(json.loads(path.read_text()))
    except RecursionError as error:
        raise Refused(f"{path} holds no exported heads: it is nested too deeply.", BAD_USE) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{path} holds no exported heads: {error}", BAD_USE) from error
    if not heads:
        raise Refused(f"{path} holds no exported heads.", BAD_USE)
    return heads


def known(heads: Exported) -> KnownHeads:
    """Exported heads, to be compared with."""
    return {site: (int(head["seq"]), str(head["hash"])) for site, head in heads.items()}


def told_heads(heads: Exported) -> str:
    """Heads for whoever reads them, a line each."""
    return "\n".join(f"{site} {head['seq']} {head['hash']}" for site, head in heads.items())


def older(found: KnownHeads, than: KnownHeads) -> list[str]:
    """Of each journal that ends before a head that is known, how far: `BJ01 ends at 12, the head held is 30`."""
    ends = {site: found.get(site, (0, ""))[0] for site in sorted(than)}
    return [
        f"{site} ends at {end}, the head held is {than[site][0]}"
        for site, end in ends.items()
        if end < than[site][0]
    ]
