"""OLLAMA_HOST, the probe over a real socket, and the best local model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.credentials.findings import Finding
from koi.credentials.ollama import best_model, ollama_url, probe, strip_path
from koi.credentials.settings import provider_endpoint
from koi.net.policy import NetworkPolicy
from tests.configurations import registry_of

OLLAMA = NetworkPolicy("ollama", {"127.0.0.1": "local server"})


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("  ' ' ", "http://127.0.0.1:11434"),
        ("example.lan", "http://example.lan:11434"),
        ('"example.lan:8080"', "http://example.lan:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("http://example.lan", "http://example.lan"),
        ("https://example.lan", "https://example.lan"),
        ("https://example.lan:8443/ollama/", "https://example.lan:8443/ollama"),
        ("ollama.com", "https://ollama.com"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:1234", "http://[::1]:1234"),
        ("example.lan:99999", "http://example.lan:11434"),
        ("example.lan:port", "http://example.lan:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("https://[::]", "https://[::1]"),
        ("0:0:0:0:0:0:0:0", "http://[::1]:11434"),
        ("0.0.0.0:", "http://127.0.0.1:11434"),
        ("http://example.lan:99999", "http://example.lan"),
        (f"example.lan:{'9' * 5000}", "http://example.lan:11434"),
        ("HTTPS://example.lan", "https://example.lan"),
        ("ollama.com:443", "https://ollama.com"),
        ("ollama.com/v1", "https://ollama.com"),
        ("http://[fe80::1]:1234/", "http://[fe80::1]:1234"),
        ("example.lan:8080/v1", "http://example.lan:8080"),
    ],
)
def test_ollama_host_is_read_as_the_server_reads_it(value: str, url: str) -> None:
    assert ollama_url(value) == url


def test_the_cloud_is_asked_with_the_key(tmp_path: Path) -> None:
    environment = {"OLLAMA_HOST": "ollama.com", "OLLAMA_API_KEY": "k" * 20}
    found = provider_endpoint("ollama", registry_of(tmp_path, "", environment))
    assert (found.protocol, found.base_url) == ("ollama", "https://ollama.com")
    assert found.auth_headers() == {"Authorization": f"Bearer {'k' * 20}"}


@pytest.mark.parametrize(
    ("text", "environment", "window"),
    [
        ("", {}, None),
        ("", {"OLLAMA_CONTEXT_LENGTH": " 64000 "}, 64_000),
        ("", {"OLLAMA_CONTEXT_LENGTH": "0"}, None),
        ("", {"OLLAMA_CONTEXT_LENGTH": "large"}, None),
        ("context_window = 9000", {"OLLAMA_CONTEXT_LENGTH": "64000"}, 9_000),
        ('models."qwen".context_window = 7000\ncontext_window = 9000', {}, 7_000),
        ('protocol = "openai-chat"', {"OLLAMA_CONTEXT_LENGTH": "64000"}, None),
    ],
)
def test_the_chosen_context(
    tmp_path: Path, text: str, environment: dict[str, str], window: int | None
) -> None:
    registry = registry_of(tmp_path, f"[providers.ollama]\n{text}\n", environment)
    assert provider_endpoint("ollama", registry).context_window("qwen") == window


@given(st.text())
def test_any_value_gives_some_address(value: str) -> None:
    assert "://" in ollama_url(value)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/", "/api", "/api/chat"])
def test_copied_paths_are_taken_off(ending: str) -> None:
    assert strip_path(f"http://localhost:11434{ending}") == "http://localhost:11434"


@pytest.mark.parametrize(
    ("models", "best"),
    [
        (["gemma2:9b", "llama3.3:70b", "qwen2.5-coder:7b"], "qwen2.5-coder:7b"),
        (["phi4", "mistral-nemo"], "mistral-nemo"),
        (["phi4", "qwen3"], "phi4"),
        ([], None),
    ],
)
def test_the_best_model_by_the_list(models: list[str], best: str | None) -> None:
    assert best_model(models) == best


@asynccontextmanager
async def server(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[str]:
    """A server that answers one request line; None never answers."""
    release = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        data = answer(request)
        if data is None:
            await release.wait()
        else:
            writer.write(data)
        writer.close()

    running = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        release.set()
        running.close()
        await running.wait_closed()


def response(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.0 " + status + b"\r\nContent-Type: application/json\r\n\r\n" + body


async def ask(data: bytes | None) -> Finding:
    async with server(lambda request: data) as url:
        return await probe(OLLAMA, url, timeout_s=0.3)


async def test_the_models_of_a_running_server_are_found() -> None:
    seen: list[bytes] = []

    def answer(request: bytes) -> bytes:
        seen.append(request)
        return response(
            b'{"models":[{"name":"llama3.3:70b","size":1},{"name":"gpt-oss:20b-cloud"}]}'
        )

    async with server(answer) as url:
        found = await probe(OLLAMA, url)
    assert found.state == "usable"
    assert found.models == ("llama3.3:70b",)
    assert seen[0].startswith(b"GET /api/tags HTTP/1.0\r\n")


async def test_a_server_without_models_suggests_one() -> None:
    found = await ask(response(b'{"models":[]}'))
    assert found.state == "usable"
    assert "ollama pull llama3.3" in found.detail


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"SSH-2.0-x\r\n",
        response(b"<html>"),
        response(b'{"data":[]}'),
        response(b"{}", b"404 Not Found"),
        response(b'{"models":'),
    ],
)
async def test_what_is_not_ollama_is_unreachable(data: bytes | None) -> None:
    assert (await ask(data)).state == "unreachable"


async def test_nothing_listening_is_no_error() -> None:
    async with server(lambda request: b"") as url:
        closed = url
    found = await probe(OLLAMA, closed)
    assert (found.state, found.models) == ("unreachable", ())
