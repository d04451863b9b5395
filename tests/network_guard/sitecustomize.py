"""Refuses every connection that leaves this machine.

The tests install it in their own process and, through PYTHONPATH, in every Python child.
"""

from __future__ import annotations

import ipaddress
import socket
import sys


def is_local(address: object) -> bool:
    """True for unix sockets, loopback addresses and the name localhost."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook (https://docs.python.org/3/library/audit_events.html)."""
    if event == "socket.connect":
        connection, address = arguments
        if getattr(connection, "family", None) == socket.AF_UNIX or is_local(address):
            return
    elif event == "socket.getaddrinfo":
        address = (arguments[0],)
        if is_local(address):
            return
    else:
        return
    raise ConnectionRefusedError(f"the tests do not use the network: {event} {address!r}")


if "koi-network-guard" not in sys.__dict__:
    sys.__dict__["koi-network-guard"] = True
    sys.addaudithook(refuse)
