"""Labels over HTTP and by command: what is printed, for whom, what is refused, and that nothing is changed by it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, get_args

import pytest

from devices.ledger.papers.labelled import Command, DeviceWanted, DocumentWanted, labelled
from devices.problems import Refused
from devices.serials import COMMAND_PREFIX, SCAN_COMMANDS, command_barcode
from labels.label_printing import FORMATS, Format
from labels.label_stock import STOCK
from panku import settings
from panku.commands import main
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door
from tests.paper import labels_on, opened, scanned, texts

SERIAL, OTHER = "661565714353", "661565714354"
CUSTOMER = "福州晨光商贸有限公司"
DEVICE = {"kind": "device", "serial": SERIAL}
BIN = {"kind": "bin", "site": "BJ01", "code": "M-01"}
DOCUMENT = {"kind": "document", "number": "BJ01-2026-000001"}
FINISH = {"kind": "command", "command": "finish"}


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Door:
    """Demo books on each engine, with a clerk and a supervisor."""
    made = Door(stores.demo(request.param))
    made.enrol_extra()
    return made


@pytest.fixture(scope="module")
def zhang(door: Door) -> Client:
    """A storekeeper of BJ01."""
    return door.sign_in("zhang")


def order(*what: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A body that asks for these labels, as PDF unless it says otherwise."""
    return {"format": "pdf", **rest, "what": list(what)}


def faults(client: Client, body: dict[str, Any], status: int = 422) -> list[tuple[str, str]]:
    """The code and pointer of everything that was refused."""
    answer = client.post("/v1/labels", body)
    assert answer.status_code == status, answer.text[:200]
    return [(each["code"], each["pointer"]) for each in answer.json["errors"]]


def test_a_sheet_of_everything_is_read_again(zhang: Client) -> None:
    answer = zhang.post("/v1/labels", order(DEVICE, BIN, DOCUMENT, FINISH, start=4))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    found = [scanned(label) for label in labels_on(answer.content, STOCK["L7160"], 203)]
    assert found[3:7] == [[SERIAL], ["M-01"], ["BJ01-2026-000001"], [command_barcode("finish")]]
    assert not any(found[:3] + found[7:])


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_answers_with_its_media_type(zhang: Client, format_: Format) -> None:
    answer = zhang.post("/v1/labels", order(DEVICE, format=format_))
    told, _, charset = answer.headers["content-type"].partition("; ")
    assert (answer.status_code, told) == (200, FORMATS[format_].media_type)
    assert charset == ("charset=utf-8" if format_ == "svg" else "")
    begins = {"pdf": b"%PDF-", "zpl": b"^XA", "svg": b"<svg", "png": b"\x89PNG"}
    assert answer.content.startswith(begins[format_])


def test_a_png_is_read_again(zhang: Client) -> None:
    assert scanned(opened(zhang.post("/v1/labels", order(BIN, format="png", dpi=203)).content)) == ["M-01"]


def test_a_label_names_serial_model_and_kind_and_no_customer(door: Door, zhang: Client) -> None:
    assert zhang.get(f"/v1/devices/{OTHER}").json["device"]["customer"]["name"]
    for who in ("zhang", "admin"):
        (told,) = texts(door.sign_in(who).post("/v1/labels", order({**DEVICE, "serial": OTHER})).content)
        assert {OTHER, "TCG-01", "税控盘"} <= set(told.split())
        assert CUSTOMER not in told
        assert "便利店" not in told


def test_a_bin_names_its_site_register_and_condition_in_the_callers_language(zhang: Client) -> None:
    (chinese,) = texts(zhang.post("/v1/labels", order(BIN)).content)
    (english,) = texts(zhang.post("/v1/labels", order(BIN), Accept_Language="en").content)
    assert all(word in chinese for word in ("BJ01", "北京海淀库房", "M-01", "商品账", "合格"))
    assert all(word in english for word in ("BJ01", "北京海淀库房", "M-01", "merchandise", "good"))


@pytest.mark.parametrize("command", SCAN_COMMANDS)
def test_there_is_a_card_for_every_command(zhang: Client, command: str) -> None:
    answer = zhang.post("/v1/labels", order({"kind": "command", "command": command}, stock="60x40"))
    (label,) = labels_on(answer.content, STOCK["60x40"], 300)
    assert scanned(label) == [command_barcode(command)]


