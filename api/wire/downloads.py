"""Files as answers: streamed from a temporary file that has no name on disk, under a name that is safe everywhere."""

from __future__ import annotations

import re
from typing import IO, Any

import falcon
import msgspec

NAME_LIMIT = 80
_UNSAFE = re.compile(r"[^\w.-]+")


class Download(msgspec.Struct, frozen=True):
    """A file to be saved: its bytes, from the beginning of `file`, their number, and what it is called."""

    file: Any
    size_bytes: int
    name: str
    media_type: str


def download_of(file: IO[bytes], name: str, ending: str, media_type: str) -> Download:
    """A file that was written to its end, as a download called `name` with an ending."""
    size = file.tell()
    file.seek(0)
    return Download(file, size, f"{safe_name(name)}.{ending}", media_type)


def safe_name(text: str) -> str:
    """A text as a file's name: letters of any script, digits, dots and hyphens; nothing that a system minds."""
    kept = _UNSAFE.sub("-", text).strip("-._")[:NAME_LIMIT]
    return kept or "panku"


def send(resp: falcon.Response, download: Download) -> None:
    """Answer with a download; whoever serves closes the file, and with that it is gone."""
    resp.set_stream(download.file, download.size_bytes)
    resp.content_type = download.media_type
    resp.downloadable_as = download.name
