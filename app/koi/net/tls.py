"""The TLS context: the operating system's certificates, made once."""

from __future__ import annotations

import functools
import ssl
from importlib import import_module


@functools.cache
def system_context() -> ssl.SSLContext:
    """Verifies against the trust store of the operating system. Slow the first time."""
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@functools.cache
def empty_context() -> ssl.SSLContext:
    """Trusts nobody: for endpoints that are spoken to without TLS."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def warm() -> None:
    """Do the slow parts ahead of the first request; safe in another thread."""
    import httpcore
    import httpx

    import_module("anyio._backends._asyncio")  # else the first connection imports it
    httpcore.AsyncConnectionPool(ssl_context=empty_context())
    httpx.Request("POST", "http://localhost", headers={"Content-Type": "text/plain"}, content=b"")
    system_context()
