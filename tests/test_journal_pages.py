"""The journals' pages: heads that can be held outside and compared, and a check of the end that catches a change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.journal import heads
from devices.ledger.proving.verify import verify
from devices.values import UNIT
from panku.console.heads import read_heads
from panku.wiring import RECORD_KINDS
from tests.conftest import Stores
from tests.custody import House, fill_house
from tests.test_verify import unguard
from web.door import add_pages


@pytest.fixture
def house(stores: Stores) -> Iterator[House]:
    store = stores.filled("sqlite", fill_house)
    made = House(store)
    add_pages(made.app, made.services)
    yield made
    made.session_store.close()
    stores.drop(store)


def test_exported_heads_are_read_by_verification(house: House, tmp_path: Path) -> None:
    exported = house.of("li").get("/v1/journal/heads")
    file = tmp_path / "heads.json"
    file.write_text(exported.text)
    held = read_heads([file])
    assert held == {(head.site, head.seq, head.hash) for head in heads(house.store)}
    assert verify(house.store, RECORD_KINDS, held=held).faults == []
    (own,) = (each for each in held if each[0] == "BJ01")
    wrong = {*held, (*own[:2], own[2][::-1]), ("TJ01", 10**6, own[2])}
    assert len(verify(house.store, RECORD_KINDS, held=wrong).faults) == 2


def test_the_page_offers_the_heads_file_and_a_check_of_what_its_reader_reads(house: House) -> None:
    shown = house.of("li").get("/journal").text
    assert 'href="/v1/journal/heads" download="heads-2026-11-24.json"' in shown
    for head in heads(house.store):
        assert head.hash in shown
        assert f'href="/journal/{head.site}"' in shown


@pytest.mark.parametrize("who", ["li", "chen"])
@pytest.mark.parametrize("site", ["BJ01", UNIT])
def test_an_untouched_journal_is_said_to_hold(house: House, who: str, site: str) -> None:
    answer = house.of(who).get(f"/journal/{site}")
    assert answer.status_code == 200
    assert "相符。" in answer.text
    assert f"{site}/1 – {site}/" in answer.text


def test_a_tampered_recent_link_is_shown_as_wrong(house: House) -> None:
    unguard(house.store)
    with house.store.writing():
        row = house.store.row("SELECT MAX(journal_seq), MAX(number) FROM document WHERE site = 'BJ01'")
        assert row is not None
        house.store.execute("UPDATE document SET business_date = '2026-01-01' WHERE number = ?", (row[1],))
    shown = house.of("li").get("/journal/BJ01").text
    assert "不符。" in shown
    assert "相符。" not in shown
    assert row[1] in shown


@pytest.mark.parametrize(("who", "site", "status"), [
    ("zhang", "BJ01", 403), ("wu", "BJ01", 403), ("admin", "BJ01", 403), ("li", "SH99", 403), ("chen", "SH99", 404),
])  # fmt: skip
def test_only_whoever_audits_a_site_checks_its_journal(
    house: House, who: str, site: str, status: int
) -> None:
    assert house.of(who).get(f"/journal/{site}").status_code == status


def test_a_head_that_was_kept_is_found_again_or_not(house: House) -> None:
    head = next(head for head in heads(house.store) if head.site == "BJ01")
    li = house.of("li")
    assert ">一致：" in li.get(f"/journal?site=BJ01&seq={head.seq}&hash={head.hash.upper()}").text
    assert ">不一致：" in li.get(f"/journal?site=BJ01&seq={head.seq - 1}&hash={head.hash}").text
    assert "没有这一环" in li.get(f"/journal?site=BJ01&seq={head.seq + 1}&hash={head.hash}").text
    assert li.get("/journal?site=BJ01&seq=x&hash=y").status_code == 400


def test_the_heads_are_those_of_the_api(house: House) -> None:
    answered = json.loads(house.of("zhang").get("/v1/journal/heads").text)
    assert answered.keys() == {head.site for head in heads(house.store)}
