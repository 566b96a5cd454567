"""Minimum levels of spares over HTTP: set by administrators, read with what is available and what lacks."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.callers.blind import refuse_while_blind
from api.calls import Call, Done, Shown
from api.wire.paging import page_sorted, sites_kept
from devices.journal import open_journals
from devices.spares.minimum_levels import MOST, MinimumLevel, level_key, level_of, levels_of, set_minimum


class LevelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many available spares are wanted; 0 where none are."""

    minimum: Annotated[int, msgspec.Meta(ge=0, le=MOST)]


def list_levels(call: Call, _: Done) -> Shown:
    """Every level that was set at the caller's sites, by site and model, with what is available and what lacks."""
    sites = sites_kept(call)
    refuse_while_blind(call, sites, "spare")
    return page_sorted(call, levels_of(call.store, sites), lambda each: level_key(each.site, each.model))


def show_level(call: Call, _: Done) -> Shown:
    """The level of a model at a site; its ETag is the level's own and does not change with the stock."""
    site, model = call.path["site"], call.path["model"]
    refuse_while_blind(call, [site], "spare")
    level, revision = level_of(call.store, site, model)
    return Shown(level, revision)


def replace_level(call: Call) -> Done:
    """Say how many available spares of a model are wanted at a site."""
    site, model = call.path["site"], call.path["model"]
    writer = open_journals(call.store, [site], call.at_us)
    value = MinimumLevel(site, model, call.body.minimum)
    set_minimum(writer, value, expected=call.if_match, by=call.who.username)
    return Done(200, level_key(site, model))
