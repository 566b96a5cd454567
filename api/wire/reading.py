"""The parts of a request as checked values: its body, query, path and the revision it has seen, or why they are not."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import falcon
import msgspec

from api.wire.texts import KEPT_OF_QUERIES, refuse_texts
from devices.problems import Refused, refuse
from devices.serials import shortened
from devices.texts.characters import unkeepable
from devices.texts.lengths import LONGEST_PART

JSON = "application/json"
_PLAIN = "identity"
LONGEST_REASON = 200  # characters of a reason: it may repeat what was sent
LONGEST_REVISION = 13  # characters of an ETag
WITHOUT_BODY = ("GET", "DELETE")
_JSON_TYPE = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_NAMED = re.compile(r"(?:missing required|unknown) field `([^`]*)`")
_REVISION = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request without a body or query."""


def refuse_encoding(req: falcon.Request) -> None:
    """Raise Refused (`wrong_encoding`) for a compressed body: it would be taken for what it is not."""
    encoding = (req.get_header("Content-Encoding") or _PLAIN).strip().lower()
    if encoding != _PLAIN:
        raise refuse("wrong_encoding", accepted=_PLAIN)


def refuse_length(req: falcon.Request, limit_bytes: int) -> None:
    """Raise Refused (`body_too_large`) for a body that says it is larger, before anything of it is read."""
    if req.method not in WITHOUT_BODY and (req.content_length or 0) > limit_bytes:
        raise refuse("body_too_large", limit_bytes=limit_bytes)


def body_bytes(req: falcon.Request, limit_bytes: int) -> bytes:
    """The whole body, at most `limit_bytes`.

    Raises Refused: `body_too_large`; `body_stalled` (408) when the client stopped sending, `malformed_request` when it
    went away half-way.
    """
    if req.method in WITHOUT_BODY:
        return b""
    refuse_length(req, limit_bytes)
    if req.content_length is None and req.get_header("Transfer-Encoding") is not None:
        return _chunks(req, limit_bytes)
    length = req.content_length or 0
    try:
        raw: bytes = req.bounded_stream.read(length)
    except OSError as error:  # SO_RCVTIMEO says BlockingIOError, a socket's own timeout TimeoutError
        raise refuse("body_stalled") from error
    if len(raw) < length:
        raise refuse("malformed_request", reason="the body ended early")
    return raw


def _chunks(req: falcon.Request, limit_bytes: int) -> bytes:
    """A body that came in chunks, whose end the server finds; it does not say its length before."""
    try:
        raw: bytes = req.stream.read(limit_bytes + 1)
    except OSError as error:
        raise refuse("body_stalled") from error
    except Exception as error:  # the server's own, of a chunk that is none
        raise refuse("malformed_request", reason="the body's chunks are malformed") from error
    if len(raw) > limit_bytes:
        raise refuse("body_too_large", limit_bytes=limit_bytes)
    return raw


def decoded_body(raw: bytes, shape: Any, req: falcon.Request) -> Any:
    """The body as its declared shape; an empty one says as much as `{}`.

    A key that is there twice has no one value, and is refused.

    Raises Refused, telling where it is wrong: `wrong_media_type`, `malformed_body`, `control_character`.
    """
    if req.content_type and not _JSON_TYPE.fullmatch(req.content_type.strip()):
        raise refuse("wrong_media_type", accepted=JSON)
    raw = raw or b"{}"
    try:
        body = msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        text, _, pointer = str(error).partition(" - at `$")
        raise refuse(
            "malformed_body", _pointer(pointer.rstrip("`")), reason=shortened(text, LONGEST_REASON)
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refuse("malformed_body", reason=str(error)) from None
    json.loads(raw, object_pairs_hook=_refuse_repeated)
    if problems := list(refuse_texts(body)):
        raise Refused(problems)
    return body


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    """Raise Refused for an object with one key twice, of which msgspec takes the last."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise refuse("malformed_body", reason=f"the key `{shortened(name)}` is there twice")
        seen.add(name)


def _pointer(path: str) -> str:
    return path.replace("[...]", "/-").replace("[", "/").replace("]", "").replace(".", "/")


def query_of(req: falcon.Request, shape: type[msgspec.Struct]) -> Any:
    """The query as its declared shape.

    Raises Refused naming the parameter: `missing_parameter`, `malformed_parameter` for a wrong or unknown one,
    `control_character` for one that would be kept.
    """
    given: Mapping[str, Any] = req.params
    for name, value in given.items():
        texts = [] if name in KEPT_OF_QUERIES else [value] if isinstance(value, str) else value
        if any(map(unkeepable, (name, *texts))):
            raise _malformed(given, name)
    try:
        query = msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        named = _NAMED.search(str(error))
        name = named[1] if named else str(error).partition("$.")[2].rstrip("`")
        if named and name not in given:
            raise refuse("missing_parameter", name=name) from None
        raise _malformed(given, name or ", ".join(given)) from None
    if problems := list(refuse_texts(query)):
        raise Refused(problems)
    return query


def _malformed(given: Mapping[str, Any], name: str) -> Refused:
    value = given.get(name, "")
    text = value if isinstance(value, str) else ", ".join(value)
    return refuse("malformed_parameter", name=shortened(name), value=shortened(text))


def path_of(path: Mapping[str, str]) -> dict[str, str]:
    """The parts of the path. Raises Refused (`not_found`) for one that can name nothing.

    A serial is recognised later, as scanned: its ends may have what a scanner appends.
    """
    if any(
        len(text) > LONGEST_PART or (name != "serial" and unkeepable(text)) for name, text in path.items()
    ):
        raise refuse("not_found")
    return dict(path)


def revision_seen(req: falcon.Request) -> int:
    """The revision that If-Match names. Raises Refused: `if_match_required`, `if_match_failed` where it names none."""
    given = req.get_header("If-Match")
    if given is None:
        raise refuse("if_match_required")
    found = _REVISION.fullmatch(given.strip())
    if found is None:
        raise refuse("if_match_failed", revision=None)
    return int(found[1])
