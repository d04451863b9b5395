"""The official SDK of each protocol, asked for a stream in its cheapest public form.

They are loaded by name, as they need not be installed: one that is missing is left out.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from types import ModuleType
from typing import TypeAlias, cast

import msgspec

Chunks: TypeAlias = Sequence[bytes]
Ask: TypeAlias = Callable[[], Awaitable[object]]
"""Sends one request; what it returns is iterated over, with `async for` if it can be."""
_MEMORY = "http://127.0.0.1:9"
_QUESTION = [{"role": "user", "content": "hello"}]


class Sdk(msgspec.Struct, frozen=True):
    """How one SDK is asked. Making the client is not measured."""

    package: str
    at_server: Callable[[str], Ask]
    """Asks the server at a URL."""
    from_memory: Callable[[Chunks], Ask]
    """Asks a transport that hands out these chunks, without any network."""
    said: tuple[tuple[str | int, ...], ...]
    """Where its events have text or thoughts."""
    speaking: tuple[str, ...] = ()
    """The types of events that have them, where others have the same fields."""

    @property
    def installed(self) -> bool:
        """Whether it can be used."""
        try:
            importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return False
        return True

    @property
    def label(self) -> str:
        """Its name, and its version when it is installed."""
        if not self.installed:
            return self.package
        return f"{self.package} {importlib.metadata.version(self.package)}"

    def text(self, event: object) -> str:
        """The text or thought that an event brings, "" for none."""
        if self.speaking and _step(event, "type") not in self.speaking:
            return ""
        for path in self.said:
            found = event
            for step in path:
                found = _step(found, step)
            if isinstance(found, str) and found:
                return found
        return ""


def _step(value: object, step: str | int) -> object:
    if isinstance(step, int):
        return value[step] if isinstance(value, list | tuple) and len(value) > step else None
    return value.get(step) if isinstance(value, dict) else getattr(value, step, None)


def _memory(http: ModuleType, chunks: Chunks, kind: str = "text/event-stream") -> object:
    """A transport of httpx or httpx2 whose answer is `chunks`."""

    class Body(cast(type, http.AsyncByteStream)):  # type: ignore[misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

    class Memory(cast(type, http.AsyncBaseTransport)):  # type: ignore[misc]
        async def handle_async_request(self, request: object) -> object:
            return http.Response(200, headers={"content-type": kind}, stream=Body())

    return Memory()


def _http_of(module: str) -> ModuleType:
    """The HTTP library that an SDK is built on in the version that is installed."""
    found = importlib.import_module(module)
    name = next(name for name in ("httpx2", "httpx") if hasattr(found, name))
    return importlib.import_module(name)


def _memory_client(module: str, chunks: Chunks) -> object:
    http = _http_of(module)
    return http.AsyncClient(transport=_memory(http, chunks))


# openai


def _chat(url: str, **more: object) -> Ask:
    openai = importlib.import_module("openai")
    client = openai.AsyncOpenAI(api_key="key", base_url=f"{url}/v1", **more)
    create = client.chat.completions.create
    return lambda: cast(Awaitable[object], create(model="model", messages=_QUESTION, stream=True))


def _responses(url: str, **more: object) -> Ask:
    openai = importlib.import_module("openai")
    client = openai.AsyncOpenAI(api_key="key", base_url=f"{url}/v1", **more)
    create = client.responses.create
    return lambda: cast(Awaitable[object], create(model="model", input="hello", stream=True))


def _openai_memory(ask: Callable[..., Ask]) -> Callable[[Chunks], Ask]:
    return lambda chunks: ask(_MEMORY, http_client=_memory_client("openai._base_client", chunks))


# anthropic


def _anthropic(url: str, **more: object) -> Ask:
    anthropic = importlib.import_module("anthropic")
    client = anthropic.AsyncAnthropic(api_key="key", base_url=url, **more)
    create = client.messages.create
    return lambda: cast(
        Awaitable[object], create(model="model", messages=_QUESTION, max_tokens=64, stream=True)
    )


def _anthropic_memory(chunks: Chunks) -> Ask:
    return _anthropic(_MEMORY, http_client=_memory_client("anthropic._base_client", chunks))


# google-genai


def _gemini(url: str, **more: object) -> Ask:
    genai = importlib.import_module("google.genai")
    options = genai.types.HttpOptions(base_url=url, **more)
    client = genai.Client(api_key="key", http_options=options)
    stream = client.aio.models.generate_content_stream
    return lambda: cast(Awaitable[object], stream(model="model", contents="hello"))


def _gemini_memory(chunks: Chunks) -> Ask:
    client = _memory_client("google.genai._api_client", chunks)
    return _gemini(_MEMORY, httpx_async_client=client)


# ollama


def _ollama(url: str, **more: object) -> Ask:
    ollama = importlib.import_module("ollama")
    client = ollama.AsyncClient(host=url, **more)
    return lambda: cast(
        Awaitable[object], client.chat(model="model", messages=_QUESTION, stream=True)
    )


def _ollama_memory(chunks: Chunks) -> Ask:
    http = _http_of("ollama._client")
    return _ollama(_MEMORY, transport=_memory(http, chunks, "application/x-ndjson"))


# botocore: it has no asynchronous form, and reads in the caller's thread


def _bedrock_client(url: str) -> ModuleType:
    session = importlib.import_module("botocore.session").Session()
    session.set_credentials("key", "secret")
    config = importlib.import_module("botocore.config").Config(retries={"total_max_attempts": 1})
    client = session.create_client(
        "bedrock-runtime", region_name="us-east-1", endpoint_url=url, config=config
    )
    return cast(ModuleType, client)


def _bedrock(url: str) -> Ask:
    client = _bedrock_client(url)
    message = {"role": "user", "content": [{"text": "hello"}]}

    async def ask() -> object:
        return client.converse_stream(modelId="model", messages=[message])["stream"]

    return ask


class _RawStream:
    """What botocore's event stream reads from."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    def stream(self) -> Iterator[bytes]:
        return iter(self._chunks)


