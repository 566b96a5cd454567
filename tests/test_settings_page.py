"""The administrators' page of settings: every declared one with its value, and no password."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labels.words import LOCALES, Locale, catalogue
from panku.application import shown_settings
from panku.settings import SETTINGS, read_settings, written_value
from tests.conftest import Stores
from tests.door import Door
from web.door import add_pages

SECRET = "k0rn/bl?u@me"
GIVEN = {
    "PANKU_DATABASE_URL": f"postgresql://panku:{SECRET}@db.internal/panku?sslmode=require&sslpassword={SECRET}",
    "PANKU_PORT": "9090",
    "PANKU_TRUSTED_PROXIES": "10.0.0.1,::1",
    "PANKU_METRICS_TOKEN": f"watching-{'k' * 20}-with-care",
}


@pytest.fixture
def door(stores: Stores) -> Iterator[Door]:
    store = stores.demo("sqlite")
    made = Door(store)
    made.services.settings = shown_settings(read_settings(GIVEN))
    add_pages(made.app, made.services)
    yield made
    made.session_store.close()
    stores.drop(store)


def test_every_setting_is_shown_with_its_value_and_default(door: Door) -> None:
    shown = door.sign_in("admin").get("/admin/settings").text
    for setting in SETTINGS:
        assert setting.variable in shown
    assert "<strong><code>9090</code></strong>" in shown
    assert "<code>8000</code>" in shown
    assert "10.0.0.1,::1" in shown


def test_no_password_is_shown(door: Door) -> None:
    shown = door.sign_in("admin").get("/admin/settings").text
    assert SECRET not in shown
    assert "bl?u" not in shown
    assert "watching-" not in shown
    assert "postgresql://panku:***@db.internal/panku" in shown


def test_nobody_but_an_administrator_sees_the_settings(door: Door) -> None:
    assert door.sign_in("zhang").get("/admin/settings").status_code == 403


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:////srv/a:b.sqlite3", "sqlite:////srv/a:b.sqlite3"),
        ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("postgresql://:p@h/d", "postgresql://:***@h/d"),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d"),
        ("postgresql://u:p@ss:w@rd@h/d", "postgresql://u:***@h/d"),
        ("postgresql://h/d?password=p&sslmode=require", "postgresql://h/d?password=***&sslmode=require"),
        (
            "postgresql://h/d?sslmode=require&SSLPassword=p",
            "postgresql://h/d?sslmode=require&SSLPassword=***",
        ),
    ],
)
def test_the_password_of_a_url_is_masked_wherever_it_stands(url: str, told: str) -> None:
    assert written_value(url) == told


@pytest.mark.parametrize("locale", LOCALES)
def test_every_setting_has_its_meaning_in_words_and_no_other_has(locale: Locale) -> None:
    prefix = "page.settings.meaning."
    words = catalogue(locale)
    assert {name for name in words if name.startswith(prefix)} == {
        prefix + setting.field for setting in SETTINGS
    }
