"""The runner: one endpoint behind the Provider seam, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

import msgspec
import pytest

from koi.catalogue.rows import AuthStyle, Protocol
from koi.core.errors import ProviderError, UsageError
from koi.core.messages import Message, ModelRequest, Text, ToolCall
from koi.core.provider_events import (
    ProviderEvent,
    StreamEnded,
    TextDelta,
    ToolCallReady,
    UsageReported,
)
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.secret import Secret
from koi.core.usage import Usage
from koi.credentials.endpoint import Endpoint
from koi.net.timeouts import Timeouts
from koi.providers.http_provider import HttpProvider
from tests.net.raw_server import STREAM_HEAD, RawServer, chunk, whole
from tests.servers.answers import Answer, calls, cut_stream, failure, text
from tests.servers.model_server import ModelServer

KEY = "sk-secret-0123456789"
HELLO = ModelRequest("some-model", (Message("user", (Text("Hello"),)),))
BOTH = pytest.mark.parametrize("protocol", ["openai-chat", "anthropic"])


@contextlib.asynccontextmanager
async def provider(
    url: str,
    protocol: Protocol = "openai-chat",
    *,
    auth: AuthStyle = "bearer",
    key: str | None = KEY,
    headers: dict[str, str] | None = None,
) -> AsyncIterator[HttpProvider]:
    secret = Secret(key) if key else None
    opened = HttpProvider(Endpoint("work", protocol, url, auth, secret, headers=headers or {}))
    try:
        yield opened
    finally:
        await opened.aclose()


async def ask(
    url: str, protocol: Protocol = "openai-chat", *, stream: bool = True
) -> list[ProviderEvent]:
    async with provider(url, protocol) as opened:
        ways = opened.stream if stream else opened.complete
        return [event async for event in ways(HELLO)]


def said(events: list[ProviderEvent]) -> str:
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


@BOTH
@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer(model_server: ModelServer, protocol: Protocol, stream: bool) -> None:
    model_server.script(text("Hello, world", cached_tokens=7))
    events = await ask(model_server.url, protocol, stream=stream)
    assert said(events) == "Hello, world"
    assert UsageReported(Usage(100, 7, 0, 20)) in events
    assert isinstance(events[-1], StreamEnded)
    assert model_server.model_requests[0].body.get("stream", False) is stream


@BOTH
@pytest.mark.parametrize("api_path", ["/api/v3/chat", "api/v3/chat?version=2"])
async def test_an_unusual_path_is_asked_as_it_is_written(
    model_server: ModelServer, protocol: Protocol, api_path: str
) -> None:
    endpoint = Endpoint("work", protocol, f"{model_server.url}/base", api_path=api_path)
    opened = HttpProvider(endpoint)
    with pytest.raises(ProviderError):
        async for _ in opened.stream(HELLO):
            pass
    await opened.aclose()
    assert model_server.requests[0].path == f"/base/{api_path.lstrip('/')}"


@BOTH
async def test_a_call(model_server: ModelServer, protocol: Protocol) -> None:
    model_server.script(calls(("read", {"path": "a.txt"})))
    events = await ask(model_server.url, protocol)
    assert ToolCallReady(ToolCall("call_1", "read", {"path": "a.txt"})) in events


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [("bearer", "authorization", f"Bearer {KEY}"), ("x-api-key", "x-api-key", KEY)],
)
async def test_the_key_goes_into_its_header(
    model_server: ModelServer, auth: AuthStyle, header: str, value: str
) -> None:
    model_server.script(text("ok"))
    async with provider(model_server.url, auth=auth, headers={"X-Team": "koi"}) as opened:
        async for _ in opened.stream(HELLO):
            pass
    sent = model_server.model_requests[0].headers
    assert sent[header] == value
    assert sent["x-team"] == "koi"


async def test_without_a_key_there_is_no_header(model_server: ModelServer) -> None:
    model_server.script(text("ok"))
    async with provider(model_server.url, key=None) as opened:
        async for _ in opened.stream(HELLO):
            pass
    assert not {"authorization", "x-api-key"} & set(model_server.model_requests[0].headers)


@BOTH
@pytest.mark.parametrize("how", ["close", "clean", "reset"])
async def test_a_cut_answer_ends_with_an_error(
    model_server: ModelServer, protocol: Protocol, how: str
) -> None:
    model_server.script(cut_stream("Hello, world, this is long", 3, how))  # type: ignore[arg-type]
    with pytest.raises(ProviderError) as caught:
        await ask(model_server.url, protocol)
    assert caught.value.kind == "network"
    assert (caught.value.provider, caught.value.model) == ("work", "some-model")


@BOTH
async def test_text_before_an_error_arrives_first(
    model_server: ModelServer, protocol: Protocol
) -> None:
    model_server.script(Answer(text="Hello", error="broken"))
    events: list[ProviderEvent] = []

    async def collect(opened: HttpProvider) -> None:
        async for event in opened.stream(HELLO):
            events.append(event)

    async with provider(model_server.url, protocol) as opened:
        with pytest.raises(ProviderError, match="broken"):
            await collect(opened)
    assert said(events) == "Hello"


async def test_http_errors_name_provider_and_wait(model_server: ModelServer) -> None:
    model_server.script(failure(429, "slow down", retry_after="7"))
    with pytest.raises(ProviderError) as caught:
        await ask(model_server.url)
    error = caught.value
    assert (error.kind, error.status, error.retry_after_s) == ("rate_limit", 429, 7)
    assert (error.title, error.provider) == ("slow down", "work")


async def test_a_key_that_a_server_repeats_is_hidden(model_server: ModelServer) -> None:
    model_server.script(failure(401, f"bad key {KEY}"))
    with pytest.raises(ProviderError) as caught:
        await ask(model_server.url)
    assert caught.value.title == "bad key …6789"
    assert KEY not in str(caught.value)


async def test_keys_that_are_cut_or_in_other_headers_are_hidden_too(
    model_server: ModelServer,
) -> None:
    endpoint = Endpoint(
        "work",
        "openai-chat",
        model_server.url,
        key=Secret(KEY),
        headers={"X-Gateway": "gateway-key-abcd"},
        header_secrets=(Secret("gateway-key-abcd"),),
    )
    long = "x" * 490
    model_server.script(failure(401, f"bad gateway-key-abcd {long}"), failure(401, long + KEY))
    opened = HttpProvider(endpoint)
    titles = []
    for _ in range(2):
        with pytest.raises(ProviderError) as caught:
            _ = [event async for event in opened.stream(HELLO)]
        titles.append(caught.value.title)
    await opened.aclose()
    assert titles[0].startswith("bad …abcd xxx")
    assert titles[1] == f"{long}…"


async def test_a_web_page_is_no_answer() -> None:
    async with RawServer([whole(b"<!doctype html><title>Log in</title>")]).running() as server:
        with pytest.raises(ProviderError, match="Log in") as caught:
            await ask(server.url)
    assert caught.value.kind == "protocol"


async def test_an_empty_body_is_a_cut_answer() -> None:
    async with RawServer([whole(b"")]).running() as server:
        with pytest.raises(ProviderError, match="cut off"):
            await ask(server.url)


@pytest.mark.parametrize(
    "end", [b'data: {"choices": [{"del', b'data: {"\xc3', b"data: [DO", b"data: "]
)
async def test_a_body_that_ends_inside_an_event_is_a_cut_answer(end: bytes) -> None:
    start = b'data: {"choices": [{"index": 0, "delta": {"content": "Half"}}]}\n\n'
    async with RawServer([whole(start + end)]).running() as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server.url)
    assert caught.value.kind == "network"


async def test_a_last_event_that_is_no_json_at_all_is_damage() -> None:
    async with RawServer([whole(b"data: {malformed")]).running() as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server.url)
    assert caught.value.kind == "protocol"


@pytest.mark.parametrize(
    ("body", "answer"),
    [(b'{"choices": [{"mess', True), (b'{"pong": 1}', False), (b"<html></html>", False)],
)
async def test_a_damaged_answer_is_one_and_another_protocol_is_none(
    body: bytes, answer: bool
) -> None:
    async with RawServer([whole(body)]).running() as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server.url)
    assert (caught.value.kind, caught.value.answer_began) == ("protocol", answer)


async def test_blanks_before_an_answer_are_no_answer_however_many_there_are() -> None:
    async with RawServer([STREAM_HEAD, *[chunk(b" " * 2**24)] * 17]).running() as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server.url)
    assert caught.value.kind == "protocol"


async def test_what_breaks_off_after_the_end_marker_is_no_answer() -> None:
    done = chunk(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n')
    async with RawServer([STREAM_HEAD, done, b"connection: close"]).running() as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server.url)
    assert caught.value.kind == "network"


async def test_a_server_that_stays_silent_after_the_end_marker_does_not_stop_the_answer() -> None:
    done = chunk(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n')
    async with RawServer([STREAM_HEAD, done], hang=True).running() as server:
        events = await ask(server.url)
    assert isinstance(events[-1], StreamEnded)


async def test_closing_the_stream_closes_the_connection(model_server: ModelServer) -> None:
    model_server.script(text("x" * 600, cut_after=5, hold=threading.Event()))
    async with provider(model_server.url) as opened:
        stream = opened.stream(HELLO)
        await anext(stream)
        await stream.aclose()
        request = model_server.model_requests[0]
        assert await asyncio.to_thread(request.client_gone.wait, 5)


async def test_connections_are_used_again() -> None:
    done = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n'
    answer = [STREAM_HEAD, chunk(done), chunk(b"")]
    async with RawServer(answer).running() as server, provider(server.url) as opened:
        for _ in range(3):
            assert said([event async for event in opened.stream(HELLO)]) == "x"
    assert server.connections == 1


async def test_models(model_server: ModelServer) -> None:
    async with provider(model_server.url) as opened:
        (model,) = await opened.list_models()
        assert model.reference.model == model_server.model
        assert (await opened.model_info("other")).context_window is None


async def test_vectors_come_in_the_order_of_their_texts() -> None:
    data = [{"index": 1, "embedding": [2, 3]}, {"index": 0, "embedding": [0.5, 1]}]
    body = msgspec.json.encode({"data": data})
    async with RawServer([whole(body)]).running() as server, provider(server.url) as opened:
        assert await opened.embed("m", ("a", "b")) == ((0.5, 1.0), (2.0, 3.0))
        with pytest.raises(ProviderError, match="2 vectors for 1 texts"):
            await opened.embed("m", ("a",))


async def test_availability(model_server: ModelServer) -> None:
    async with provider(model_server.url) as opened:
        assert await opened.is_available()
    async with provider("http://127.0.0.1:9/v1") as opened:
        assert not await opened.is_available()


async def test_a_refusal_means_that_somebody_is_there() -> None:
    refused = whole(b"{}", "401 Unauthorized")
    async with RawServer([refused]).running() as server, provider(server.url) as opened:
        assert await opened.is_available()


async def test_plain_http_needs_the_persons_word() -> None:
    with pytest.raises(ProviderError) as caught:
        await ask("http://gpu.example/v1")
    assert caught.value.kind == "network_policy"


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("work", "wasm", "https://x.com"),
        Endpoint("work", "openai-chat", "nonsense"),
        Endpoint("work", "openai-chat", "https://x.com", "sigv4", Secret(KEY)),
    ],
    ids=["protocol", "address", "key"],
)
def test_what_cannot_work_is_refused_at_once(endpoint: Endpoint) -> None:
    with pytest.raises(UsageError):
        HttpProvider(endpoint)


def test_an_endpoint_does_not_print_its_secrets() -> None:
    shown = repr(
        Endpoint("work", "openai-chat", "https://x.com", key=Secret(KEY), headers={"a": KEY})
    )
    assert KEY not in shown


class Notes:
    """A signer that sends "one", then "two", and keeps which answers it was told of."""

    def __init__(self) -> None:
        self.told: list[int | None] = []

    async def headers(self, method: str, url: str, body: bytes) -> dict[str, str]:
        return {"Authorization": f"Bearer {'two' if self.told else 'one'}"}

    async def base_url(self, configured: str) -> str:
        return configured

    async def refused(self, error: ProviderError) -> bool:
        self.told.append(error.status)
        error.hint = "as the signer says"
        return error.status != 403

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return ()


@pytest.mark.parametrize("status", [400, 401])
async def test_a_refusal_is_sent_again_when_the_signer_has_something_else(
    model_server: ModelServer, status: int
) -> None:
    model_server.script(failure(status), text("Hi"))
    signer = Notes()
    opened = HttpProvider(Endpoint("work", "openai-chat", model_server.url, signer=signer))
    assert said([event async for event in opened.stream(HELLO)]) == "Hi"
    await opened.aclose()
    sent = [request.headers["authorization"] for request in model_server.model_requests]
    assert sent == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(("status", "told"), [(403, [403]), (404, []), (429, []), (500, [])])
async def test_without_anything_else_a_refusal_is_an_error(
    model_server: ModelServer, status: int, told: list[int]
) -> None:
    model_server.script(failure(status))
    signer = Notes()
    opened = HttpProvider(Endpoint("work", "openai-chat", model_server.url, signer=signer))
    with pytest.raises(ProviderError) as caught:
        async for _ in opened.stream(HELLO):
            pass
    await opened.aclose()
    assert signer.told == told
    assert len(model_server.model_requests) == 1
    assert (caught.value.hint == "as the signer says") == bool(told)


@pytest.mark.parametrize(("reasoning", "patient"), [(False, False), (True, True), (None, True)])
async def test_silence_is_shorter_for_a_model_that_is_known_not_to_think(
    reasoning: bool | None, patient: bool
) -> None:
    known = ModelInfo(ModelReference("work", "some-model"), reasoning=reasoning)
    times = Timeouts(9, 9, idle_s=0.5, quick_idle_s=0.1)
    event = chunk(b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n')
    async with RawServer([STREAM_HEAD, event], hang=True).running() as server:
        endpoint = Endpoint(
            "work", "openai-chat", server.url, timeouts=times, known=lambda model: known
        )
        opened = HttpProvider(endpoint)
        with pytest.raises(ProviderError) as caught:
            async for _ in opened.stream(HELLO):
                pass
        await opened.aclose()
    assert caught.value.title == f"The provider sent nothing for {0.5 if patient else 0.1:g} s"
