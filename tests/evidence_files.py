"""Files of evidence to try checks on: one of each type that is sealed, changes of them, and forgers of links."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
from securesystemslib.dsse import Envelope

from devices.audit import evidence
from devices.audit.evidence import Bundle, Journalled
from devices.chain import Link, digest_of, link_after
from devices.people.signing_keys import open_key
from devices.records import revision_digest
from tests import closing, counts, custody
from tests.conftest import Stores
from tests.custody import House, fill_house
from tests.door import move

EARLIER = sorted((Path(__file__).parent / "golden").glob("evidence-format-*.json"))
"""Files of the first two formats, as they were exported then."""
Change = tuple[str, bytes]
"""What was changed, and the file with the change."""


class Sealed(NamedTuple):
    """Books with something sealed in them: its path, and its evidence."""

    house: House
    path: str
    content: bytes


def _sheet(house: House) -> str:
    zhang = house.of("zhang")
    number = counts.begin(zhang)
    counts.scan(zhang, number, *counts.held(house, "merchandise")[:-1])
    house.now += counts.SECOND
    assert counts.close_count(zhang, number).status_code == 200
    assert (
        zhang.post("/v1/documents", move()).status_code == 201
    )  # a link between the close and the signatures
    counts.explain(zhang, number)
    assert counts.sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert counts.sign(house.of("li"), number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    return f"/v1/stocktakes/{number}"


def _month(house: House) -> str:
    closing.make_ready(house)
    assert closing.close(house.of("zhang")).status_code == 201
    assert custody.inspect(house.of("zhang")).status_code == 201
    closing.seal(house)
    return closing.MONTH


def _handover(house: House) -> str:
    custody.count_all(house)
    number = custody.begin(house).json["number"]
    assert custody.sign(house, number, "supervisor").status_code == 201
    assert custody.inspect(house.of("zhang")).status_code == 201
    for party in ("incoming", "outgoing"):
        assert custody.sign(house, number, party).status_code == 201
    return f"/v1/handovers/{number}"


@contextmanager
def sealed_house(stores: Stores, kind: str) -> Iterator[Sealed]:
    """Books of their own in which something of a type is sealed."""
    store = stores.filled("sqlite", fill_house)
    house = House(store)
    path = SEALED[kind](house)
    content = house.of("chen").get(f"{path}/evidence").content
    yield Sealed(house, path, content)
    house.session_store.close()
    stores.drop(store)


SEALED: dict[str, Callable[[House], str]] = {"sheet": _sheet, "month": _month, "handover": _handover}
"""By type, what has one sealed in books that `fill_house` filled, and returns its path."""


def signed_too(house: House, username: str, content: bytes) -> dict[str, str]:
    """A valid signature of somebody else over what a file is evidence of, as an envelope has it."""
    envelope = json.loads(content)["envelope"]
    public, private = open_key(house.store, username, house.password(username))
    encoded = Envelope(base64.b64decode(envelope["payload"]), envelope["payloadType"], {}).pae()
    return {"keyid": public.fingerprint, "sig": base64.b64encode(private.sign(encoded)).decode()}


def trusted_in(content: bytes) -> set[str]:
    """The fingerprints of the keys in a file."""
    return {key["fingerprint"] for key in json.loads(content)["keys"]}


def opened(content: bytes) -> Bundle:
    """A file as the bundle it is."""
    return msgspec.json.decode(content, type=Bundle)


def changed(content: bytes, **changes: Any) -> bytes:
    """The file with some of its parts replaced, written as evidence is written."""
    return evidence.written(msgspec.convert({**json.loads(content), **changes}, Bundle))


# --- every small change


class _Object(list[tuple[str, Any]]):
    """An object's members in order; one may be there twice."""


def every_change(content: bytes) -> Iterator[Change]:
    """Each value of the file changed, each member or item taken away, doubled, or exchanged with the next."""
    whole = json.loads(content, object_pairs_hook=_Object)
    for name, other in _changes(whole, ""):
        yield name, msgspec.json.format(_text(other).encode(), indent=1) + b"\n"


