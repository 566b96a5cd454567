"""Every page there is."""

from __future__ import annotations

from api.access import PUBLIC, SIGNED_IN
from web.pages import Page
from web.views import account, home

PAGES = (
    Page("/", "home", PUBLIC, "home.html", home.show_home),
    Page("/sign-in", "sign_in", PUBLIC, "sign_in.html", account.show_sign_in),
    Page("/sign-up", "sign_up", PUBLIC, "sign_up.html", account.show_sign_up),
    Page("/me", "me", SIGNED_IN, "me.html", account.show_me),
)

assert len({page.path for page in PAGES}) == len(PAGES), "a page is declared twice"
assert len({page.name for page in PAGES}) == len(PAGES), "two pages share a name"
