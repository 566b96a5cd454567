"""From a declared page to HTML: who asks, may they see it, what it shows, and what is told when it can not be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import falcon
import msgspec

from api.callers import security_log
from api.callers.access import Access, admit
from api.callers.addresses import client_address
from api.callers.blind import blind_of
from api.callers.origins import refuse_foreign_origin
from api.callers.session import principal_of
from api.calls import Call, Services
from api.wire.reading import body_bytes, path_of
from api.withholding import answering, as_told
from devices.people.roles import Person
from devices.problems import Refused, refuse
from devices.serials import shortened
from devices.texts.characters import stripped, unkeepable
from devices.texts.lengths import LONGEST_ASKED
from labels.words import LOCALES, Locale, negotiate, sentence
from web.rendering import render

_Value = TypeVar("_Value")
LANGUAGE_COOKIE = "panku_language"
SECURE_LANGUAGE_COOKIE = "__Host-panku_language"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of every page: scripts, styles and pictures of our own origin, nothing inline."""


class Page(msgspec.Struct, frozen=True):
    """One page: its path, what it asks of its reader, the template, and the function that gathers what it shows.

    `site` in the path or query is where a role is asked for, as for the API's routes. Without a session, a page that
    is not `public` sends its reader to sign in first. What is asked of a `posted` one may come in the body: an
    address is logged and kept by the browser, and what is searched for may be a taxpayer id.
    """

    path: str
    name: str
    access: Access
    template: str
    show: Callable[[View], Mapping[str, Any]]
    posted: bool = False


class View(msgspec.Struct):
    """One request for a page, as its function sees it: the API's call, and the query's texts."""

    call: Call
    page: Page
    asked: Mapping[str, str]
    posted: bool = False

    @property
    def person(self) -> Person:
        """Who reads."""
        return self.call.who

    def told(self, value: _Value) -> _Value:
        """A value as its reader may be told it, for a page that makes words of it before the door sees them."""
        return as_told(self.call, value)

    def text(self, name: str, default: str = "") -> str:
        """One parameter of the query, without surrounding blanks."""
        return self.asked.get(name, default)


class PageResource:
    """One page's GET."""

    def __init__(self, services: Services, page: Page) -> None:
        self.services = services
        self.page = page

    def on_get(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        """The page as HTML; a refusal as a page that says why."""
        self._answer(req, resp, path)

    def on_post(self, req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        """The same, asked in the body of a form."""
        if not self.page.posted:
            raise falcon.HTTPMethodNotAllowed(["GET"])
        self._answer(req, resp, path, posted=True)

    def _answer(
        self, req: falcon.Request, resp: falcon.Response, path: dict[str, str], *, posted: bool = False
    ) -> None:
        locale = locale_of(req, resp, secure=self.services.secure_cookies)
        person: Person | None = None
        try:
            at_us = self.services.clock()
            address = client_address(req, self.services.trusted_proxies)
            security_log.watched(req, address, at_us)
            person, session = _reader(self.services, req, at_us)
            security_log.known_as(req, person.principal if person else "")
            if person is None and not self.page.access.public:
                raise falcon.HTTPSeeOther(f"/sign-in?then={quote(req.relative_uri, safe='')}")
            path = path_of(path)
            asked = texts_of(self._form(req) if posted else req.params)
            query = msgspec.defstruct("Query", [("site", str | None)])(asked.get("site"))
            admit(self.page.access, person, path, None, query)
            call = Call(
                services=self.services,
                person=person,
                path=path,
                query=query,
                body=None,
                raw=b"",
                at_us=at_us,
                address=address,
                locale=locale,
                session=session,
            )
            with answering(call):
                shown = as_told(call, self.page.show(View(call, self.page, asked, posted)))
            html = render(
                self.page.template,
                locale,
                page=self.page.name,
                person=person,
                uri=req.relative_uri,
                withheld=sorted(blind_of(call).withheld),
                **shown,
            )
        except Refused as refused:
            resp.context.refused = refused
            security_log.note(req, refused)
            resp.status = falcon.code_to_http_status(refused.status)
            html = refused_page(refused, locale, person, req.relative_uri)
        _answer(resp, html)

    def _form(self, req: falcon.Request) -> dict[str, Any]:
        refuse_foreign_origin(req, secure=self.services.secure_cookies)
        typed = body_bytes(req, LONGEST_ASKED).decode(errors="replace")
        return falcon.uri.parse_query_string(typed)


def tell_refused(req: falcon.Request, resp: falcon.Response, refused: Refused, *, secure: bool) -> None:
    """Answer with the page of refusals where no page's own function does, so without knowing who reads."""
    locale = locale_of(req, resp, secure=secure)
    _answer(resp, refused_page(refused, locale, None, req.relative_uri))


def _answer(resp: falcon.Response, html: str) -> None:
    resp.data, resp.text = None, html
    resp.content_type = "text/html; charset=utf-8"
    resp.set_header("Content-Security-Policy", POLICY)
    resp.set_header(
        "Referrer-Policy", "same-origin"
    )  # without it a form names no origin, and none is trusted


def texts_of(said: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a query or a form, each without what a scanner appends. Raises Refused (`malformed_parameter`).

    A search is typed, pasted or scanned: what is added around it is taken off, and what can not be kept refused within.
    """
    asked = {name: stripped(value) for name, value in said.items() if isinstance(value, str)}
    for name, text in asked.items():
        if unkeepable(name) or unkeepable(text) or len(text) > LONGEST_ASKED:
            raise refuse("malformed_parameter", name=shortened(name), value=shortened(text))
    return asked


def refused_page(refused: Refused, locale: Locale, person: Person | None, uri: str) -> str:
    """A page that says why there is nothing to see."""
    told = [sentence(f"problem.{problem.code}", problem.facts, locale) for problem in refused.problems]
    return render(
        "refused.html",
        locale,
        page="refused",
        person=person,
        uri=uri,
        withheld=(),
        told=told,
        status=refused.status,
    )


def locale_of(req: falcon.Request, resp: falcon.Response, *, secure: bool) -> Locale:
    """The reader's language: as just chosen (`?lang=`), as chosen before, or as their browser asks.

    The choice is kept in a cookie; `secure` binds it to HTTPS, as the session's.
    """
    name = SECURE_LANGUAGE_COOKIE if secure else LANGUAGE_COOKIE
    chosen = req.get_param("lang")
    for locale in LOCALES:
        if chosen == locale:
            resp.set_cookie(name, locale, path="/", secure=secure, http_only=True, same_site="Lax")
            return locale
    kept = req.cookies.get(name)
    return next((locale for locale in LOCALES if locale == kept), None) or negotiate(
        req.get_header("Accept-Language")
    )


def _reader(services: Services, req: falcon.Request, at_us: int) -> tuple[Person | None, str | None]:
    """Who reads; a session that has ended is as none, and a token is no reader of pages."""
    try:
        person, session = principal_of(services, req, at_us)
    except Refused as refused:
        if refused.status == 401:
            return None, None
        raise
    if person is not None and person.via == "token":
        raise refuse("person_required")
    return person, session
