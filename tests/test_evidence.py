"""Evidence: checked without a database, accepted by another implementation, and no byte of it can be changed."""

from __future__ import annotations

import base64
import hashlib
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
from devices.audit.stocktake import sheet, stocktakes
from devices.audit.stocktake.sheet_digest import digest_of_sheet
from devices.store.tables.audits import SheetRows, Sheets
from panku import settings
from panku.commands import main
from tests.closing import count, review_all
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, held, scan, sign
from tests.door import Door

FIRST_FORMAT = Path(__file__).parent / "golden" / "evidence-format-1.json"
"""A sealed sheet's evidence as it was exported before the second format."""


@pytest.fixture(scope="module")
def signed(stores: Stores) -> Iterator[tuple[Door, str]]:
    """A sealed sheet."""
    store = stores.demo("sqlite")
    door = Door(store)
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    number = begin(zhang)
    scan(zhang, number, *held(door, "merchandise")[:-1])
    door.now += SECOND
    assert close_count(zhang, number).status_code == 200
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


def keys_in(file: Path) -> list[str]:
    """The fingerprints of the keys in a file of evidence."""
    return [key["fingerprint"] for key in json.loads(file.read_bytes())["keys"]]


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


def test_it_tells_on_whose_word_each_key_is(content: bytes, trusted: list[str]) -> None:
    for report in (evidence.check_evidence(content, trusted), evidence.check_evidence(content, [])):
        words = {each.username: each.word for each in report.signatures}
        assert {who: word and (word.let_in_by, word.confirmed_by) for who, word in words.items()} == {
            "zhang": ("admin", None),
            "li": ("admin", None),
        }
        assert report.let_in_by_one


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.both_engines
def test_it_tells_who_has_confirmed_a_key(stores: Stores, engine: str) -> None:
    store = stores.demo(engine)
    door = Door(store)
    review_all(door)
    number = count(door)
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    (key,) = li.get("/v1/keys?username=zhang").json
    assert li.post(f"/v1/keys/{key['fingerprint']}/confirm").status_code == 200
    file = zhang.get(f"/v1/stocktakes/{number}/evidence").content
    report = evidence.check_evidence(file, [key["fingerprint"] for key in json.loads(file)["keys"]])
    assert report.holds
    words = {each.username: each.word for each in report.signatures}
    assert words["zhang"] is not None
    assert (words["zhang"].let_in_by, words["zhang"].confirmed_by) == ("admin", "li")
    assert not report.let_in_by_one
    stores.drop(store)


@pytest.mark.parametrize(
    "changes",
    [
        {"let_in_by": "chen"},
        {"confirmed_by": "chen"},
        {"made_by": "chen"},
        {"revision": 2},
        {"content": "{}"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_word_than_the_journals_is_told(
    content: bytes, trusted: list[str], changes: dict[str, Any]
) -> None:
    first, *others = json.loads(content)["keys"]
    other = {**first, "word": {**first["word"], **changes}}
    report = evidence.check_evidence(changed(content, keys=[other, *others]), trusted)
    assert report.faults == (f"key {first['fingerprint']}: on whose word it is, is not what its link covers",)


def test_a_word_that_was_left_out_is_told(content: bytes, trusted: list[str]) -> None:
    keys = [{**key, "word": None} for key in json.loads(content)["keys"]]
    assert len(evidence.check_evidence(changed(content, keys=keys), trusted).faults) == len(keys)
    assert evidence.check_evidence(changed(content, format=1), trusted).faults
    assert evidence.check_evidence(changed(content, format=3), trusted).faults


def test_evidence_of_the_first_format_holds_and_tells_of_nobodys_word() -> None:
    report = evidence.check_evidence(FIRST_FORMAT.read_bytes(), keys_in(FIRST_FORMAT))
    assert report.holds
    assert [each.word for each in report.signatures] == [None, None]
    assert not report.let_in_by_one


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
    told = capsys.readouterr().out
    assert "the evidence holds" in told
    assert told.count("let in by admin, key confirmed by nobody else") == 2
    assert "NOTE one person may have signed for all" in told
    assert main(["verify-evidence", str(FIRST_FORMAT), "--trust", *keys_in(FIRST_FORMAT)]) == 0
    told = capsys.readouterr().out
    assert told.count("the file does not say who let them in") == 2
    assert "NOTE" not in told
    assert main(["verify-evidence", str(file)]) == 1
    assert "untrusted" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace(b'"zhang"', b'"zhbng"', 1))
    assert main(["verify-evidence", str(file), "--trust", *fingerprints]) == 1
    assert "WRONG" in capsys.readouterr().out


def test_a_sheet_of_the_first_format_is_read_and_written_to_the_very_bytes_that_were_signed(
    stores: Stores,
) -> None:
    bundle = msgspec.json.decode(FIRST_FORMAT.read_bytes(), type=evidence.Bundle)
    payload = base64.b64decode(bundle.envelope.payload)
    whole = msgspec.json.decode(payload, type=sheet.Sheet)
    assert (whole.header.format, whole.late, whole.header.people) == (1, [], ())
    assert sheet.payload_of(whole) == payload
    store = stores.demo("sqlite")
    place = (whole.header.number, whole.header.closing)
    store.insert(Sheets, [(*place, _written(json.loads(payload)["header"]))])
    store.insert(SheetRows, [(*place, *_row(line)) for line in json.loads(payload)["rows"]])
    stored = sheet.header_of(store, *place)
    assert stored == whole.header
    assert sheet.encode(stored).decode() == _written(json.loads(payload)["header"])
    rows = list(sheet.lines_of(store, *place))
    assert [line.row for line in rows] == [line.row for line in whole.rows]
    assert sheet.rows_digest(stored, [line.row for line in rows]) == sheet.stored_digest(store, *place)
    stores.drop(store)


def _row(line: dict[str, Any]) -> tuple[str, str, str]:
    row = line["row"]
    return row["serial"], row["result"], _written(row)


def _written(value: Any) -> str:
    """JSON as it has been written ever since."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_what_the_second_format_adds_is_left_out_where_there_is_none(signed: tuple[Door, str]) -> None:
    door, number = signed
    counted, _ = stocktakes.stocktake_of(door.store, number)
    whole = sheet.sheet_of(door.store, counted)
    written = json.loads(sheet.payload_of(whole))
    assert written.keys() == {"header", "rows"}
    assert not written["header"].keys() & {"left_waiting", "unfinished_reason"}
    assert whole.header.format == sheet.FORMAT == 2
    digest = hashlib.sha256(sheet.payload_of(whole)).hexdigest()
    assert digest_of_sheet(door.store, counted) == digest == stocktakes.payload_of(door.store, counted).digest
