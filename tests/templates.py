"""Every template of the pages, compiled as this is imported: for processes that others are forked from."""

from __future__ import annotations

from web.rendering import _environment

for name in _environment().list_templates():
    _environment().get_template(name)
