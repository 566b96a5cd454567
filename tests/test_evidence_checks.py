"""A file of evidence is rigid: nothing in it is changed, left out, added or moved, whatever it is evidence of."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator

import pytest

from devices.audit import evidence
from devices.audit.evidence_checks import check_evidence
from tests.conftest import Stores
from tests.evidence_files import (
    EARLIER,
    SEALED,
    Change,
    Sealed,
    changed,
    every_change,
    opened,
    payload_changes,
    sealed_house,
    signed_too,
    trusted_in,
)


@pytest.fixture(scope="module", params=SEALED)
def sealed(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Sealed]:
    with sealed_house(stores, request.param) as made:
        yield made


@pytest.fixture(scope="module")
def content(sealed: Sealed) -> bytes:
    return sealed.content


def held_anyway(changes: Iterable[Change], content: bytes) -> list[str]:
    """The names of those changes after which a file holds as it did."""
    trusted = trusted_in(content)
    return [name for name, other in changes if check_evidence(other, trusted).holds]


def test_it_has_a_signature_and_a_key_for_each_role_and_their_records(content: bytes) -> None:
    bundle = opened(content)
    signable = evidence.SIGNABLE[bundle.envelope.payload_type]
    assert bundle.format == evidence.BUNDLE_FORMAT == 3
    assert [each.keyid for each in bundle.envelope.signatures] == [key.fingerprint for key in bundle.keys]
    assert [json.loads(each.content).get("role") for each in bundle.records] == [*signable.roles, None]
    assert json.loads(bundle.records[-1].content)["state"] == signable.sealed
    assert check_evidence(content, trusted_in(content)).holds


def test_no_member_can_be_changed_taken_away_doubled_or_exchanged(content: bytes) -> None:
    changes = list(every_change(content))
    assert len(changes) > 500
    assert held_anyway(changes, content) == []


def test_no_member_of_the_payload_either(content: bytes) -> None:
    assert held_anyway(payload_changes(content, random.Random(1), most=300), content) == []


def test_no_byte_can_be_changed_left_out_or_added(content: bytes) -> None:
    chance = random.Random(20261124)
    for place in chance.sample(range(len(content)), 300):
        there = content[place : place + 1]
        other = bytes([(there[0] + chance.randrange(1, 256)) % 256])
        for put in (other, b"", there * 2, b" " + there):
            change = content[:place] + put + content[place + 1 :]
            assert held_anyway([("changed", change)], content) == [], (place, put)


def test_links_left_out_anywhere_are_told(content: bytes) -> None:
    links = json.loads(content)["links"]
    ranges = [(first, after) for first in range(len(links)) for after in range(first + 1, len(links) + 1)]
    changes = [(f"{each}", changed(content, links=links[: each[0]] + links[each[1] :])) for each in ranges]
    assert held_anyway(changes, content) == []


def test_links_put_in_anywhere_are_told(content: bytes) -> None:
    links = json.loads(content)["links"]
    for place in range(len(links) + 1):
        made_up = {**links[place - 1], "kind": "visit", "reference": "V-BJ01-000009@1"}
        change = changed(content, links=[*links[:place], made_up, *links[place:]])
        assert held_anyway([("put in", change)], content) == [], place


@pytest.fixture(params=["evidence-format-3", *EARLIER], ids=lambda each: getattr(each, "stem", each))
def any_format(request: pytest.FixtureRequest, content: bytes) -> bytes:
    """A file of each format."""
    return content if isinstance(request.param, str) else bytes(request.param.read_bytes())


def test_a_second_signature_under_a_signers_key_is_told_in_every_format(any_format: bytes) -> None:
    envelope = json.loads(any_format)["envelope"]
    first, *others = envelope["signatures"]
    for second in (first, {**first, "sig": others[0]["sig"]}):
        for signatures in ([first, second, *others], [second, first, *others], [first, *others, second]):
            change = changed(any_format, envelope={**envelope, "signatures": signatures})
            assert held_anyway([("second", change)], any_format) == []


def test_a_key_that_is_there_twice_or_has_signed_nothing_is_told_in_every_format(any_format: bytes) -> None:
    keys = json.loads(any_format)["keys"]
    stranger = {**keys[0], "fingerprint": "0" * 64, "public_hex": "0" * 64}
    for more in (keys[0], keys[-1], stranger):
        for some in ([*keys, more], [more, *keys]):
            assert held_anyway([("more", changed(any_format, keys=some))], any_format) == []


def test_another_order_is_told_where_the_format_has_one(any_format: bytes) -> None:
    bundle, envelope = json.loads(any_format), json.loads(any_format)["envelope"]
    turned = {**envelope, "signatures": envelope["signatures"][::-1]}
    orders = {
        "keys": changed(any_format, keys=bundle["keys"][::-1]),
        "signatures": changed(any_format, envelope=turned),
        "both": changed(any_format, envelope=turned, keys=bundle["keys"][::-1]),
    }
    expected = [] if bundle["format"] == evidence.BUNDLE_FORMAT else list(orders)
    assert held_anyway(orders.items(), any_format) == expected


def test_a_valid_signature_of_another_who_might_have_signed_is_told(sealed: Sealed) -> None:
    envelope, keys = json.loads(sealed.content)["envelope"], json.loads(sealed.content)["keys"]
    more = signed_too(sealed.house, "ma", sealed.content)
    trusted = {*trusted_in(sealed.content), more["keyid"]}
    for signatures in ([*envelope["signatures"], more], [more, *envelope["signatures"]]):
        other = changed(sealed.content, envelope={**envelope, "signatures": signatures})
        assert not check_evidence(other, trusted).holds
    named = {**keys[0], "fingerprint": more["keyid"], "username": "ma"}
    other = changed(
        sealed.content,
        envelope={**envelope, "signatures": [*envelope["signatures"], more]},
        keys=[*keys, named],
    )
    assert not check_evidence(other, trusted).holds
