"""The lists and papers a document can rest on: manifests, consignments, attachments."""

from __future__ import annotations

from typing import Literal

import msgspec

from devices.values import Book


class ManifestRow(msgspec.Struct, frozen=True):
    """One row of a packing list as a person sees it; `problem` is a code, and then the serial may be missing."""

    row: int
    text: str
    serial: str | None = None
    model: str | None = None
    carton: str | None = None
    problem: str | None = None


WhyLeftOut = Literal["title", "heading", "sum", "note", "nothing", "column", "sheet", "hidden"]
"""Why a part of a list is no device: it stands above the heading, or is one again; a sum; a note or signature;
nothing stands in the columns that are read; a column, or a sheet, that is not read; a hidden sheet."""


class LeftOut(msgspec.Struct, frozen=True):
    """A part of a list that is no device: its row as a person sees it, what stood there, cut short, and why.

    Of a column it is the row and the text of the heading; of a sheet there is no row, and the text is its title.
    """

    row: int | None
    text: str
    why: WhyLeftOut


class Manifest(msgspec.Struct, frozen=True):
    """What a supplier says it sent, and what else stood on its list, which was left out.

    `attachment` is the digest of the file it was read from.
    """

    number: str
    site: str
    register: Book
    supplier: str
    delivery_note: str
    rows: tuple[ManifestRow, ...]
    attachment: str | None = None
    left_out: tuple[LeftOut, ...] = ()


class Consignment(msgspec.Struct, frozen=True):
    """托运单: one waybill of an approved carrier; `papers` are digests of attachments."""

    number: str
    site: str
    carrier: str
    waybill: str
    destination: str
    sent_on: str
    packages: int = 1
    note: str = ""
    papers: tuple[str, ...] = ()


class Attachment(msgspec.Struct, frozen=True):
    """A paper that a site keeps, known by the SHA-256 of its bytes; the bytes are there once, whoever keeps them.

    A `personal` one is a paper that `customer` signed, kept `under` the order it is of: erasing the customer erases
    its bytes, and its digest stays. Its name is the order's, since a file's own may be a person's.
    """

    digest: str
    site: str
    name: str
    media_type: str
    size_bytes: int
    personal: bool = False
    customer: str | None = None
    under: str | None = None
    erased: bool = False


def consignment_key(site: str, carrier: str, waybill: str) -> str:
    """The number of a consignment: a site's carrier and waybill name it, so posting twice makes one."""
    return f"{site}/{carrier}/{waybill}"


def attachment_key(site: str, digest: str) -> str:
    """The key of a site's own record of a paper; another site that keeps the same bytes has its own."""
    return f"{site}/{digest}"
