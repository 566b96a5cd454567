"""Evidence: checked without a database, accepted by another implementation, and no byte of it can be changed."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore.dsse import Envelope as IndependentEnvelope

from devices.audit import evidence
from panku import settings
from panku.commands import main
from tests.conftest import Stores
from tests.counts import SECOND, begin, explain, held, scan, sign
from tests.door import Door


@pytest.fixture(scope="module")
def signed(stores: Stores) -> Iterator[tuple[Door, str]]:
    """A sealed sheet."""
    store = stores.demo("sqlite")
    door = Door(store)
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    scan(zhang, number, *held(door, "merchandise")[:-1])
    door.now += SECOND
    assert zhang.post(f"/v1/stocktakes/{number}/close").status_code == 200
    explain(zhang, number)
    assert sign(zhang, number, "zhang", "storekeeper").status_code == 201
    assert sign(li, number, "li", "auditor").json["stocktake"]["state"] == "sealed"
    yield door, number
    stores.drop(store)


@pytest.fixture(scope="module")
def content(signed: tuple[Door, str]) -> bytes:
    door, number = signed
    return door.sign_in("li").get(f"/v1/stocktakes/{number}/evidence").content


@pytest.fixture(scope="module")
def trusted(content: bytes) -> list[str]:
    return [key["fingerprint"] for key in json.loads(content)["keys"]]


def changed(content: bytes, **changes: Any) -> bytes:
    """The file with some of its parts replaced, written as evidence is written."""
    bundle = msgspec.convert({**json.loads(content), **changes}, evidence.Bundle)
    return evidence.written(bundle)


def test_it_holds_under_the_keys_one_trusts(content: bytes, trusted: list[str]) -> None:
    report = evidence.check_evidence(content, trusted)
    assert report.holds
    assert {each.role: each.standing for each in report.signatures} == {
        "storekeeper": "holds",
        "auditor": "holds",
    }


def test_a_key_one_does_not_trust_is_told(content: bytes, trusted: list[str]) -> None:
    report = evidence.check_evidence(content, trusted[:1])
    assert not report.holds
    assert sorted(each.standing for each in report.signatures) == ["holds", "untrusted"]


def test_a_missing_signature_is_told_with_its_role(content: bytes, trusted: list[str]) -> None:
    envelope = json.loads(content)["envelope"]
    for left in (0, 1):
        alone = {**envelope, "signatures": [envelope["signatures"][left]]}
        report = evidence.check_evidence(changed(content, envelope=alone), trusted)
        assert sorted(each.standing for each in report.signatures) == ["holds", "missing"]
        assert not report.holds


def test_signatures_that_were_exchanged_are_broken(content: bytes, trusted: list[str]) -> None:
    envelope = json.loads(content)["envelope"]
    first, second = envelope["signatures"]
    swapped = [{**first, "sig": second["sig"]}, {**second, "sig": first["sig"]}]
    report = evidence.check_evidence(changed(content, envelope={**envelope, "signatures": swapped}), trusted)
    assert [each.standing for each in report.signatures] == ["broken", "broken"]


def test_another_sheet_under_the_same_signatures_is_broken(content: bytes, trusted: list[str]) -> None:
    envelope = json.loads(content)["envelope"]
    sheet = base64.b64decode(envelope["payload"]).replace(b'"shortage"', b'"match"', 1)
    forged = {**envelope, "payload": base64.b64encode(sheet).decode()}
    report = evidence.check_evidence(changed(content, envelope=forged), trusted)
    assert {each.standing for each in report.signatures} == {"broken"}


@pytest.mark.parametrize("at", ["first", "middle", "last"])
def test_a_link_left_out_is_told(content: bytes, trusted: list[str], at: str) -> None:
    links = json.loads(content)["links"]
    assert len(links) >= 4
    drop = {"first": 0, "middle": len(links) // 2, "last": None}[at]
    if (
        drop is None
    ):  # the end may be cut: nothing after the head in the payload is promised but what is there
        assert evidence.check_evidence(changed(content, links=links[:-1]), trusted).holds
        return
    report = evidence.check_evidence(changed(content, links=links[:drop] + links[drop + 1 :]), trusted)
    assert report.faults


def test_a_stranger_in_the_file_is_told(content: bytes, trusted: list[str]) -> None:
    keys = json.loads(content)["keys"]
    stranger = {"fingerprint": "0" * 64, "username": "mallory", "public_hex": "0" * 64}
    assert evidence.check_evidence(changed(content, keys=[*keys, stranger]), trusted).faults
    renamed = [{**keys[0], "username": "mallory"}, *keys[1:]]
    assert evidence.check_evidence(changed(content, keys=renamed), trusted).faults


def test_no_byte_can_be_changed(content: bytes, trusted: list[str]) -> None:
    chance = random.Random(20261124)
    places = chance.sample(range(len(content)), 700)
    held_anyway = []
    for place in places:
        other = bytearray(content)
        other[place] = chance.choice([value for value in range(256) if value != content[place]])
        if evidence.check_evidence(bytes(other), trusted).holds:
            held_anyway.append((place, bytes(other[place - 20 : place + 20])))
    assert held_anyway == []


def test_no_byte_can_be_left_out_or_added(content: bytes, trusted: list[str]) -> None:
    for place in random.Random(1).sample(range(len(content)), 200):
        assert not evidence.check_evidence(content[:place] + content[place + 1 :], trusted).holds
        assert not evidence.check_evidence(content[:place] + b" " + content[place:], trusted).holds


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b"[" * 5000, b'{"format":1}'])
def test_what_is_no_evidence_is_told_as_such(text: bytes) -> None:
    report = evidence.check_evidence(text, [])
    assert not report.holds
    assert report.faults


def test_another_implementation_of_dsse_accepts_each_signature(content: bytes) -> None:
    bundle = json.loads(content)
    public = {key["fingerprint"]: bytes.fromhex(key["public_hex"]) for key in bundle["keys"]}
    assert len(bundle["envelope"]["signatures"]) == 2
    for given in bundle["envelope"]["signatures"]:  # it reads envelopes of one signature
        one = {**bundle["envelope"], "signatures": [given]}
        independent = IndependentEnvelope._from_json(json.dumps(one))
        key = Ed25519PublicKey.from_public_bytes(public[given["keyid"]])
        key.verify(independent.signature, independent.pae())
        with pytest.raises(InvalidSignature):
            key.verify(independent.signature, independent.pae() + b"x")


def test_the_commands_export_and_check_it(
    signed: tuple[Door, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    door, number = signed
    asked = {"PANKU_DATABASE_URL": door.store.url}
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(asked))
    file = tmp_path / "evidence.json"
    assert main(["export", "evidence", number, "--to", str(file)]) == 0
    fingerprints = [line.split()[-1] for line in capsys.readouterr().out.splitlines()[1:]]
    asked["PANKU_DATABASE_URL"] = "sqlite:////nowhere/at/all"
    assert main(["verify-evidence", str(file), "--trust", *fingerprints]) == 0
    assert "the evidence holds" in capsys.readouterr().out
    assert main(["verify-evidence", str(file)]) == 1
    assert "untrusted" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace(b'"zhang"', b'"zhbng"', 1))
    assert main(["verify-evidence", str(file), "--trust", *fingerprints]) == 1
    assert "WRONG" in capsys.readouterr().out
