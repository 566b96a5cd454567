"""Evidence: checked without a database, accepted by another implementation, and no byte of it can be changed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore.dsse import Envelope as IndependentEnvelope

from devices.audit.evidence import Bundle
from devices.audit.evidence_checks import check_evidence
from devices.audit.stocktake import sheet, stocktakes
from devices.audit.stocktake.reading import digest_of_sheet
from devices.store.tables.audits import SheetRows, Sheets
from panku import settings
from panku.commands import main
from tests import custody
from tests.closing import count, review_all
from tests.conftest import ENGINES, Stores
from tests.counts import SECOND, begin, close_count, explain, held, scan, sign
from tests.custody import House, fill_house
from tests.door import Door, move
from tests.evidence_files import changed, trusted_in

GOLDEN = Path(__file__).parent / "golden"
FIRST_FORMAT = GOLDEN / "evidence-format-1.json"
"""A sealed sheet's evidence as it was exported before the second format."""
SECOND_FORMAT = sorted(GOLDEN.glob("evidence-format-2-*.json"))
"""A sheet's, a month's and a handover's, as they were exported before the third."""


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


def keys_in(file: Path) -> set[str]:
    """The fingerprints of the keys in a file of evidence."""
    return trusted_in(file.read_bytes())


def test_it_holds_under_the_keys_one_trusts(content: bytes, trusted: list[str]) -> None:
    report = check_evidence(content, trusted)
    assert report.holds
    assert {each.role: each.standing for each in report.signatures} == {
        "storekeeper": "holds",
        "auditor": "holds",
    }


def test_a_key_one_does_not_trust_is_told(content: bytes, trusted: list[str]) -> None:
    report = check_evidence(content, trusted[:1])
    assert not report.holds
    assert sorted(each.standing for each in report.signatures) == ["holds", "untrusted"]


def test_a_missing_signature_is_told_with_its_role(content: bytes, trusted: list[str]) -> None:
    envelope = json.loads(content)["envelope"]
    for left in (0, 1):
        alone = {**envelope, "signatures": [envelope["signatures"][left]]}
        report = check_evidence(changed(content, envelope=alone), trusted)
        assert sorted(each.standing for each in report.signatures) == ["holds", "missing"]
        assert not report.holds


def test_signatures_that_were_exchanged_are_broken(content: bytes, trusted: list[str]) -> None:
    envelope = json.loads(content)["envelope"]
    first, second = envelope["signatures"]
    swapped = [{**first, "sig": second["sig"]}, {**second, "sig": first["sig"]}]
    report = check_evidence(changed(content, envelope={**envelope, "signatures": swapped}), trusted)
    assert [each.standing for each in report.signatures] == ["broken", "broken"]


def test_another_sheet_under_the_same_signatures_is_broken(content: bytes, trusted: list[str]) -> None:
    envelope = json.loads(content)["envelope"]
    sheet = base64.b64decode(envelope["payload"]).replace(b'"shortage"', b'"match"', 1)
    forged = {**envelope, "payload": base64.b64encode(sheet).decode()}
    report = check_evidence(changed(content, envelope=forged), trusted)
    assert {each.standing for each in report.signatures} == {"broken"}


def test_a_stranger_in_the_file_is_told(content: bytes, trusted: list[str]) -> None:
    keys = json.loads(content)["keys"]
    stranger = {"fingerprint": "0" * 64, "username": "mallory", "public_hex": "0" * 64}
    assert check_evidence(changed(content, keys=[*keys, stranger]), trusted).faults
    renamed = [{**keys[0], "username": "mallory"}, *keys[1:]]
    assert check_evidence(changed(content, keys=renamed), trusted).faults


def test_it_tells_on_whose_word_each_key_is(content: bytes, trusted: list[str]) -> None:
    for report in (check_evidence(content, trusted), check_evidence(content, [])):
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
    report = check_evidence(file, [key["fingerprint"] for key in json.loads(file)["keys"]])
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
    report = check_evidence(changed(content, keys=[other, *others]), trusted)
    assert report.faults == (f"key {first['fingerprint']}: on whose word it is, is not what its link covers",)


