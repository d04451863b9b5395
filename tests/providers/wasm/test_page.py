"""docs/wasm-plugins.md: its examples are what koi sends and accepts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
from wasmtime import wat2wasm

from koi.catalogue.plugins import VERSION
from koi.core.messages import Image, Message, ModelRequest, Text, ToolCall, ToolResult, ToolSchema
from koi.net.json_text import encode_json
from koi.providers.wasm import sandbox
from koi.providers.wasm.answers import MAX_ANSWER
from koi.providers.wasm.messages import BuiltRequest, GivenEvent, ParsedEvents
from koi.providers.wasm.requests import neutral
from koi.providers.wire.request import WireOptions
from tests.conftest import RunKoi
from tests.providers.wasm.example import EXAMPLE
from tests.providers.wasm.modules import install
from tests.servers.answers import text
from tests.servers.model_server import ModelServer

PAGE = Path(__file__).parents[3] / "docs/wasm-plugins.md"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in the order of the page."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    assert found
    return found


def shape(value: object) -> object:
    """The names of a value's fields at every depth; lists by their objects."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key != "parameters"}
    return [shape(inner) for inner in value] if isinstance(value, list) else None


def test_the_request_is_the_one_that_koi_makes() -> None:
    page = json.loads(blocks("json")[0])
    reasoning = page["messages"][1]["parts"][0]
    assert set(reasoning) == {"type", "text", "data"}
    page["messages"][1]["parts"].pop(0)
    request = ModelRequest(
        "some-model",
        (
            Message("user", (Text("What is in it?"), Image("image/png", b"x"))),
            Message("assistant", (ToolCall("c1", "ls", {"path": "."}),)),
            Message("user", (ToolResult("c1", "a.txt"),)),
        ),
        "You are koi.",
        (ToolSchema("ls", "Lists a folder.", {"type": "object"}),),
        1000,
        0.5,
        (),
        "auto",
    )
    made = json.loads(encode_json(neutral(request, WireOptions("mine", output_limit=8192))))
    assert shape(made) == shape(page)


def test_the_answers_of_the_page_are_accepted() -> None:
    _, request, refusal, event, events = blocks("json")
    assert msgspec.json.decode(request, type=BuiltRequest).path == "/v2/chat"
    assert msgspec.json.decode(refusal, type=BuiltRequest).error is not None
    assert set(json.loads(event)) == set(GivenEvent.__struct_fields__)
    assert len(msgspec.json.decode(events, type=ParsedEvents).events) == 7


def test_the_manifest_is_the_one_of_the_example() -> None:
    assert blocks("toml")[1] == (EXAMPLE / "cohere-v2.toml").read_text("utf-8")


def test_the_limits_are_those_of_the_code() -> None:
    words = " ".join(PAGE.read_text("utf-8").split())
    assert f"| `protocol_version` | {VERSION}, the version of this page |" in words
    assert (
        f"a module of {sandbox.MAX_MODULE // 2**20} MiB, {sandbox.MAX_MEMORY // 2**20} MiB of "
        f"memory, {sandbox.MAX_OUTPUT // 2**20} MiB for one answer of a function and "
        f"{MAX_ANSWER // 2**20} MiB for all about one answer of a model, "
        f"{sandbox.FUEL // 10**6} million instructions for a call and {sandbox.FUEL_PER_BYTE} more "
        "for each byte of its input"
    ) in words


def test_the_smallest_plugin_answers(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    (block,) = blocks("wat")

    install(koi_home, bytes(wat2wasm(block)), url=model_server.url)
    table = blocks("toml")[0].replace("cohere-v2.wasm", "mine.wasm") + 'auth = "none"\n'
    (koi_home / "config.toml").write_text(table)
    model_server.script(text("Anything"))
    done = run_koi("run", "-m", "mine", "Hello")
    assert done.returncode == 0, done.stderr
    assert "Hi" in done.stdout
