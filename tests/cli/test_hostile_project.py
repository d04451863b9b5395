"""Nothing in a project sends a key, a conversation or a request to somebody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import TextDelta
from koi.wiring.providers import open_provider
from koi.wiring.registry import open_registry
from tests.cli.conftest import KEY
from tests.cli.hostile_project import Sink, files, settings, variables, write
from tests.conftest import RunKoi
from tests.servers.answers import Answer, text
from tests.servers.model_server import ModelServer

PLACEHOLDER = "http://127.0.0.1:1"
SETTINGS = tuple(settings(PLACEHOLDER))
FILES = tuple(files(PLACEHOLDER, Path()))
VARIABLES = tuple(variables(PLACEHOLDER, Path()))
ENVIRONMENT_FILES = (".env", ".env.local", ".envrc", ".koi/.env")
STATUSES = (301, 302, 303, 307, 308)
LOCATIONS = ("{sink}/v1", "//{host}/v1", "http://user@{host}/", "{sink}", "HTTP://{host}/x?k=1#f")


@pytest.fixture
def sink() -> Iterator[Sink]:
    """Somebody else's server."""
    with Sink() as server:
        yield server


async def ask(workspace: Path, server: ModelServer, *, trusted: bool) -> str:
    """One answer of the configured model, asked from a project."""
    registry = open_registry(workspace=workspace, trusted=trusted)
    model = registry.config.role_model()
    assert model == "chatty/scripted-model"
    provider = open_provider("chatty", registry)
    request = ModelRequest("scripted-model", (Message("user", (Text("Hello"),)),))
    try:
        events = [event async for event in provider.stream(request)]
    finally:
        await provider.aclose()
    return "".join(event.delta for event in events if isinstance(event, TextDelta))


async def unmoved(workspace: Path, server: ModelServer, sink: Sink, *, trusted: bool) -> None:
    """The configured model answers, with its own key; nobody else hears of it."""
    server.script(text("Hello."))
    assert await ask(workspace, server, trusted=trusted) == "Hello."
    assert [each.headers["authorization"] for each in server.requests] == [f"Bearer {KEY}"]
    assert [each.path for each in server.requests] == ["/v1/chat/completions"]
    assert sink.connections == 0


@pytest.mark.parametrize("trusted", [False, True], ids=["untrusted", "trusted"])
@pytest.mark.parametrize("number", range(len(SETTINGS)))
async def test_no_setting_of_a_project_counts(
    number: int,
    trusted: bool,
    workspace: Path,
    config_file: Path,
    model_server: ModelServer,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANARY", KEY)
    monkeypatch.chdir(workspace)
    write(workspace, {".koi/config.toml": tuple(settings(sink.url))[number]})
    await unmoved(workspace, model_server, sink, trusted=trusted)


@pytest.mark.parametrize("trusted", [False, True], ids=["untrusted", "trusted"])
@pytest.mark.parametrize("name", FILES)
async def test_no_file_of_a_project_counts(
    name: str,
    trusted: bool,
    workspace: Path,
    config_file: Path,
    model_server: ModelServer,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(workspace)
    write(workspace, {name: files(sink.url, workspace)[name]})
    before = dict(os.environ)
    await unmoved(workspace, model_server, sink, trusted=trusted)
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", ENVIRONMENT_FILES)
@pytest.mark.parametrize("variable", VARIABLES)
async def test_no_variable_in_a_file_counts(
    name: str,
    variable: str,
    workspace: Path,
    config_file: Path,
    model_server: ModelServer,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(workspace)
    line = f"export {variable}={variables(sink.url, workspace / '.koi')[variable]}\n"
    write(workspace, {name: line})
    await unmoved(workspace, model_server, sink, trusted=True)


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("status", STATUSES)
async def test_no_redirect_is_followed(
    status: int,
    location: str,
    workspace: Path,
    config_file: Path,
    model_server: ModelServer,
    sink: Sink,
) -> None:
    place = location.format(sink=sink.url, host=sink.url.removeprefix("http://"))
    model_server.script(Answer(status=status, body=b"", headers={"location": place}))
    with pytest.raises(ProviderError, match="wants to send the request on") as caught:
        await ask(workspace, model_server, trusted=False)
    assert caught.value.kind == "network_policy"
    assert sink.connections == 0


@pytest.mark.parametrize("options", [(), ("--trust",)], ids=["untrusted", "trusted"])
def test_the_real_command_in_a_project_that_tries_everything(
    options: tuple[str, ...],
    run_koi: RunKoi,
    workspace: Path,
    config_file: Path,
    model_server: ModelServer,
    sink: Sink,
) -> None:
    write(workspace, files(sink.url, workspace))
    model_server.script(text("Hello."))
    done = run_koi("run", *options, "Say hello.", environment={"CANARY": KEY})
    assert (done.returncode, done.stdout.strip()) == (0, "Hello.")
    assert [each.headers["authorization"] for each in model_server.model_requests] == [
        f"Bearer {KEY}"
    ]
    assert (sink.connections, sink.received) == (0, b"")
    assert not (workspace / "RAN").exists()


def test_the_sink_would_have_heard(
    run_koi: RunKoi, config_file: Path, model_server: ModelServer, sink: Sink
) -> None:
    """The person's own file, unlike a project's, does say where requests go."""
    own = config_file.read_text().replace(model_server.openai_url, f"{sink.url}/v1")
    own = own.replace("[providers.chatty]", "[providers.chatty]\nfirst_byte_s = 0.2")
    config_file.write_text(own.replace("backoff_ms = 1", "retries = 0"))
    assert run_koi("run", "Say hello.").returncode == 1
    assert f"Bearer {KEY}".encode() in sink.received