def _changes(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        kind = type(value)
        for n, item in enumerate(value):
            name = f"{path}/{item[0] if kind is _Object else n}"
            yield f"{name} taken away", kind([*value[:n], *value[n + 1 :]])
            yield f"{name} doubled", kind([*value[:n], item, *value[n:]])
            if n + 1 < len(value):
                yield f"{name} exchanged", kind([*value[:n], value[n + 1], item, *value[n + 2 :]])
            inner = item[1] if kind is _Object else item
            for told, other in _changes(inner, name):
                yield (
                    told,
                    kind([*value[:n], (item[0], other) if kind is _Object else other, *value[n + 1 :]]),
                )
    elif isinstance(value, str):
        yield f"{path} lengthened", f"{value} "
        yield f"{path} spelt otherwise", f"{'B' if value[:1] == 'A' else 'A'}{value[1:]}"
        yield f"{path} emptied", None
    elif value is None:
        yield f"{path} filled", "zhang"
    else:
        yield f"{path} raised", value + 1


def _text(value: Any) -> str:
    if isinstance(value, _Object):
        members = ",".join(f"{json.dumps(name)}:{_text(inner)}" for name, inner in value)
        return f"{{{members}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    return json.dumps(value, ensure_ascii=False)


def payload_changes(content: bytes, chance: Random, most: int) -> Iterator[Change]:
    """At most so many of the same changes within the payload, taken by chance."""
    envelope = json.loads(content)["envelope"]
    payload = json.loads(base64.b64decode(envelope["payload"]), object_pairs_hook=_Object)
    every = list(_changes(payload, "payload"))
    for name, other in chance.sample(every, min(most, len(every))):
        forged = {**envelope, "payload": base64.b64encode(_text(other).encode()).decode()}
        yield name, changed(content, envelope=forged)


# --- forgers


def forged(
    content: bytes,
    *,
    without: Sequence[int] = (),
    put_in: Mapping[int, tuple[str, str]] | None = None,
    records: Mapping[int, Mapping[str, Any]] | None = None,
) -> bytes:
    """The file as somebody writes it who can hash: its links made anew, each continuing the one before it.

    `without` are the places of links that are left out; before the place of one that is `put_in` comes one of that kind
    and reference; `records` have these members of their content changed, and so their links.
    """
    bundle = opened(content)
    told = [_with(each, (records or {}).get(n, {})) for n, each in enumerate(bundle.records)]
    new = {_link_of(old, bundle).digest: record for old, record in zip(bundle.records, told, strict=True)}
    links = [bundle.links[0]]
    for place, link in [*enumerate(bundle.links)][1:]:
        if (put_in or {}).get(place):
            kind, reference = (put_in or {})[place]
            links.append(_next(links[-1], kind, reference, link.recorded_at, digest_of((reference,))))
        if place not in without:
            digest = _digest(link, new[link.digest]) if link.digest in new else link.digest
            links.append(_next(links[-1], link.kind, link.reference, link.recorded_at, digest))
    return evidence.written(msgspec.structs.replace(bundle, links=tuple(links), records=tuple(told)))


def _with(record: Journalled, changes: Mapping[str, Any]) -> Journalled:
    told = msgspec.json.encode({**json.loads(record.content), **changes}).decode()
    return msgspec.structs.replace(record, content=told)


def _next(before: Link, kind: str, reference: str, recorded_at: int, digest: str) -> Link:
    return link_after(
        before, site=before.site, kind=kind, reference=reference, recorded_at=recorded_at, digest=digest
    )


def _digest(link: Link, record: Journalled) -> str:
    """What a link digests, were this the record it is of."""
    key, _, revision = link.reference.rpartition("@")
    return revision_digest(link.kind, key, int(revision), record.made_by, link.recorded_at, record.content)


def _link_of(record: Journalled, bundle: Bundle) -> Link:
    return next(
        link
        for link in bundle.links
        if link.reference.endswith(f"@{record.revision}") and _digest(link, record) == link.digest
    )
