"""Failures below HTTP, told so that a person knows where to look."""

from __future__ import annotations

import socket
import ssl

from koi.core.errors import ErrorKind, ProviderError
from koi.net.policy import is_loopback


def transport_error(error: Exception, host: str, *, began: bool, place: str = "") -> ProviderError:
    """The ProviderError for an httpx or socket error; `began` when an answer had started.

    `place` is host and port, for errors that depend on the port.
    """
    import httpx

    if isinstance(error, httpx.ConnectTimeout):
        return _network(
            f"No connection to {place or host} in time", "Check the network.", kind="timeout"
        )
    if isinstance(error, httpx.TimeoutException):
        return _network(f"{host} took too long", "Try again.", kind="timeout")
    if isinstance(error, httpx.ProxyError):
        return _network(f"The proxy refused the way to {host}: {error}", "Check HTTPS_PROXY.")
    if began:
        return _network(
            f"{host} broke off in the middle of the answer", "The answer is incomplete: ask again."
        )
    if isinstance(error, httpx.LocalProtocolError | httpx.UnsupportedProtocol):
        return ProviderError(
            f"The request to {host} cannot be sent",
            kind="bad_request",
            hint="Check base_url and the headers.",
        )
    match _cause(error):
        case ssl.SSLCertVerificationError() as cause:
            return _network(
                f"{host} has a certificate that is not trusted: {cause.verify_message}",
                "Add its authority to the operating system's trust store.",
            )
        case ssl.SSLError() as cause:
            return _network(
                f"TLS with {place or host} failed: {cause.reason or cause}",
                "Does the server speak https at this port?",
            )
        case socket.gaierror():
            return _network(f"There is no host named {host}", "Check base_url and the network.")
        case ConnectionRefusedError():
            hint = "Is the server running?" if is_loopback(host) else "Check base_url and firewall."
            return _network(f"{place or host} refuses connections", hint)
    return _network(
        f"The connection to {place or host} failed: {str(error) or type(error).__name__}",
        "Check the network.",
    )


def _network(title: str, hint: str, *, kind: ErrorKind = "network") -> ProviderError:
    return ProviderError(title, kind=kind, hint=hint)


def _cause(error: BaseException) -> BaseException | None:
    """The operating system's error behind the ones of the libraries."""
    seen: BaseException | None = error
    found: BaseException | None = None
    while seen is not None:
        if isinstance(seen, OSError):
            found = seen
        seen = seen.__cause__ or seen.__context__
    return found
