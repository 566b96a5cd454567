"""Lists a page at a time: `limit` values after an opaque `cursor`, and the link to those that follow (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Annotated, Any, TypeVar

import msgspec

from api.callers.access import visible_sites
from api.calls import Call, Shown
from devices.ledger.reading import cursors
from devices.ledger.reading.registers import is_model, is_site
from devices.people.kinds import PERSON
from devices.people.roles import ADMIN
from devices.problems import refuse
from devices.records import latest_revision, site_codes
from devices.serials import shortened
from devices.store.database import Store
from devices.texts.lengths import Cursor, Word
from devices.values import UNIT

_Value = TypeVar("_Value")
PAGE = 100
Limit = Annotated[int, msgspec.Meta(ge=1, le=500)]
After = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
IS_THERE: dict[str, Callable[[Store, str], bool]] = {
    "site": is_site,
    "model": is_model,
    **dict.fromkeys(
        ("username", "technician", "owner"),
        lambda store, username: latest_revision(store, PERSON.name, username) > 0,
    ),
}
"""By the name of a filter: how the books know whether there is such a one."""


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which page of a list: after the place that `cursor` stands for, at most `limit` long."""

    cursor: Cursor | None = None
    limit: Limit = PAGE

    @property
    def place(self) -> str:
        """The key of the last value before the page, "" for the first page. Raises Refused (`malformed_cursor`)."""
        return cursors.decoded(self.cursor, str) if self.cursor is not None else ""


class SiteQuery(PageQuery, frozen=True, kw_only=True):
    """Those of one site, or of every site the caller reads; a page at a time."""

    site: Word | None = None


def page(
    call: Call,
    values: Iterable[_Value],
    key: Callable[[_Value], str],
    show: Callable[[_Value], Any] = lambda v: v,
) -> Shown:
    """The page that is asked for of values in the order of their keys, each as it is shown.

    They may begin at the page's place already, and are taken no further than the page goes.
    """
    place, limit = call.query.place, call.query.limit
    found, more = cut(list(islice((v for v in values if key(v) > place), limit + 1)), limit)
    cursor = cursors.encoded(key(found[-1])) if more else None
    return Shown([show(value) for value in found], next=after_cursor(cursor))


def page_sorted(
    call: Call,
    values: Iterable[_Value],
    key: Callable[[_Value], str],
    show: Callable[[_Value], Any] = lambda v: v,
) -> Shown:
    """The page that is asked for of values in any order."""
    return page(call, sorted(values, key=key), key, show)


def refuse_unknown(call: Call, name: str) -> None:
    """Raise Refused (`malformed_parameter`) where a query names a site, model or person that there is not."""
    asked: str | None = getattr(call.query, name)
    if asked is not None and not IS_THERE[name](call.store, asked):
        raise refuse("malformed_parameter", name=name, value=shortened(asked))


def sites_asked(call: Call) -> list[str] | None:
    """The sites a list is asked of: the one its query names, or all that the caller reads; None means every site.

    Raises Refused: `role_missing`, `malformed_parameter` for a site that there is not.
    """
    sites = visible_sites(call.who, call.query.site)
    refuse_unknown(call, "site")
    return sites


def sites_kept(call: Call) -> list[str] | None:
    """As `sites_asked`, where an administrator, who keeps the registers, sees every site's."""
    if not call.who.may((ADMIN,), UNIT):
        return sites_asked(call)
    refuse_unknown(call, "site")
    return None if call.query.site is None else [call.query.site]


def codes_asked(call: Call) -> list[str]:
    """As `sites_asked`, every site by its code."""
    sites = sites_asked(call)
    if sites is not None:
        return sites
    return site_codes(call.store)


def after_cursor(cursor: str | None) -> Mapping[str, Any] | None:
    """The query by which the page after a cursor is asked for; None after the last one."""
    return {"cursor": cursor} if cursor is not None else None


def cut(found: Sequence[_Value], limit: int) -> tuple[Sequence[_Value], bool]:
    """The first `limit` of what was found, and whether there were more."""
    return found[:limit], len(found) > limit
