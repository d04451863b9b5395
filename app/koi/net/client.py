"""The one HTTP client: allowed hosts only, no redirects, bounded in time and size."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from koi import __version__
from koi.core.errors import ProviderError
from koi.core.sending import has_left, note_left
from koi.net.encodings import unpacked
from koi.net.errors import response_error
from koi.net.policy import NetworkPolicy
from koi.net.proxies import proxy_for
from koi.net.server_clock import note_clock
from koi.net.timeouts import REMOTE, SLEEP_S, ReadGuard, Timeouts
from koi.net.tls import empty_context, system_context
from koi.net.transport_errors import transport_error

if TYPE_CHECKING:
    import httpx

USER_AGENT = f"koi/{__version__}"
MAX_ERROR_BODY = 256 * 1024
MAX_BODY = 64 * 1024 * 1024
KEEPALIVE_S = 30.0


class HttpAnswer:
    """An answer whose body is still to be read. Header names are lower case."""

    def __init__(self, response: httpx.Response, guard: ReadGuard, idle_s: float) -> None:
        import httpx

        self._failures = (httpx.HTTPError, httpx.StreamError, OSError)
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self.host = response.url.host
        encoding = response.headers.get("content-encoding", "identity")
        chunks = response.aiter_raw()
        self._chunks = chunks if encoding == "identity" else unpacked(chunks, encoding)
        self._guard = guard
        self._idle_s = idle_s

    async def next_chunk(self) -> bytes | None:
        """More of the body as it arrives, None at its proper end. Raises ProviderError."""
        try:
            return await self._guard.bound(anext(self._chunks, None))
        except self._failures as error:
            raise transport_error(error, self.host, began=True) from error

    def data_seen(self) -> None:
        """Start the idle timer anew: the last chunk held data, not only comments."""
        self._guard.data_seen(self._idle_s)

    async def read(self, first: bytes = b"", limit: int = MAX_BODY) -> bytes:
        """`first` and the rest of the body. Raises ProviderError (protocol) past `limit` bytes."""
        parts = [first]
        size = len(first)
        while (chunk := await self.next_chunk()) is not None:
            self.data_seen()
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                raise ProviderError(
                    f"The server's answer is larger than {limit // (1024 * 1024)} MiB",
                    kind="protocol",
                    hint="Check base_url: an endpoint for models does not answer like this.",
                )
        return b"".join(parts)


class HttpClient:
    """Connections to one provider. Raises ProviderError for whatever goes wrong."""

    def __init__(self, policy: NetworkPolicy, timeouts: Timeouts = REMOTE) -> None:
        self._policy = policy
        self._timeouts = timeouts
        self._pool: httpx.AsyncClient | None = None
        self._pool_key = ("", "")
        self._offset = time.time() - time.monotonic()

    @contextlib.asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeouts: Timeouts | None = None,
        any_status: bool = False,
    ) -> AsyncIterator[HttpAnswer]:
        """One exchange; leaving the block closes it. An answer other than 2xx is raised.

        With `any_status` it is given like a good one, but for redirects, which are never followed.
        """
        import httpx

        timeouts = timeouts or self._timeouts
        try:
            target = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ProviderError(
                f"'{url}' is not an address: {error}", kind="bad_request", hint="Check base_url."
            ) from error
        self._policy.check(target.scheme, target.raw_host.decode("ascii"))
        pool = await self._open_pool(target)
        note_left(False)
        request = pool.build_request(
            method,
            target,
            headers=_headers(headers),
            content=body,
            timeout=httpx.Timeout(None, connect=timeouts.connect_s, pool=timeouts.connect_s),
            extensions={"trace": _when_sent(lambda: guard.sent(timeouts.first_byte_s))},
        )
        guard = ReadGuard(timeouts.first_byte_s + timeouts.connect_s, timeouts.total_s)
        response: httpx.Response | None = None
        try:
            try:
                response = await _send(pool, request, guard)
            except ProviderError as error:
                error.unanswered = has_left()
                raise
            note_clock(target.host, response.headers, time.time())
            answer = HttpAnswer(response, guard, timeouts.idle_s)
            if not response.is_success and not any_status:
                await _refuse(response, answer)
            yield answer
        finally:
            guard.close()
            if response is not None:
                await response.aclose()

    def allow(self, host: str) -> None:
        """Also allow a host that a credential named, and that was checked to be its vendor's."""
        self._policy = self._policy.allowing(host, "credential")

    async def aclose(self) -> None:
        """Close all connections; the client may be used again."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.aclose()

    async def _open_pool(self, target: httpx.URL) -> httpx.AsyncClient:
        """The pool for `target`, new when the proxy changed or the machine slept."""
        import httpx

        proxy = proxy_for(target.scheme, target.host, target.port)
        key = (target.scheme, proxy or "")
        offset = time.time() - time.monotonic()
        if key != self._pool_key or offset - self._offset > SLEEP_S:
            await self.aclose()
        self._offset = offset
        if self._pool is None:
            self._pool_key = key
            try:
                self._pool = httpx.AsyncClient(
                    transport=self._transport(target.scheme, proxy),
                    trust_env=False,
                    follow_redirects=False,
                    event_hooks={"response": [self._refuse_redirect]},
                )
            except (ImportError, ValueError) as error:
                raise ProviderError(
                    "HTTPS_PROXY names a proxy that koi cannot use",
                    kind="network",
                    hint="Set it to http://HOST:PORT or https://HOST:PORT.",
                ) from error
        return self._pool

    def _transport(self, scheme: str, proxy: str | None) -> httpx.AsyncBaseTransport:
        """Direct connections, whose addresses are checked; behind a proxy, which looks names up."""
        import httpx

        from koi.net.transport import CheckedBackend, CheckedTransport

        context = system_context() if scheme == "https" else empty_context()
        if proxy is not None:
            limits = httpx.Limits(keepalive_expiry=KEEPALIVE_S)
            return httpx.AsyncHTTPTransport(
                verify=context, trust_env=False, proxy=proxy, limits=limits
            )
        backend = CheckedBackend(lambda: self._policy)
        return CheckedTransport(backend, context, KEEPALIVE_S)

    async def _refuse_redirect(self, response: httpx.Response) -> None:
        """Before anything reads where it leads to. Raises ProviderError (network_policy)."""
        if not response.is_redirect:
            return
        import httpx

        note_left(False)
        host = response.url.host
        try:
            place = httpx.URL(response.headers.get("location", "")).host
        except httpx.InvalidURL:
            place = ""
        self._policy.refuse_redirect(place)
        raise ProviderError(
            f"{host} wants to send the request on to {place or 'another address'}",
            kind="network_policy",
            hint="koi does not follow redirects; if you trust the new address, set base_url to it.",
            status=response.status_code,
        )


async def _refuse(response: httpx.Response, answer: HttpAnswer) -> None:
    """Raise the error that an answer other than 2xx means."""
    note_left(False)
    try:
        body = await answer.read(limit=MAX_ERROR_BODY)
    except ProviderError:
        body = b""
    raise response_error(response.status_code, answer.headers, body, answer.host)


def _headers(extra: Mapping[str, str]) -> httpx.Headers:
    """The headers to send. A refused value is not repeated: it may be a key."""
    import httpx

    headers = httpx.Headers({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    for name, value in extra.items():
        if not (name.isascii() and value.isascii() and (name + value).isprintable()):
            raise ProviderError(
                f"The header {name} holds a character that HTTP does not allow",
                kind="bad_request",
                hint="Look for line breaks and typographic characters in the key and the headers.",
            )
        headers[name] = value
    return headers


def _when_sent(begun: Callable[[], None]) -> Callable[[str, Mapping[str, object]], Awaitable[None]]:
    """Tells when the connection stands and a request begins to go out, and notes when it left.

    By the library's trace:

    https://www.encode.io/httpcore/extensions/#trace
    """

    asks_proxy = False

    async def trace(event: str, details: Mapping[str, object]) -> None:
        nonlocal asks_proxy
        if event == "http11.send_request_headers.started":
            asks_proxy = getattr(details.get("request"), "method", b"") == b"CONNECT"
            begun()
        elif event == "http11.send_request_body.complete":
            note_left(not asks_proxy)

    return trace


async def _send(
    pool: httpx.AsyncClient, request: httpx.Request, guard: ReadGuard
) -> httpx.Response:
    import httpx

    try:
        return await guard.bound(pool.send(request, stream=True))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        url = request.url
        if proxy_for(url.scheme, url.host, url.port):
            host = f"{url.host} (through HTTPS_PROXY)"
            raise transport_error(error, host, began=False) from error
        raise transport_error(error, url.host, began=False, place=_place(url)) from error


def _place(url: httpx.URL) -> str:
    """Host and port, without what else a URL may hold."""
    place = url.netloc.decode("ascii")
    return place if url.port else f"{place}:{443 if url.scheme == 'https' else 80}"
