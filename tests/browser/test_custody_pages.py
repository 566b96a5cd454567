"""The safety of the warehouse through the pages: an inspection, a visitor, and a handover that three persons sign."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from devices.audit import evidence
from devices.audit.inspections import CHECKLIST
from devices.database import Store
from panku.demo import fill
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, chromium
from tests.custody import NEWCOMERS, House, count_all
from tests.door import EXTRA

VIEWPORTS = {"phone": PHONE, "desktop": DESKTOP}


def counted(store: Store, now_us: int) -> None:
    """The demo with a supervisor and somebody without a role, every register of BJ01 counted and sealed."""
    fill(store, now_us)
    house = House(store)
    house.now = now_us
    house.enrol_extra()
    for username in NEWCOMERS:
        house.enrol(username)
    count_all(house)
    house.doors.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    chromium()
    served = Site(tmp_path_factory.mktemp("custody"), counted)
    yield served
    served.stop()


def enter(visit: Visit, who: str, path: str, viewport: ViewportSize = PHONE) -> Page:
    """Open a page as somebody who is not in the demo."""
    page = visit(None, "/sign-in", viewport)
    password = NEWCOMERS.get(who) or EXTRA[who][2]
    assert page.request.post("/v1/session", data={"username": who, "password": password}).status == 201
    page.goto(path)
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_an_inspection_is_made_by_touch_and_its_finding_settled(visit: Visit, viewport: str) -> None:
    page = visit("zhang", "/custody", VIEWPORTS[viewport])
    assert fits(page)
    page.get_by_role("link", name="做安全检查 BJ01").click()
    bad = page.locator("fieldset.item", has_text="防潮措施到位")
    for item in page.locator("fieldset.item").all():
        item.get_by_label("正常", exact=True).check()
    page.get_by_label("有效期至").fill("2030-06-30")
    expect(bad.get_by_label("什么问题")).to_be_hidden()
    bad.get_by_label("不正常").check()
    bad.get_by_label("什么问题").fill("墙角返潮")
    bad.get_by_label("整改期限").fill("2030-01-01")
    assert fits(page)
    page.get_by_role("button", name="提交检查").click()
    page.wait_for_url("**/inspections/I-BJ01-*")
    expect(page.locator("article.line.good")).to_have_count(len(CHECKLIST) - 1)
    expect(page.locator("article.line.bad")).to_contain_text("墙角返潮")
    assert fits(page)
    page.get_by_label("怎么整改的").fill("装了除湿机")
    page.get_by_role("button", name="整改完成").press("Enter")
    expect(page.locator("article", has_text="装了除湿机")).to_contain_text("张伟")
    expect(page.locator("article.line.bad")).to_have_count(0)


def test_what_is_refused_of_an_inspection_is_told_and_nothing_typed_is_lost(visit: Visit) -> None:
    page = visit("zhang", "/inspections/new?site=BJ01", DESKTOP)
    for item in page.locator("fieldset.item").all():
        item.get_by_label("正常", exact=True).check()
    page.get_by_label("有效期至").fill("2020-01-01")
    page.get_by_role("button", name="提交检查").press("Enter")
    expect(page.locator(".told:not([hidden])")).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "items.2.expires_on"
    assert page.get_by_label("有效期至").input_value() == "2020-01-01"


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_a_visitor_is_asked_for_approved_let_in_and_let_out(visit: Visit, viewport: str) -> None:
    zhang, li = visit("zhang", "/custody", VIEWPORTS[viewport]), visit("li", "/", VIEWPORTS[viewport])
    zhang.locator("summary", has_text="申请来访").click()
    zhang.get_by_label("来访人").fill("刘洋")
    zhang.get_by_label("单位").fill("制冷维修部")
    zhang.get_by_label("事由").fill("检修空调")
    zhang.get_by_role("button", name="申请来访").press("Enter")
    zhang.wait_for_url("**/visits/V-BJ01-*")
    expect(zhang.locator(".lead")).to_have_text("待审批")
    expect(zhang.get_by_role("button", name="批准来访")).to_have_count(0)
    expect(zhang.get_by_text("等待：设备审核员")).to_be_visible()

    li.goto(zhang.url)
    li.get_by_role("button", name="批准来访").press("Enter")
    expect(li.locator(".lead")).to_have_text("已批准")
    zhang.reload()
    zhang.get_by_role("button", name="登记进入").press("Enter")
    expect(zhang.locator(".lead")).to_have_text("已进入")
    expect(zhang.get_by_text("陪同人 张伟")).to_be_visible()
    zhang.get_by_role("button", name="登记离开").press("Enter")
    expect(zhang.locator(".lead")).to_have_text("已离开")
    expect(zhang.locator("ol li")).to_have_count(4)
    assert fits(zhang)

    li.reload()
    li.locator("summary", has_text="删除来访人资料").click()
    li.get_by_label("密码").fill("not my password at all")
    li.get_by_label("密码").press("Enter")
    expect(li.locator(".told:not([hidden])")).to_contain_text("密码")
    assert "刘洋" in li.inner_text("main")


def test_a_visitor_is_refused_with_a_reason(visit: Visit) -> None:
    zhang = visit("zhang", "/custody", DESKTOP)
    body = {"site": "BJ01", "visit_on": "2030-01-01", "purpose": "参观", "name": "吴", "organisation": "商会"}
    answer = zhang.request.post("/v1/visits", data=body, headers={"Idempotency-Key": "refused-visit"})
    assert answer.ok, answer.text()
    li = visit("li", f"/visits/{answer.json()['number']}")
    li.locator("summary", has_text="不批准").click()
    li.get_by_label("原因").fill("当天盘点")
    li.get_by_role("button", name="不批准").press("Enter")
    expect(li.locator(".lead")).to_have_text("未批准")
    expect(li.locator("ol")).to_contain_text("当天盘点")


def test_three_persons_sign_a_handover_and_the_role_moves(visit: Visit, site: Site) -> None:
    zhang = visit("zhang", "/custody", DESKTOP)
    number = begin(zhang)
    expect(zhang.get_by_role("heading", name="未了事项")).to_be_visible()
    assert fits(zhang)
    assert "设备管理员身份" not in zhang.inner_text("main")
    sign(zhang, "移交人", "seven grey herons at dawn")

    sun = enter(visit, "sun", "/")
    sun.get_by_role("link", name=number).click()
    assert fits(sun)
    sun.get_by_label("密码").fill("not my password at all")
    sun.get_by_label("密码").press("Enter")
    expect(sun.locator(".told:not([hidden])")).to_contain_text("密码")
    sign(sun, "接收人", NEWCOMERS["sun"])
    assert sun.get_by_role("button", name="身份签字").count() == 0

    chen = enter(visit, "chen", f"/handovers/{number}", DESKTOP)
    sign(chen, "监交人", EXTRA["chen"][2])
    expect(chen.locator(".lead")).to_have_text("已完成")
    with chen.expect_download() as download:
        chen.get_by_role("link", name="下载证据文件").click()
    content = download.value.path().read_bytes()
    trusted = [key["fingerprint"] for key in json.loads(content)["keys"]]
    assert evidence.check(content, trusted).holds
    roles = site.store.rows("SELECT username, role FROM role_grant WHERE site = 'BJ01' AND active = 1")
    assert set(roles) >= {("sun", "storekeeper")}
    assert ("zhang", "storekeeper") not in roles


def begin(page: Page) -> str:
    """Begin a handover from the page's reader to sun, before chen; returns its number."""
    page.locator("summary", has_text="开始交接").click()
    page.get_by_label("接收人").fill("sun")
    page.locator("form[data-api='POST /v1/handovers'] [name=reason]").fill("岗位调整")
    page.get_by_role("button", name="开始交接").press("Enter")
    page.wait_for_url("**/handovers/H-BJ01-*")
    return page.url.rsplit("/", 1)[1]


def sign(page: Page, party: str, password: str) -> None:
    """Sign the handover that a page shows."""
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name=f"以{party}身份签字").press("Enter")
    expect(page.locator("#signing ~ ul li", has_text=party)).to_be_visible()
