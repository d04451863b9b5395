"""Requests as Gemini generateContent."""

from __future__ import annotations

from typing import Any, cast

import pytest

from koi.catalogue.rows import Profile
from koi.core.messages import (
    Image,
    Message,
    ModelRequest,
    Opaque,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.providers.wire.gemini.build import build
from koi.providers.wire.request import WireOptions, WireRequest

FAMILY = "gemini/gemini"
OLD, NEW = "gemini-2.5-pro", "gemini-3-pro-preview"
PLACEHOLDER = "skip_thought_signature_validator"
SIGNED = ProviderData(FAMILY, {"thoughtSignature": "c2ln"})
PNG = Image("image/png", b"png")


def request(*messages: Message, model: str = OLD) -> ModelRequest:
    return ModelRequest(model, messages)


def built(asked: ModelRequest, *, stream: bool = True) -> WireRequest:
    return build(asked, WireOptions(FAMILY, stream=stream))


def body(asked: ModelRequest) -> dict[str, Any]:
    return cast(dict[str, Any], built(asked).body)


def contents(*messages: Message, model: str = OLD) -> list[Any]:
    return cast(list[Any], body(request(*messages, model=model))["contents"])


def user(text: str) -> Message:
    return Message("user", (Text(text),))


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("gemini-2.5-pro", "/models/gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "/models/gemini-2.5-pro"),
        ("tunedModels/my-model-1", "/tunedModels/my-model-1"),
        ("gemini/../x?y", "/models/gemini%2F..%2Fx%3Fy"),
        ("fine tuned:1", "/models/fine%20tuned%3A1"),
        ("publishers/google/models/gemini-3-pro", "/publishers/google/models/gemini-3-pro"),
    ],
)
def test_the_model_is_in_the_path(model: str, path: str) -> None:
    asked = request(user("hi"), model=model)
    assert built(asked).path == f"{path}:streamGenerateContent?alt=sse"
    assert built(asked, stream=False).path == f"{path}:generateContent"


def test_what_is_not_set_is_not_sent() -> None:
    assert body(request(user("hi"), model="gemini-2.0-flash")) == {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}]
    }


def test_settings_have_their_places() -> None:
    asked = ModelRequest(
        "gemma-3-27b-it", (user("hi"),), "Be.", max_tokens=9, temperature=0.0, stop=("X",)
    )
    assert body(asked)["systemInstruction"] == {"parts": [{"text": "Be."}]}
    assert body(asked)["generationConfig"] == {
        "maxOutputTokens": 9,
        "temperature": 0.0,
        "stopSequences": ["X"],
    }


def test_a_system_prompt_that_is_refused_goes_before_the_first_message() -> None:
    options = WireOptions(FAMILY, Profile(system_in_first_message=True))
    sent = build(ModelRequest("gemma-3-27b-it", (user("hi"),), "Be."), options).body
    assert sent == {"contents": [{"role": "user", "parts": [{"text": "Be."}, {"text": "hi"}]}]}


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("gemini-2.5-pro", True),
        ("models/gemini-2.5-flash", True),
        ("gemini-3-flash-preview", True),
        ("gemini-3.1-pro-preview", True),
        ("gemini-flash-latest", True),
        ("gemini-10-pro", True),
        ("gemini-2.0-flash", False),
        ("gemini-2.5-flash-lite", False),
        ("gemini-flash-lite-latest", False),
        ("gemini-2.5-flash-image", False),
        ("gemini-2.5-pro-preview-tts", False),
        ("gemma-3-27b-it", False),
        ("any-model", False),
    ],
)
def test_only_models_that_think_are_asked_for_their_thoughts(model: str, thinks: bool) -> None:
    generation = body(request(user("hi"), model=model)).get("generationConfig")
    assert generation == ({"thinkingConfig": {"includeThoughts": True}} if thinks else None)


def test_tools_are_declared_with_their_json_schema() -> None:
    schema: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"path": {"type": ["string", "null"]}},
        "additionalProperties": False,
    }
    tools = (ToolSchema("read", "Reads", schema), ToolSchema("now", "Time", {"type": "object"}))
    (declared,) = body(ModelRequest(OLD, (user("hi"),), tools=tools))["tools"]
    read, now = declared["functionDeclarations"]
    assert read == {
        "name": "read",
        "description": "Reads",
        "parametersJsonSchema": {key: schema[key] for key in schema if key != "$schema"},
    }
    assert now == {"name": "now", "description": "Time"}


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("read", {"mode": "ANY", "allowedFunctionNames": ["read"]}),
    ],
)
def test_tool_choice(choice: str, config: object) -> None:
    tools = (ToolSchema("read", "Reads", {}),)
    asked = ModelRequest(OLD, (user("hi"),), tools=tools, tool_choice=choice)
    assert body(asked)["toolConfig"] == {"functionCallingConfig": config}


def test_messages_of_one_role_become_one_and_results_come_first() -> None:
    sent = contents(
        user("a"),
        user("b"),
        Message("assistant", (Text("c"), ToolCall("1", "read", {"p": 1}))),
        Message("user", (Text("and"), ToolResult("1", "text"))),
        Message("assistant", (Text(""), Reasoning("unsigned"))),
        user("d"),
    )
    assert [content["role"] for content in sent] == ["user", "model", "user"]
    assert sent[0]["parts"] == [{"text": "a"}, {"text": "b"}]
    assert sent[2]["parts"] == [
        {"functionResponse": {"name": "read", "response": {"output": "text"}}},
        {"text": "and"},
        {"text": "d"},
    ]


