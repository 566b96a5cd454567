"""How a scan ends: once, with whatever keys; it finishes no document, sends no form and presses no button."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import DESKTOP, Visit
from tests.browser.scanning import (
    CR_LF,
    ENDS,
    answer,
    command,
    focused,
    outcomes,
    posted,
    scan,
    settle,
    typed,
)
from tests.browser.test_scan_tasks import TAXPAYER
from tests.browser.walking import Walk, seers_of, walk
from web.pages import Page
from web.table import PAGES
from web.tasks import TASK, TASKS, Task

__all__ = ["walk"]
FIRST, SECOND, THIRD = "660000000001", "660000000002", "660000000003"
BUYER = {"number": "C-BJ01-000009", "taxpayer_id": TAXPAYER, "name": "福州晨光商贸有限公司"}
FILL = """taxpayer => {
  for (const field of document.querySelectorAll("#asks :is([data-ask], [data-each]):is([required], [data-first])")) {
    if (field.value || field.readOnly) continue;
    if (field.matches("select")) {
      if (field.options.length < 2) field.append(Object.assign(new Option("一", "一"), {}));
      field.options[field.options.length - 1].dataset.serial ||= "660000000009";
      field.selectedIndex = field.options.length - 1;
    } else {
      field.value = field.dataset.kind === "taxpayer" ? taxpayer : "1";
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}"""
"""Fill in by hand whatever a task asks for."""


class Desk:
    """A task's page over a server that takes every scan for a device of BUYER's, and every document."""

    def __init__(self, page: Tab, task: Task) -> None:
        self.page, self.task = page, task
        self.posted: list[dict[str, Any]] = []
        page.route("**/v1/devices/check", self._check)
        page.route("**/v1/customers/lookup", lambda route: route.fulfill(json=[{"data": BUYER}]))
        page.route("**/v1/repairs", lambda route: route.fulfill(status=201, json={"number": "R-BJ01-000099"}))
        page.route("**/v1/documents", self._post)
        page.goto(f"/scan/{task.name}{'' if task.paper and task.paper.required else '?paper=none'}")
        if page.locator("#scan").count() == 0:
            page.locator("ul.tiles a").first.click()
        expect(page.locator("#scan")).to_be_editable()
        self.data = page.evaluate("JSON.parse(document.getElementById('data').textContent)")

    def _check(self, route: Route) -> None:
        asked: Any = route.request.post_data_json
        route.fulfill(
            json=[{"serial": each["serial"], "device": {"customer": BUYER}} for each in asked["scans"]]
        )

    def _post(self, route: Route) -> None:
        body: Any = route.request.post_data_json
        self.posted.append(body)
        number = f"BJ01-2026-{len(self.posted):06}"
        said = {"number": number, "status": "posted", "lines": len(body["lines"]), "findings": {}}
        route.fulfill(status=201, json=said)

    def fill(self) -> None:
        self.page.evaluate(FILL, TAXPAYER)

    @property
    def lines(self) -> int:
        """Two, where a document of the task takes two and its paper tells of two."""
        told = len(self.data["expected"]) if self.data["extra"] == "told" and self.data["expected"] else 2
        return int(min(2, self.data["most"], told))

    def scans(self) -> list[str]:
        """The devices of the lines."""
        listed = iter([*(self.data["expected"] or {}), *(f"66000000001{n}" for n in range(9))])
        new = iter(f"66000000002{n}" for n in range(9))
        parts = self.data["parts"] * self.lines
        return [next(new if part["role"] == "new" else listed) for part in parts]

    def scan_two_lines(self) -> None:
        """Fill the task in and scan a bin and the devices, each ended by CR and LF; the answers come meanwhile."""
        scan(self.page, *self.data["bins"][:1], end=CR_LF)
        for serial in self.scans():
            self.fill()
            scan(self.page, serial, end=CR_LF)
            settle(self.page)
        self.fill()


FINISHED = [
    pytest.param(task, finish, id=f"{task.name}-{finish}")
    for task, finish in zip(
        (task for task in TASKS if task.document), cycle(("button", "card")), strict=False
    )
]
"""Each task that posts, and how it is finished: every other by its button, since it is one and the same."""


@pytest.mark.parametrize(("task", "finish"), FINISHED)
def test_no_task_posts_itself_and_each_is_finished_once_by_its_button_or_by_the_card(
    visit: Visit, task: Task, finish: str
) -> None:
    page = visit("zhao" if task.name == "transfer_in" else "zhang", None, DESKTOP)
    desk = Desk(page, task)
    desk.scan_two_lines()
    page.keyboard.press("Enter")  # as of a scanner whose LF is slow
    assert [serial for _, serial in outcomes(page)] == desk.scans()
    assert desk.posted == []
    if finish == "button":
        page.locator("#finish").click()
    else:
        scan(page, command("finish"), end=CR_LF)
    posted(page)
    assert len(desk.posted) == 1
    assert desk.posted[0]["type"] == task.document
    assert len(desk.posted[0]["lines"]) == desk.lines


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_however_a_scan_ends_each_disk_is_a_row_and_nothing_is_registered_from_what_is_on_file(
    visit: Visit, end: tuple[str, ...]
) -> None:
    desk = Desk(visit("zhang", None, DESKTOP), TASK["register"])
    typed(desk.page, FIRST, end=end)
    settle(desk.page)
    desk.page.wait_for_timeout(350)  # the passport has filled in whose it is; a stray key may come late
    if "Tab" not in end:
        desk.page.keyboard.press(end[-1])
    desk.fill()
    typed(desk.page, SECOND, THIRD, end=end)
    settle(desk.page)
    assert [serial for _, serial in outcomes(desk.page)] == [FIRST, SECOND, THIRD]
    assert desk.page.input_value("[name='customer.taxpayer_id']") == TAXPAYER
    assert desk.posted == []


def test_a_taxpayer_id_that_is_scanned_and_one_that_is_typed_lead_to_the_finish_and_do_not_finish(
    visit: Visit,
) -> None:
    desk = Desk(visit("zhang", None, DESKTOP), TASK["sell"])
    desk.fill()
    for by in ("a scanner", "hand"):
        desk.page.fill("[name='customer.taxpayer_id']", "")
        desk.page.focus("#scan")
        typed(desk.page, FIRST if by == "hand" else SECOND, end=CR_LF)
        settle(desk.page)
        assert focused(desk.page) == "ask_customer_taxpayer_id"
        if by == "hand":
            desk.page.fill("[name='customer.taxpayer_id']", TAXPAYER)
            desk.page.keyboard.press("Enter")
        else:
            typed(desk.page, TAXPAYER, end=CR_LF)
        assert (focused(desk.page), desk.page.input_value("#scan")) == ("scan", "")
        assert "按“完成”" in answer(desk.page)[1]
    assert desk.posted == []


def test_the_finish_is_pressed_from_the_keyboard_and_not_by_a_scan(visit: Visit) -> None:
    desk = Desk(visit("zhang", None, DESKTOP), TASK["sell"])
    desk.fill()
    typed(desk.page, FIRST, end=CR_LF)
    settle(desk.page)
    desk.page.focus("#finish")
    typed(desk.page, SECOND, end=CR_LF)
    settle(desk.page)
    assert [serial for _, serial in outcomes(desk.page)] == [FIRST, SECOND]
    assert desk.posted == []
    desk.page.focus("#scan")
    while focused(desk.page) != "finish":
        desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    posted(desk.page)
    assert len(desk.posted) == 1


def test_a_count_takes_each_scan_once_and_stays(visit: Visit) -> None:
    page = visit("zhang", None, DESKTOP)
    opened = page.request.post(
        "/v1/stocktakes",
        data={"site": "BJ01", "register": "custody", "method": "open"},
        headers={"Idempotency-Key": "ends"},
    )
    page.goto(f"/stocktakes/{opened.json()['number']}/count")
    typed(page, "R-01", FIRST, SECOND, end=CR_LF)
    page.focus("#finish")
    typed(page, THIRD, end=CR_LF)
    settle(page)
    assert [serial for _, serial in outcomes(page)] == [FIRST, SECOND, THIRD]
    assert page.url.endswith("/count")


def test_a_searched_scan_is_searched_once(visit: Visit) -> None:
    page = visit("zhang", "/books", DESKTOP)
    page.get_by_role("searchbox").focus()
    typed(page, "661565714353", end=CR_LF)
    page.wait_for_url("**/devices/661565714353")


# --- the other pages

SENT = """() => {
  for (const form of document.forms) [form.noValidate, form.dataset.ask] = [true, ""];
  for (const folded of document.querySelectorAll("details")) folded.open = true;
}"""
"""Let nothing but the keys stand between a form and its sending."""
KINDS = """() => {
  const tried = "input:not([type=hidden], [type=password], [type=file]), select, button";
  const known = new Set();
  return [...document.querySelectorAll("main :is(form[data-api] *, button)")].flatMap((each, at) => {
    const kind = [each.form?.dataset.api === "POST /v1/documents", each.tagName, each.type].join(" ");
    if (!each.matches(tried) || !each.checkVisibility() || each.disabled || known.has(kind)) return [];
    known.add(kind);
    each.dataset.tried = at;
    return [String(at)];
  });
}"""
"""Marks one of each kind of field and button of a page, and of those in its forms of a document."""
OTHERS = [page for page in PAGES if page.name not in ("scan_task", "counting")]


@pytest.mark.parametrize("page", OTHERS, ids=lambda page: page.name)
def test_what_a_scanner_types_sends_no_form_and_presses_no_button(walk: Walk, page: Page) -> None:
    tab = walk(page, seers_of(page)[-1])
    sent: list[str] = []

    def hear(request: Request) -> None:
        if request.method != "GET":
            sent.append(f"{request.method} {request.url}")

    tab.on("request", hear)
    tab.evaluate(SENT)
    address = tab.url
    tried = tab.evaluate(KINDS)
    for each in tried:
        tab.focus(f"[data-tried='{each}']")
        typed(tab, "A 12", end=CR_LF)
        assert (sent, tab.url) == ([], address), tab.locator(f"[data-tried='{each}']").evaluate(
            "e => e.outerHTML"
        )
    tab.remove_listener("request", hear)


def test_a_scan_says_neither_yes_nor_no_to_what_a_page_asks(visit: Visit) -> None:
    page = visit("zhang", "/documents/BJ01-2026-000001", DESKTOP)
    question = page.get_by_role("dialog")
    page.fill("#reverse [name=reason]", "开错")
    page.locator("#reverse button").click()
    for name in ("否", "是"):
        question.get_by_role("button", name=name, exact=True).focus()
        typed(page, FIRST, end=CR_LF)
        expect(question).to_contain_text("BJ01-2026-000001")
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(page.locator("#reverse .told")).to_be_hidden()


def test_a_form_of_a_document_is_sent_by_its_button_alone(visit: Visit) -> None:
    page = visit("zhang", "/documents/BJ01-2026-000001", DESKTOP)
    sent: list[Any] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(status=422, json={"code": "race_lost", "detail": "被别人抢先", "errors": []})

    page.route("**/v1/documents", refuse)
    page.evaluate(SENT)
    page.fill("#reverse [name=reason]", "开错")
    page.locator("#reverse [name=business_date]").press("Enter")
    assert sent == []
    page.locator("#reverse button").click()
    expect(page.locator("#reverse .told")).to_contain_text("被别人抢先")
    assert [body["reason"] for body in sent] == ["开错"]


def test_a_person_sends_other_forms_with_enter_and_a_scanner_does_not(visit: Visit) -> None:
    page = visit("zhang", "/orders", DESKTOP)
    sent: list[Any] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(status=422, json={"code": "race_lost", "detail": "被别人抢先", "errors": []})

    page.route("**/v1/repairs", refuse)
    page.evaluate(SENT)
    form = page.locator("form[data-api='POST /v1/repairs']")
    form.locator("[name=fault]").fill("坏")
    form.locator("[name=serial]").focus()
    typed(page, FIRST, end=CR_LF)
    assert (sent, form.locator("[name=serial]").input_value()) == ([], FIRST)
    page.keyboard.press("Backspace")
    page.keyboard.press("1", delay=50)
    page.keyboard.press("Enter")
    expect(form.locator(".told")).to_contain_text("被别人抢先")
    assert [body["serial"] for body in sent] == [FIRST]
