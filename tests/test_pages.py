"""Every page, as each role and nobody gets it: shown, led to sign in, or refused in words; for a strict browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing

from api.app import create_app
from api.calls import Services
from api.form_routes import DOORS
from api.form_routes import Door as FormDoor
from devices.unit import found
from labels.words import LOCALES, catalogue
from tests.conftest import ENGINES, Stores
from tests.door import Client, Door
from web.door import SERVED, add_pages
from web.navigation import LINKS, links_of
from web.pages import POLICY, Page
from web.rendering import EVERY_SCRIPT, SCRIPT_WORDS, STATIC, static_bytes
from web.table import PAGES

TEMPLATES = Path(STATIC).parent / "templates"
ROLES = ("zhang", "li", "wu", "wang", "chen", "admin")
PARTS = {
    "site": "BJ01",
    "register": "spare",
    "month": "2026-10",
    "number": "R-BJ01-000001",
    "username": "zhang",
    "task": "receive",
    "serial": "661565714353",
}
"""What stands for each part of a page's path in these tests."""
NUMBERS = {"documents": "BJ01-2026-000001", "customers": "C-BJ01-000001"}
"""The number that a path beginning so is of, where PARTS' is another kind's."""


@pytest.fixture(scope="module", params=ENGINES)
def door(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Door]:
    store = stores.demo(request.param)
    made = Door(store)
    made.enrol_extra()
    add_pages(made.app, made.services)
    yield made
    stores.drop(store)


def plain(path: str) -> str:
    """A page's path with something in each of its parts."""
    parts = PARTS | {"number": NUMBERS.get(path.split("/")[1], PARTS["number"])}
    return re.sub(r"\{(\w+)\}", lambda part: parts[part[1]], path)


@pytest.fixture(scope="module")
def readers(door: Door) -> dict[str, Client]:
    return {who: door.sign_in(who) for who in ROLES}


SIGNED_IN = [page for page in PAGES if not page.access.public]


@pytest.mark.parametrize("page", SIGNED_IN, ids=lambda page: page.name)
def test_a_page_leads_a_stranger_to_sign_in_and_back(door: Door, page: object) -> None:
    path = plain(page.path)  # type: ignore[attr-defined]
    answer = door.nobody().get(path)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/sign-in?then={path.replace('/', '%2F')}",
    )


@pytest.mark.both_engines
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_shown_or_refused_in_words(readers: dict[str, Client], page: object) -> None:
    for who in ROLES:
        answer = readers[who].get(plain(page.path))  # type: ignore[attr-defined]
        assert answer.status_code in (200, 403, 404, 409), (who, answer.text)
        assert answer.headers["Content-Type"].startswith("text/html"), who
        assert answer.headers["Content-Security-Policy"] == POLICY, who
        assert "{{" not in answer.text, who
        assert not re.search(r">\s*page\.[a-z_]", answer.text), f"{who}: a text without words"


@pytest.mark.both_engines
@pytest.mark.parametrize("who", ROLES)
def test_every_link_a_reader_has_leads_to_a_page_they_may_see(readers: dict[str, Client], who: str) -> None:
    home = readers[who].get("/").text
    offered = [href.partition("#")[0] for href in re.findall(r'<li><a href="([^"]+)"', home)]
    assert '<a href="/me#sign-out">' in home
    assert set(offered) >= {"/me"}
    assert {href: readers[who].get(href).status_code for href in offered} == dict.fromkeys(offered, 200)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_strict_content_policy_takes_nothing_away(readers: dict[str, Client], page: object) -> None:
    for who in ROLES:
        text = readers[who].get(plain(page.path)).text  # type: ignore[attr-defined]
        scripts = re.findall(r"<script([^>]*)>", text)
        assert all("src=" in script or 'type="application/json"' in script for script in scripts)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|(?:src|href)=\"https?:", text)


def test_every_text_of_a_template_or_script_is_in_both_catalogues_and_no_other() -> None:
    used = {*EVERY_SCRIPT, *(name for names in SCRIPT_WORDS.values() for name in names)}
    used |= {f"nav.{link.name}" for link in LINKS}
    prefixes = set()
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        used |= set(re.findall(r'words\("([\w.]+)"(?! ~)', text))
        prefixes |= set(re.findall(r'words\("([\w.]+[._])" ~', text))
    for locale in LOCALES:
        have = {name.removeprefix("page.") for name in catalogue(locale) if name.startswith("page.")}
        assert used - have == set()
        assert {name for name in have - used if not name.startswith(tuple(prefixes))} == set()


