"""What a browser keeps of a customer: sealed while its document waits for an answer, gone once its person has left."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from panku.demo import PASSWORDS, TAXPAYERS
from tests.browser.conftest import PHONE, Visit, agree
from tests.browser.scanning import answer, command, outcomes, posted, scan, settle, until
from tests.browser.test_scan_mishaps import stocked
from tests.browser.test_scan_tasks import TAXPAYER, document, serials

NAME = dict(TAXPAYERS)[TAXPAYER]
DOCUMENTS = "**/v1/documents"
EVERYTHING = """async () => {
    const found = [...Object.entries(localStorage), ...Object.entries(sessionStorage)];
    for (const { name } of await indexedDB.databases()) {
        const database = await new Promise((resolve) => {
            const opening = indexedDB.open(name);
            opening.onsuccess = () => resolve(opening.result);
        });
        for (const store of database.objectStoreNames) {
            const asked = (read) => new Promise((resolve) => {
                const request = database.transaction(store).objectStore(store)[read]();
                request.onsuccess = () => resolve(request.result);
            });
            const keys = await asked("getAllKeys"), values = await asked("getAll");
            found.push(...keys.map((key, at) => [`${name} ${store} ${key}`, told(values[at])]));
        }
        database.close();
    }
    return found;
    function told(value) {
        if (!(value instanceof CryptoKey)) return JSON.stringify(value);
        return `${value.algorithm.name} extractable=${value.extractable}`;
    }
}"""
"""[name, text] of all that a browser keeps."""
NO_CRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })"
"""What a page is that did not come over HTTPS."""


def kept(page: Page) -> dict[str, str]:
    return dict(page.evaluate(EVERYTHING))


def keys(page: Page) -> dict[str, str]:
    return {name: text for name, text in kept(page).items() if name.startswith("panku keys ")}


def sealed(page: Page) -> list[str]:
    return [name for name in kept(page) if name.endswith(" sealed")]


def tells(page: Page, text: str) -> bool:
    """Whether somebody who reads all that the browser keeps finds this."""
    return text in str(kept(page))


class Lost:
    """The documents that a page sends, none of which is answered; the server has those that it `takes`."""

    def __init__(self, page: Page, *, takes: bool = False) -> None:
        self.page, self.takes = page, takes
        self.sent: list[tuple[str, str | None]] = []
        page.route(DOCUMENTS, self.lose)

    def lose(self, route: Route) -> None:
        self.sent.append(said(route.request))
        if self.takes:
            route.fetch()
        route.abort()

    def end(self) -> None:
        self.page.unroute(DOCUMENTS, self.lose)


def said(request: Request) -> tuple[str, str | None]:
    """The Idempotency-Key and the body of a request."""
    return request.headers["idempotency-key"], request.post_data


def selling(page: Page, serial: str) -> None:
    """A sale at the finish."""
    stocked(page, serial)
    page.goto("/scan/sell?site=BJ01")
    scan(page, serial)
    settle(page)
    fill(page)


def fill(page: Page) -> None:
    page.fill("[name='customer.taxpayer_id']", TAXPAYER)
    page.fill("[name='customer.name']", NAME)
    expect(page.locator("#ask_customer_taxpayer_id_told.good")).to_be_visible()
    page.focus("#scan")


def unanswered(page: Page, serial: str, *, takes: bool = False) -> Lost:
    """A sale whose answer is lost, again and again."""
    selling(page, serial)
    lost = Lost(page, takes=takes)
    scan(page, command("finish"))
    expect(page.locator("#note")).to_contain_text("连不上服务器")
    return lost


def sign_out(page: Page) -> None:
    page.goto("/me")
    page.get_by_role("button", name="退出登录").click()
    agree(page)
    page.wait_for_url("**/sign-in")


def come_in(page: Page, who: str, then: str = "/") -> None:
    page.goto(f"/sign-in?then={then}")
    page.fill("[name=username]", who)
    page.fill("[name=password]", PASSWORDS[who][0])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def test_an_unanswered_sale_is_kept_sealed_under_a_key_that_nobody_can_take_out(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    unanswered(page, "790000000001")
    assert not tells(page, TAXPAYER)
    assert not tells(page, NAME)
    assert keys(page) == {"panku keys zhang": "AES-GCM extractable=false"}
    assert sealed(page) == ["panku zhang BJ01 sell  sealed"]


def test_after_a_reload_it_is_sent_again_unchanged_and_is_there_once(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    lost = unanswered(page, "790000000011", takes=True)
    lost.end()
    again: list[tuple[str, str | None]] = []
    page.on("request", lambda each: again.append(said(each)) if each.url.endswith("/v1/documents") else None)
    page.reload()
    number = posted(page)
    assert {*lost.sent, *again} == {lost.sent[0]}
    assert again
    assert serials(document(page, number)) == ["790000000011"]
    history = page.request.get("/v1/devices/790000000011/history").json()
    assert [line["document"] for line in history["lines"]].count(number) == 1
    assert sealed(page) == []


def test_a_fresh_vector_seals_each(visit: Visit) -> None:
    page = visit("zhang", "/", PHONE)
    seal = """async () => {
        const { keepSealed } = await import("/static/seal.js");
        await keepSealed("zhang", "panku zhang one", 1);
        return localStorage["panku zhang one sealed"];
    }"""
    assert page.evaluate(seal) != page.evaluate(seal)


def test_signing_out_drops_the_key_and_what_it_sealed(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    unanswered(page, "790000000021").end()
    page.route(DOCUMENTS, lambda route: route.abort())
    sign_out(page)
    assert (keys(page), sealed(page)) == ({}, [])
    assert not tells(page, TAXPAYER)
    assert not tells(page, NAME)


def test_who_signs_out_before_an_answer_is_asked_first_and_may_stay(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    unanswered(page, "790000000031")
    page.goto("/me")
    page.get_by_role("button", name="退出登录").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("没有得到答复")
    question.get_by_role("button", name="否", exact=True).click()
    expect(question).to_be_hidden()
    assert page.url.endswith("/me")
    assert sealed(page) != []


def test_somebody_else_who_signs_in_finds_neither_key_nor_document(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    unanswered(page, "790000000041")
    page.goto("/healthz")
    page.context.clear_cookies()
    answered = page.request.post("/v1/session", data={"username": "li", "password": PASSWORDS["li"][0]})
    assert answered.status == 201
    page.goto("/")
    until(page, "document.body.dataset.user === 'li'")
    until(page, f"({EVERYTHING})().then(all => all.every(([name]) => !name.includes('keys zhang')))")
    assert sealed(page) == []


def test_a_session_that_ended_drops_the_key_and_the_open_page_goes_on_by_itself(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    selling(page, "790000000051")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    scan(page, command("finish"))
    note = page.locator("#note")
    expect(note).to_contain_text("请不要关闭")
    expect(note.get_by_role("link", name="去登录")).to_have_attribute("target", "_blank")
    assert (keys(page), sealed(page)) == ({}, [])
    assert not tells(page, TAXPAYER)
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    assert serials(document(page, posted(page))) == ["790000000051"]


def test_a_document_is_not_posted_as_by_somebody_else_who_signs_in_meanwhile(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    selling(page, "790000000121")
    page.context.clear_cookies()
    scan(page, command("finish"))
    with page.expect_popup() as opened:
        page.locator("#note").get_by_role("link", name="去登录").click()
    come_in(opened.value, "li")
    expect(page.locator("body")).to_have_attribute("data-user", "li")
    history = page.request.get("/v1/devices/790000000121/history").json()
    assert [line["type"] for line in history["lines"]] == ["receipt"]


def test_after_signing_in_again_what_was_typed_is_asked_for_and_what_was_posted_turns_red(
    visit: Visit,
) -> None:
    page = visit("zhang", None, PHONE)
    unanswered(page, "790000000061", takes=True).end()
    page.route(DOCUMENTS, lambda route: route.abort())
    sign_out(page)
    page.unroute(DOCUMENTS)
    come_in(page, "zhang", "/scan/sell?site=BJ01")
    expect(page.locator("#unanswered")).to_contain_text("没有得到答复")
    settle(page)
    assert outcomes(page) == [("unexpected", "790000000061")]
    scan(page, command("cancel"), command("cancel"))
    expect(page.locator("#unanswered")).to_be_hidden()
    page.reload()
    expect(page.locator("#unanswered")).to_be_hidden()


@pytest.mark.parametrize("confirmed", [True, False])
def test_without_https_scans_are_kept_and_what_was_typed_is_asked_for_again(
    visit: Visit, *, confirmed: bool
) -> None:
    serial = f"79000000007{int(confirmed)}"
    page = visit("zhang", None, PHONE, kept=False)
    page.add_init_script(NO_CRYPTO)
    unanswered(page, serial).end()
    page.route(DOCUMENTS, lambda route: route.abort())
    assert not tells(page, TAXPAYER)
    assert not tells(page, NAME)
    page.goto("/")
    expect(page.locator("#unfinished")).to_contain_text("请点进去核对")
    page.unroute(DOCUMENTS)
    page.locator("#unfinished").get_by_role("link").click()
    page.wait_for_url("**/scan/sell*")
    told = page.locator("#unanswered")
    expect(told).to_contain_text("请先查单据列表")
    assert "type=sale" in (told.get_by_role("link").get_attribute("href") or "")
    settle(page)
    assert outcomes(page) == [("taken", serial)]
    assert [page.input_value(f"[name='customer.{each}']") for each in ("taxpayer_id", "name")] == ["", ""]
    scan(page, command("finish"))
    assert "纳税人识别号" in answer(page)[1]
    fill(page)
    scan(page, command("finish"))
    expect(page.locator("#question")).to_contain_text("再提交一次")
    if confirmed:
        scan(page, command("finish"))
        assert serials(document(page, posted(page))) == [serial]
        expect(told).to_be_hidden()
    else:
        page.click("#no")
        expect(told).to_be_visible()
        assert page.locator("#told.done").count() == 0
    assert not tells(page, TAXPAYER)


def test_without_https_the_open_page_still_sends_it_again_unchanged(visit: Visit) -> None:
    page = visit("zhang", None, PHONE, kept=False)
    page.add_init_script(NO_CRYPTO)
    lost = unanswered(page, "790000000081", takes=True)
    lost.end()
    with page.expect_request(DOCUMENTS) as again:
        posted(page)
    assert {*lost.sent, said(again.value)} == {lost.sent[0]}


def test_without_https_a_document_in_which_nothing_was_typed_is_sent_again_after_a_reload(
    visit: Visit,
) -> None:
    page = visit("zhang", None, PHONE, kept=False)
    page.add_init_script(NO_CRYPTO)
    stocked(page, "790000000091")
    page.goto("/scan/put_away?site=BJ01")
    scan(page, "M-02", "790000000091")
    settle(page)
    lost = Lost(page, takes=True)
    scan(page, command("finish"))
    expect(page.locator("#note")).to_contain_text("连不上服务器")
    lost.end()
    with page.expect_request(DOCUMENTS) as again:
        page.reload()
    assert said(again.value) == lost.sent[0]
    assert serials(document(page, posted(page))) == ["790000000091"]


def everything_of_a_sale_before() -> dict[str, Any]:
    """What the version before kept of an unanswered sale."""
    body = {
        "type": "sale",
        "site": "BJ01",
        "customer": {"taxpayer_id": TAXPAYER, "name": NAME},
        "lines": [{"serial": "790000000101"}],
    }
    return {"body": body, "rows": [[]], "seen": [], "key": "k-before", "orderKey": "o-before"}


def test_what_the_version_before_kept_readable_is_sealed_before_it_is_sent(visit: Visit) -> None:
    page = visit("zhang", "/", PHONE)
    page.evaluate(
        "entry => localStorage.setItem('panku zhang BJ01 sell  pending', JSON.stringify(entry))",
        everything_of_a_sale_before(),
    )
    lost = Lost(page)
    page.goto("/scan/sell?site=BJ01")
    expect(page.locator("#note")).to_contain_text("连不上服务器")
    assert [key for key, _ in lost.sent][:1] == ["k-before"]
    assert not tells(page, TAXPAYER)
    assert sealed(page) != []


def test_what_stands_typed_in_another_form_is_sealed_while_its_page_is_shown_anew(visit: Visit) -> None:
    page = visit("zhang", None, PHONE)
    page.goto("/me")
    form = """<form data-api="POST /v1/other"><textarea name="note"></textarea></form>
        <form data-api="GET /v1/me" data-body="none" data-next=""><div class="told"></div><button>again</button>
        </form>"""
    page.evaluate("form => document.querySelector('main').insertAdjacentHTML('beforeend', form)", form)
    page.fill("textarea[name=note]", NAME)
    page.evaluate("""() => {
        const put = Storage.prototype.setItem;
        Storage.prototype.setItem = function (name, text) {
            put.call(this, name, text);
            window.name += `${name}: ${text}`;
        };
    }""")
    with page.expect_navigation():
        page.get_by_role("button", name="again").click()
    wrote = page.evaluate("window.name")
    assert "panku zhang typed /me sealed: " in wrote
    assert NAME not in wrote
    until(page, "sessionStorage.length === 0")


def test_without_https_what_was_typed_with_a_scan_is_asked_for_again(visit: Visit) -> None:
    page = visit("zhang", None, PHONE, kept=False)
    page.add_init_script(NO_CRYPTO)
    page.goto("/scan/receive?site=BJ01&paper=none")
    page.select_option("[name=register]", "merchandise")
    page.select_option("[name=model]", "TCG-01")
    page.fill("[name=reason]", NAME)
    page.focus("#scan")
    scan(page, "M-01", "790000000111")
    settle(page)
    assert not tells(page, NAME)
    page.reload()
    assert outcomes(page) == [("error", "790000000111")]
    assert "请填好再扫一遍" in page.inner_text("#rows")
    for name, said in (("supplier", "启明"), ("delivery_note", "QM-11"), ("reason", NAME)):
        page.fill(f"[name={name}]", said)
    page.focus("#scan")
    scan(page, "790000000111")
    settle(page)
    scan(page, command("finish"))
    (line,) = document(page, posted(page))["lines"]
    assert line["facts"]["reason"] == NAME