def test_a_word_that_was_left_out_is_told(content: bytes, trusted: list[str]) -> None:
    keys = [{**key, "word": None} for key in json.loads(content)["keys"]]
    assert len(check_evidence(changed(content, keys=keys), trusted).faults) == len(keys)
    assert check_evidence(changed(content, format=1), trusted).faults
    assert check_evidence(changed(content, format=2), trusted).faults
    assert check_evidence(changed(content, format=4), trusted).faults


def test_evidence_of_the_first_format_holds_and_tells_of_nobodys_word() -> None:
    report = check_evidence(FIRST_FORMAT.read_bytes(), keys_in(FIRST_FORMAT))
    assert report.holds
    assert [each.word for each in report.signatures] == [None, None]
    assert not report.let_in_by_one


@pytest.mark.parametrize("file", SECOND_FORMAT, ids=lambda file: file.stem)
def test_evidence_of_the_second_format_holds(file: Path) -> None:
    report = check_evidence(file.read_bytes(), keys_in(file))
    assert report.holds
    assert {each.word.let_in_by for each in report.signatures if each.word} == {"admin"}


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b"[" * 5000, b'{"format":1}'])
def test_what_is_no_evidence_is_told_as_such(text: bytes) -> None:
    report = check_evidence(text, [])
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


