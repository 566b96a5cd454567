"""The settings of a Panku server: one declared table, read once from PANKU_* variables."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

PREFIX = "PANKU_"
READ_BY_TESTS = "PANKU_REQUIRE_"
"""How variables begin that only the tests read: what must not be skipped."""
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
DATABASE_BEGINNINGS = ("sqlite:///", "postgresql://", "postgres://")


class SettingsRefused(Exception):
    """Some PANKU_* variables cannot be used; the text has one sentence for each, a line each."""


class Settings(msgspec.Struct, frozen=True):
    """What the server was told; SETTINGS says what each field means."""

    data_dir: Path
    database_url: str
    replica_url: str
    host: str
    port: int
    workers: int
    threads: int
    trusted_proxies: tuple[str, ...]
    log_level: str
    body_limit_bytes: int
    upload_limit_bytes: int
    metrics_token: str

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def needs_https(self) -> bool:
        """Whether cookies are for HTTPS only: others than this machine reach the server, perhaps through a proxy."""
        return not self.is_loopback or bool(self.trusted_proxies)


class Setting(msgspec.Struct, frozen=True):
    """One setting: its field, what kind of value, the default as it would be written, its meaning and its reader.

    `read` returns the value, or raises ValueError with what a right value would be.
    """

    field: str
    kind: str
    default: str
    meaning: str
    read: Callable[[str], Any]

    @property
    def variable(self) -> str:
        """The environment variable's name."""
        return PREFIX + self.field.upper()


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A reader of decimal numbers between two bounds, both included."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise ValueError(f"a whole number from {least} to {most}")

    return read


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of one of a few words."""

    def read(text: str) -> str:
        if text in choices:
            return text
        raise ValueError("one of " + ", ".join(choices))

    return read


def read_host(text: str) -> str:
    """An address to listen on; a name other than localhost could mean several."""
    if text != "localhost":
        _address(text, "an IP address or localhost")
    return text


def read_addresses(text: str) -> tuple[str, ...]:
    """IP addresses separated by commas; never `*`, which would trust everybody's X-Forwarded-For."""
    addresses = tuple(part.strip() for part in text.split(",") if part.strip())
    for address in addresses:
        _address(address, "IP addresses separated by commas")
    return addresses


def read_database_url(text: str) -> str:
    """A URL of one of the two engines."""
    if text.startswith(DATABASE_BEGINNINGS):
        return text
    raise ValueError("a URL that begins with sqlite:/// or postgresql://")


def read_replica_url(text: str) -> str:
    """Nothing, or the URL of a PostgreSQL server."""
    if not text or text.startswith(DATABASE_BEGINNINGS[1:]):
        return text
    raise ValueError("empty, or a URL that begins with postgresql://")


def read_secret(text: str) -> str:
    """Nothing, or a secret that nobody guesses and that goes into a header as it is."""
    if not text or (len(text) >= SHORTEST_SECRET and text.isascii() and re.fullmatch(r"[!-~]+", text)):
        return text
    raise ValueError(f"empty, or at least {SHORTEST_SECRET} letters, digits and signs without a blank")


def read_folder(text: str) -> Path:
    """A folder; it need not exist yet."""
    if not text or Path(text).is_file():
        raise ValueError("a folder")
    return Path(text)