def test_a_failed_call_says_so() -> None:
    sent = contents(
        Message("assistant", (ToolCall("1", "read", {}),)),
        Message("user", (ToolResult("1", "No such file", ok=False),)),
    )
    response = sent[1]["parts"][0]["functionResponse"]
    assert response == {"name": "read", "response": {"error": "No such file"}}


def test_ids_go_back_only_when_gemini_gave_them() -> None:
    given = ProviderData(FAMILY, {"functionCall": {"id": "g1"}})
    foreign = ProviderData("other/x", {"functionCall": {"id": "o"}})
    calls = (
        ToolCall("k1", "a", {}, provider_data=given),
        ToolCall("k2", "b", {}),
        ToolCall("k3", "c", {}, provider_data=foreign),
    )
    results = tuple(ToolResult(call.id, "ok") for call in calls)
    sent = contents(Message("assistant", calls), Message("user", results))
    assert [part["functionCall"].get("id") for part in sent[0]["parts"]] == ["g1", None, None]
    ids = [part["functionResponse"].get("id") for part in sent[1]["parts"]]
    assert ids == ["g1", None, None]


def test_signatures_are_echoed_at_their_parts() -> None:
    code = ProviderData(FAMILY, {"executableCode": {"code": "1"}, "thoughtSignature": "c2ln"})
    parts = (
        Reasoning("hm", SIGNED),
        Text("a"),
        Text("", SIGNED),
        Opaque(code),
        ToolCall("1", "ls", {}, provider_data=SIGNED),
        ToolCall("2", "ls", {}),
    )
    for model in (OLD, NEW):
        assert contents(Message("assistant", parts), model=model)[0]["parts"] == [
            {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
            {"text": "a"},
            {"text": "", "thoughtSignature": "c2ln"},
            {"executableCode": {"code": "1"}, "thoughtSignature": "c2ln"},
            {"functionCall": {"name": "ls", "args": {}}, "thoughtSignature": "c2ln"},
            {"functionCall": {"name": "ls", "args": {}}},
        ]


def test_opaque_data_of_others_and_about_answers_stays_here() -> None:
    other = ProviderData("anthropic/claude", {"signature": "s", "thoughtSignature": "x"})
    parts = (
        Reasoning("hm", other),
        Text("a", other),
        Opaque(other),
        Opaque(ProviderData(FAMILY, {"groundingMetadata": {}})),
        Opaque(ProviderData(FAMILY, {"promptFeedback": {"blockReason": "x"}})),
    )
    assert contents(Message("assistant", parts))[0]["parts"] == [{"text": "a"}]


@pytest.mark.parametrize(
    ("model", "signature"),
    [
        (OLD, None),
        ("gemini-2.0-flash", None),
        (NEW, PLACEHOLDER),
        ("gemini-pro-latest", PLACEHOLDER),
    ],
)
def test_calls_of_other_models_get_the_documented_placeholder_from_gemini_3_on(
    model: str, signature: str | None
) -> None:
    other = ProviderData("anthropic/claude", {"caller": "x"})
    calls = (ToolCall("1", "ls", {}, provider_data=other), ToolCall("2", "ls", {}))
    parts = contents(Message("assistant", (Text("a"), *calls)), model=model)[0]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [None, signature, None]


def test_arguments_that_were_no_json_go_back_as_an_object() -> None:
    sent = contents(Message("assistant", (ToolCall("1", "ls", None, "{bad"),)))
    assert sent[0]["parts"][0]["functionCall"]["args"] == {"arguments_raw": "{bad"}


def test_images_are_sent_inline() -> None:
    assert contents(Message("user", (PNG,)))[0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "cG5n"}}
    ]


def test_images_of_results_are_inside_them_from_gemini_3_on_and_beside_them_before() -> None:
    gif = Image("image/gif", b"png")
    inline = {"inlineData": {"mimeType": "image/png", "data": "cG5n"}}
    messages = (
        Message("assistant", (ToolCall("1", "look", {}), ToolCall("2", "look", {}))),
        Message("user", (ToolResult("1", "a", images=(PNG,)), ToolResult("2", "b", images=(gif,)))),
    )
    new = contents(*messages, model=NEW)[1]["parts"]
    assert new[0]["functionResponse"]["parts"] == [inline]
    assert "parts" not in new[1]["functionResponse"]
    assert new[2]["inlineData"]["mimeType"] == "image/gif"
    old = contents(*messages, model=OLD)[1]["parts"]
    assert ["functionResponse" in part for part in old] == [True, True, False, False]
    assert old[2] == inline


def test_a_result_without_its_call_is_text() -> None:
    assert contents(Message("user", (ToolResult("?", "found"), Text("x"))))[0]["parts"] == [
        {"text": "found"},
        {"text": "x"},
    ]


def test_names_and_fields_of_the_profile_are_used() -> None:
    profile = Profile(model_names={"fast": "gemini-2.0-flash"}, extra_body={"labels": "x"})
    wire = build(ModelRequest("fast", (user("hi"),)), WireOptions(FAMILY, profile))
    assert wire.path.startswith("/models/gemini-2.0-flash:")
    assert wire.body["labels"] == "x"
