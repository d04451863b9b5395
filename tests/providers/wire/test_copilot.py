"""Copilot: which format a model is asked in, and what is said about whose turn it is."""

from __future__ import annotations

import pytest

from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.prompted.exchange import with_words, without_tools
from koi.providers.wire.copilot.headers import request_headers
from koi.providers.wire.copilot.models import read_models
from koi.providers.wire.copilot.wire import COPILOT
from koi.providers.wire.request import WireOptions

PROMPT = Message("user", (Text("List the files"),))
CALL = Message("assistant", (ToolCall("a", "ls", {}),))
RESULT = Message("user", (ToolResult("a", "one.txt"),))
PICTURE = Image("image/png", b"png")


def entry(name: str, *paths: str, **more: object) -> JsonObject:
    return {"id": name, "supported_endpoints": list(paths), **more}


LIST: JsonObject = {
    "data": [
        entry("claude-sonnet-4.6", "/chat/completions", "/v1/messages"),
        entry("gpt-5.3-codex", "/responses"),
        entry("gpt-5.2", "/chat/completions", "/responses", "ws:/responses"),
        entry("gpt-4o", "/chat/completions"),
        entry("odd", "/somewhere"),
        {"id": "old"},
        {"id": "strange", "supported_endpoints": "yes"},
        "no entry",
    ]
}


def path(model: str, answer: JsonObject) -> str:
    assert COPILOT.choice is not None
    request = ModelRequest(model, (PROMPT,))
    return COPILOT.choice.choose(answer, model).build(request, WireOptions("copilot")).path


@pytest.mark.parametrize(
    ("model", "asked_at"),
    [
        ("claude-sonnet-4.6", "/v1/messages"),
        ("gpt-5.3-codex", "/responses"),
        ("gpt-5.2", "/responses"),
        ("gpt-4o", "/chat/completions"),
        ("odd", "/chat/completions"),
        ("old", "/chat/completions"),
        ("strange", "/chat/completions"),
        ("not listed", "/chat/completions"),
    ],
)
def test_a_model_is_asked_where_the_list_says(model: str, asked_at: str) -> None:
    assert path(model, LIST) == asked_at


def test_without_a_list_all_are_asked_as_chat() -> None:
    assert path("claude-sonnet-4.6", {}) == "/chat/completions"


def initiator(*messages: Message) -> str:
    return request_headers(ModelRequest("m", messages))["X-Initiator"]


def test_a_prompt_is_the_persons_turn_however_long_the_session() -> None:
    assert initiator(PROMPT) == "user"
    assert initiator(PROMPT, CALL, RESULT, Message("assistant", (Text("Done"),)), PROMPT) == "user"


def test_the_answer_to_a_call_is_the_agents_turn() -> None:
    assert initiator(PROMPT, CALL, RESULT) == "agent"


def test_results_that_are_told_as_text_are_the_agents_turn_too() -> None:
    def told(*messages: Message) -> str:
        request = ModelRequest("m", messages, tools=(ToolSchema("ls", "lists", {}),))
        assert request_headers(without_tools(request)) == request_headers(with_words(request))
        return request_headers(with_words(request))["X-Initiator"]

    assert told(PROMPT, CALL, RESULT) == "agent"
    assert told(PROMPT) == "user"
    assert told(PROMPT, CALL, Message("user", (*RESULT.parts, Text("Stop")))) == "user"


def test_a_prompt_beside_results_is_the_persons_turn() -> None:
    assert initiator(PROMPT, CALL, Message("user", (*RESULT.parts, Text("Stop")))) == "user"


def test_images_are_announced_wherever_they_are() -> None:
    seen = Message("user", (ToolResult("a", "", images=(PICTURE,)),))
    for messages in ((Message("user", (PICTURE,)), CALL, RESULT), (PROMPT, CALL, seen)):
        headers = request_headers(ModelRequest("m", messages))
        assert headers["Copilot-Vision-Request"] == "true"
    assert "Copilot-Vision-Request" not in request_headers(ModelRequest("m", (PROMPT,)))


def test_signatures_of_one_endpoint_are_not_sent_to_another() -> None:
    assert COPILOT.choice is not None
    thought = Reasoning("hm", ProviderData("copilot/claude/chat", {"field": "reasoning_text"}))
    asked = (PROMPT, Message("assistant", (thought, Text("Yes"))), PROMPT)
    messages = COPILOT.choice.choose(LIST, "claude-sonnet-4.6")
    built = messages.build(ModelRequest("claude-sonnet-4.6", asked), WireOptions("copilot/claude"))
    assert "hm" not in str(built.body)


def test_the_list_shows_open_models_for_conversations_only() -> None:
    chat = {
        "type": "chat",
        "limits": {"max_context_window_tokens": 128_000, "max_output_tokens": 16_384},
        "supports": {"tool_calls": True, "vision": False, "streaming": True},
    }
    answer: JsonObject = {
        "data": [
            {"id": "open", "model_picker_enabled": True, "capabilities": chat},
            {"id": "hidden", "model_picker_enabled": False, "capabilities": chat},
            {"id": "vectors", "capabilities": {"type": "embeddings"}},
            {"id": "terms", "capabilities": chat, "policy": {"state": "unconfigured"}},
            {"id": "agreed", "capabilities": chat, "policy": {"state": "enabled"}},
        ]
    }
    models = read_models("copilot", answer)
    assert [model.reference.model for model in models] == ["open", "agreed"]
    assert models[0] == ModelInfo(
        ModelReference("copilot", "open"), 128_000, 16_384, True, False, streaming=True
    )


@pytest.mark.parametrize("answer", [None, [], {}, {"data": "no"}, {"data": [1, {"id": 2}]}])
def test_an_odd_list_has_no_models(answer: object) -> None:
    assert read_models("copilot", answer) == ()
