"""What a scanner, an input method, a hand, a list, a command card and a camera put in; and what is heard and felt."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from devices.serials import SCAN_COMMANDS
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.scanning import answer, command, focused, outcomes, settle, typed
from tests.paper import pages, scanned

KNOWN, OTHER, THIRD = "661565714359", "661565714360", "661565714361"
WIDE = "６６１５６５７１４３５９"


def compose(page: Page, text: str) -> None:
    """An input method at work: it composes, and commits this text."""
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": text[:3], "selectionStart": 3, "selectionEnd": 3})
    session.send("Input.insertText", {"text": text})


def test_a_scan_that_an_input_method_composed_is_told_and_never_taken(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", DESKTOP)
    compose(page, "661565")
    page.keyboard.press("Enter")
    expect(page.locator("#ime")).to_be_visible()
    assert (answer(page)[0], outcomes(page)) == ("error", [])
    assert page.input_value("#scan") == ""
    typed(page, KNOWN)
    settle(page)
    assert outcomes(page) == [("taken", KNOWN)]
    expect(page.locator("#ime")).to_be_hidden()


def test_what_is_left_of_a_scan_whose_enter_was_swallowed_is_not_put_before_the_next(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", DESKTOP)
    compose(page, "66156571")
    expect(page.locator("#answer")).to_have_attribute("data-outcome", "error")
    assert page.input_value("#scan") == ""
    typed(page, KNOWN)
    settle(page)
    assert outcomes(page) == [("taken", KNOWN)]


def test_full_width_characters_are_recognised(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", PHONE)
    page.keyboard.insert_text(WIDE)
    page.keyboard.press("Enter")
    expect(page.locator("#ime")).to_be_visible()
    settle(page)
    assert [outcome for outcome, _ in outcomes(page)] == ["error"]
    assert KNOWN in answer(page)[1]  # what it looks like


@pytest.mark.parametrize("end", ["Enter", "Tab"])
@pytest.mark.parametrize("added", ["", "\x04", "\x1d"], ids=["plain", "EOT", "GS"])
def test_what_a_scanner_adds_is_taken_off(visit: Visit, added: str, end: str) -> None:
    page = visit("zhang", "/scan/lookup", DESKTOP)
    page.keyboard.insert_text(added + KNOWN + added)
    page.keyboard.press(end)
    settle(page)
    assert (outcomes(page), focused(page)) == ([("taken", KNOWN)], "scan")


def test_a_scan_goes_to_its_field_wherever_the_focus_was(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", DESKTOP)
    page.focus("#sounds")
    typed(page, "M-02")
    page.evaluate("document.activeElement.blur()")
    typed(page, KNOWN)
    settle(page)
    assert (outcomes(page), focused(page)) == ([("taken", KNOWN)], "scan")
    typed(page, command("cancel"), command("cancel"))


def test_each_outcome_has_its_own_colour_sound_and_shake(visit: Visit) -> None:
    page = visit("zhang", "/", DESKTOP, kept=False)
    page.add_init_script(
        """
        window.told = [];
        navigator.vibrate = (shake) => window.told.push(JSON.stringify(shake));
        AudioContext.prototype.createOscillator = ((make) => function () {
          const made = make.call(this);
          const start = made.start.bind(made);
          made.start = (at) => { window.told.push(made.frequency.value); start(at); };
          return made;
        })(AudioContext.prototype.createOscillator);
        """
    )
    page.goto("/scan/put_away")
    typed(page, "M-02")
    seen = {}
    for text, outcome in (
        (KNOWN, "taken"),
        (KNOWN, "duplicate"),
        ("000000000000", "unexpected"),
        ("A B", "error"),
    ):
        page.evaluate("window.told = []")
        typed(page, text)
        settle(page)
        assert answer(page)[0] == outcome
        colour = page.eval_on_selector("#answer", "place => getComputedStyle(place).backgroundColor")
        seen[outcome] = (colour, str(page.evaluate("window.told")))
    assert all(len(told) > 2 for _, told in seen.values())
    assert len({colour for colour, _ in seen.values()}) == len({told for _, told in seen.values()}) == 4
    typed(page, command("cancel"), command("cancel"))


def test_undoing_asks_by_name_and_any_other_scan_says_no(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", PHONE)
    typed(page, "M-02", KNOWN, OTHER)
    settle(page)
    typed(page, command("undo"))
    assert OTHER in page.inner_text("#question")
    typed(page, THIRD)
    expect(page.locator("#ask")).to_be_hidden()
    settle(page)
    assert len(outcomes(page)) == 3
    typed(page, command("undo"), command("undo"))
    assert [serial for _, serial in outcomes(page)] == [KNOWN, OTHER]
    page.get_by_role("button", name=f"撤销 {KNOWN}").click()
    assert KNOWN in page.inner_text("#question")
    assert focused(page) == "scan"
    page.get_by_role("button", name="是", exact=True).click()
    assert [serial for _, serial in outcomes(page)] == [OTHER]
    typed(page, command("cancel"), command("cancel"))


def test_a_batch_with_ranges_is_taken_and_every_fault_in_it_told(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", DESKTOP)
    typed(page, "M-02")
    page.get_by_text("标签坏了").click()
    page.fill("[name=entries]", f"{KNOWN}-361\n{THIRD}\nX Y Z\n661565714362+1")
    page.get_by_role("button", name="全部加入").click()
    told = page.locator("#batch .told")
    expect(told).to_be_visible()
    settle(page)
    assert [serial for _, serial in outcomes(page)] == [str(661565714359 + n) for n in range(5)]
    assert (THIRD in told.inner_text(), "X Y Z" in told.inner_text()) == (True, True)
    page.focus("#scan")
    typed(page, command("cancel"))
    page.get_by_role("button", name="是", exact=True).click()
    assert outcomes(page) == []


def test_a_damaged_label_is_typed_by_hand_and_marked_so(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", PHONE)
    page.get_by_text("标签坏了").click()
    page.get_by_label("手工录入编号").fill(KNOWN)
    page.keyboard.press("Enter")
    settle(page)
    assert outcomes(page) == [("taken", KNOWN)]
    assert "手录" in page.locator("#rows li").inner_text()


def test_two_tabs_of_one_person_add_up(visit: Visit) -> None:
    page = visit("zhang", "/scan/put_away", DESKTOP)
    other = page.context.new_page()
    other.goto("/scan/put_away")
    typed(page, "M-02", KNOWN)
    settle(page)
    expect(other.locator("#rows li")).to_have_count(1)
    typed(other, "M-02", OTHER)
    settle(other)
    expect(page.locator("#rows li")).to_have_count(2)
    typed(page, command("cancel"), command("cancel"))
    expect(other.locator("#rows li")).to_have_count(0)


CAMERA = """
window.inView = [];
window.lit = [];
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["code_128", "qr_code"]; }
  async detect() { return window.inView.map((rawValue) => ({ rawValue })); }
};
const canvas = document.createElement("canvas");
canvas.getContext("2d").fillRect(0, 0, 10, 10);
const track = canvas.captureStream(5).getVideoTracks()[0];
track.getCapabilities = () => ({ torch: true });
track.applyConstraints = async (wanted) => window.lit.push(wanted.advanced[0].torch);
navigator.mediaDevices.getUserMedia = async () => new MediaStream([track]);
"""


def test_the_camera_scans_a_label_once_while_it_stays_in_view(visit: Visit) -> None:
    page = visit("zhang", "/", PHONE, kept=False)
    page.add_init_script(CAMERA)
    page.goto("/scan/lookup")
    page.get_by_role("button", name="用摄像头扫").click()
    expect(page.locator("#picture")).to_be_visible()
    page.evaluate("serial => { window.inView = [serial]; }", KNOWN)
    expect(page.locator("#rows li")).to_have_count(1)
    page.evaluate("serial => { window.inView.push(serial); }", OTHER)
    expect(page.locator("#rows li")).to_have_count(2)
    settle(page)
    assert outcomes(page) == [("taken", KNOWN), ("taken", OTHER)]
    page.get_by_role("button", name="补光灯").click()
    assert page.evaluate("window.lit") == [True]
    page.locator("#camera").click()
    expect(page.locator("#picture")).to_be_hidden()


def test_without_a_barcode_detector_there_is_no_button_for_the_camera(visit: Visit) -> None:
    page = visit("zhang", "/", PHONE, kept=False)
    page.add_init_script("delete window.BarcodeDetector")
    page.goto("/scan/lookup")
    typed(page, KNOWN)
    settle(page)
    expect(page.locator("#camera")).to_be_hidden()


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        (KNOWN, {"ime_off", "ends", "fast", "serial"}),
        ("PANKUUNDO", {"ime_off", "ends", "fast", "command"}),
        ("nothing-1", {"ime_off", "ends", "fast", "other", "lower"}),
    ],
)
def test_the_self_test_says_how_a_scanner_is_set_up(visit: Visit, text: str, verdicts: set[str]) -> None:
    page = visit("zhang", "/scanner-test", PHONE)
    typed(page, text)
    page.locator("#verdicts li").first.wait_for()
    found = page.eval_on_selector_all("#verdicts li", "all => all.map(each => each.dataset.verdict)")
    assert set(found) == verdicts


def test_the_self_test_tells_an_input_method_and_a_missing_enter(visit: Visit) -> None:
    page = visit("zhang", "/scanner-test", DESKTOP)
    page.keyboard.type(KNOWN, delay=2)
    expect(page.locator("[data-verdict=no_end]")).to_be_visible()
    compose(page, WIDE)
    page.keyboard.press("Enter")
    expect(page.locator("[data-verdict=ime_on]")).to_be_visible()


def test_the_printed_command_card_reads_as_the_commands(visit: Visit) -> None:
    page = visit("zhang", "/scan-cards", DESKTOP)
    (paper,) = pages(page.pdf(format="A4"), 300)
    assert sorted(scanned(paper)) == sorted(command(name) for name in SCAN_COMMANDS)


@pytest.mark.parametrize("place", ["#bin", "#sounds", "nav a >> nth=0", "main"])
def test_no_scan_is_lost_to_a_choice_or_a_button(visit: Visit, place: str) -> None:
    page = visit("zhang", "/scan/put_away", DESKTOP)
    typed(page, "M-02")
    page.focus(place)
    typed(page, KNOWN)
    settle(page)
    assert (outcomes(page), page.input_value("#bin")) == ([("taken", KNOWN)], "M-02")
    typed(page, command("cancel"), command("cancel"))


def test_nothing_of_a_customer_is_kept_in_the_browser(visit: Visit) -> None:
    page = visit("zhang", "/scan/lookup", DESKTOP)
    sold = "661565714354"
    typed(page, sold)
    settle(page)
    assert "惠民" in page.inner_text("#rows")
    assert "惠民" not in page.evaluate("JSON.stringify(localStorage)")
