"""Neutral requests as chat completions."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest

from koi.catalogue.rows import Profile
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
from koi.providers.wire.openai_chat.build import build
from koi.providers.wire.request import WireOptions

USER = Message("user", (Text("Hello"),))
PLAIN = WireOptions("family")


def body(request: ModelRequest, options: WireOptions = PLAIN) -> dict[str, Any]:
    return cast(
        dict[str, Any], msgspec.json.decode(msgspec.json.encode(build(request, options).body))
    )


def messages(*said: Message, options: WireOptions = PLAIN, system: str = "") -> list[Any]:
    return cast(list[Any], body(ModelRequest("m", said, system=system), options)["messages"])


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def test_what_is_not_set_is_not_sent() -> None:
    assert body(ModelRequest("m", (USER,))) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_streaming() -> None:
    sent = body(ModelRequest("m", (USER,)), WireOptions("family", stream=False))
    assert "stream" not in sent
    assert "stream_options" not in sent


def test_what_is_set_is_sent() -> None:
    request = ModelRequest("m", (USER,), max_tokens=5, temperature=0.0, stop=("END",))
    sent = body(request)
    assert (sent["max_tokens"], sent["temperature"], sent["stop"]) == (5, 0.0, ["END"])


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5.2", "max_completion_tokens"),
        ("o4-mini", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("openai/gpt-5.2", "max_tokens"),
        ("olmo", "max_tokens"),
    ],
)
def test_the_limit_has_two_names(model: str, name: str) -> None:
    assert body(ModelRequest(model, (USER,), max_tokens=5))[name] == 5


def test_habits_of_the_catalogue() -> None:
    profile = Profile(
        token_parameter="max_completion_tokens",
        stream_usage=False,
        model_names={"auto": "vendor/auto"},
        extra_body={"tool_stream": True},
        system_in_first_message=True,
    )
    request = ModelRequest("auto", (USER,), system="Be brief.", max_tokens=5)
    assert body(request, WireOptions("family", profile)) == {
        "tool_stream": True,
        "model": "vendor/auto",
        "messages": [{"role": "user", "content": "Be brief.\n\nHello"}],
        "max_completion_tokens": 5,
        "stream": True,
    }


def test_the_system_prompt_comes_first() -> None:
    assert messages(USER, system="Be brief.")[0] == {"role": "system", "content": "Be brief."}


def test_tools() -> None:
    tool = ToolSchema("read", "Reads.", {"type": "object"})
    sent = body(ModelRequest("m", (USER,), tools=(tool,), tool_choice="read"))
    function = {"name": "read", "description": "Reads.", "parameters": {"type": "object"}}
    assert sent["tools"] == [{"type": "function", "function": function}]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "read"}}


def test_a_tool_choice_without_tools_is_not_sent() -> None:
    assert "tool_choice" not in body(ModelRequest("m", (USER,), tool_choice="auto"))


def test_calls_and_their_results() -> None:
    sent = messages(
        assistant(Text("Reading."), ToolCall("a", "read", {"path": "x"}), ToolCall("b", "ls", {})),
        Message("user", (ToolResult("a", "one"), ToolResult("b", "two", ok=False), Text("And?"))),
    )
    assert sent == [
        {
            "role": "assistant",
            "content": "Reading.",
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "read", "arguments": '{"path":"x"}'},
                },
                {"id": "b", "type": "function", "function": {"name": "ls", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
        {"role": "user", "content": "And?"},
    ]


def test_a_call_alone_has_no_content() -> None:
    assert messages(assistant(ToolCall("a", "ls", {})))[0]["content"] is None


def test_arguments_that_were_no_json_go_back_as_json() -> None:
    (sent,) = messages(assistant(ToolCall("a", "ls", None, '{"pa')))
    arguments = sent["tool_calls"][0]["function"]["arguments"]
    assert msgspec.json.decode(arguments) == {"arguments_raw": '{"pa'}


def test_images() -> None:
    image = Image("image/png", b"abc")
    (sent,) = messages(Message("user", (Text("What?"), image)))
    assert sent["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}},
    ]


def test_images_of_tool_results_follow_in_a_user_message() -> None:
    result = ToolResult("a", "see", images=(Image("image/png", b"abc"),))
    sent = messages(Message("user", (result,)))
    assert [message["role"] for message in sent] == ["tool", "user"]


def test_empty_answers_are_left_out() -> None:
    assert messages(assistant(Reasoning("hm")), USER) == [{"role": "user", "content": "Hello"}]


def test_reasoning_details_go_back_to_the_same_family_only() -> None:
    details = {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}
    thought = Reasoning("", ProviderData("family", details))  # type: ignore[arg-type]
    said = assistant(thought, Text("ok"))
    assert messages(said)[0]["reasoning_details"] == details["reasoning_details"]
    assert "reasoning_details" not in messages(said, options=WireOptions("other"))[0]


def test_reasoning_text_goes_back_to_who_wants_it() -> None:
    thought = Reasoning("hm", ProviderData("family", {"field": "reasoning"}))
    said = assistant(thought, Text("ok"))
    wants = WireOptions("family", Profile(reasoning_echo="reasoning_content"))
    assert messages(said, options=wants)[0]["reasoning_content"] == "hm"
    assert set(messages(said)[0]) == {"role", "content"}


def test_signatures_of_calls_go_back_to_the_same_family_only() -> None:
    signed = ToolCall("a", "ls", {}, provider_data=ProviderData("family", {"google": {"s": 1}}))
    (own,) = messages(assistant(signed))
    (other,) = messages(assistant(signed), options=WireOptions("other"))
    assert own["tool_calls"][0]["extra_content"] == {"google": {"s": 1}}
    assert "extra_content" not in other["tool_calls"][0]


def test_blocks_of_others_are_left_out() -> None:
    foreign = Opaque(ProviderData("anthropic", {"type": "server_tool_use"}))
    assert messages(assistant(foreign, Text("ok"))) == [{"role": "assistant", "content": "ok"}]


CALLED = assistant(ToolCall("a", "ls", {}))
RESULT = Message("user", (ToolResult("a", "one.txt"),))
WANTS = WireOptions("family", Profile(reasoning_echo="reasoning_content"))


def test_who_wants_reasoning_gets_a_blank_where_others_have_answered() -> None:
    foreign = Reasoning("secret", ProviderData("other", {"field": "reasoning"}))
    for said in (CALLED, assistant(Text("ok")), assistant(foreign, Text("ok"))):
        assert messages(USER, said, options=WANTS)[1]["reasoning_content"] == " "


def test_opaque_reasoning_of_copilot_goes_back_with_its_text() -> None:
    data = ProviderData("family", {"field": "reasoning_text", "reasoning_opaque": "x"})
    (sent,) = messages(assistant(Reasoning("hm", data), Text("ok")))
    assert (sent["reasoning_text"], sent["reasoning_opaque"]) == ("hm", "x")


def test_of_two_families_in_one_message_only_the_own_one_gets_its_data_back() -> None:
    foreign = ProviderData("other", {"field": "reasoning_text", "reasoning_opaque": "x"})
    own = ProviderData("family", {"field": "reasoning_text"})
    (sent,) = messages(assistant(Reasoning("a", foreign), Reasoning("b", own), Text("ok")))
    assert sent == {"role": "assistant", "content": "ok"}


def test_reasoning_in_tags_goes_back_in_tags_to_the_same_family_only() -> None:
    data = ProviderData("family", {"field": "<think>"})
    said = assistant(Reasoning("hm", data), Text("Yes"))
    assert messages(said)[0]["content"] == "<think>hm</think>\n\nYes"
    assert messages(said, options=WireOptions("other"))[0]["content"] == "Yes"


def test_what_is_around_an_answer_left_out_is_one_message() -> None:
    sent = messages(USER, assistant(Reasoning("hm")), Message("user", (Text("And?"),)))
    assert sent == [{"role": "user", "content": "Hello\n\nAnd?"}]


@pytest.mark.parametrize(
    ("model", "roles"),
    [
        ("gpt-5", ["assistant", "tool", "user"]),
        ("mistral-large-latest", ["assistant", "tool", "assistant", "user"]),
        ("open-mixtral-8x22b", ["assistant", "tool", "assistant", "user"]),
        ("mistralai/Devstral-Small-2507", ["assistant", "tool", "assistant", "user"]),
    ],
)
def test_mistral_refuses_a_prompt_right_after_a_result(model: str, roles: list[str]) -> None:
    sent = body(ModelRequest(model, (CALLED, RESULT, USER)))["messages"]
    assert [message["role"] for message in sent] == roles


def test_ids_are_as_the_profile_wants_them() -> None:
    wants = WireOptions("family", Profile(call_id_form="alphanumeric-9"))
    call, result = messages(CALLED, RESULT, options=wants)
    identity = call["tool_calls"][0]["id"]
    assert len(identity) == 9
    assert identity.isalnum()
    assert result["tool_call_id"] == identity


def test_a_result_is_never_empty() -> None:
    _, result = messages(CALLED, Message("user", (ToolResult("a", ""),)))
    assert result["content"] == "(no output)"


def test_a_name_that_no_tool_can_have_is_made_to_fit() -> None:
    (sent,) = messages(assistant(ToolCall("a", "functions.ls!", {})))
    assert sent["tool_calls"][0]["function"]["name"] == "functions_ls_"
