"""Tokens of a request before it is sent."""

from __future__ import annotations

import pytest

from koi.core.messages import Image, Message, ModelRequest, Text, ToolCall, ToolResult, ToolSchema
from koi.core.references import ModelReference
from koi.core.usage import Price, Usage
from koi.routing.estimates import (
    Estimates,
    RequestSize,
    most_input_usd,
    request_size,
)

AROUND = 512
"""Tokens that a provider may add."""
MODEL, OTHER = ModelReference("a", "one"), ModelReference("a", "two")


def request(*parts: Text | Image | ToolCall | ToolResult, system: str = "") -> ModelRequest:
    return ModelRequest("", (Message("user", parts),), system=system)


def grown(before: ModelRequest, after: ModelRequest) -> int:
    return request_size(after).text_bytes - request_size(before).text_bytes


def test_everything_that_is_sent_is_counted_in_bytes() -> None:
    empty = request()
    assert grown(empty, request(Text("abc"))) == 3
    assert grown(empty, request(Text("äß€"))) == 7
    assert grown(empty, request(Text("\ud800"))) == 3
    assert grown(empty, request(system="four")) == 4
    assert grown(empty, request(ToolCall("id", "read", {"path": "x"}))) == len('idread{"path":"x"}')
    assert grown(empty, request(ToolResult("id", "content"))) == len("idcontent")
    tool = ToolSchema("read", "reads", {"type": "object"})
    assert request_size(ModelRequest("", (), tools=(tool,))).text_bytes > len("readreadsobject")


def test_a_request_is_measured_the_same_whatever_was_measured_before() -> None:
    estimates, growing = Estimates(), request(Text("one"), system="system")
    others = [request(Text("two")), request(), growing]
    for _ in range(3):
        growing = ModelRequest("", (*growing.messages, *request(Text("ä" * 9)).messages))
        for each in (growing, growing, *others):
            assert estimates.measure(each) == request_size(each)


def test_pictures_are_counted_not_weighed() -> None:
    picture = Image("image/png", b"x" * 1_000_000)
    size = request_size(request(picture, ToolResult("1", "", images=(picture, picture))))
    assert size.images == 3
    assert size.text_bytes < 100
    tokens = Estimates().tokens(MODEL, "executor", request_size(request(picture)))
    assert tokens.likely == pytest.approx(1_600, abs=10)
    assert tokens.most == pytest.approx(5_000 + AROUND, abs=10)


def test_a_model_of_which_nothing_is_known() -> None:
    tokens = Estimates().tokens(MODEL, "executor", RequestSize(12_000))
    assert (tokens.likely, tokens.most) == (3_000, 6_000 + AROUND)


def test_of_a_conversation_that_grows_only_the_new_is_guessed() -> None:
    estimates = Estimates()
    estimates.learn(MODEL, "executor", RequestSize(10_000), Usage(1_000, 800, 200, 50))
    tokens = estimates.tokens(MODEL, "executor", RequestSize(13_000))
    assert (tokens.likely, tokens.most) == (2_000 + 600, 2_000 + 1_500)


def test_a_language_of_many_tokens_is_learnt() -> None:
    estimates = Estimates()
    estimates.learn(MODEL, "executor", RequestSize(1_000), Usage(600))
    tokens = estimates.tokens(MODEL, "executor", RequestSize(2_000))
    assert (tokens.likely, tokens.most) == (1_200, 1_200)


def test_a_shorter_conversation_is_measured_anew() -> None:
    estimates = Estimates()
    estimates.learn(MODEL, "executor", RequestSize(10_000), Usage(2_000))
    tokens = estimates.tokens(MODEL, "executor", RequestSize(3_000))
    assert (tokens.likely, tokens.most) == (600, 1_500 + AROUND)


def test_models_and_roles_are_known_apart() -> None:
    estimates, size = Estimates(), RequestSize(3_000)
    unknown = estimates.tokens(MODEL, "executor", size)
    estimates.learn(MODEL, "small", size, Usage(10))
    estimates.learn(OTHER, "executor", size, Usage(10))
    assert estimates.tokens(MODEL, "executor", size) == unknown


@pytest.mark.parametrize("usage", [Usage(10, estimated=True), Usage(output_tokens=5)])
def test_what_nobody_counted_teaches_nothing(usage: Usage) -> None:
    estimates, size = Estimates(), RequestSize(3_000)
    unknown = estimates.tokens(MODEL, "executor", size)
    estimates.learn(MODEL, "executor", size, usage)
    assert estimates.tokens(MODEL, "executor", size) == unknown


def test_input_is_reserved_at_the_dearer_of_fresh_and_written_to_a_cache() -> None:
    assert most_input_usd(Price(3.0, 15.0), 1_000_000) == 3.0
    assert most_input_usd(Price(3.0, 15.0, 0.3, 3.75), 1_000_000) == 3.75
    assert most_input_usd(Price(3.0, 15.0, 0.3, 1.0), 1_000_000) == 3.0
