"""Manifests over HTTP: a maker's packing list, and what has been received of it."""

from __future__ import annotations

import msgspec

from api.calls import Call, Done, Shown
from api.resources.attachments import file_name
from devices.ledger.posting import manifests
from devices.texts.lengths import Line, Name, Word
from devices.values import Book


class ManifestQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a packing list belongs: the site and book that will receive it, from whom, on which delivery note."""

    site: Word
    register: Book
    supplier: Line
    delivery_note: Name


def read_upload(call: Call) -> None:
    """Read the file before the transaction: nobody waits for a spreadsheet."""
    call.prepared = manifests.read_manifest(call.store, call.raw)


def add_manifest(call: Call) -> Done:
    """Read an xlsx or CSV packing list into a manifest."""
    query = call.query
    written = manifests.keep_manifest(
        call.store,
        call.prepared,
        site=query.site,
        register=query.register,
        supplier=query.supplier,
        delivery_note=query.delivery_note,
        name=file_name(call),
        by=call.who.username,
        at_us=call.at_us,
    )
    return Done(201, written.number)


def show_manifest(call: Call, done: Done) -> Shown:
    """A manifest against what has been received of it."""
    return Shown(manifests.compared(call.store, done.key or call.path["number"]))