def _address(text: str, right: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(right) from None


_PASSWORDS = (
    re.compile(r"([?&][^=&]*pass[^=&]*=)[^&]*()", re.IGNORECASE),
    re.compile(r"^(\w+://[^:@/?#]*:).*(@)"),
)
"""Where a URL holds one: in its query, and between its user and the last @."""
SECRET = "secret"  # noqa: S105
"""The kind of a setting that is a password itself."""
MASKED = r"\1***\2"


def written_value(value: object) -> str:
    """A value as it would be written in the environment, with the passwords of a URL masked."""
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    for password in _PASSWORDS:
        text = password.sub(MASKED, text)
    return text


def without_passwords(text: str, environment: Mapping[str, str]) -> str:
    """A text, such as a driver's error, with every password of the environment's database URLs masked in it.

    A malformed URL is cut wherever the driver takes its parts to end, so pieces of the password are masked too.
    """
    for field in ("database_url", "replica_url"):
        for secret in _secrets(environment.get(PREFIX + field.upper(), "")):
            text = text.replace(secret, "***")
    return text


def _secrets(url: str) -> list[str]:
    """The passwords in a URL and the pieces that a driver may tell of them, the longest first."""
    beginning, _, rest = url.partition("://")
    named = [match[1] for match in re.finditer(r"pass[^=&]*=([^&]*)", rest, re.IGNORECASE)]
    between = rest.rpartition("@")[0].partition(":")[2] if not beginning.startswith("sqlite") else ""
    whole = [secret for secret in (between, *named) if secret]
    pieces = [
        piece for secret in whole for piece in re.split(r"[@:/?#\s]", secret) if len(piece) >= SHORTEST_PIECE
    ]
    return sorted({*whole, *pieces, *(unquote(secret) for secret in whole)}, key=len, reverse=True)


SHORTEST_PIECE = 3
SHORTEST_SECRET = 24
MEBIBYTE = 1024 * 1024

SETTINGS = (
    Setting("data_dir", "folder", "data", "where the default database is kept", read_folder),
    Setting(
        "database_url",
        "URL",
        "sqlite:///{data_dir}/panku.sqlite3",
        "the books: sqlite:///relative, sqlite:////absolute, or postgresql://user:password@host/name",
        read_database_url,
    ),
    Setting(
        "replica_url",
        "URL",
        "",
        "a PostgreSQL streaming replica that serves history; empty: none",
        read_replica_url,
    ),
    Setting(
        "host",
        "address",
        "127.0.0.1",
        "the address to listen on; beyond loopback, put HTTPS in front",
        read_host,
    ),
    Setting("port", "number", "8000", "the port to listen on", whole_number(1, 65535)),
    Setting("workers", "number", "2", "processes that answer requests", whole_number(1, 64)),
    Setting("threads", "number", "16", "threads of each process", whole_number(1, 256)),
    Setting(
        "trusted_proxies",
        "addresses",
        "",
        "proxies whose X-Forwarded-* headers are believed, with commas",
        read_addresses,
    ),
    Setting("log_level", "word", "info", "how much the server writes to standard error", one_of(*LOG_LEVELS)),
    Setting(
        "body_limit_bytes",
        "bytes",
        str(2 * MEBIBYTE),
        "the largest JSON body",
        whole_number(1024, 64 * MEBIBYTE),
    ),
    Setting(
        "upload_limit_bytes",
        "bytes",
        str(5 * MEBIBYTE),
        "the largest uploaded file",
        whole_number(1024, 64 * MEBIBYTE),
    ),
    Setting(
        "metrics_token",
        SECRET,
        "",
        "the bearer token that /metrics asks for; empty: supervisors and administrators only",
        read_secret,
    ),
)
assert tuple(setting.field for setting in SETTINGS) == Settings.__struct_fields__, (
    "the table and the values differ"
)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment describes; raises SettingsRefused with every wrong or unknown variable."""
    known = {setting.variable for setting in SETTINGS}
    faults = [
        f"{name} is not a setting of Panku; docs/settings.md lists them."
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known and not name.startswith(READ_BY_TESTS)
    ]
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = environment.get(setting.variable, setting.default.format(**values))
        try:
            values[setting.field] = setting.read(text)
        except ValueError as right:
            faults.append(f"{setting.variable} must be {right}.")
            values[setting.field] = None
    if faults:
        raise SettingsRefused("\n".join(faults))
    return Settings(**values)


@cache
def of_this_process() -> Settings:
    """The settings of the process's own environment, read the first time they are asked for."""
    return read_settings(os.environ)
