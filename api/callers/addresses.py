"""Whose address a request comes from: the peer's, or what the proxies in front that are trusted say of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

import falcon

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(req: falcon.Request, trusted: Collection[str]) -> str:
    """The address of the client: the last one that no trusted proxy has.

    Each proxy adds the address that it was asked from at the right of X-Forwarded-For, so from there to the left the
    first one that is not a trusted proxy's is the client's; whatever is left of it the client may have made up.
    """
    proxies = {ipaddress.ip_address(one) for one in trusted}
    found = req.remote_addr or ""
    passed = (req.get_header("X-Forwarded-For") or "").split(",")
    while passed and address_of(found) in proxies:
        before = address_of(passed.pop())
        if before is None:
            break
        found = str(before)
    return found


def address_of(text: str) -> Address | None:
    """The address in a text, which may have a port or brackets; None where there is none.

    An IPv4 address that a dual-stack socket tells as IPv6 is itself.
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