def test_the_cards_are_of_the_commands_there_are() -> None:
    assert get_args(Command) == SCAN_COMMANDS


@pytest.mark.both_engines
def test_an_outlet_prints_what_its_token_reads(door: Door) -> None:
    outlet = door.token("BJ01")
    assert outlet.post("/v1/labels", order(DEVICE, BIN, FINISH, format="zpl")).status_code == 200
    assert faults(outlet, order(DOCUMENT)) == [("unknown_document", "/what/0/number")]


@pytest.mark.parametrize(
    ("who", "status"), [("zhang", 200), ("wu", 200), ("chen", 200), ("zhao", 422), ("admin", 422)]
)
def test_a_document_is_printed_by_those_who_read_it(door: Door, who: str, status: int) -> None:
    assert door.sign_in(who).post("/v1/labels", order(DOCUMENT, format="svg")).status_code == status


def test_a_foreign_document_looks_like_one_that_is_not_there(door: Door) -> None:
    zhao = door.sign_in("zhao")
    foreign, absent = (
        zhao.post("/v1/labels", order({**DOCUMENT, "number": number})).json["errors"]
        for number in ("BJ01-2026-000001", "BJ01-2026-999999")
    )
    assert [(each["code"], each["pointer"]) for each in foreign] == [
        (each["code"], each["pointer"]) for each in absent
    ]


def test_a_token_that_does_not_read_prints_nothing(door: Door) -> None:
    poster = door.token("BJ01", ("post",), "zhang")
    assert faults(poster, order(DEVICE), 403) == [("scope_missing", "")]


def test_everything_that_is_not_there_is_named_at_once(zhang: Client) -> None:
    wanted = order(
        {"kind": "device", "serial": "999999999999"}, DEVICE, {**BIN, "code": "X-01"}, {**BIN, "site": "XX01"},
        {"kind": "device", "serial": "６６１"}, {"kind": "device", "serial": command_barcode("undo")},
        {**DOCUMENT, "number": "nonsense"},
    )  # fmt: skip
    assert faults(zhang, wanted) == [
        ("unknown_serial", "/what/0/serial"), ("unknown_bin", "/what/2/code"), ("unknown_bin", "/what/3/code"),
        ("full_width", "/what/4/serial"), ("command_barcode", "/what/5/serial"),
        ("unknown_document", "/what/6/number"),
    ]  # fmt: skip
    detail = zhang.post("/v1/labels", wanted).json["errors"][0]
    assert "999999999999" in detail["detail"]


def test_all_bins_of_a_site_are_printed_where_none_is_named(zhang: Client) -> None:
    answer = zhang.post("/v1/labels", order({"kind": "bin", "site": "BJ01"}))
    found = [scanned(label) for label in labels_on(answer.content, STOCK["L7160"], 203)]
    assert [read[0] for read in found if read] == ["M-01", "M-02", "M-09", "R-01", "S-01", "S-08", "S-09"]
    assert faults(zhang, order({"kind": "bin", "site": "XX01"})) == [("no_active_bins", "/what/0/site")]


def test_a_list_with_ranges_is_printed_each_device_once(zhang: Client) -> None:
    listed = {"kind": "devices", "entries": "661565714353-355\n661565714354"}
    answer = zhang.post("/v1/labels", order(listed, DEVICE, stock="60x40"))
    assert [text.split()[2] for text in texts(answer.content)] == [
        f"{661565714353 + n}" for n in (0, 1, 2, 0)
    ]


@pytest.mark.both_engines
def test_every_fault_of_a_list_is_named(zhang: Client) -> None:
    listed = {"kind": "devices", "entries": "661565714352-354, ６６１, 5-1"}
    assert faults(zhang, order(listed)) == [
        ("full_width", "/what/0/entries"),
        ("range_backwards", "/what/0/entries"),
        ("unknown_serial", "/what/0/entries"),
    ]


