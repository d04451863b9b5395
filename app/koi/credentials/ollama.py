"""A local Ollama: where it listens, whether it is there, and which of its models is best."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from koi.catalogue.families import is_cloud_name
from koi.catalogue.registry import Registered
from koi.config.config import Config
from koi.config.schema import ModelTable
from koi.core.errors import ProviderError
from koi.credentials.aside import finished
from koi.credentials.findings import LOCAL_PROBE, Finding
from koi.net.policy import NetworkPolicy

DEFAULT_PORT = 11434
CLOUD_HOST = "ollama.com"
PREFERRED = (
    "qwen2.5-coder",
    "codestral",
    "deepseek-coder-v2",
    "llama3.3",
    "llama3.1",
    "mistral",
    "gemma2",
)
"""Parts of model names, best first."""
MAXIMUM_ANSWER = 4 * 1024 * 1024
LENGTH_VARIABLE = "OLLAMA_CONTEXT_LENGTH"
_PORT = re.compile(r"[0-9]{1,5}")
_LENGTH = re.compile(r"[0-9]{1,9}")
SUGGESTION = "ollama pull llama3.3"


class _Model(msgspec.Struct):
    name: str


class _Tags(msgspec.Struct):
    models: list[_Model]


def ollama_url(value: str) -> str:
    """The base URL that OLLAMA_HOST means to a client, without a path like /v1.

    Follows the server's own reading: https://github.com/ollama/ollama/blob/main/envconfig/config.go.
    A bind address (0.0.0.0) becomes loopback; a port that is none becomes the default one.
    """
    text = value.strip().strip("\"'").strip()
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    authority, slash, path = rest.partition("/")
    host, named_port = _split_port(authority)
    scheme = scheme.lower() if separator else "https" if host == CLOUD_HOST else "http"
    usual = 443 if scheme == "https" else 80
    port = usual if separator or host == CLOUD_HOST else DEFAULT_PORT
    if _PORT.fullmatch(named_port) and int(named_port) <= 65535:
        port = int(named_port)
    shown = _reachable(host)
    suffix = "" if port == usual else f":{port}"
    return strip_path(f"{scheme}://{shown}{suffix}{slash}{path}")


def strip_path(url: str) -> str:
    """An Ollama address without the parts of the path that people copy along."""
    url = url.rstrip("/")
    for ending in ("/api/chat", "/api", "/v1/chat/completions", "/v1"):
        url = url.removesuffix(ending)
    return url.rstrip("/")


def ollama_base(provider: Registered, config: Config) -> str:
    """Where an Ollama is: the configuration, else its variable (OLLAMA_HOST), else this machine.

    Raises ConfigurationError when the configured address needs a variable that is not set.
    """
    if provider.table.base_url is not None:
        return strip_path(config.text(provider.table.base_url, provider.key("base_url")))
    return ollama_url(config.environment.get(provider.row.company.base_url_env or "", ""))


def configured_window(provider: Registered, model: str, config: Config) -> int | None:
    """Tokens of context that the person chose for a model, None when nobody did.

    For an Ollama its own variable counts too: who set it here meant the server.
    """
    own = provider.table.models.get(model, ModelTable()).context_window
    chosen = own or provider.table.context_window
    if chosen or provider.protocol != "ollama":
        return chosen
    said = config.environment.get(LENGTH_VARIABLE, "").strip()
    return int(said) or None if _LENGTH.fullmatch(said) else None


def best_model(models: Sequence[str]) -> str | None:
    """The preferred model among those that a server has, else its first, None for none."""
    for wanted in PREFERRED:
        for name in models:
            if wanted in name:
                return name
    return models[0] if models else None


async def probe(policy: NetworkPolicy, base_url: str, *, timeout_s: float = 1.0) -> Finding:
    """Ask the server at `base_url` for its models. Never raises; ends after `timeout_s` seconds."""
    provider = policy.owner
    try:
        async with asyncio.timeout(timeout_s):
            answer = await get(base_url, "/api/tags", policy)
        tags = msgspec.json.decode(answer, type=_Tags)
    except ProviderError as error:
        return _unreachable(provider, base_url, error.title)
    except TimeoutError:
        return _unreachable(provider, base_url, f"did not answer within {timeout_s:g} s")
    except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        reason = "nothing listens" if isinstance(error, OSError) else "is not an Ollama server"
        return _unreachable(provider, base_url, reason)
    names = tuple(model.name for model in tags.models if not is_cloud_name(model.name))
    detail = base_url if names else f"{base_url} has no models; try: {SUGGESTION}"
    return Finding(provider, LOCAL_PROBE, "usable", detail=detail, models=names)


def _unreachable(provider: str, base_url: str, reason: str) -> Finding:
    return Finding(provider, LOCAL_PROBE, "unreachable", detail=f"{base_url}: {reason}")


def _reachable(host: str) -> str:
    """A host as it stands in a URL; one that a server listens on everywhere becomes loopback."""
    try:
        address = ipaddress.ip_address(host or "0.0.0.0")
    except ValueError:
        return f"[{host}]" if ":" in host else host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{address}]" if address.version == 6 else str(address)


def _split_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, _, rest = authority[1:].partition("]")
        return host, rest.removeprefix(":")
    if authority.count(":") > 1:
        return authority, ""
    host, _, port = authority.partition(":")
    return host, port


async def get(base_url: str, path: str, policy: NetworkPolicy) -> bytes:
    """The body of a GET, by HTTP/1.0 so that it is neither chunked nor kept alive.

    Raises ProviderError (network_policy), OSError, ValueError, IncompleteReadError.
    Not through the HTTP client: every start without a configured model looks here, and importing
    httpx would take longer than the answer.
    """
    parts = urlsplit(base_url)
    policy.check(parts.scheme, parts.hostname or "")
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    reader, writer = await _connected(parts.hostname or "", port, secure)
    try:
        request = f"GET {parts.path}{path} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n"
        writer.write(request.encode("ascii"))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        if head.split(b" ", 2)[1:2] != [b"200"]:
            raise ValueError("not 200")
        body = bytearray()
        while chunk := await reader.read(65536):
            body += chunk
            if len(body) > MAXIMUM_ANSWER:
                raise ValueError("too long")
        return bytes(body)
    finally:
        writer.close()


async def _connected(
    host: str, port: int, secure: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the first address of a host that takes one. Raises OSError.

    The name is looked up aside: koi would not end before asyncio's own look-up has.
    """
    found = await finished(
        "name of a server", lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    failure = OSError("no address")
    for address in dict.fromkeys(str(each[4][0]) for each in found):
        try:
            return await asyncio.open_connection(
                address, port, ssl=secure, server_hostname=host if secure else None
            )
        except OSError as error:
            failure = error
    raise failure