@pytest.fixture
def run(
    signed: tuple[Door, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """Runs a command on the books, or without any: its exit status and the lines it printed."""
    door, _ = signed

    def run(*words: object, url: str = door.store.url) -> tuple[int, list[str]]:
        asked = {"PANKU_DATABASE_URL": url}
        monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(asked))
        status = main([str(word) for word in words])
        return status, capsys.readouterr().out.splitlines()

    return run


NOWHERE = "sqlite:////nowhere/at/all"


def test_the_commands_export_and_check_it(
    signed: tuple[Door, str], tmp_path: Path, run: Callable[..., tuple[int, list[str]]]
) -> None:
    _, number = signed
    file = tmp_path / "evidence.json"
    status, told = run("export", "evidence", number, "--to", file)
    assert status == 0
    first, second = (line.split()[-1] for line in told[1:])
    for trust in (["--trust", first, second], ["--trust", first, "--trust", second]):
        status, told = run("verify-evidence", file, *trust, url=NOWHERE)
        assert (status, told[-1]) == (0, "the evidence holds")
        assert told.count("  let in by admin, key confirmed by nobody else") == 2
        assert any(line.startswith("NOTE one person may have signed for all") for line in told)
        assert any("--against HEADS binds them" in line for line in told)
    status, told = run("verify-evidence", FIRST_FORMAT, "--trust", *keys_in(FIRST_FORMAT), url=NOWHERE)
    assert (status, told[-1]) == (0, "the evidence holds")
    assert told.count("  the file does not say who let them in and who confirmed their key") == 2
    assert any(line.startswith("NOTE this is the first format") for line in told)
    status, told = run("verify-evidence", file, url=NOWHERE)
    assert (status, told[-1]) == (1, "the evidence does not hold")
    assert sum(" untrusted " in line for line in told) == 2
    file.write_bytes(file.read_bytes().replace(b'"zhang"', b'"zhbng"', 1))
    status, told = run("verify-evidence", file, "--trust", first, second, url=NOWHERE)
    assert (status, told[-1]) == (1, "the evidence does not hold")
    assert told[0].startswith("WRONG ")


def test_the_commands_bind_it_to_a_head_held_outside(
    signed: tuple[Door, str], tmp_path: Path, run: Callable[..., tuple[int, list[str]]]
) -> None:
    door, number = signed
    file, heads = tmp_path / "evidence.json", tmp_path / "heads.json"
    assert door.sign_in("zhang").post("/v1/documents", move()).status_code == 201
    assert run("export", "heads", "--to", heads)[0] == 0
    fingerprints = [line.split()[-1] for line in run("export", "evidence", number, "--to", file)[1][1:]]
    check = ("verify-evidence", file, "--against", heads, "--trust", *fingerprints)
    status, told = run(*check, url=NOWHERE)
    assert (status, told[-1]) == (
        1,
        "the signatures hold, but the file is not bound to the heads held outside",
    )
    assert any("lies beyond the file" in line for line in told)
    assert run("export", "evidence", number, "--to", file, "--against", heads)[0] == 0
    status, told = run(*check, url=NOWHERE)
    assert (status, told[-1]) == (0, "the evidence holds, bound to a head held outside")
    status, told = run("verify-evidence", file, "--trust", *fingerprints, url=NOWHERE)
    assert (status, told[-1]) == (1, "the evidence does not hold")
    seq = json.loads(heads.read_text())["BJ01"]["seq"]
    heads.write_text(json.dumps({"BJ01": {"seq": seq, "hash": "0" * 64}}))
    status, told = run(*check, url=NOWHERE)
    assert (status, told[-1]) == (1, "the evidence does not hold")
    assert run("export", "evidence", number, "--to", file, "--against", heads)[0] == 1


def test_a_crafted_file_says_nothing_of_its_own_on_the_terminal(
    content: bytes, tmp_path: Path, run: Callable[..., tuple[int, list[str]]]
) -> None:
    lie = "\nthe evidence holds\x1b[2A\x9b\u202e\u2066\u200b\u2028\r"
    bundle = json.loads(content)
    header = json.loads(base64.b64decode(bundle["envelope"]["payload"]))
    header["header"]["signers"] = [{**each, "username": lie} for each in header["header"]["signers"]]
    payload = base64.b64encode(json.dumps(header).encode()).decode()
    keys = [{**each, "username": lie} for each in bundle["keys"]]
    word = {**keys[0]["word"], "let_in_by": lie, "confirmed_by": lie}
    crafted = {
        "a username": changed(content, envelope={**bundle["envelope"], "payload": payload}, keys=keys),
        "a payload type": changed(content, envelope={**bundle["envelope"], "payloadType": lie}),
        "a key": changed(content, keys=[{**keys[0], "fingerprint": lie, "word": word}, keys[1]]),
        "a keyid": changed(
            content, envelope={**bundle["envelope"], "signatures": [{"keyid": lie, "sig": lie}]}
        ),
        "a link": changed(content, links=[{**bundle["links"][0], "site": lie, "reference": lie}]),
        "a member": json.dumps({**bundle, lie: 1}).encode(),
        "no JSON": lie.encode(),
    }
    for name, text in crafted.items():
        (tmp_path / "crafted.json").write_bytes(text)
        status, told = run("verify-evidence", tmp_path / "crafted.json", url=NOWHERE)
        assert (status, told[-1]) == (1, "the evidence does not hold"), name
        assert [line for line in told if line.startswith("the evidence holds")] == [], name
        assert [line for line in told if not line.isprintable()] == [], name


@pytest.mark.both_engines
def test_there_is_no_evidence_before_everybody_has_signed(stores: Stores) -> None:
    for engine in ENGINES:
        store = stores.filled(engine, fill_house)
        house = House(store)
        custody.count_all(house)
        number = custody.begin(house).json["number"]
        chen = house.of("chen")
        for party in ("supervisor", "outgoing", "incoming"):
            answer = chen.get(f"/v1/handovers/{number}/evidence")
            (problem,) = answer.json["errors"]
            assert (answer.status_code, problem["code"], problem["subject"]) == (409, "not_sealed", number)
            assert party in problem["parties"]
            assert "/evidence" not in chen.get(f"/handovers/{number}").text
            assert custody.sign(house, number, party).status_code == 201
        assert chen.get(f"/v1/handovers/{number}/evidence").status_code == 200
        house.session_store.close()
        stores.drop(store)


def test_a_sheet_of_the_first_format_is_read_and_written_to_the_very_bytes_that_were_signed(
    stores: Stores,
) -> None:
    bundle = msgspec.json.decode(FIRST_FORMAT.read_bytes(), type=Bundle)
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