@pytest.mark.parametrize("entries", ["661565714353+999\n661565715353", "0000000000+999\n" * 3_000])
def test_more_labels_than_one_order_takes_are_refused(zhang: Client, entries: str) -> None:
    assert faults(zhang, order({"kind": "devices", "entries": entries})) == [
        ("list_too_long", "/what/0/entries")
    ]
    assert faults(zhang, order(*[{"kind": "devices", "entries": "0000000000+599"}] * 2)) == [
        ("list_too_long", "/what")
    ]


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        ({"stock": "L9999"}, ("unknown_stock", "/stock")),
        ({"stock": {"label_mm": [60, 40], "columns": 4}}, ("stock_off_page", "/stock")),
        ({"start": 22}, ("start_off_sheet", "/start")),
        ({"stock": "L7651", "module_um": 330}, ("barcode_too_wide", "/what/0")),
        ({"stock": {"label_mm": [60, 10]}}, ("label_too_low", "/what/0")),
    ],
)
def test_what_cannot_be_printed_is_refused(
    zhang: Client, rest: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert faults(zhang, order(DEVICE, **rest)) == [fault]


@pytest.mark.parametrize("format_", ["svg", "png"])
def test_a_picture_is_of_one_barcode(zhang: Client, format_: str) -> None:
    assert faults(zhang, order(DEVICE, BIN, format=format_)) == [("one_label_only", "/what")]


@pytest.mark.parametrize(
    "body",
    [
        order(),
        order(*[FINISH] * 1001),
        order(DEVICE, format="docx"),
        order(DEVICE, module_um=200),
        order(DEVICE, dpi=72),
        order(DEVICE, start=0),
        order(DEVICE, offset_mm=[21, 0]),
        order(DEVICE, printer_font="E:A.TTF^XZ"),
        order(DEVICE, stock={"label_mm": [5, 5]}),
        order(DEVICE, stock={"label_mm": [60, 40], "rows": 101}),
        order({"kind": "customer", "number": "C-BJ01-000001"}),
        order({**FINISH, "command": "delete"}),
        order(DEVICE, extra=1),
    ],
)
def test_a_body_out_of_bounds_is_malformed(zhang: Client, body: dict[str, Any]) -> None:
    assert [code for code, _ in faults(zhang, body, 400)] == ["malformed_body"]


def test_a_size_of_ones_own_is_printed(zhang: Client) -> None:
    stock = {"label_mm": [70, 35], "columns": 2, "rows": 8, "gap_mm": [5, 1], "margin_mm": [10, 3]}
    answer = zhang.post("/v1/labels", order(DEVICE, BIN, stock=stock))
    assert answer.status_code == 200
    assert "661565714353" in texts(answer.content)[0]


def test_printing_needs_no_key_and_changes_nothing(door: Door, zhang: Client) -> None:
    def everything() -> list[Any]:
        tables = ("journal", "revision", "document", "line", "request")
        return [door.store.row(f"SELECT COUNT(*) FROM {table}") for table in tables]

    before = everything()
    answer = zhang.client.simulate_post("/v1/labels", headers=zhang.headers, json=order(DEVICE, format="svg"))
    assert answer.status_code == 200
    assert everything() == before


def test_the_same_order_at_the_same_moment_is_the_same_bytes(zhang: Client) -> None:
    first, second = (zhang.post("/v1/labels", order(DEVICE, BIN)).content for _ in range(2))
    assert first == second


def test_as_many_labels_as_may_be_asked_for_are_printed(zhang: Client) -> None:
    answer = zhang.post("/v1/labels", order(*[DEVICE] * 1000, stock="L7651"))
    assert answer.status_code == 200
    assert len(texts(answer.content)) == 16  # sheets of 65


def test_what_is_looked_up_in_portions_is_all_found(door: Door) -> None:
    wanted = [DeviceWanted(f"{661565714353 + n % 24}") for n in range(1200)]
    assert len(labelled(door.store, wanted, most=1200, reads_documents_of=lambda _: False)) == 1200


def test_a_document_of_a_site_that_is_not_read_is_unknown(door: Door) -> None:
    with pytest.raises(Refused) as refused:
        labelled(door.store, [DocumentWanted("BJ01-2026-000001")], most=1, reads_documents_of=lambda _: False)
    assert [problem.code for problem in refused.value.problems] == ["unknown_document"]


@pytest.mark.parametrize("prefix", [COMMAND_PREFIX, f"{COMMAND_PREFIX}1"])
def test_no_site_or_bin_has_a_code_that_reads_like_a_command(door: Door, prefix: str) -> None:
    admin = door.sign_in("admin")
    site = admin.post("/v1/sites", {"code": prefix, "name": "x"})
    place = {"site": "BJ01", "code": prefix, "register": "spare", "condition": "good"}
    answers = [site, admin.post("/v1/bins", place)]
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(422, "reserved_code")] * 2


# --- the command


