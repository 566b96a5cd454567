"""What a list is filtered by, as its address asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from api.wire import times
from devices.problems import refuse
from devices.serials import shortened
from web.pages import View


def filters_of(view: View, names: Iterable[str], **declared: Collection[str]) -> dict[str, str]:
    """The filters of these names that are given; `from` and `to` are days.

    Raises Refused (`malformed_parameter`) for a day that there is not, and for what is none of those `declared` for it.
    """
    asked = {name: view.text(name) for name in names if view.text(name)}
    for name, text in asked.items():
        if name in ("from", "to"):
            times.day(text, name)
        elif text not in declared.get(name, [text]):
            raise refuse("malformed_parameter", name=name, value=shortened(text))
    return asked