def _bedrock_memory(chunks: Chunks) -> Ask:
    client = _bedrock_client(_MEMORY)
    eventstream = importlib.import_module("botocore.eventstream")
    parsers = importlib.import_module("botocore.parsers")
    shape = client.meta.service_model.operation_model("ConverseStream").output_shape
    parser = parsers.EventStreamJSONParser()

    async def ask() -> object:
        raw = _RawStream(chunks)
        return eventstream.EventStream(raw, shape.members["stream"], parser, "ConverseStream")

    return ask


SDKS: dict[str, Sdk] = {
    "openai-chat": Sdk(
        "openai",
        _chat,
        _openai_memory(_chat),
        (
            ("choices", 0, "delta", "content"),
            ("choices", 0, "delta", "reasoning_content"),
        ),
    ),
    "openai-responses": Sdk(
        "openai",
        _responses,
        _openai_memory(_responses),
        (("delta",),),
        ("response.output_text.delta", "response.reasoning_summary_text.delta"),
    ),
    "anthropic": Sdk(
        "anthropic", _anthropic, _anthropic_memory, (("delta", "text"), ("delta", "thinking"))
    ),
    "gemini": Sdk(
        "google-genai",
        _gemini,
        _gemini_memory,
        (("candidates", 0, "content", "parts", 0, "text"),),
    ),
    "bedrock": Sdk(
        "botocore",
        _bedrock,
        _bedrock_memory,
        (
            ("contentBlockDelta", "delta", "text"),
            ("contentBlockDelta", "delta", "reasoningContent", "text"),
        ),
    ),
    "ollama": Sdk(
        "ollama", _ollama, _ollama_memory, (("message", "content"), ("message", "thinking"))
    ),
}
