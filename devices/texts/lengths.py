"""How long what comes in may be: a declared type for every kind of text, and of list, that a door takes.

Every field of a body or query is of one of these or has a length of its own, and every list a number of members:
`tests/test_lengths.py` walks them. The API's description tells them as `maxLength` and `maxItems`, docs/api.md as a
table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta

Word = Annotated[str, Meta(min_length=1, max_length=40)]
"""A code, a number, a username, a day: one word."""
Username = Annotated[str, Meta(max_length=64)]
"""As somebody typed it; one that can be a username is shorter."""
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Line = Annotated[str, Meta(min_length=1, max_length=200)]
Sentence = Annotated[str, Meta(min_length=1, max_length=500)]
Note = Annotated[str, Meta(max_length=500)]
"""A sentence that need not be said."""

CustomerName = Annotated[str, Meta(max_length=200)]
"""Whether there must be one is for a rule to say."""
Address = Annotated[str, Meta(max_length=300)]
Contact = Annotated[str, Meta(max_length=100)]
FileName = Annotated[str, Meta(min_length=1, max_length=255)]
"""As long as file systems have it."""

Serial = Annotated[str, Meta(max_length=64)]
"""As it was typed: a serial is shorter, and what was not recognised is told."""
Scan = Annotated[str, Meta(max_length=200)]
"""As a scanner sent it, with whatever else is on the label."""
Entries = Annotated[str, Meta(min_length=1, max_length=200_000)]
"""Serials and ranges, one per line or comma."""
LabelEntries = Annotated[str, Meta(min_length=1, max_length=50_000)]
"""The same, of labels: there are at most a thousand."""

Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", max_length=10)]
YearMonth = Annotated[str, Meta(pattern="^[12][0-9]{3}-(0[1-9]|1[0-2])$", max_length=7)]
Moment = Annotated[
    str,
    Meta(
        pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})$",
        max_length=40,
    ),
]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
Cursor = Annotated[str, Meta(max_length=65_536)]
"""A place in a list, with one in each of many journals."""

MOST_PAPERS = 1_000
Papers = Annotated[tuple[Digest, ...], Meta(max_length=MOST_PAPERS)]
"""Stored papers, by their digests."""

LONGEST_PART = 200  # characters of a part of a path, decoded: as many as of a scan
LONGEST_ASKED = (
    4_096  # characters of a parameter of a page: a whole address, where a sign-in leads back to it
)


def longest(kind: Any) -> int:
    """How many characters a text of a kind that is declared here may have."""
    (meta,) = kind.__metadata__
    return int(meta.max_length)


def one_of(words: Iterable[str]) -> Meta:
    """What a text is that must be one of these words."""
    known = tuple(words)
    return Meta(pattern=f"^({'|'.join(known)})$", max_length=max(map(len, known)))
