"""The first page anybody sees: how to make the first administrator, or that the service runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from labels.words import LANGUAGE_TAGS, Locale

HERE = Path(__file__).parent
COMMAND = ".venv/bin/panku init --username admin --name 王建国"

WORDS: dict[Locale, dict[str, str]] = {
    "zh_CN": {
        "title": "盘库",
        "begin": "还没有管理员。请在这台机器的项目目录里运行：",
        "then": "密码在终端里输入，至少 12 个字符。完成后刷新本页。",
        "runs": "服务正在运行。",
        "api": "接口说明",
    },
    "en": {
        "title": "Panku",
        "begin": "There is no administrator yet. On this machine, in the project's folder, run:",
        "then": "The password is typed in the terminal, 12 characters or more. Then reload this page.",
        "runs": "The service is running.",
        "api": "API description",
    },
}


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )


def render_first_visit(has_administrator: bool, locale: Locale) -> str:
    """The page as HTML, without script or inline style."""
    page = _environment().get_template("first_visit.html")
    return page.render(
        has_administrator=has_administrator,
        command=COMMAND,
        words=WORDS[locale],
        language=LANGUAGE_TAGS[locale],
    )


def stylesheet() -> bytes:
    """The stylesheet, as served."""
    return (HERE / "static" / "panku.css").read_bytes()
