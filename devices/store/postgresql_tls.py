"""Whether what goes to PostgreSQL can be read or changed on the way: the hosts of a URL that nobody proves to be ours.

Of libpq's modes only `verify-full` asks the server for a certificate in the name of the host that was asked for. The
others encrypt for whoever answers, or not at all. Source: https://www.postgresql.org/docs/current/libpq-ssl.html, table
"SSL Mode Descriptions".
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Mapping

import psycopg
from psycopg.pq import Conninfo

VERIFIED = "verify-full"
SYSTEM_ROOTS = "system"
"""The value of `sslrootcert` with which libpq takes `verify-full` for granted, and refuses anything weaker."""
USUAL = "prefer"
"""What libpq does where nothing says how: it encrypts if the server likes to, for whoever answers."""
SOCKETS = ("/", "@")
"""How a host begins that is a socket of this machine."""
_FROM_ENVIRONMENT = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def unverified_hosts(url: str, environment: Mapping[str, str] = os.environ) -> tuple[str, tuple[str, ...]]:
    """The mode of a PostgreSQL URL, and those of its hosts beyond this machine that it does not verify, in their order.

    What the URL leaves open libpq takes from PG* variables of the environment. Of another engine's URL, and of one that
    libpq cannot read and so never connects with, there are none.
    """
    said = _said(url, environment)
    mode = said["sslmode"] or (VERIFIED if said["sslrootcert"] == SYSTEM_ROOTS else USUAL)
    if mode == VERIFIED:
        return mode, ()
    return mode, tuple(name for name, place in _hosts(said["host"], said["hostaddr"]) if _is_beyond(place))


def warnings_of(variable: str, url: str, environment: Mapping[str, str] = os.environ) -> list[str]:
    """One sentence for each host that is not verified: which variable names it, and what to write there."""
    mode, hosts = unverified_hosts(url, environment)
    return [
        f"{variable} reaches {host} with sslmode={mode}, so that whoever stands between can read the books and answer "
        f"in its place: add sslmode={VERIFIED} and sslrootcert=FILE to the URL, FILE holding the certificate of who "
        "signed the server's."
        for host in hosts
    ]


def _said(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What the URL, else the environment, says of each of these parameters; nothing is ""."""
    try:
        options = Conninfo.parse(url.encode()) if url.startswith(("postgresql://", "postgres://")) else []
    except psycopg.Error:
        options = []
    if not options:
        return dict.fromkeys(_FROM_ENVIRONMENT, "")
    own = {option.keyword.decode(): (option.val or b"").decode() for option in options}
    return {name: own[name] or environment.get(variable, "") for name, variable in _FROM_ENVIRONMENT.items()}


def _hosts(names: str, addresses: str) -> Iterator[tuple[str, str]]:
    """Each host as it is called, and where it is: at its address where one is given, which libpq then goes by."""
    called, at = names.split(","), addresses.split(",")
    for place in range(max(len(called), len(at))):
        name = called[place] if place < len(called) else ""
        address = at[place] if place < len(at) else ""
        yield name or address, address or name


def _is_beyond(place: str) -> bool:
    """Whether a host is another machine; none is the socket that libpq looks for."""
    if not place or place.startswith(SOCKETS) or place == "localhost":
        return False
    try:
        return not ipaddress.ip_address(place).is_loopback
    except ValueError:
        return True
