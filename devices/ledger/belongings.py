"""What a customer has of us: every device of theirs, wherever it is now."""

from __future__ import annotations

from collections.abc import Iterator

from devices.database import Store
from devices.ledger.passport import PASSPORTS, Passport, passport_of


def devices_of(store: Store, customer: str) -> Iterator[Passport]:
    """The passports of the devices that are a customer's, by serial."""
    rows = store.stream(f"{PASSPORTS} WHERE p.customer = ? ORDER BY p.serial", (customer,))
    return map(passport_of, rows)
