"""Ollama behind the Provider seam: facts, context, models, vectors, errors, over real sockets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text, ToolSchema
from koi.core.provider_events import ProviderEvent, StreamEnded
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.conftest import RunKoi
from tests.servers.answers import JsonObject
from tests.servers.ollama_server import LocalModel, OllamaServer

TOOL = ToolSchema("read", "Reads a file.", {"type": "object", "properties": {}})


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    """A server with a model that talks and calls tools, one that thinks, and one for vectors."""
    models = {
        "qwen": LocalModel(),
        "thinker:latest": LocalModel(capabilities=("completion", "thinking")),
        "embedder": LocalModel(2_048, ("embedding",)),
    }
    with OllamaServer(**models) as server:
        yield server


@contextlib.asynccontextmanager
async def provider(
    ollama: OllamaServer, *, key: str | None = None, window: int | None = None
) -> AsyncIterator[HttpProvider]:
    secret = Secret(key) if key else None
    endpoint = Endpoint(
        "ollama", "ollama", ollama.url, key=secret, context_window=lambda model: window
    )
    opened = HttpProvider(endpoint)
    try:
        yield opened
    finally:
        await opened.aclose()


def question(words: int = 1, model: str = "qwen", **fields: object) -> ModelRequest:
    message = Message("user", (Text("word " * words),))
    return ModelRequest(model, (message,), **fields)  # type: ignore[arg-type]


async def ask(opened: HttpProvider, request: ModelRequest) -> list[ProviderEvent]:
    return [event async for event in opened.stream(request)]


def contexts(ollama: OllamaServer) -> list[object]:
    return [
        cast(JsonObject, request.body["options"])["num_ctx"]
        for request in ollama.asked("/api/chat")
    ]


async def test_an_answer(ollama: OllamaServer) -> None:
    ollama.answers.append([{"content": "Hel"}, {"content": "lo"}])
    async with provider(ollama) as opened:
        ended = (await ask(opened, question()))[-1]
    assert isinstance(ended, StreamEnded)
    assert ended.parts == (Text("Hello"),)


async def test_a_growing_session_reloads_seldom_and_never_shrinks(ollama: OllamaServer) -> None:
    ollama.answers += [[{"content": "x"}]] * 4
    async with provider(ollama) as opened:
        for words in (1, 5_000, 4_000, 1):
            await ask(opened, question(words))
    assert contexts(ollama) == [8_192, 16_384, 16_384, 16_384]
    assert ollama.loads == [("qwen", 8_192), ("qwen", 16_384)]
    assert len(ollama.asked("/api/show")) == 1


async def test_a_model_that_others_use_with_more_context_is_not_reloaded(
    ollama: OllamaServer,
) -> None:
    ollama.loaded["qwen"] = 60_000
    ollama.answers.append([{"content": "x"}])
    async with provider(ollama) as opened:
        await ask(opened, question())
    assert (contexts(ollama), ollama.loads) == ([60_000], [])


async def test_the_configured_window_is_what_is_asked_for(ollama: OllamaServer) -> None:
    ollama.answers.append([{"content": "x"}])
    async with provider(ollama, window=50_000) as opened:
        await ask(opened, question())
        assert (await opened.model_info("qwen")).context_window == 50_000
    assert contexts(ollama) == [50_000]


async def test_what_cannot_fit_is_refused_before_it_is_sent(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        with pytest.raises(ProviderError) as raised:
            await ask(opened, question(50_000))
    assert raised.value.kind == "context_overflow"
    assert "context_window" in raised.value.hint
    assert not ollama.asked("/api/chat")


async def test_the_server_refuses_what_it_would_have_to_shorten(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        with pytest.raises(ProviderError, match="exceeds the available context") as raised:
            await ask(opened, question(30_000))
    assert raised.value.kind == "context_overflow"


@pytest.mark.parametrize("missing", ["/api/ps", "/api/show"])
async def test_a_server_without_such_answers_is_used_all_the_same(
    ollama: OllamaServer, missing: str
) -> None:
    ollama.missing.add(missing)
    ollama.answers.append([{"content": "x"}])
    async with provider(ollama) as opened:
        await ask(opened, question())
    assert contexts(ollama) == [8_192]
    assert not (missing == "/api/ps" and ollama.asked("/api/show"))


async def test_a_thinking_model_is_asked_to_think(ollama: OllamaServer) -> None:
    ollama.answers.append([{"thinking": "Hm."}, {"content": "Yes."}])
    async with provider(ollama) as opened:
        await ask(opened, question(model="thinker:latest"))
    assert ollama.asked("/api/chat")[0].body["think"] is True


async def test_tools_that_a_model_cannot_call_are_told_apart(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        with pytest.raises(ProviderError) as raised:
            await ask(opened, question(model="thinker:latest", tools=(TOOL,)))
    assert raised.value.kind == "tools_unsupported"


async def test_a_model_that_is_not_there_can_be_pulled(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        with pytest.raises(ProviderError) as raised:
            await ask(opened, question(model="llama3.3"))
    assert (raised.value.kind, raised.value.status) == ("model_not_found", 404)
    assert "ollama pull llama3.3" in raised.value.hint


async def test_the_models_with_their_sizes(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        listed = await opened.list_models()
    assert [(info.reference.model, info.size_bytes) for info in listed] == [
        ("qwen", 2_000_000_000),
        ("thinker:latest", 2_000_000_000),
        ("embedder", 2_000_000_000),
    ]


async def test_what_is_known_of_a_model(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        talks, thinks = await opened.model_info("qwen"), await opened.model_info("thinker:latest")
        embeds = await opened.model_info("embedder")
    assert talks == ModelInfo(
        ModelReference("ollama", "qwen"),
        context_window=32_768,
        tools=True,
        vision=False,
        reasoning=False,
        embeddings=False,
        size_bytes=2_000_000_000,
    )
    assert (thinks.tools, thinks.reasoning) == (False, True)
    assert (embeds.embeddings, embeds.context_window) == (True, 2_048)


async def test_vectors_in_batches(ollama: OllamaServer) -> None:
    texts = tuple("x" * length for length in range(1, 101))
    async with provider(ollama) as opened:
        vectors = await opened.embed("embedder", texts)
    assert vectors == tuple((float(length), 1.0) for length in range(1, 101))
    asked = ollama.asked("/api/embed")
    assert [len(cast(list[str], request.body["input"])) for request in asked] == [64, 36]
    assert {request.body["truncate"] for request in asked} == {False}


async def test_it_is_there_when_its_base_answers(ollama: OllamaServer) -> None:
    async with provider(ollama) as opened:
        assert await opened.is_available()
    assert [(request.method, request.path) for request in ollama.requests] == [("GET", "/")]


async def test_a_key_is_sent_with_every_question(ollama: OllamaServer) -> None:
    ollama.answers.append([{"content": "x"}])
    async with provider(ollama, key="key-0123456789") as opened:
        await ask(opened, question())
    assert [request.path for request in ollama.requests] == ["/api/ps", "/api/show", "/api/chat"]
    assert {r.headers.get("authorization") for r in ollama.requests} == {"Bearer key-0123456789"}


def test_a_whole_turn_with_a_tool(ollama: OllamaServer, run_koi: RunKoi, workspace: Path) -> None:
    arguments = {"path": "note.txt", "content": "pond"}
    call = {"function": {"name": "write", "arguments": arguments}}
    ollama.answers += [[{"content": "", "tool_calls": [call]}], [{"content": "Noted."}]]
    done = run_koi(
        "run",
        *("--output", "json", "-m", "ollama/qwen", "--mode", "edit", "make a note"),
        environment={"OLLAMA_HOST": ollama.url.removeprefix("http://")},
    )
    result = json.loads(done.stdout)
    assert (done.returncode, result["text"], result["cost_usd"]) == (0, "Noted.", 0.0)
    assert (workspace / "note.txt").read_text() == "pond"
    tool = cast(list[JsonObject], ollama.asked("/api/chat")[1].body["messages"])[-1]
    assert (tool["role"], tool["tool_name"]) == ("tool", "write")


def test_the_context_length_of_the_environment_counts(
    ollama: OllamaServer, run_koi: RunKoi
) -> None:
    ollama.answers.append([{"content": "Hello."}])
    done = run_koi(
        *("run", "-m", "ollama/qwen", "hello"),
        environment={"OLLAMA_HOST": ollama.url, "OLLAMA_CONTEXT_LENGTH": "24000"},
    )
    assert (done.returncode, contexts(ollama)) == (0, [24_000])


def test_the_open_format_of_the_same_server_is_used_when_it_is_configured(
    ollama: OllamaServer, run_koi: RunKoi, koi_home: Path
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text('[providers.ollama]\nprotocol = "openai-chat"\n')
    run_koi("run", "-m", "ollama/qwen", "hello", environment={"OLLAMA_HOST": ollama.url})
    assert ollama.asked("/v1/chat/completions")
