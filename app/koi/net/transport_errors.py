"""Failures below HTTP, told so that a person knows where to look."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator

from koi.core.errors import ErrorKind, ProviderError
from koi.net.hosts import is_loopback

_PROXY_STATUS = re.compile(r"\s*(\d{3})\b")
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
_GONE = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})
_NAME_TROUBLE = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL})
_TRUST = (
    "Is a proxy or a virus scanner of this network in between? Add its authority, or the server's, "
    "to the operating system's trust store; SSL_CERT_FILE names a file of your own."
)
_CERTIFICATES = {
    9: ("is not valid yet", "Is the clock of this machine right?"),
    10: ("has expired", "Is the clock of this machine right? Else its owner has to renew it."),
    18: ("is signed by itself", _TRUST),
    19: ("is signed by an authority that is not trusted", _TRUST),
    20: ("is signed by an authority that is not known", _TRUST),
    23: ("was revoked", "Its owner has to replace it."),
    62: (
        "is for another host",
        "Check the host in base_url; a login page of this network may answer.",
    ),
    64: ("is for another address", "Use the name of the host in base_url, not its address."),
}
"""By the codes of https://docs.openssl.org/master/man1/openssl-verification-options/#diagnostics."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")
"""Reasons for which OpenSSL gives up on a server that speaks something else."""


def transport_error(error: Exception, host: str, *, began: bool, place: str = "") -> ProviderError:
    """The ProviderError for an httpx or socket error; `began` when an answer had started.

    `place` is host and port, for errors that depend on the port.
    """
    import httpx

    place = place or host
    if isinstance(error, httpx.ConnectTimeout):
        return _network(
            f"No connection to {place} in time",
            "Is this machine online? A firewall may drop the packets: check the network.",
            kind="timeout",
        )
    if isinstance(error, httpx.TimeoutException):
        return _network(f"{host} took too long", "Try again.", kind="timeout")
    if isinstance(error, httpx.ProxyError):
        return _proxy_error(error, host)
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
    for cause in _causes(error):
        if (known := _known(cause, host, place)) is not None:
            return known
    return _network(
        f"The connection to {place} failed: {str(error) or type(error).__name__}",
        "Check the network.",
    )


def _known(cause: OSError, host: str, place: str) -> ProviderError | None:
    """The error for a cause of the operating system or of TLS, None for any other."""
    match cause:
        case ssl.SSLCertVerificationError():
            what, hint = _CERTIFICATES.get(
                cause.verify_code, (f"is not trusted: {cause.verify_message}", _TRUST)
            )
            return _network(f"The certificate of {place} {what}", hint)
        case ssl.SSLError():
            reason = cause.reason or str(cause)
            plain = any(word in f"{reason} {cause}" for word in _NO_TLS)
            hint = (
                "The server does not speak https at this port: is it http, or another port?"
                if plain
                else "Does the server speak https at this port, with a version of today?"
            )
            return _network(f"TLS with {place} failed: {reason}", hint)
        case socket.gaierror() if cause.errno in _NAME_TROUBLE:
            return _network(
                f"The name {host} could not be looked up now",
                "Is this machine online? Its name server does not answer.",
            )
        case socket.gaierror():
            return _network(
                f"There is no host named {host}", "Check base_url, the network, and the VPN."
            )
        case ConnectionRefusedError():
            hint = "Is the server running?" if is_loopback(host) else "Check base_url and firewall."
            return _network(f"{place} refuses connections", hint)
        case _ if cause.errno in _UNREACHABLE:
            return _network(
                f"There is no way to {place}: {cause.strerror}",
                "Is this machine online? Check the network and the VPN.",
            )
        case _ if cause.errno in _GONE:
            return _network(
                f"The connection to {place} failed: closed before there was an answer",
                "Ask again; if it stays so, a proxy or firewall may be in between.",
            )
    return None


def _proxy_error(error: Exception, host: str) -> ProviderError:
    """A proxy's answer to CONNECT, whose status httpx gives in words: 407 Proxy Authentication …"""
    title = f"The proxy refused the way to {host}: {error}"
    found = _PROXY_STATUS.match(str(error))
    match found[1] if found else "":
        case "407":
            hint = "Write name and password in HTTPS_PROXY: http://NAME:PASSWORD@HOST:PORT."
            return _network(title, hint, kind="network_policy")
        case "403" | "401":
            hint = f"Ask whoever runs the proxy to allow {host}, or put it into NO_PROXY."
            return _network(title, hint, kind="network_policy")
    return _network(title, "Check HTTPS_PROXY.")


def _network(title: str, hint: str, *, kind: ErrorKind = "network") -> ProviderError:
    return ProviderError(title, kind=kind, hint=hint)


def _causes(error: BaseException) -> Iterator[OSError]:
    """The operating system's errors behind the ones of the libraries, the deepest first."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _causes(each)
    following = error.__cause__ or error.__context__
    if following is not None:
        yield from _causes(following)
    if isinstance(error, OSError):
        yield error
