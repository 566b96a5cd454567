"""The settings of the running server for administrators: read here, changed where the server is started."""

from __future__ import annotations

from typing import Any

from web.pages import View


def settings_page(view: View) -> dict[str, Any]:
    """Every declared setting with what it is now."""
    return {"settings": view.call.services.settings}
