"""`panku export heads` and `panku export lines`: files for others, of both engines."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from devices.ledger.proving.verify import export_heads
from devices.ledger.reading import exported_lines
from devices.ledger.reading.customers import customer_data
from devices.ledger.reading.exported_lines import COLUMNS
from devices.service.exported_jobs import JOB_COLUMNS
from devices.store.database import Store
from panku import settings
from panku.commands import erase_due, main
from panku.console import line_files
from panku.demo import TAXPAYERS, fill
from tests.dispatched import DONE_AT, done, sent
from tests.door import NOW, TODAY, Door
from tests.feeds import Follower, assert_rebuilt, held_in

pytestmark = pytest.mark.both_engines

Run = Callable[..., int]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, store: Store) -> Iterator[Run]:
    """Runs a command on demo books."""
    for setting in settings.SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.setenv("PANKU_DATABASE_URL", store.url)
    monkeypatch.setattr(settings, "of_this_process", lambda: settings.read_settings(os.environ))
    fill(store, NOW)
    yield lambda *words: main([str(word) for word in words])
    store.close()


def lines_of(store: Store, site: str) -> list[tuple[Any, ...]]:
    """What `GET /v1/changes` tells the site, in its order."""
    follower = Follower(store, [site])
    follower.read_all()
    return [(line.serial, line.step, line.document) for line in follower.lines]


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of an exported file, of either kind."""
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_bytes().splitlines()]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def arrived(store: Store) -> Door:
    """The demo's books once what was on its way has arrived; one device of it by mistake, which is taken back."""
    door = Door(store)
    zhao, li = door.sign_in("zhao"), door.sign_in("li")
    (sent,) = store.row("SELECT number FROM document WHERE type = 'dispatch'") or ("",)
    serials = [serial for (serial,) in store.rows("SELECT serial FROM line WHERE document = ?", (sent,))]
    day = {"site": "TJ01", "business_date": TODAY}
    lines = [{"serial": serial} for serial in serials]
    arrival = {"type": "arrival", **day, "dispatch": sent, "bin": "M-01", "lines": lines}
    number = zhao.post("/v1/documents", arrival).json["number"]
    undoing = {"type": "reversal", **day, "document": number, "reason": "扫错", "serials": serials[:1]}
    undone = zhao.post("/v1/documents", undoing).json["number"]
    approval = {"decision": "approve", "password": door.password("li")}
    assert li.post(f"/v1/documents/{undone}/review", approval).status_code == 200
    return door


def test_exported_heads_are_those_to_verify_against(store: Store, on: Run, tmp_path: Path) -> None:
    assert on("export", "heads", "--to", tmp_path / "heads.json") == 0
    assert json.loads((tmp_path / "heads.json").read_text()) == export_heads(store)
    assert on("verify", "--against", tmp_path / "heads.json") == 0


def test_every_line_of_a_site_is_exported_as_json_in_its_order(store: Store, on: Run, tmp_path: Path) -> None:
    assert on("export", "lines", "--site", "BJ01", "--to", tmp_path / "lines.jsonl") == 0
    found = read(tmp_path / "lines.jsonl")
    assert [(each["serial"], each["step"], each["document"]) for each in found] == lines_of(store, "BJ01")
    assert found[0]["recorded_at"].endswith("+08:00")
    assert found[0]["bin"] == "M-01"
    assert found[0]["customer"] is None


def test_every_line_of_a_site_is_exported_as_csv_with_a_heading(
    store: Store, on: Run, tmp_path: Path
) -> None:
    assert on("export", "lines", "--site", "BJ01", "--to", tmp_path / "lines.csv") == 0
    found = read(tmp_path / "lines.csv")
    assert [(each["serial"], int(each["step"]), each["document"]) for each in found] == lines_of(
        store, "BJ01"
    )


