"""The pages for reading and reviewing: what leads where, what is masked, what is refused, and what may be done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from falcon import testing

from tests.conftest import ENGINES, Stores
from tests.door import TODAY, Client, Door, move
from web.door import add_pages
from web.table import PAGES
from web.views.search import NUMBERS

SOLD, SPARE, STOCK = "661565714354", "661565720011", "661565714358"
FAULTY = "661565714353"
RECEIPT, HOLD, DISPATCH = "BJ01-2026-000001", "BJ01-2026-000008", "BJ01-2026-000011"


def opened(stores: Stores, engine: str) -> Iterator[Door]:
    store = stores.demo(engine)
    made = Door(store)
    made.enrol_extra()
    add_pages(made.app, made.services)
    yield made
    stores.drop(store)


@pytest.fixture(scope="module", params=ENGINES)
def demo(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The demo behind its pages, for tests that only read."""
    yield from opened(stores, request.param)


@pytest.fixture(params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    """The demo behind its pages, for one test that writes."""
    yield from opened(stores, request.param)


def text_of(answer: testing.Result) -> str:
    """What a page says, without its tags; a page that was refused is no such page."""
    assert answer.status_code == 200, answer.text
    main = answer.text[answer.text.index("<main") :]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def post(client: Client, body: dict[str, Any]) -> str:
    answer = client.post("/v1/documents", body)
    assert answer.status_code in (201, 202), answer.text
    number: str = answer.json["number"]
    return number


def review(door: Door, number: str, decision: str, who: str = "li") -> None:
    body = {"decision": decision, "password": door.password(who), "reason": "不对"}
    answer = door.sign_in(who).post(f"/v1/documents/{number}/review", body)
    assert answer.status_code == 200, answer.text


def reversal(number: str, *serials: str, **said: Any) -> dict[str, Any]:
    named = {"serials": list(serials)} if serials else {}
    undone = {
        "type": "reversal",
        "site": "BJ01",
        "business_date": TODAY,
        "document": number,
        "reason": "开错",
    }
    return {**undone, **named, **said}


# --- a device


def test_a_story_is_told_oldest_first_and_on_demand_newest_first(demo: Door) -> None:
    zhang = demo.sign_in("zhang")
    steps = r'<li value="(\d+)"'
    assert re.findall(steps, zhang.get(f"/devices/{FAULTY}").text) == ["1", "2", "3", "4", "5"]
    assert re.findall(steps, zhang.get(f"/devices/{FAULTY}?order=newest").text) == ["5", "4", "3", "2", "1"]


def test_a_replacement_chain_leads_both_ways(demo: Door) -> None:
    zhang = demo.sign_in("zhang")
    assert f'<a href="/devices/{SPARE}">' in zhang.get(f"/devices/{FAULTY}").text
    assert f'<a href="/devices/{FAULTY}">' in zhang.get(f"/devices/{SPARE}").text


def test_a_reversal_and_what_it_undid_say_so(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = post(zhang, reversal(HOLD))
    review(door, number, "approve")
    told = text_of(zhang.get("/devices/661565714371"))
    assert f"已由 {number} 冲销" in told
    assert "冲销第 2 步（待检）" in told


def test_another_sites_customer_is_masked_and_its_documents_are_no_links(demo: Door) -> None:
    own, foreign = demo.sign_in("zhang").get(f"/devices/{SOLD}"), demo.sign_in("zhao").get(f"/devices/{SOLD}")
    assert "朝阳区惠民便利店" in own.text
    assert 'href="/documents/BJ01-' in own.text
    assert "朝阳区惠民便利店" not in foreign.text
    assert "C-BJ01-" not in foreign.text
    assert 'href="/documents/BJ01-' not in foreign.text
    assert "不归您看，已遮住" in text_of(foreign)


def test_what_may_come_next_says_why_not(demo: Door) -> None:
    told = text_of(demo.sign_in("zhang").get(f"/devices/{STOCK}"))
    allowed, refused = told.partition("接下来可以办")[2].split("不能办的，为什么")
    assert "发售出库" in allowed
    assert "用户登记" in refused


def test_a_paper_is_a_download_for_those_who_read_its_site(door: Door) -> None:
    zhang = door.sign_in("zhang")
    paper = b"%PDF-1.4 scanned"
    answer = zhang.send("POST", "/v1/attachments?site=BJ01", paper, X_File_Name="hold.pdf")
    assert answer.status_code == 201, answer.text
    digest = hashlib.sha256(paper).hexdigest()
    held = {"type": "hold", "site": "BJ01", "business_date": TODAY, "reason": "破", "bin": "M-09"}
    number = post(zhang, {**held, "lines": [{"serial": STOCK}], "attachments": [digest]})
    link = f'<a href="/v1/attachments/{digest}" download="hold.pdf">'
    for path in (f"/devices/{STOCK}", f"/documents/{number}"):
        assert link in zhang.get(path).text
    assert link not in door.sign_in("zhao").get(f"/devices/{STOCK}").text


def test_a_full_width_serial_in_the_address_is_told_as_such(demo: Door) -> None:
    answer = demo.sign_in("zhang").get("/devices/６６１５６５７１４３５３")
    assert answer.status_code == 422
    assert FAULTY in answer.text


# --- search


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("asked", "page"),
    [
        (SOLD, f"/devices/{SOLD}"),
        (f" {SOLD}\r", f"/devices/{SOLD}"),
        ("6615657143730"[:12], "/devices/661565714373"),
        (RECEIPT, f"/documents/{RECEIPT}"),
        (RECEIPT.lower(), f"/documents/{RECEIPT}"),
        ("R-BJ01-000001", "/orders/R-BJ01-000001"),
        ("C-BJ01-000002", "/customers/C-BJ01-000002"),
        ("110101199003077", "/customers/C-BJ01-000002"),
        ("91350100m000100y43", "/customers/C-BJ01-000001"),
    ],
)
def test_one_hit_leads_straight_to_its_page(demo: Door, asked: str, page: str) -> None:
    zhang = demo.sign_in("zhang")
    answer = searched(zhang, asked)
    assert (answer.status_code, answer.headers.get("Location")) == (303, page)
    assert zhang.get(page).status_code == 200


def searched(client: Client, asked: str) -> Any:
    """What the search of every page is answered with: it is sent in the body."""
    headers = {**client.headers, "Content-Type": "application/x-www-form-urlencoded"}
    return client.client.simulate_post("/search", body=urlencode({"q": asked}), headers=headers)


def test_a_taxpayer_id_in_an_address_finds_nobody(demo: Door) -> None:
    zhang = demo.sign_in("zhang")
    answer = zhang.client.simulate_get("/search", params={"q": "110101199003077"}, headers=zhang.headers)
    assert answer.status_code == 200
    assert "C-BJ01-000002" not in answer.text


def test_a_search_from_another_site_of_the_web_is_refused(demo: Door) -> None:
    zhang = demo.sign_in("zhang")
    headers = {**zhang.headers, "Origin": "https://evil.example"}
    assert zhang.client.simulate_post("/search", body="q=1", headers=headers).status_code == 403
    assert zhang.client.simulate_post("/documents", body="q=1", headers=zhang.headers).status_code == 405


NOT_SEARCHED = {"/documents/", "/manifests/", "/inspections/", "/visits/", "/handovers/", "/jobs/"}
"""Documents are found by a number of another form; the others from the list or the document that names
them. A job is a dispatch order, found as one."""


def test_a_page_of_a_numbered_record_is_found_by_the_number_or_said_not_to_be() -> None:
    paths = {page.path.removesuffix("{number}") for page in PAGES if page.path.endswith("{number}")}
    found = {path for _, path in NUMBERS.values()}
    assert paths == found | NOT_SEARCHED, "NUMBERS in web/views/search.py, or NOT_SEARCHED here"


@pytest.mark.both_engines
@pytest.mark.parametrize("asked", [RECEIPT, "R-BJ01-000001", "C-BJ01-000002", "110101199003077"])
def test_what_is_another_sites_is_not_found(demo: Door, asked: str) -> None:
    assert "没有找到" in text_of(demo.sign_in("zhao").get(f"/search?q={asked}"))


def test_a_prefix_lists_devices_of_ones_own_sites(demo: Door) -> None:
    assert re.findall(
        r'<li><a href="/devices/(\d+)"', demo.sign_in("zhang").get("/search?q=66156572").text
    ) == [f"{661565720011 + n}" for n in range(8)]
    assert "没有找到" in text_of(demo.sign_in("zhao").get("/search?q=66156572"))


def test_a_full_width_or_malformed_text_is_told_as_such(demo: Door) -> None:
    zhang = demo.sign_in("zhang")
    params = {"q": "６６１５６５７１４３５３"}
    wide = zhang.client.simulate_get("/search", params=params, headers=zhang.headers)
    assert f'href="/search?q={FAULTY}"' in wide.text
    assert 'role="alert"' in wide.text
    params = {"q": "税控盘 661"}
    odd = zhang.client.simulate_get("/search", params=params, headers=zhang.headers)
    assert 'role="alert"' in odd.text


@pytest.mark.both_engines
def test_a_prefix_names_nothing_that_its_reader_counts_blind(door: Door) -> None:
    """All but one of them stand in the register; that one is its customer's, and the search goes there."""
    zhang = door.sign_in("zhang")
    begin_blind(zhang)
    assert zhang.get("/search?q=6615657200").headers["location"] == "/devices/661565720011"
    assert "661565720012" in door.sign_in("chen").get("/search?q=6615657200").text


# --- books


def begin_blind(client: Client) -> None:
    answer = client.post("/v1/stocktakes", {"site": "BJ01", "register": "spare", "method": "blind"})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("page", ["", "/card", "/statement"])
def test_a_book_that_is_counted_blind_is_refused_in_words_to_its_counters(door: Door, page: str) -> None:
    begin_blind(door.sign_in("zhang"))
    refused = door.sign_in("li").get(f"/books/BJ01/spare{page}")
    assert refused.status_code == 409
    assert "盲盘" in refused.text
    assert door.sign_in("li").get(f"/books/BJ01/merchandise{page}").status_code == 200
    assert door.sign_in("chen").get(f"/books/BJ01/spare{page}").status_code == 200


def test_the_overview_keeps_a_blind_book_from_its_counters(door: Door) -> None:
    begin_blind(door.sign_in("zhang"))
    assert "正在盲盘" in text_of(door.sign_in("zhang").get("/books"))
    assert "正在盲盘" not in text_of(door.sign_in("chen").get("/books"))


def test_a_book_shows_what_it_held_at_a_past_moment(demo: Door) -> None:
    zhang = demo.sign_in("zhang")
    states = r'class="number">(\d+)<'
    assert re.findall(states, zhang.get("/books/BJ01/merchandise").text) == ["18", "1", "3", "0", "0"]
    then = zhang.get("/books/BJ01/merchandise?as_of=2026-11-05T00:00")
    assert "2026-11-05 00:00 时的情形" in text_of(then)
    assert re.findall(states, then.text) == ["24", "0", "0", "0", "0"]


@pytest.mark.parametrize(
    "page",
    [
        "?as_of=yesterday",
        "?as_of=0001-01-01T00:00",
        "/statement?month=2026-13",
        "/card?from=x",
        "/card?after=-1",
    ],
)
def test_a_malformed_question_to_a_book_is_told(demo: Door, page: str) -> None:
    answer = demo.sign_in("zhang").get(f"/books/BJ01/merchandise{page}")
    assert answer.status_code in (400, 422)
    assert "<h1>无法显示</h1>" in answer.text


def test_a_card_keeps_its_running_balance_from_page_to_page(demo: Door) -> None:
    told = (
        demo.sign_in("zhang").get("/books/BJ01/merchandise/card?model=TCG-01&from=2026-11-01&after=20").text
    )
    assert re.findall(r'data-label="结存" class="number">(\d+)<', told) == [
        "21",
        "22",
        "23",
        "24",
        "23",
        "22",
    ]


def test_a_chart_brings_no_style_or_script_and_has_its_table_beside_it(demo: Door) -> None:
    text = demo.sign_in("zhang").get("/books/BJ01/merchandise/statement?month=2026-11").text
    assert text.count('<svg xmlns="http://www.w3.org/2000/svg" class="chart"') == 2
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        assert 'role="img" aria-label="' in svg
        assert not re.search(r"<style|<script|style=|id=", svg)
    assert re.search(r'<th scope="col">期末结存</th>', text)


# --- documents


@pytest.mark.both_engines
def test_documents_are_filtered_and_paged(door: Door) -> None:
    zhang = door.sign_in("zhang")
    numbers = r'data-label="单据号"><a href="/documents/([^"]+)"'
    assert re.findall(numbers, zhang.get("/documents?type=swap").text) == ["BJ01-2026-000009"]
    assert len(re.findall(numbers, zhang.get("/documents?review=waiting").text)) == 6
    for bin_code in ["M-02", "M-01"] * 25:
        post(zhang, move(to=bin_code))
    first = zhang.get("/documents?type=move")
    assert len(re.findall(numbers, first.text)) == 50
    (following,) = re.findall(r'href="(/documents\?[^"]*cursor=[^"]+)"', first.text)
    assert re.findall(numbers, zhang.get(unescape(following)).text) == ["BJ01-2026-000003"]


@pytest.mark.parametrize(
    "asked", ["type=nothing", "status=x", "review=x", "from=2026", "cursor=!", "site=TJ01"]
)
def test_a_malformed_or_foreign_filter_is_refused_in_words(demo: Door, asked: str) -> None:
    answer = demo.sign_in("zhang").get(f"/documents?{asked}")
    assert answer.status_code in (400, 403)
    assert "<h1>无法显示</h1>" in answer.text


def acts(answer: testing.Result) -> set[str]:
    """Which acts a document's page offers."""
    forms = {
        "withdraw": r'data-api="POST /v1/documents/[^"]+/withdraw"',
        "review": r'data-api="POST /v1/documents/[^"]+/review"',
        "reverse": r'<form [^>]*id="reverse"',
        "answer": r"answers=BJ01",
    }
    return {name for name, form in forms.items() if re.search(form, answer.text)}


def test_a_document_offers_what_its_reader_may_do(demo: Door) -> None:
    assert acts(demo.sign_in("zhang").get(f"/documents/{DISPATCH}")) == {"reverse"}
    assert acts(demo.sign_in("li").get(f"/documents/{DISPATCH}")) == {"review"}
    for who in ("wu", "chen"):
        assert acts(demo.sign_in(who).get(f"/documents/{DISPATCH}")) == set()
    assert acts(demo.sign_in("li").get(f"/documents/{RECEIPT}")) == set()


def test_a_proposal_is_withdrawn_by_its_poster_and_shows_what_it_proposes(door: Door) -> None:
    zhang = door.sign_in("zhang")
    number = post(zhang, reversal(HOLD, "661565714371"))
    page = zhang.get(f"/documents/{number}")
    assert acts(page) == {"withdraw"}
    assert "尚未生效" in text_of(page)
    assert 'href="/devices/661565714371"' in page.text
    assert number in zhang.get(f"/documents/{HOLD}").text


def test_a_rejected_document_is_to_be_resolved_until_it_is_reversed(door: Door) -> None:
    zhang, li = door.sign_in("zhang"), door.sign_in("li")
    review(door, DISPATCH, "reject")
    page = zhang.get(f"/documents/{DISPATCH}")
    assert acts(page) == {"reverse", "answer"}
    assert "还没处理" in text_of(page)
    for shown in (li.get("/reviews"), zhang.get("/"), li.get("/")):
        assert f'<a href="/documents/{DISPATCH}">' in shown.text
    review(door, post(zhang, reversal(DISPATCH)), "approve", who="li")
    assert "还没处理" not in text_of(zhang.get(f"/documents/{DISPATCH}"))
    assert f'<a href="/documents/{DISPATCH}">' not in li.get("/").text


def test_the_scanning_that_answers_a_document_says_so_and_names_it(demo: Door) -> None:
    page = demo.sign_in("zhang").get(f"/scan/transfer_out?site=BJ01&answers={DISPATCH}")
    assert f"答复没通过的 {DISPATCH}" in text_of(page)
    assert f'"answers": "{DISPATCH}"' in page.text
    page = demo.sign_in("zhao").get(f"/scan/transfer_in?site=TJ01&answers={DISPATCH}")
    assert f"answers={DISPATCH}" in page.text


def test_what_one_may_do_next_leads_to_the_scanning_that_does_it(demo: Door) -> None:
    link = '<a href="/scan/sell?site=BJ01">'
    assert link in demo.sign_in("zhang").get(f"/devices/{STOCK}").text
    assert link not in demo.sign_in("li").get(f"/devices/{STOCK}").text


def test_a_document_tells_its_review_and_its_link(demo: Door) -> None:
    told = text_of(demo.sign_in("zhang").get(f"/documents/{RECEIPT}"))
    assert "通过 李静" in told
    assert re.search(r"BJ01/\d+ [0-9a-f]{64}", told)
    assert "送货单号 QM-20261102-017" in told


# --- customers and reviews


def test_a_customer_shows_their_devices_and_is_hidden_from_other_sites(demo: Door) -> None:
    told = text_of(demo.sign_in("zhang").get("/customers/C-BJ01-000002"))
    assert "朝阳区惠民便利店" in told
    assert SOLD in told
    assert demo.sign_in("zhao").get("/customers/C-BJ01-000002").status_code == 404


def test_an_auditor_of_their_home_is_offered_to_erase_a_customer(demo: Door) -> None:
    path = "/customers/C-BJ01-000002"
    assert f"POST /v1{path}/erase" in demo.sign_in("li").get(path).text
    assert f"POST /v1{path}/erase" not in demo.sign_in("zhang").get(path).text


def test_the_queue_is_the_auditors_and_says_what_changes_and_why_to_look_twice(demo: Door) -> None:
    li = demo.sign_in("li")
    told = text_of(li.get("/reviews"))
    assert "8 件：从未建档，到在库 BJ01 S-01" in told
    assert "按定价 1600.00 元" in told
    assert "不在工作时间" in told
    assert demo.sign_in("zhang").get("/reviews").status_code == 403


def test_a_supervisor_reads_the_queue_and_decides_nothing(demo: Door) -> None:
    chen = demo.sign_in("chen").get("/reviews")
    assert 'class="waiting' in chen.text
    assert acts(chen) == set()


def test_a_poster_is_told_that_somebody_else_reviews(demo: Door) -> None:
    assert 'href="/reviews"' in demo.sign_in("li").get("/").text
    assert 'href="/reviews"' not in demo.sign_in("zhang").get("/").text


# --- a packing list


def test_what_a_packing_list_left_out_is_told_on_its_page_and_counted(door: Door) -> None:
    zhang = door.sign_in("zhang")
    rows = "启明,装箱单\n品名,序列号\n合计量税控盘,661565714999\n小计,1\n备注：易碎,\n"
    query = "site=BJ01&register=spare&supplier=x&delivery_note=QM-1"
    added = zhang.post(f"/v1/manifests?{query}", rows.encode())
    told = text_of(zhang.get(f"/manifests/{added.json['number']}"))
    assert "共读 1 应到 1" in told
    assert "没有计入的 3" in told
    assert "1 启明 装箱单 在表头上面 4 小计 1 合计行 5 备注：易碎 备注或签字" in told
