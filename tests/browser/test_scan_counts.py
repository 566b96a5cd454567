"""Counting at the same desk: several people at once, blind or open, undone, cut off, counted twice and recounted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, ViewportSize, expect

from panku.demo import PASSWORDS
from tests.browser.conftest import DESKTOP, PHONE, Visit, fits
from tests.browser.scanning import answer, command, outcomes, posted, scan, settle

SPARES = [str(661565720011 + n) for n in range(1, 8)]
ELSEWHERE, NEVER = "661565714359", "000000000000"
FOR_SALE, QUARANTINED = "661565714376", "661565714371"
KEYS = itertools.count(1)

Begin = Callable[..., str]


@pytest.fixture
def begin(visit: Visit) -> Iterator[Begin]:
    """Open a count of the spares, or of another register; it is cancelled when the test has ended."""
    page = visit("zhang", None, DESKTOP)

    def post(path: str, body: dict[str, Any] | None = None) -> Any:
        answered = page.request.post(
            path, data=body, headers={"Idempotency-Key": f"count-{next(KEYS)}-{path}"}
        )
        assert answered.ok, answered.text()
        return answered.json()

    begun: list[str] = []

    def open_count(method: str, *, double: bool = False, register: str = "spare") -> str:
        body = {"site": "BJ01", "register": register, "method": method, "double": double}
        begun.append(post("/v1/stocktakes", body)["number"])
        return begun[-1]

    yield open_count
    for number in begun:
        post(f"/v1/stocktakes/{number}/cancel", {"reason": "试完了"})


def count(page: Page, number: str) -> dict[str, Any]:
    found: dict[str, Any] = page.request.get(f"/v1/stocktakes/{number}").json()
    return found


def test_two_people_count_at_once_and_see_how_far_everybody_is(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    one = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    other = visit("li", f"/stocktakes/{number}/count", DESKTOP)
    scan(one, "S-01", *SPARES[:4])
    scan(other, "S-01", *SPARES[2:])
    settle(one)
    settle(other)
    assert [serial for _, serial in outcomes(one)] == SPARES[:4]
    assert len(outcomes(other)) == 5
    tally = count(one, number)["tally"]
    assert (tally["scans"], tally["serials"]) == (9, 7)
    expect(one.locator("#everybody")).to_contain_text("9", timeout=10_000)
    expect(one.locator("#mine")).to_have_text("4")


def test_an_open_count_tells_where_an_unexpected_device_belongs(visit: Visit, begin: Begin) -> None:
    page = visit("zhang", f"/stocktakes/{begin('open')}/count", PHONE)
    scan(page, "S-01", SPARES[0], SPARES[0], ELSEWHERE, NEVER)
    settle(page)
    assert [outcome for outcome, _ in outcomes(page)] == ["taken", "duplicate", "unexpected", "unexpected"]
    assert "M-0" in page.locator(f"#rows li:has-text('{ELSEWHERE}')").inner_text()


def test_a_blind_count_tells_nothing_but_taken_and_hides_its_tally(visit: Visit, begin: Begin) -> None:
    page = visit("zhang", f"/stocktakes/{begin('blind')}/count", PHONE)
    scan(page, "S-01", SPARES[0], ELSEWHERE, NEVER)
    settle(page)
    assert {outcome for outcome, _ in outcomes(page)} == {"taken"}
    expect(page.locator("#mine")).to_have_text("3")
    assert page.inner_text("#everybody") == ""
    assert "M-0" not in page.inner_text("#rows")


def test_a_shop_sells_during_its_blind_count_and_no_page_tells_a_place(visit: Visit, begin: Begin) -> None:
    number = begin("blind", register="merchandise")
    page = visit("zhang", "/scan/sell", PHONE)
    scan(page, FOR_SALE, QUARANTINED)
    settle(page)
    assert outcomes(page) == [("taken", FOR_SALE), ("taken", QUARANTINED)], "no verdict, whatever its state"
    assert "盲盘中" in page.locator("#rows li").first.inner_text()
    assert "M-0" not in page.inner_text("#rows")
    page.locator(f"#rows li:has-text('{QUARANTINED}') button").click()
    page.locator("#yes").click()
    page.fill("[name='customer.taxpayer_id']", "91350100M000100Y43")
    scan(page, command("finish"))
    sale = posted(page)
    page.goto(f"/documents/{sale}")
    expect(page.get_by_role("link", name=FOR_SALE)).to_be_visible()
    page.goto(f"/devices/{QUARANTINED}")
    expect(page.get_by_role("note")).to_contain_text(number)
    told = page.inner_text("main")
    assert ("盲盘中不显示" in told, "M-0" in told, "待检" in told) == (True, False, False)


def test_the_bin_comes_first_and_goes_with_each_scan(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", DESKTOP)
    scan(page, SPARES[0])
    assert answer(page)[0] == "error"
    scan(page, "S-01", SPARES[0], "S-08", SPARES[0])
    settle(page)
    assert [outcome for outcome, _ in outcomes(page)] == ["taken", "unexpected"]
    told = page.locator("#rows li").first.inner_text()
    assert ("S-08" in told, "S-01" in told) == (True, True)  # where it was found, and where it belongs


def test_an_undone_scan_stays_struck_out_and_is_undone_at_the_server(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    scan(page, "S-01", *SPARES[:2])
    settle(page)
    scan(page, command("undo"), command("undo"))
    settle(page)
    assert outcomes(page) == [("taken", SPARES[0]), ("undone", SPARES[1])]
    tally = count(page, number)["tally"]
    assert (tally["scans"], tally["undone"]) == (1, 1)


def test_scans_and_undoings_of_a_count_outlive_a_dead_network_and_a_reload(
    visit: Visit, begin: Begin
) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    scan(page, "S-01", SPARES[0])
    settle(page)
    page.route("**/v1/stocktakes/*/scans**", lambda route: route.abort())
    scan(page, *SPARES[1:5])
    page.get_by_role("button", name=f"撤销 {SPARES[0]}").click()
    page.get_by_role("button", name="是", exact=True).click()
    expect(page.locator("#count_unsent")).to_have_text("5")
    scan(page, command("finish"))
    assert answer(page)[0] == "error"
    page.reload()
    expect(page.locator("#count_unsent")).to_have_text("5")
    page.unroute("**/v1/stocktakes/*/scans**")
    settle(page)
    tally = count(page, number)["tally"]
    assert (tally["scans"], tally["undone"]) == (4, 1)
    assert not count(page, number)["counters"][0]["finished"]
    scan(page, command("finish"))
    expect(page.locator("#finished")).to_be_visible()
    assert count(page, number)["counters"][0]["finished"]


def test_scanning_again_takes_it_back_that_one_has_finished(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    scan(page, "S-01", SPARES[0])
    settle(page)
    page.get_by_role("button", name="完成：我扫完了").click()
    expect(page.locator("#finished")).to_be_visible()
    scan(page, SPARES[1])
    settle(page)
    expect(page.locator("#finished")).to_be_hidden()
    assert not count(page, number)["counters"][0]["finished"]


def closed_meanwhile(page: Page, number: str, *serials: str) -> None:
    """Scan these without network, while the count is closed elsewhere; the phone has them and the network again."""
    page.route("**/v1/stocktakes/*/scans**", lambda route: route.abort())
    scan(page, "S-01", *serials)
    expect(page.locator("#count_unsent")).to_have_text(str(len(serials)))
    closing = page.request.post(
        f"/v1/stocktakes/{number}/close",
        data={"finished": True},
        headers={"Idempotency-Key": f"close-{number}"},
    )
    assert closing.ok, closing.text()
    page.unroute("**/v1/stocktakes/*/scans**")


def test_a_scan_that_comes_after_the_close_is_told_to_be_kept_apart_and_waits_no_more(
    visit: Visit, begin: Begin
) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    closed_meanwhile(page, number, SPARES[0])
    settle(page)
    assert outcomes(page) == [("late", SPARES[0])]
    assert answer(page)[0] == "late"
    assert "另行保留" in answer(page)[1]
    assert count(page, number)["late_waiting"] == 1


def test_a_page_that_was_reloaded_after_the_close_still_sends_what_it_has(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    page.route("**/v1/stocktakes/*/scans**", lambda route: route.abort())
    scan(page, "S-01", *SPARES[:2])
    page.goto("/")
    expect(page.locator("#unfinished")).to_contain_text(number)
    closing = page.request.post(
        f"/v1/stocktakes/{number}/close", data={}, headers={"Idempotency-Key": f"close-{number}"}
    )
    assert closing.ok, closing.text()
    page.unroute("**/v1/stocktakes/*/scans**")
    page.locator("#unfinished").get_by_role("link", name=number).click()
    expect(page.get_by_text("这次盘点已经结束")).to_be_visible()
    settle(page)
    assert outcomes(page) == [("late", serial) for serial in SPARES[:2]]
    expect(page.get_by_role("button", name="完成：我扫完了")).to_be_hidden()


def test_an_undoing_that_comes_after_the_close_is_kept_apart_too(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    scan(page, "S-01", SPARES[0])
    settle(page)
    page.route("**/undo", lambda route: route.abort())
    scan(page, command("undo"), command("undo"))
    closing = page.request.post(
        f"/v1/stocktakes/{number}/close", data={"finished": True}, headers={"Idempotency-Key": f"c-{number}"}
    )
    assert closing.ok, closing.text()
    page.unroute("**/undo")
    settle(page)
    assert outcomes(page) == [("undone", SPARES[0])]
    assert "没有生效" in answer(page)[1]
    assert count(page, number)["late_waiting"] == 1


def test_scans_in_an_open_page_are_not_sent_as_of_somebody_else_who_signs_in_meanwhile(
    visit: Visit, begin: Begin
) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE, kept=False)
    scan(page, "S-01", SPARES[0])
    settle(page)
    page.route("**/v1/stocktakes/*/scans**", lambda route: route.abort())
    scan(page, *SPARES[1:4])
    page.get_by_role("button", name=f"撤销 {SPARES[0]}").click()
    page.get_by_role("button", name="是", exact=True).click()
    page.context.clear_cookies()
    body = {"username": "li", "password": PASSWORDS["li"][0]}
    assert page.request.post("/v1/session", data=body).status == 201
    page.unroute("**/v1/stocktakes/*/scans**")
    expect(page.locator("#note")).to_contain_text("这一页是 zhang 打开的，现在登录的是 li")
    assert [outcome for outcome, _ in outcomes(page)].count("unsent") == 3
    assert (count(page, number)["tally"]["by_person"], count(page, number)["mine"]) == ({"zhang": 1}, 0)

    other = page.context.new_page()
    other.goto(f"/stocktakes/{number}/count")
    expect(other.locator("#others")).to_contain_text("zhang 在这台设备上还有 4 扫没有发出")
    scan(other, "S-01", SPARES[5])
    settle(other)
    other.goto("/")
    expect(other.locator("#unfinished")).to_contain_text("zhang 在这台设备上还有 4 扫没有发出")
    other.close()

    page.context.clear_cookies()
    body = {"username": "zhang", "password": PASSWORDS["zhang"][0]}
    assert page.request.post("/v1/session", data=body).status == 201
    settle(page)
    tally = count(page, number)["tally"]
    assert (tally["by_person"], tally["undone"]) == ({"zhang": 3, "li": 1}, 1)


def test_an_unreadable_scan_is_told_and_kept_by_the_count(visit: Visit, begin: Begin) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    scan(page, "S-01", "NOT A SERIAL")
    settle(page)
    assert outcomes(page) == [("error", "NOT A SERIAL")]
    assert count(page, number)["tally"]["unreadable"] == 1


def test_two_counters_apart_and_what_they_disagree_on_is_recounted(visit: Visit, begin: Begin) -> None:
    number = begin("open", double=True)
    one = visit("zhang", f"/stocktakes/{number}/count", PHONE)
    other = visit("li", f"/stocktakes/{number}/count", DESKTOP)
    scan(one, "S-01", *SPARES[:3])
    scan(other, "S-01", *SPARES[:2])
    settle(one)
    settle(other)
    scan(other, command("finish"))
    expect(other.locator("#finished")).to_be_visible()
    headers = {"Idempotency-Key": f"recount-{number}"}
    data = {"finished": True}
    assert one.request.post(f"/v1/stocktakes/{number}/recount", data=data, headers=headers).ok
    expect(one.locator("#note")).to_be_visible(timeout=10_000)
    one.reload()
    expect(one.locator("#disputed")).to_have_text(SPARES[2])
    scan(one, "S-01", SPARES[2])
    settle(one)
    expect(one.locator("#disputed")).to_have_text("")


def test_an_answer_asked_for_before_one_finished_does_not_hide_that_one_has(
    visit: Visit, begin: Begin
) -> None:
    number = begin("open")
    page = visit("zhang", f"/stocktakes/{number}/count", DESKTOP)
    scan(page, "S-01", SPARES[0])
    settle(page)
    slow: list[tuple[Route, APIResponse]] = []
    page.route(f"**/v1/stocktakes/{number}", lambda route: slow.append((route, route.fetch())), times=1)
    with page.expect_request(f"**/v1/stocktakes/{number}", timeout=10_000):
        pass  # the page looks by itself, and this answer is on its way while the counter finishes
    scan(page, command("finish"))
    expect(page.locator("#finished")).to_be_visible()
    [(route, before)] = slow
    assert not any(each["finished"] for each in before.json()["counters"])
    with page.expect_response(f"**/v1/stocktakes/{number}", timeout=10_000):
        route.fulfill(response=before)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(page.locator("#finished")).to_be_visible(timeout=1)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_counting_page_is_no_wider_than_its_screen(
    visit: Visit, begin: Begin, viewport: ViewportSize
) -> None:
    page = visit("zhang", f"/stocktakes/{begin('open')}/count", viewport)
    scan(page, "S-01", *SPARES, NEVER, "X" * 60)
    settle(page)
    assert fits(page)
