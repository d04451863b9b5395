"""Neutral requests as Bedrock Converse; botocore's model of the service accepts them."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any, cast

import botocore.session
import msgspec
import pytest
from botocore.validate import validate_parameters
from hypothesis import given
from hypothesis import strategies as st

from koi.catalogue.rows import Profile
from koi.core.errors import ProviderError
from koi.core.messages import (
    Image,
    Message,
    ModelRequest,
    Opaque,
    Part,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)
from koi.providers.wire.bedrock.build import build
from koi.providers.wire.request import WireOptions

USER = Message("user", (Text("Hello"),))
PLAIN = WireOptions("family")
NOVA = "amazon.nova-pro-v1:0"
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
CACHE = {"cachePoint": {"type": "default"}}
TOOL = ToolSchema("read", "Reads a file.", {"type": "object", "properties": {}})
SPEC = {
    "toolSpec": {
        "name": "read",
        "description": "Reads a file.",
        "inputSchema": {"json": {"type": "object", "properties": {}}},
    }
}
PNG = b"\x89PNG..."


def body(request: ModelRequest, options: WireOptions = PLAIN) -> dict[str, Any]:
    wire = build(request, options)
    return cast(dict[str, Any], msgspec.json.decode(msgspec.json.encode(wire.body)))


def content(*parts: Part, model: str = NOVA, options: WireOptions = PLAIN) -> list[Any]:
    """The blocks of an assistant message that is not the last one."""
    said = (USER, Message("assistant", parts), USER)
    messages = body(ModelRequest(model, said), options)["messages"]
    return cast(list[Any], messages[1]["content"] if len(messages) == 3 else [])


def result(*parts: Part, model: str = NOVA) -> list[Any]:
    """The blocks of a user message that answers a call."""
    call = Message("assistant", (ToolCall("c1", "read", {}),))
    request = ModelRequest(model, (USER, call, Message("user", parts)))
    return cast(list[Any], body(request)["messages"][2]["content"])


def test_the_least() -> None:
    wire = build(ModelRequest(NOVA, (USER,)), PLAIN)
    assert wire.path == "/model/amazon.nova-pro-v1%3A0/converse-stream"
    assert wire.headers == {}
    assert wire.body == {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


def test_without_streaming_another_operation_is_asked() -> None:
    wire = build(ModelRequest("m", (USER,)), WireOptions("family", stream=False))
    assert wire.path == "/model/m/converse"


@pytest.mark.parametrize(
    ("model", "escaped"),
    [
        ("anthropic.claude-sonnet-4-20250514", "anthropic.claude-sonnet-4-20250514"),
        ("eu.amazon.nova-lite-v1:0", "eu.amazon.nova-lite-v1%3A0"),
        (
            "arn:aws:bedrock:eu-north-1:1:inference-profile/eu.x-v1:0",
            "arn%3Aaws%3Abedrock%3Aeu-north-1%3A1%3Ainference-profile%2Feu.x-v1%3A0",
        ),
        ("../a?b#c%20", "..%2Fa%3Fb%23c%2520"),
    ],
)
def test_a_model_is_named_as_typed_and_escaped(model: str, escaped: str) -> None:
    assert build(ModelRequest(model, (USER,)), PLAIN).path == f"/model/{escaped}/converse-stream"


def test_limits_are_sent_when_they_are_set() -> None:
    request = ModelRequest(NOVA, (USER,), max_tokens=9, temperature=0.5, stop=("END",))
    wanted = {"maxTokens": 9, "temperature": 0.5, "stopSequences": ["END"]}
    assert body(request)["inferenceConfig"] == wanted


def test_the_profile_adds_fields_and_renames_models() -> None:
    thinking = {"additionalModelRequestFields": True}
    profile = Profile(model_names={"nova": NOVA}, extra_body=dict(thinking))
    wire = build(ModelRequest("nova", (USER,)), WireOptions("family", profile))
    assert wire.path == "/model/amazon.nova-pro-v1%3A0/converse-stream"
    assert wire.body["additionalModelRequestFields"] is True


@pytest.mark.parametrize("model", [CLAUDE, "anthropic.claude-3-7-sonnet-20250219-v1:0"])
def test_claude_gets_cache_points_after_system_and_history(model: str) -> None:
    found = body(ModelRequest(model, (USER,), system="Be brief.", tools=(TOOL,)))
    assert found["system"] == [{"text": "Be brief."}, CACHE]
    assert found["messages"][-1]["content"] == [{"text": "Hello"}, CACHE]
    assert found["toolConfig"] == {"tools": [SPEC]}


def test_claude_gets_a_cache_point_after_the_tools_when_there_is_no_system_prompt() -> None:
    found = body(ModelRequest(CLAUDE, (USER,), tools=(TOOL,)))
    assert found["toolConfig"] == {"tools": [SPEC, CACHE]}


@pytest.mark.parametrize(
    "model",
    [
        NOVA,
        "anthropic.claude-3-haiku-20240307-v1:0",
        "us.anthropic.claude-3-5-sonnet-20240620-v1:0",
        "anthropic.claude-instant-v1",
        "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
    ],
)
def test_others_get_no_cache_points(model: str) -> None:
    found = body(ModelRequest(model, (USER,), system="Be brief.", tools=(TOOL,)))
    assert "cachePoint" not in str(found)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("auto", {"toolChoice": {"auto": {}}}),
        ("required", {"toolChoice": {"any": {}}}),
        ("read", {"toolChoice": {"tool": {"name": "read"}}}),
        ("none", {}),
        (None, {}),
    ],
)
def test_tool_choice(choice: str | None, wanted: dict[str, Any]) -> None:
    request = ModelRequest(NOVA, (USER,), tools=(TOOL,), tool_choice=choice)
    assert body(request)["toolConfig"] == {"tools": [SPEC]} | wanted


def test_a_tool_without_a_description_has_none() -> None:
    request = ModelRequest(NOVA, (USER,), tools=(ToolSchema("x", " ", {}),))
    spec = {"name": "x", "inputSchema": {"json": {}}}
    assert body(request)["toolConfig"] == {"tools": [{"toolSpec": spec}]}


def test_earlier_calls_are_explained_when_no_tools_are_sent_now() -> None:
    call = Message("assistant", (ToolCall("c1", "read", {}),))
    answer = Message("user", (ToolResult("c1", "x"),))
    config = body(ModelRequest(NOVA, (USER, call, answer), tool_choice="auto"))["toolConfig"]
    spec = {"name": "read", "inputSchema": {"json": {"type": "object"}}}
    assert config == {"tools": [{"toolSpec": spec}]}


def test_calls_keep_their_ids_and_others_get_acceptable_ones() -> None:
    (block,) = content(ToolCall("tooluse_1-a", "read", {"a": 1}))
    use = {"toolUseId": "tooluse_1-a", "name": "read", "input": {"a": 1}}
    assert block == {"toolUse": use}
    (block,) = content(ToolCall("call|1", "no such.tool!", None, "{half"))
    assert block["toolUse"]["toolUseId"].isalnum()
    assert block["toolUse"]["name"] == "no_such_tool_"
    assert block["toolUse"]["input"] == {"arguments_raw": "{half"}


def test_results_come_first_and_images_with_them() -> None:
    blocks = result(Text("and then"), ToolResult("c1", "seen", images=(Image("image/png", PNG),)))
    source = {"bytes": base64.b64encode(PNG).decode()}
    seen = [{"text": "seen"}, {"image": {"format": "png", "source": source}}]
    assert blocks == [
        {"toolResult": {"toolUseId": "c1", "content": seen}},
        {"text": "and then"},
    ]


def test_a_result_without_text_says_so() -> None:
    (block,) = result(ToolResult("c1", " \n"))
    assert block["toolResult"]["content"] == [{"text": "(no output)"}]


@pytest.mark.parametrize(
    ("model", "status"), [(NOVA, "error"), (CLAUDE, "error"), ("mistral.m-v1:0", None)]
)
def test_failures_are_marked_where_the_model_reads_it(model: str, status: str | None) -> None:
    block = result(ToolResult("c1", "no", ok=False), model=model)[0]
    assert block["toolResult"].get("status") == status


@pytest.mark.parametrize(
    ("media_type", "name"), [("image/jpeg", "jpeg"), ("image/JPG", "jpeg"), ("image/webp", "webp")]
)
def test_formats_of_images(media_type: str, name: str) -> None:
    (block,) = content(Image(media_type, PNG))
    assert block["image"]["format"] == name


def test_other_images_are_refused_by_name() -> None:
    with pytest.raises(ProviderError, match="image/svg") as caught:
        content(Image("image/svg+xml", b"<svg/>"))
    assert caught.value.kind == "bad_request"


def test_reasoning_goes_back_to_its_family_with_its_signature() -> None:
    signed = Reasoning("Hm", ProviderData("family", {"signature": "s"}))
    assert content(signed) == [
        {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "s"}}}
    ]
    redacted = Reasoning("", ProviderData("family", {"redactedContent": "QUJD"}))
    assert content(redacted) == [{"reasoningContent": {"redactedContent": "QUJD"}}]
    assert content(signed, redacted, options=WireOptions("other")) == []
    assert content(Reasoning("unsigned")) == []


def test_opaque_blocks_and_citations_go_back_to_their_family_only() -> None:
    opaque = Opaque(ProviderData("family", {"toolResult": {"toolUseId": "1"}}))
    cited = Text("Ruby", ProviderData("family", {"citations": [{"title": "t"}]}))
    block = {"content": [{"text": "Ruby"}], "citations": [{"title": "t"}]}
    assert content(opaque, cited) == [
        {"toolResult": {"toolUseId": "1"}},
        {"citationsContent": block},
    ]
    assert content(opaque, cited, options=WireOptions("other")) == [{"text": "Ruby"}]


def test_roles_take_turns_and_nothing_is_blank() -> None:
    said = (
        USER,
        Message("user", (Text(" "), Text("again"))),
        Message("assistant", (Text("\n"),)),
        Message("user", (Text("still"),)),
    )
    messages = body(ModelRequest(NOVA, said, system="  "))
    assert messages == {
        "messages": [
            {"role": "user", "content": [{"text": "Hello"}, {"text": "again"}, {"text": "still"}]}
        ]
    }


texts = st.text(max_size=8)
arguments = st.dictionaries(texts, st.one_of(st.integers(-9, 9), texts, st.none()), max_size=2)
parts = st.one_of(
    st.builds(Text, texts),
    st.builds(Reasoning, texts, st.just(ProviderData("family", {"signature": "s"}))),
    st.builds(Image, st.sampled_from(["image/png", "image/gif"]), st.binary(max_size=5)),
    st.builds(ToolCall, texts, texts, st.one_of(st.none(), arguments), texts),
    st.builds(ToolResult, texts, texts, st.booleans()),
)
conversations = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), st.lists(parts).map(tuple)),
    max_size=5,
).map(tuple)
operation = (
    botocore.session.Session().get_service_model("bedrock-runtime").operation_model("Converse")
)


@given(
    conversations,
    st.sampled_from([NOVA, CLAUDE]),
    st.sampled_from(["", "Be brief."]),
    st.sampled_from([(), (TOOL,)]),
    st.sampled_from([None, "auto", "none", "required", "read"]),
)
def test_botocore_accepts_every_request(
    messages: tuple[Message, ...],
    model: str,
    system: str,
    tools: tuple[ToolSchema, ...],
    choice: str | None,
) -> None:
    request = ModelRequest(model, messages, system, tools, 10, 0.5, ("x",), choice)
    found = body(request)
    assert operation.input_shape is not None
    validate_parameters({"modelId": model, **found}, operation.input_shape)
    roles = [message["role"] for message in found["messages"]]
    assert all(one != other for one, other in pairwise(roles))