def test_lines_are_exported_between_two_business_dates(
    store: Store, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = sorted({day for (day,) in store.rows("SELECT business_date FROM line")})
    words = ("--from", days[1], "--until", days[2])
    assert on("export", "lines", "--site", "BJ01", *words, "--to", tmp_path / "some.jsonl") == 0
    assert "--after" not in capsys.readouterr().out
    found = read(tmp_path / "some.jsonl")
    assert {each["business_date"] for each in found} == set(days[1:3])


@pytest.mark.parametrize("suffix", line_files.LINE_WRITERS)
@pytest.mark.parametrize("site", ["BJ01", "TJ01"])
def test_a_book_is_rebuilt_from_its_sites_file_alone(
    store: Store, on: Run, tmp_path: Path, site: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived(store)
    monkeypatch.setattr(exported_lines, "LINES_AT_ONCE", 7)
    path = tmp_path / f"lines{suffix}"
    assert on("export", "lines", "--site", site, "--to", path) == 0
    found = read(path)
    assert {line["journal_site"] for line in found} == {site, "TJ01"}
    assert [(line["serial"], int(line["step"]), line["document"]) for line in found] == lines_of(store, site)
    assert_rebuilt(store, site, map(held_in, found))


def test_an_export_goes_on_after_the_last_one_as_do_the_changes_of_the_api(
    store: Store, on: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert on("export", "lines", "--site", "BJ01", "--to", tmp_path / "first.jsonl") == 0
    cursor = capsys.readouterr().out.split()[-1]
    door = arrived(store)
    assert on("export", "lines", "--site", "BJ01", "--after", cursor, "--to", tmp_path / "then.csv") == 0
    then = read(tmp_path / "then.csv")
    assert [line["type"] for line in then] == ["arrival"] * 4
    found = [*read(tmp_path / "first.jsonl"), *then]
    assert [(line["serial"], int(line["step"]), line["document"]) for line in found] == lines_of(
        store, "BJ01"
    )
    assert_rebuilt(store, "BJ01", map(held_in, found))
    answer = door.sign_in("zhang").get(f"/v1/changes?after={cursor}").json
    assert [line["serial"] for line in answer["lines"]] == [line["serial"] for line in then]


@pytest.mark.parametrize("suffix", line_files.LINE_WRITERS)
def test_an_export_names_no_customer(on: Run, tmp_path: Path, suffix: str) -> None:
    assert on("export", "lines", "--site", "BJ01", "--to", tmp_path / f"lines{suffix}") == 0
    text = (tmp_path / f"lines{suffix}").read_text(encoding="utf-8-sig")
    assert "C-BJ01-000001" in text
    for private in (*TAXPAYERS[0], *TAXPAYERS[1], "陈经理"):
        assert private not in text


def test_text_is_never_a_formula_in_csv(tmp_path: Path) -> None:
    row = tuple("=1+1" if name == "party" else 1 for name in COLUMNS)
    line_files.write_csv(tmp_path / "lines.csv", COLUMNS, [row])
    assert "'=1+1" in (tmp_path / "lines.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--site", "XX99", "--to", "lines.csv"), 1, "There is no site XX99"),
        (("--site", "BJ01", "--to", "lines.txt"), 2, "must end in .csv or .jsonl"),
        (("--site", "BJ01", "--to", "nowhere/lines.csv"), 2, "cannot be written: No such file"),
        (("--site", "BJ01", "--after", "x", "--to", "lines.csv"), 1, "cursor"),
        (("--site", "BJ01", "--after", "x", "--from", "2026-11-01", "--to", "lines.csv"), 2, "knows no days"),
    ],
)
def test_what_cannot_be_exported_is_told_and_nothing_is_left(
    on: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], status: int, said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert on("export", "lines", *words) == status
    assert said in capsys.readouterr().err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_jobs_are_exported_in_declared_columns_without_anybodys_words(
    store: Store, on: Run, tmp_path: Path, suffix: str
) -> None:
    door = Door(store)
    zhang, wang = door.sign_in("zhang"), door.sign_in("wang")
    more: dict[str, Any] = {"technician": "wang", "contact": {"name": "刘会计"}, "issued_as": "FW-1"}
    number = zhang.post("/v1/dispatch-orders", sent("661565714354", **more)).json["number"]
    assert wang.post(f"/v1/dispatch-orders/{number}/service-record", done(charged_fen=500)).status_code == 201
    path = tmp_path / f"jobs{suffix}"
    assert on("export", "jobs", "--site", "BJ01", "--from", TODAY, "--to", path) == 0
    (job,) = read(path)
    assert list(job) == [column.name for column in JOB_COLUMNS]
    assert (job["number"], job["serials"], job["repair"], job["completed_at"]) == (
        number, "661565714354", "solved", DONE_AT,
    )  # fmt: skip
    assert str(job["charged_fen"]) == "500"
    assert not [word for word in ("刘会计", "不亮", "主板") if word in path.read_text(encoding="utf-8")]
    assert on("export", "jobs", "--site", "BJ01", "--from", "2026-12-01", "--to", path) == 0
    assert read(path) == []


def test_a_day_that_an_earlier_year_had_not_is_its_last_of_february() -> None:
    assert erase_due.years_before(date(2028, 2, 29), 1) == date(2027, 2, 28)
    assert erase_due.years_before(date(2028, 2, 29), 4) == date(2024, 2, 29)


def test_whose_data_may_go_by_age_is_told_and_nothing_is_erased(
    store: Store, on: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.execute("DELETE FROM position WHERE serial = '661565714354'")  # as if it had been returned long ago
    customer = "C-BJ01-000002"
    monkeypatch.setattr(erase_due, "clock", lambda: NOW + 5 * 366 * 86_400_000_000)
    assert on("erase-due", "--older", "5y") == 0
    told = capsys.readouterr().out
    assert f"{customer} BJ01 2026-11-" in told
    assert "C-BJ01-000001" not in told, "they have a device"
    assert on("erase-due", "--older", "6y") == 0
    assert "0 customers" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        on("erase-due", "--older", "5")
    assert customer_data(store, customer) is not None
