"""What verification finds wrong."""

from __future__ import annotations

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One wrong row: its table, its key, and what is wrong with it."""

    table: str
    key: str
    what: str
