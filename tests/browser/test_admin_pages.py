"""An administrator sets a unit up through the pages alone, on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, Site, Visit, agree


def test_a_site_with_a_bin_a_model_and_a_person_is_set_up(visit: Visit, site: Site) -> None:
    page = visit("admin", "/admin/registers")
    page.get_by_text("加网点").click()
    page.locator("form[data-api='POST /v1/sites'] [name=code]").fill("SH01")
    page.locator("form[data-api='POST /v1/sites'] [name=name]").fill("上海浦东库房")
    page.locator("form[data-api='POST /v1/sites'] [name=name]").press("Enter")
    expect(page.get_by_text("SH01 上海浦东库房")).to_be_visible()

    page.get_by_text("加货位").click()
    form = page.locator("form[data-api='POST /v1/bins']")
    form.locator("[name=site]").select_option("SH01")
    form.locator("[name=code]").fill("M-01")
    form.get_by_role("button").click()
    page.wait_for_load_state()
    expect(page.locator("tr", has_text="SH01").first).to_be_visible()

    page.goto("/admin/people")
    page.fill("[name=username]", "sun.li")
    page.fill("[name=name]", "孙丽")
    page.get_by_role("button", name="加人员").click()
    told = page.locator(".told.done")
    expect(told).to_be_visible()
    found = re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){6}", told.inner_text())
    assert found, told.inner_text()

    page.goto("/admin/people/sun.li")
    form = page.locator("form", has=page.get_by_role("button", name="授予设备管理员"))
    form.locator("select").select_option("SH01")
    form.get_by_role("button").click()
    expect(page.get_by_role("button", name="撤销设备管理员 SH01")).to_be_visible()

    stranger = visit(None, "/sign-up")
    stranger.fill("[name=username]", "sun.li")
    stranger.fill("[name=code]", found[0].lower())
    stranger.fill("[name=password]", "nine quiet rivers meet")
    stranger.keyboard.press("Enter")
    stranger.wait_for_url("**/sign-in")
    stranger.fill("[name=username]", "sun.li")
    stranger.fill("[name=password]", "nine quiet rivers meet")
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("heading", level=1)).to_contain_text("今日")


def test_a_person_is_renamed_shut_out_and_let_back_in(visit: Visit) -> None:
    page = visit("admin", "/admin/people", DESKTOP)
    page.fill("[name=username]", "wang.ming")
    page.fill("[name=name]", "王明")
    page.get_by_role("button", name="加人员").click()
    expect(page.locator(".told.done")).to_be_visible()
    page.goto("/admin/people/wang.ming")
    page.fill("[name=name]", "王小明")
    page.get_by_role("button", name="改名").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("王小明")
    page.get_by_role("button", name="停用").click()
    agree(page)
    page.wait_for_url("**/admin/people")
    page.goto("/admin/people/wang.ming")
    page.get_by_role("button", name="恢复").click()
    agree(page)
    expect(page.locator(".told.done")).to_contain_text(re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){6}"))


def test_a_certificate_is_renewed_and_ended_sooner_with_a_reason(visit: Visit) -> None:
    page = visit("admin", "/admin/people/wang", DESKTOP)
    form = page.locator("form[data-api='PUT /v1/people/wang/certificate']")
    for until, reason in (("2099-11-30", ""), ("2099-10-31", "换岗")):
        page.get_by_text("登记上岗证").first.click()
        form.locator("[name=valid_until]").fill(until)
        form.locator("[name=reason]").fill(reason)
        form.get_by_role("button").click()
        expect(page.locator("dd", has_text=until)).to_be_visible()
    page.get_by_text("登记上岗证").first.click()
    form.locator("[name=valid_until]").fill("2020-01-01")
    form.get_by_role("button").click()
    expect(form.locator(".told")).to_contain_text("原因")


def test_a_price_is_typed_in_yuan_and_a_refusal_keeps_what_was_typed(visit: Visit) -> None:
    page = visit("admin", "/admin/registers", DESKTOP)
    page.get_by_text("TCG-01 税控盘").click()
    form = page.locator("form[data-api='PUT /v1/models/TCG-01']")
    form.locator("[name=price_fen]").fill("199.50")
    form.locator("[name=serial_pattern]").fill("(a+)+")
    form.get_by_role("button").click()
    expect(form.locator(".told")).to_be_visible()
    assert form.locator("[name=price_fen]").input_value() == "199.50"
    form.locator("[name=serial_pattern]").fill("[0-9]{12}")
    form.get_by_role("button").click()
    page.wait_for_load_state()
    page.get_by_text("TCG-01 税控盘").click()
    expect(form.locator("[name=price_fen]")).to_have_value("199.50")


def test_a_token_is_told_once_and_revoked(visit: Visit) -> None:
    page = visit("admin", "/admin/tokens", kept=False)
    page.fill("[name=label]", "海淀网点")
    page.fill("[name=expires_at]", "2030-01-01T00:00")
    page.get_by_role("button", name="发新令牌").click()
    expect(page.locator(".told.done")).to_contain_text("panku_")
    page.reload()
    assert "panku_" not in page.inner_text("main").replace("panku_language", "")
    page.get_by_role("button", name="收回 海淀网点").click()
    agree(page)
    expect(page.get_by_text("已失效")).to_be_visible()


def test_a_repair_order_is_opened_and_its_record_filed(visit: Visit, site: Site) -> None:
    row = site.store.row("SELECT serial FROM position WHERE state = 'in_service' ORDER BY serial LIMIT 1")
    assert row is not None
    page = visit("zhang", "/orders")
    page.get_by_text("开维修单").click()
    form = page.locator("form[data-api='POST /v1/repairs']")
    form.locator("[name=serial]").fill(row[0])
    form.locator("[name=fault]").fill("不开机")
    form.get_by_role("button").click()
    page.wait_for_url("**/orders/R-BJ01-*")
    page.fill("[name=completed_at]", "2026-11-24T09:30")
    page.fill("[name=diagnosis]", "电源接口松")
    page.fill("[name=work]", "重新焊接")
    page.get_by_role("button", name="填服务记录").click()
    expect(page.locator(".told, h2", has_text="服务记录").first).to_be_visible()


def test_a_minimum_level_is_set_and_set_anew_and_the_storekeeper_is_told(visit: Visit) -> None:
    page = visit("admin", "/admin/registers")
    form = page.locator("form[data-api='PUT /v1/minimum-levels/BJ01/TCG-01']")
    for minimum in ("20", "9"):
        page.get_by_text("BJ01 北京海淀库房").click()
        form.get_by_label("TCG-01 最低库存").fill(minimum)
        form.get_by_role("button").click()
        expect(form).not_to_be_visible()  # shown anew
        expect(form.locator("[name=minimum]")).to_have_value(minimum)
    keeper = visit("zhang", "/books/BJ01/spare")
    expect(keeper.get_by_text("低于最低库存，缺 2")).to_be_visible()