@pytest.fixture(scope="module")
def books(stores: Stores) -> Door:
    """Demo books that the command opens."""
    return Door(stores.demo("sqlite"))


@pytest.fixture
def folder(books: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to print in, with the books in the settings of the process."""
    asked = {"PANKU_DATABASE_URL": books.store.url, "PANKU_DATA_DIR": str(tmp_path)}
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(asked))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_prints_a_range_of_devices(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "device", "661565714353-360", "--start", "2"]) == 0
    assert capsys.readouterr().out == "labels.pdf: 8 labels\n"
    found = [scanned(label) for label in labels_on((folder / "labels.pdf").read_bytes(), STOCK["L7160"], 203)]
    assert [read[0] for read in found if read] == [f"{661565714353 + n}" for n in range(8)]


def test_the_command_prints_all_bins_of_a_site_and_all_commands(folder: Path) -> None:
    assert main(["label", "bin", "BJ01", "--to", "bins.pdf"]) == 0
    assert main(["label", "command", "--format", "zpl", "--dpi", "300"]) == 0
    bins = [scanned(label) for label in labels_on((folder / "bins.pdf").read_bytes(), STOCK["L7160"], 203)]
    assert [read[0] for read in bins if read] == ["M-01", "M-02", "M-09", "R-01", "S-01", "S-08", "S-09"]
    assert (folder / "labels.zpl").read_text().count("^XA") == len(SCAN_COMMANDS)


def test_the_command_writes_to_standard_output(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["label", "document", "BJ01-2026-000001", "--format", "zpl", "--to", "-"]) == 0
    out = capfdbinary.readouterr().out
    assert out.startswith(b"^XA")
    assert out.endswith(b"^XZ\n")


def test_the_command_prints_on_a_size_of_ones_own(folder: Path) -> None:
    own = ["--size", "60x40", "--grid", "3x6", "--gap", "2.5x1", "--margin", "8x12", "--offset=-0.5,1"]
    assert main(["label", "bin", "BJ01", "M-01", *own, "--to", "own.pdf", "--language", "en"]) == 0
    assert "merchandise" in texts((folder / "own.pdf").read_bytes())[0]


def test_the_command_names_what_is_not_there_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", "device", SERIAL, "999999999999"]) == 1
    assert main(["label", "bin", "XX01"]) == 1
    told = capsys.readouterr().err
    assert "999999999999" in told
    assert "XX01" in told
    assert not list(folder.glob("labels.*"))


BAD_USES = list(
    itertools.chain(
        *(
            [["--size", text] for text in ("60", "5x5", "axb", "60x40x2", "nanx40")],
            [["--grid", text] for text in ("3", "0x1", "101x1")],
            [["--offset", "30,0"], ["--module", "0.2"], ["--dpi", "72"], ["--printer-font", "E:A^XZ.TTF"]],
            [["--stock", "L9999"], ["--format", "docx"], ["--language", "fr"]],
        )
    )
)


@pytest.mark.parametrize("words", BAD_USES, ids=" ".join)
def test_bad_use_of_the_command_ends_with_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["label", "device", SERIAL, *words])
    assert left.value.code == 2


@pytest.mark.parametrize(
    "words",
    [["--stock", "L7163", "--size", "60x40"], ["--grid", "3x7"], ["--gap", "1x1"], ["--margin", "8x12"]],
    ids=" ".join,
)
def test_words_that_would_be_left_aside_are_bad_use(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", "device", SERIAL, *words]) == 2
    assert words[0] in capsys.readouterr().err
    assert not list(folder.glob("labels.*"))


@pytest.mark.parametrize("words", [["--size", "axb"], ["--grid", "3"], ["--offset", "1"], ["--start", "x"]])
def test_bad_use_is_told_in_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["label", "device", SERIAL, *words])
    told = capsys.readouterr().err
    assert "such as" in told
    assert "invalid _" not in told


def test_the_command_says_how_many_labels_there_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "bin", "BJ01", "M-01"]) == 0
    assert main(["label", "bin", "BJ01", "M-01", "M-02"]) == 0
    assert capsys.readouterr().out.splitlines() == ["labels.pdf: 1 label", "labels.pdf: 2 labels"]


def test_an_unknown_command_card_is_bad_use() -> None:
    with pytest.raises(SystemExit) as left:
        main(["label", "command", "delete"])
    assert left.value.code == 2
