"""Hosts in one spelling, and which addresses are of the public internet."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
"""IPv4 addresses in IPv6 as they were written once: ::10.0.0.1."""


def host_of(url: str) -> str:
    """The host of a URL as `normal_host` writes it, "" when it has none."""
    try:
        return normal_host(urlsplit(url.strip()).hostname or "")
    except ValueError:
        return ""


def normal_host(host: str) -> str:
    """The one spelling of a host: lower case, ASCII (IDNA), no brackets, no dot at its end.

    "" for what is no host: with a space, a percent sign, a NUL, user names, a path.
    """
    host = host.strip("[]").lower().removesuffix(".")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return ""
    if ":" in host and "%" not in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            return ""
    return host if _NAME.fullmatch(host) and ".." not in host else ""


def is_loopback(host: str) -> bool:
    """True for localhost and loopback addresses, without asking a name server."""
    host = host.lower().strip("[]").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """True for an IP address, in the form that `normal_host` gives it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """True for an address of the public internet.

    Not one of a local network, this machine, this link (cloud metadata), or a reserved range, also
    when it stands inside an IPv6 address: mapped, NAT64, 6to4.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if inside is None and (found in _NAT64 or found in _COMPATIBLE):
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return inside.is_global and not inside.is_multicast
        if found in _LOCAL_NAT64:
            return False
    return found.is_global and not found.is_multicast
