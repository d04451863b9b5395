"""Asks authorization servers. What they answer is never logged, and never part of an error."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.net.client import HttpAnswer, HttpClient
from koi.net.policy import NetworkPolicy
from koi.net.retry_after import retry_after_s
from koi.net.timeouts import Timeouts

LIMIT_S = 30.0
"""Seconds for one whole exchange; a lock that is held meanwhile is waited for longer."""
LARGEST = 1024 * 1024
_PATIENCE = Timeouts(connect_s=10.0, first_byte_s=20.0, idle_s=20.0)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of any status. `fields` holds tokens, so it is not printed."""

    status: int
    fields: JsonObject = field(repr=False)
    """Empty when the answer was no object."""
    understood: bool = True
    """False for a web page, or anything else that is no answer of an authorization server."""
    retry_after_s: float | None = None

    @property
    def good(self) -> bool:
        """True for a status of success."""
        return 200 <= self.status < 300

    def text(self, name: str) -> str:
        """A field that is text, "" when it is missing or something else."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


class TokenServer:
    """One login's connections, closed at the end of the block."""

    def __init__(self, policy: NetworkPolicy, *, limit_s: float = LIMIT_S) -> None:
        self._client = HttpClient(policy, _PATIENCE)
        self._limit_s = limit_s

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    def allow(self, host: str) -> None:
        """Also speak to a host that the server named, and that was checked."""
        self._client.allow(host)

    async def form(self, url: str, fields: Mapping[str, str]) -> Reply:
        """Send a form. Raises ProviderError when no answer comes."""
        body = urlencode(fields).encode("ascii")
        return await self._ask("POST", url, {"Content-Type": _FORM}, body)

    async def json(self, url: str, fields: Mapping[str, str]) -> Reply:
        """Send an object. Raises ProviderError when no answer comes."""
        body = msgspec.json.encode(dict(fields))
        return await self._ask("POST", url, {"Content-Type": "application/json"}, body)

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Fetch an object. Raises ProviderError when no answer comes."""
        return await self._ask("GET", url, headers or {}, None)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        sent = {"Accept": "application/json", **headers}
        try:
            async with (
                asyncio.timeout(self._limit_s),
                self._client.request(
                    method, url, headers=sent, body=body, any_status=True
                ) as answer,
            ):
                return _reply(answer, await answer.read(limit=LARGEST))
        except TimeoutError as error:
            raise ProviderError(
                "The server of the login took too long", kind="timeout", hint="Try again."
            ) from error


def _reply(answer: HttpAnswer, body: bytes) -> Reply:
    fields = _fields(answer.headers.get("content-type", ""), body)
    wait_s = retry_after_s(answer.headers)
    return Reply(answer.status, fields or {}, fields is not None, wait_s)


def _fields(content_type: str, body: bytes) -> JsonObject | None:
    """The fields of an answer; some servers send a form where JSON was asked for."""
    if content_type.partition(";")[0].strip().lower() == _FORM:
        try:
            return dict(parse_qsl(body.decode("ascii"), strict_parsing=True))
        except ValueError:
            return None
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
