"""Scans outlive a dead network, a dead server and a reload; none is finished before all are sent, nor posted twice."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, PHONE, Site, Visit
from tests.browser.scanning import answer, command, outcomes, posted, scan, settle
from tests.browser.test_scan_tasks import document, new_serials, serials


def receiving(visit: Visit, viewport: ViewportSize = PHONE) -> Page:
    """The receiving page, filled in, with its bin scanned."""
    page = visit("zhang", "/scan/receive?paper=none", viewport)
    page.select_option("[name=register]", "merchandise")
    page.fill("[name=supplier]", "启明税控设备厂")
    page.fill("[name=delivery_note]", "QM-9")
    page.select_option("[name=model]", "TCG-01")
    page.focus("#scan")
    scan(page, "M-01")
    return page


def test_scans_wait_for_the_network_and_can_not_be_finished_meanwhile(visit: Visit) -> None:
    page = receiving(visit)
    wanted = new_serials(780000000000, 20)
    scan(page, *wanted[:10])
    page.context.set_offline(True)
    scan(page, *wanted[10:])
    expect(page.locator("#note")).to_be_visible()
    assert {outcome for outcome, _ in outcomes(page)[12:]} == {"unsent"}
    assert page.locator("#finish").is_disabled()
    scan(page, command("finish"))
    assert answer(page)[0] == "error"
    page.context.set_offline(False)
    settle(page)
    assert outcomes(page) == [("taken", serial) for serial in wanted]
    expect(page.locator("#note")).to_be_hidden()
    scan(page, command("finish"))
    assert serials(document(page, posted(page))) == wanted


def test_unsent_scans_survive_a_reload(visit: Visit) -> None:
    page = receiving(visit, DESKTOP)
    wanted = new_serials(781000000000, 5)
    scan(page, wanted[0])
    settle(page)
    page.route("**/v1/devices/check", lambda route: route.abort())
    scan(page, *wanted[1:])
    expect(page.locator("#count_unsent")).to_have_text("4")
    page.reload()
    assert outcomes(page) == [("taken", wanted[0]), *(("unsent", serial) for serial in wanted[1:])]
    page.unroute("**/v1/devices/check")
    settle(page)
    assert outcomes(page) == [("taken", serial) for serial in wanted]
    page.fill("[name=delivery_note]", "QM-9")
    page.focus("#scan")
    scan(page, command("finish"))
    assert serials(document(page, posted(page))) == wanted


def test_scans_survive_a_server_that_ends_and_comes_back(visit: Visit, site: Site) -> None:
    page = receiving(visit)
    wanted = new_serials(782000000000, 12)
    scan(page, *wanted[:4])
    site.stop()
    try:
        scan(page, *wanted[4:])
        assert outcomes(page)[-1] == ("unsent", wanted[-1])
    finally:
        site.restart()
    settle(page)
    assert outcomes(page) == [("taken", serial) for serial in wanted]
    scan(page, command("finish"))
    assert serials(document(page, posted(page))) == wanted


def test_a_finish_whose_answer_was_lost_posts_one_document_only(visit: Visit) -> None:
    page = receiving(visit)
    (serial,) = new_serials(783000000000, 1)
    scan(page, serial)
    settle(page)
    keys = []

    def lose_the_answer(route: object) -> None:
        keys.append(route.request.headers["idempotency-key"])  # type: ignore[attr-defined]
        if len(keys) == 1:
            route.fetch()  # type: ignore[attr-defined]  # the server has it, and nobody hears
            route.abort()  # type: ignore[attr-defined]
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/v1/documents", lose_the_answer)
    scan(page, command("finish"))
    expect(page.locator("#note")).to_be_visible()
    number = posted(page)
    assert len(keys) >= 2
    assert len(set(keys)) == 1
    history = page.request.get(f"/v1/devices/{serial}/history").json()
    assert [line["document"] for line in history["lines"]] == [number]


def test_a_finish_goes_on_after_a_reload_under_its_own_key(visit: Visit) -> None:
    page = receiving(visit)
    (serial,) = new_serials(784000000000, 1)
    scan(page, serial)
    settle(page)
    page.route("**/v1/documents", lambda route: route.abort())
    scan(page, command("finish"))
    expect(page.locator("#note")).to_be_visible()
    scan(page, "784000000001")
    assert answer(page)[0] == "error"
    page.unroute("**/v1/documents")
    page.reload()
    assert serials(document(page, posted(page))) == [serial]
    assert outcomes(page) == []


def test_scans_are_kept_while_nobody_is_signed_in(visit: Visit) -> None:
    page = receiving(visit)
    (serial,) = new_serials(785000000000, 1)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    scan(page, serial)
    link = page.locator("#note a")
    expect(link).to_be_visible()
    assert "then=%2Fscan%2Freceive" in (link.get_attribute("href") or "")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    settle(page)
    assert outcomes(page) == [("taken", serial)]
    scan(page, command("cancel"), command("cancel"))
