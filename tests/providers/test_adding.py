"""The examples of docs/add-a-provider.md, as they stand on the page."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

import msgspec
import pytest

from koi.catalogue.catalogue import Catalogue
from koi.catalogue.rows import ProviderRow
from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.provider_events import ProviderEvent, StreamEnded, TextDelta, UsageReported
from koi.core.usage import Usage
from koi.credentials.endpoint import Endpoint
from koi.credentials.settings import provider_endpoint
from koi.providers.formats import FORMATS
from koi.providers.http_provider import HttpProvider
from koi.providers.wire.format import WireFormat
from koi.providers.wire.request import WireOptions
from tests.configurations import registry_of
from tests.conftest import RunKoi
from tests.net.raw_server import RawServer, whole
from tests.servers.answers import text
from tests.servers.model_server import ModelServer

PAGE = Path(__file__).parents[2] / "docs/add-a-provider.md"
HOST = "https://llm.example.com"
KEY = "k" * 24
HELLO = ModelRequest("some-model", (Message("user", (Text("Hello"),)),), system="Be short.")
LINES = (b'{"say": "Hello, "}\n', b'{"say": "world"}\n', b'{"end": "stop", "in": 12, "out": 3}\n')


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in the order of the page."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert found
    return found


@pytest.mark.parametrize("key", [KEY, None])
def test_the_table_of_the_configuration_is_enough(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer, key: str | None
) -> None:
    table = blocks("toml")[0].replace(HOST, model_server.url)
    if key is None:
        table = table.replace('api_key_env = "TEAM_KEY"\n', "")
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(table)
    model_server.script(text("Hello from the team's model"))
    done = run_koi("run", "Say hello", environment={"TEAM_KEY": KEY})
    assert done.returncode == 0, done.stderr
    assert "Hello from the team's model" in done.stdout
    (request,) = model_server.model_requests
    assert request.path == "/v1/chat/completions"
    assert request.body["model"] == "some-model"
    assert request.headers.get("authorization") == (f"Bearer {key}" if key else None)


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ("custom:{url}/v1", "/v1/chat/completions"),
        ("custom:{url}/chat/completions", "/chat/completions"),
        ("custom:{url}/x/y/chat/completions", "/x/y/chat/completions"),
        ("anthropic-custom:{url}", "/v1/messages"),
        ("anthropic-custom:{url}/v1/", "/v1/messages"),
    ],
)
def test_the_url_forms_need_no_file_and_send_no_key(
    run_koi: RunKoi, model_server: ModelServer, form: str, path: str
) -> None:
    model_server.script(text("Hello"))
    provider = form.format(url=model_server.url)
    done = run_koi("run", "-p", provider, "-m", "some-model", "Hi", environment={"API_KEY": KEY})
    assert done.returncode == 0, done.stderr
    (request,) = model_server.model_requests
    assert request.path == path
    assert not {"authorization", "x-api-key"} & set(request.headers)
    assert KEY not in str(request.headers)


def test_a_token_takes_the_place_of_a_key(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, blocks("toml")[1], {"VERTEX_TOKEN": KEY})
    found = provider_endpoint("vertex", registry)
    assert found.protocol == "gemini"
    assert found.auth_headers() == {"Authorization": f"Bearer {KEY}"}


def test_the_row_is_one() -> None:
    (block,) = blocks("json")
    row = msgspec.json.decode(block, type=ProviderRow)
    assert Catalogue([row]).get("example-ai").profile.default_model == "some-model"


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WireFormat:
    """The module of the page, imported and entered in the table."""
    (block,) = blocks("python")
    file = tmp_path / "lines_of_the_page.py"
    file.write_text(block, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    entry: WireFormat = module.LINES
    assert '"lines": LINES,' in PAGE.read_text("utf-8")
    monkeypatch.setitem(FORMATS, "lines", entry)  # type: ignore[misc]
    return entry


async def ask(body: bytes, *, stream: bool = True) -> list[ProviderEvent]:
    async with RawServer([whole(body)]).running() as server:
        endpoint = Endpoint("example", "lines", server.url)  # type: ignore[arg-type]
        provider = HttpProvider(endpoint)
        try:
            ways = provider.stream if stream else provider.complete
            return [event async for event in ways(HELLO)]
        finally:
            await provider.aclose()


def test_the_module_builds_a_request(lines: WireFormat) -> None:
    wire = lines.build(HELLO, WireOptions("example"))
    assert wire.path == "/generate"
    assert json.loads(msgspec.json.encode(wire.body)) == {
        "model": "some-model",
        "system": "Be short.",
        "turns": [{"role": "user", "text": "Hello"}],
        "stream": True,
    }


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize("stream", [True, False])
async def test_the_module_reads_an_answer(stream: bool) -> None:
    one = b'{"say": "Hello, world", "end": "stop", "in": 12, "out": 3}'
    events = await ask(b"".join(LINES) if stream else one, stream=stream)
    said = "".join(event.delta for event in events if isinstance(event, TextDelta))
    assert said == "Hello, world"
    assert events[-2:] == [
        UsageReported(Usage(12, output_tokens=3)),
        StreamEnded("stop", "stop", (Text(said),)),
    ]


@pytest.mark.usefixtures("lines")
async def test_the_module_knows_an_answer_that_was_cut() -> None:
    with pytest.raises(ProviderError, match="cut off"):
        await ask(b"".join(LINES[:2]))