VALUE = r"\$?\{+[^{}]*\}+"
"""What stands for a part of an address, in a template, a script or a text of Python."""
LEADING = {
    path.name: path.read_text(encoding="utf-8")
    for path in (*TEMPLATES.glob("*.html"), *Path(STATIC).glob("*.js"), *TEMPLATES.parent.rglob("*.py"))
    if path.name != "table.py"
}
"""Whatever may lead to a page, by file."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_something_leads_to_every_page(page: Page) -> None:
    address = VALUE.join(re.escape(part) for part in re.split(r"\{\w+\}", page.path))
    link = re.compile(rf"[\"'`]{address}[\"'`?#]")
    assert [name for name, text in LEADING.items() if name != page.template and link.search(text)], (
        "LINKS in web/navigation.py, or a link of another page"
    )


def offered() -> set[str]:
    """The addresses of the forms that templates offer, without their endings, with {} for each of their values."""
    found = set()
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        found |= set(re.findall(r'href="(/v1/[^"{]+)\.xlsx', text))
        for said in re.findall(r'printed\(words, ((?:[\w.]+|"[^"]*")(?: ~ (?:[\w.]+|"[^"]*"))*)', text):
            found.add("".join(literal or "{}" for literal, _ in re.findall(r'"([^"]*)"|([\w.]+)', said)))
    return found - {"{}"}


@pytest.mark.parametrize("form", DOORS, ids=lambda form: form.name)
def test_every_form_is_offered_on_a_page(form: FormDoor) -> None:
    addresses = [re.escape(address).replace(r"\{\}", ".+") for address in offered()]
    assert [address for address in addresses if re.fullmatch(address, form.path)], (
        "printed(…) in a template of its page"
    )


def scripts_of(template: str) -> set[str]:
    """Every script that a page of this template ships: those it names, those every page has, and what they import.

    Those that a macro names are taken to be shipped by whatever imports macros.
    """
    sources = [(TEMPLATES / name).read_text() for name in ("base.html", template)]
    sources += [(TEMPLATES / "macros.html").read_text()] if '"macros.html"' in sources[1] else []
    found = {name for source in sources for name in re.findall(r'static\("(\w+\.js)"\)', source)}
    while (
        more := {
            name for each in found for name in re.findall(r'(?:from|import) "\./(\w+\.js)"', script(each))
        }
        - found
    ):
        found |= more
    return found


def script(name: str) -> str:
    return (Path(STATIC) / name).read_text()


@pytest.mark.parametrize("template", sorted({page.template for page in PAGES}))
def test_no_page_ships_more_than_sixty_kibibytes_of_script(template: str) -> None:
    assert sum(len(static_bytes(name)) for name in scripts_of(template)) < 60 * 1024


def test_no_form_that_a_script_sends_is_sent_by_the_browser_where_the_script_is_not_there_yet() -> None:
    forms = {tag for path in TEMPLATES.glob("*.html") for tag in re.findall("<form.*", path.read_text())}
    own = {tag for tag in forms if not tag.startswith('<form method="dialog"')}
    assert [tag for tag in own if "data-api" in tag or not re.search('method="(get|post)"', tag)] == []


@pytest.mark.parametrize("name", sorted(name for name in SERVED if name.endswith(".js")))
def test_a_script_is_served_without_its_comments_and_indents_and_with_every_other_line(name: str) -> None:
    code = [line for line in script(name).splitlines() if not re.match(r" *(//|/\*\*| \*)", line)]
    lines = [re.sub(r" +// .*", "", line) for line in code]
    cut = [line for line, whole in zip(lines, code, strict=True) if line != whole]
    assert all(line.count(quote) % 2 == 0 for line in cut for quote in "\"'`"), "cut within a text"
    assert all(line.count("`") % 2 == 0 for line in code), "a text of several lines would lose its indents"
    lines = [line.lstrip(" ") for line in lines]
    served = static_bytes(name).decode().splitlines()
    assert [re.sub(r"\?\w{12}", "", line).replace("/static/", "./") for line in served] == lines


def test_every_script_is_shipped_by_some_page() -> None:
    shipped = {name for page in PAGES for name in scripts_of(page.template)}
    assert shipped == {name for name in SERVED if name.endswith(".js")}


def test_a_static_file_is_kept_by_its_content_and_others_are_not_served(door: Door) -> None:
    nobody = door.nobody()
    home = nobody.get("/").text
    (css,) = re.findall(r'href="(/static/panku\.css\?\w+)"', home)
    assert "immutable" in nobody.get(css).headers["Cache-Control"]
    assert nobody.get("/static/panku.css").headers["Cache-Control"] == "no-cache"
    assert nobody.get("/static/nothing.css").status_code == 404
    assert nobody.get("/static/..%2fdoor.py").status_code == 404


def test_without_an_administrator_the_first_page_says_how_to_begin(stores: Stores) -> None:
    store = stores.fresh("sqlite")
    with store.writing():
        found(store, "unit", 1)
    services = Services(
        store,
        store,
        {},
        (),
        lambda: 1,
        kinds=(),
        secure_cookies=False,
        body_limit_bytes=1,
        upload_limit_bytes=1,
    )
    app = create_app(services)
    add_pages(app, services)
    text = testing.TestClient(app).simulate_get("/").text
    assert ".venv/bin/panku init" in re.sub(r"<[^>]+>", "", text)
    assert "还没有系统管理员" in text
    stores.drop(store)


@pytest.mark.parametrize(
    ("then", "next_page"),
    [
        ("/me", "/me"),
        (
            "%2Fbooks%3Fsite%3DBJ01%26as_of%3D2026-11-24T10%3A00",
            "/books?site=BJ01&amp;as_of=2026-11-24T10:00",
        ),
        ("/search?q=张", "/search?q=张"),
        ("//evil.example", "/"),
        ("https://evil", "/"),
        ("/%5Cevil.example", "/"),
        ("/%20/evil.example", "/"),
        ("/x%5C%5Cevil", "/"),
        ("%09//evil.example", "/"),
    ],
)
def test_signing_in_leads_on_within_this_server_only(door: Door, then: str, next_page: str) -> None:
    assert f'data-next="{next_page}"' in door.nobody().get(f"/sign-in?then={then}").text


def test_the_language_is_the_readers_choice(door: Door) -> None:
    nobody = door.nobody()
    assert '<html lang="zh-CN">' in nobody.get("/sign-in").text
    assert '<html lang="en">' in nobody.get("/sign-in", **{"Accept-Language": "en"}).text
    chosen = nobody.get("/sign-in?lang=en")
    assert '<html lang="en">' in chosen.text
    assert chosen.cookies["panku_language"].value == "en"


def test_nobody_has_links() -> None:
    assert links_of(None) == []


HOSTILE = ("%00", "%1B", "%EF%BF%BF", "%C2%85")


@pytest.mark.both_engines
@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_refuses_a_text_that_nothing_can_keep(door: Door, text: str) -> None:
    zhang = door.sign_in("zhang")
    for path in (f"/devices/661565{text}714358", f"/documents/BJ01{text}-2026-000001", f"/customers/C{text}"):
        assert zhang.get(path).status_code in (404, 422), path
    for path in (
        f"/search?q=66{text}15",
        f"/documents?site=BJ{text}01",
        f"/sign-in?then=/{text}/evil.example",
    ):
        answer = zhang.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8"), path


@pytest.mark.both_engines
def test_what_a_scanner_appends_to_a_search_is_taken_off(door: Door) -> None:
    assert door.sign_in("zhang").get("/search?q=661565714358%1D%04").status_code in (200, 303)


@pytest.mark.parametrize("path", ["/nowhere", "/devices/661565714358/nothing"])
def test_a_page_that_is_not_there_is_refused_in_html_to_a_browser(door: Door, path: str) -> None:
    answer = door.nobody().get(path, Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "default-src 'none'; script-src 'self'" in answer.headers["content-security-policy"]
    assert '<html lang="zh-CN">' in answer.text


@pytest.mark.parametrize(
    ("path", "accept"), [("/nowhere", "application/json"), ("/nowhere", "*/*"), ("/v1/nowhere", "text/html")]
)
def test_a_program_is_refused_in_json(door: Door, path: str, accept: str) -> None:
    answer = door.nobody().get(path, Accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_method_that_a_page_has_not_is_refused_in_html_to_a_browser(door: Door) -> None:
    answer = door.nobody().post("/me", Accept="text/html")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "text/html; charset=utf-8")
    assert "GET" in answer.headers["allow"]


def test_a_fault_of_a_page_is_told_in_html_without_its_trace(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("within")

    monkeypatch.setattr("web.pages.admit", broken)
    answer = door.sign_in("zhang").get("/me", Accept="text/html")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "within" not in answer.text
