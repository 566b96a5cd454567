"""The safety of the warehouse through the pages: an inspection and a visitor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from devices.audit.custody.inspections import CHECKLIST
from devices.store.database import Store
from panku.demo import fill
from tests.browser.conftest import DESKTOP, PHONE, Site, Visit, chromium, fits
from tests.custody import NEWCOMERS, House, count_all

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
    house.session_store.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    chromium()
    served = Site(tmp_path_factory.mktemp("custody"), counted)
    yield served
    served.stop()


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_an_inspection_is_made_by_touch_and_its_finding_settled(visit: Visit, viewport: str) -> None:
    page = visit("zhang", "/custody", VIEWPORTS[viewport])
    assert fits(page)
    page.get_by_role("link", name="做安全检查 BJ01").click()
    page.wait_for_url("**/inspections/new**")
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
