"""The proxy of the process's environment, by HTTPS_PROXY and NO_PROXY; never for loopback."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

from koi.net.hosts import is_loopback


def proxy_for(
    scheme: str, host: str, port: int | None = None, environment: Mapping[str, str] | None = None
) -> str | None:
    """The proxy's URL for an address, None for a direct connection."""
    environment = os.environ if environment is None else environment
    if scheme != "https" or is_loopback(host):
        return None
    proxy = _variable(environment, "https_proxy")
    if not proxy or _bypassed(host.lower(), port or 443, _variable(environment, "no_proxy")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def _bypassed(host: str, port: int, no_proxy: str) -> bool:
    for entry in no_proxy.lower().replace(" ", ",").split(","):
        if entry == "*" or (entry and _covers(entry, host, port)):
            return True
    return False


def _covers(entry: str, host: str, port: int) -> bool:
    if "/" in entry:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    name, colon, number = entry.rpartition(":")
    if colon and number.isdecimal() and ":" not in name:
        if int(number) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").removeprefix(".")
    return host == entry or host.endswith(f".{entry}")
