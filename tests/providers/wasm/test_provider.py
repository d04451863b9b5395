"""Plugins behind the Provider seam and behind the command: koi goes on, whatever they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import cast

import msgspec
import pytest

from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import ProviderEvent, StreamEnded, TextDelta
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.net.framing import StreamEvent
from koi.providers.http_provider import HttpProvider
from koi.providers.wasm.wire import plugin_format
from koi.providers.wire.request import WireOptions, WireRequest
from tests.conftest import GUARD, RunKoi
from tests.net.raw_server import RawServer, whole
from tests.providers.wasm.example import EXAMPLE
from tests.providers.wasm.example import install as install_example
from tests.providers.wasm.modules import HELLO as HELLO_ANSWER
from tests.providers.wasm.modules import MANIFEST, install, module, packed, quoted
from tests.servers.answers import Answer, JsonObject, text
from tests.servers.model_server import ModelServer

KEY = "plugin-key-0123456789"
HELLO = ModelRequest("some-model", (Message("user", (Text("Hello"),)),))
LOOP = "(loop br 0) unreachable"
HELLO_ENDED = HELLO_ANSWER.encode()


@contextlib.asynccontextmanager
async def provider(
    folder: Path, content: str, url: str, framing: str = "sse"
) -> AsyncIterator[HttpProvider]:
    plugin = install(folder, content, url=url, framing=framing)
    endpoint = Endpoint("mine", "wasm", url, key=Secret(KEY))
    made = HttpProvider(endpoint, own_format=plugin_format(plugin))
    try:
        yield made
    finally:
        await made.aclose()


async def ask(made: HttpProvider, *, stream: bool = True) -> list[ProviderEvent]:
    way = made.stream if stream else made.complete
    return [event async for event in way(HELLO)]


@pytest.mark.parametrize(
    ("framing", "stream", "body"),
    [
        ("sse", True, b"event: x\ndata: {}\n\n"),
        ("sse", True, b'{"in": "one piece"}'),
        ("sse", False, b"{}"),
        ("ndjson", True, b'{"a": 1}\n{"b": 2}\n'),
        ("ndjson", False, b"{}"),
        ("json", True, b' {"a":\n 1}'),
        ("json", False, b"{}"),
    ],
)
async def test_every_framing_is_kois(
    tmp_path: Path, framing: str, stream: bool, body: bytes
) -> None:
    async with (
        RawServer([whole(body)]).running() as server,
        provider(tmp_path, module(), server.url, framing) as made,
    ):
        events = await ask(made, stream=stream)
        (head,) = server.heads
    assert events == [TextDelta("Hello"), StreamEnded("stop", "stop", (Text("Hello"),))]
    assert head.startswith(b"POST /v2/chat HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}".encode() in head


async def test_a_plugin_never_sees_the_key(tmp_path: Path, model_server: ModelServer) -> None:
    """All that it was given becomes the body of the request."""
    start = b'{"path": "/v2/chat", "body": '
    before = f'(data (i32.const {262144 - len(start)}) "{quoted(start)}")'
    given = f"""(i32.store8 (i32.add (local.get 0) (local.get 1)) (i32.const 125))
      (i64.or (i64.const {(262144 - len(start)) << 32})
        (i64.extend_i32_u (i32.add (local.get 1) (i32.const {len(start) + 1}))))"""
    model_server.script(text("Hello"))
    async with provider(tmp_path, module(build_code=given, more=before), model_server.url) as made:
        await ask(made)
    (request,) = model_server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert set(request.body) == {"model", "stream", "system", "messages", "tools", "stop"}
    assert KEY.encode() not in request.raw_body
    assert model_server.url.encode() not in request.raw_body


async def test_answers_do_not_mix(tmp_path: Path) -> None:
    """Each instance counts the messages of its own answer: the third is the end."""
    piece = b'{"events":[{"type":"text","text":"one more, "}]}'
    end = b'{"events":[{"type":"ended","finish_reason":"stop"}]}'
    counting = f"""(i32.store8 (i32.const 9000)
        (i32.add (i32.load8_u (i32.const 9000)) (i32.const 1)))
      (if (i32.lt_u (i32.load8_u (i32.const 9000)) (i32.const 3))
        (then (return ({packed(8000, len(piece))}))))
      {packed(7000, len(end))}"""
    data = f'(data (i32.const 8000) "{quoted(piece)}") (data (i32.const 7000) "{quoted(end)}")'
    async with (
        RawServer([whole(b"data: {}\n\n" * 3)]).running() as server,
        provider(tmp_path, module(parse_code=counting, more=data), server.url) as made,
    ):
        found = await asyncio.gather(*(ask(made) for _ in range(5)))
        found.append(await ask(made))
    for events in found:
        said = Text("one more, one more, ")
        assert events == [TextDelta("one more, ")] * 2 + [StreamEnded("stop", "stop", (said,))]


async def test_after_a_failed_answer_the_next_is_as_good_as_new(tmp_path: Path) -> None:
    """A message of more than 100 bytes is too much for this plugin."""
    picky = f"(if (i32.gt_u (local.get 1) (i32.const 100)) (then {LOOP})) {packed(7000, 94)}"
    data = f'(data (i32.const 7000) "{quoted(HELLO_ENDED)}")'
    content = module(parse_code=picky.replace("94", str(len(HELLO_ENDED))), more=data)
    async with (
        RawServer([whole(b"data: %s\n\n" % (b"x" * 200))]).running() as server,
        provider(tmp_path, content, server.url) as made,
    ):
        with pytest.raises(ProviderError, match="budget of instructions"):
            await ask(made)
        server.pieces = [whole(b"data: x\n\n")]
        assert (await ask(made))[0] == TextDelta("Hello")


def configure(koi_home: Path, server: ModelServer, content: str, manifest: str = MANIFEST) -> None:
    install(koi_home, content, url=server.url, manifest=manifest)
    table = f'[providers.mine]\nprotocol = "wasm"\nplugin = "mine.wasm"\napi_key = "{KEY}"\n'
    (koi_home / "config.toml").write_text(table, encoding="utf-8")


def run(run_koi: RunKoi, environment: Mapping[str, str] | None = None) -> tuple[int, JsonObject]:
    """The exit code and the error of `koi run`."""
    done = run_koi("run", "--output", "json", "-m", "mine/m", "Hi", environment=environment)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    result = json.loads(done.stdout) if done.stdout else {"error": {"message": done.stderr}}
    return done.returncode, cast(JsonObject, result["error"])


IMPORTING = module().replace(
    "(module", '(module (import "wasi_snapshot_preview1" "fd_write" (func))', 1
)
HOSTILE = [
    (module(build_code=LOOP), 1, "build_request: it used up its budget"),
    (module(parse_code=LOOP), 1, "parse_event: it used up its budget"),
    (module(more=f"(func $s {LOOP}) (start $s)"), 1, "used up its budget"),
    (module(memory='(memory (export "memory") 65536)'), 1, "exceeds memory limits"),
    (module(parse="nonsense"), 1, "parse_event: its answer is not JSON"),
    (module(build='{"path": "//evil.example.org", "body": {}}'), 1, "could leave its base URL"),
    (module(build='{"path": "/", "headers": {"host": "x"}, "body": {}}'), 1, "the header host"),
    (IMPORTING, 2, "imports wasi_snapshot_preview1.fd_write"),
    (module().replace('"parse_event"', '"parse"'), 2, "does not export the function parse_event"),
]


@pytest.mark.parametrize(
    ("content", "code", "words"), HOSTILE, ids=[words for *_, words in HOSTILE]
)
def test_hostile_plugins_end_in_one_clear_error(
    run_koi: RunKoi,
    koi_home: Path,
    model_server: ModelServer,
    content: str,
    code: int,
    words: str,
) -> None:
    configure(koi_home, model_server, content)
    model_server.script(text("Hello"))
    found, error = run(run_koi)
    assert found == code
    assert words in cast(str, error["message"])
    assert KEY not in str(error)


def test_a_host_that_is_not_declared_is_not_asked(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    manifest = MANIFEST.replace("{url}", "https://llm.example.com").replace(
        "127.0.0.1", "llm.example.com"
    )
    configure(koi_home, model_server, module(), manifest)
    table = (koi_home / "config.toml").read_text("utf-8")
    (koi_home / "config.toml").write_text(f'{table}base_url = "{model_server.url}"\n')
    _, error = run(run_koi)
    assert "does not declare the host 127.0.0.1" in cast(str, error["message"])
    assert model_server.requests == []


def test_a_redirect_is_not_followed(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    configure(koi_home, model_server, module())
    elsewhere = {"location": "https://evil.example.org/"}
    model_server.script(Answer(status=307, headers=elsewhere))
    code, error = run(run_koi)
    assert (code, error["kind"]) == (1, "network_policy")
    assert len(model_server.requests) == 1


def test_without_the_runtime_everything_else_works(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import runpy, sys\n"
        f"runpy.run_path({str(GUARD / 'sitecustomize.py')!r})\n"
        'sys.modules["wasmtime"] = None\n'
    )
    install_example(koi_home, model_server.url)
    environment = {"PYTHONPATH": str(hidden), "COHERE_TEST_API_KEY": KEY}
    code, error = run(run_koi, environment)
    assert code == 2
    assert "pip install 'koi-agent[wasm]'" in str(error)
    done = run_koi("providers", environment={**environment, "OLLAMA_HOST": "127.0.0.1:9"})
    assert "needs the package wasmtime. Install it with: pip" in done.stdout
    done = run_koi("run", "--demo", "hello", environment=environment)
    assert done.returncode == 0, done.stderr


def test_a_broken_plugin_does_not_hide_the_other_providers(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    configure(koi_home, model_server, module())
    (koi_home / "mine.toml").write_text("nonsense")
    done = run_koi("providers", environment={"OLLAMA_HOST": model_server.url})
    assert "Traceback" not in done.stderr
    assert "anthropic" in done.stdout
    assert "mine: cannot be used: " in done.stdout
    assert "is no manifest of a plugin" in done.stdout
    _, error = run(run_koi)
    assert "is no manifest of a plugin" in cast(str, error["message"])


def test_koi_says_what_serves_it(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    install_example(koi_home, model_server.url)
    environment = {"COHERE_TEST_API_KEY": KEY, "OLLAMA_HOST": model_server.url}
    done = run_koi("providers", environment=environment)
    assert "mine" in done.stdout
    assert KEY not in done.stdout
    done = run_koi("config", "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not yet" not in done.stdout


def test_many_threads_may_use_one_plugin(tmp_path: Path) -> None:
    from koi.catalogue.plugins import read_plugin
    from koi.providers.wasm.sandbox import Sandbox

    sandbox = Sandbox(read_plugin("cohere-v2.wasm", EXAMPLE))
    found: list[bytes] = []

    def work() -> None:
        given = json.dumps({"name": "", "data": '{"type": "message-start"}'}).encode()
        found.extend(sandbox.open().call("parse_event", given) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b'{"events":[]}'] * 80


class SlowParser:
    """Takes as long over each message as the test wants."""

    ends_with_body = False
    done = False

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def feed(self, event: StreamEvent) -> list[ProviderEvent]:
        self.threads.append(threading.get_ident())
        self.begun.set()
        self.go_on.wait(30)
        return []

    def whole(self, answer: JsonObject) -> list[ProviderEvent]:
        raise AssertionError(answer)

    def finish(self) -> list[ProviderEvent]:
        return [StreamEnded("stop", "stop", ())]


async def test_a_plugin_works_beside_the_screen_and_is_left_when_the_person_stops_it(
    tmp_path: Path,
) -> None:
    parser = SlowParser()
    builders: list[int] = []
    own = plugin_format(install(tmp_path, module()))

    def build(request: ModelRequest, options: WireOptions) -> WireRequest:
        builders.append(threading.get_ident())
        return own.build(request, options)

    slow = msgspec.structs.replace(own, build=build, parser=lambda options: parser)
    async with RawServer([whole(b"data: x\n\n" * 50)]).running() as server:
        made = HttpProvider(Endpoint("mine", "wasm", server.url), own_format=slow)
        asking = asyncio.create_task(ask(made))
        await asyncio.to_thread(parser.begun.wait, 30)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        parser.go_on.set()
        await made.aclose()
        await asyncio.get_running_loop().shutdown_default_executor()
    assert threading.get_ident() not in builders + parser.threads
    assert len(parser.threads) == 1
