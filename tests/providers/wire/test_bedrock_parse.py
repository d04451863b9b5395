"""Answers of Bedrock Converse as events."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, Opaque, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import ProviderEvent
from koi.core.usage import Usage
from koi.net.event_stream import EventStreamDecoder
from koi.net.framing import StreamEvent
from koi.providers.wire.bedrock.parse import ConverseParser, event_stream
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome

USAGE: JsonObject = {
    "inputTokens": 5,
    "cacheReadInputTokens": 3,
    "cacheWriteInputTokens": 2,
    "outputTokens": 7,
    "totalTokens": 17,
    "serverToolUsage": {},
}
COUNTED = Usage(5, 3, 2, 7)
START: tuple[str, JsonObject] = ("messageStart", {"role": "assistant", "p": "abc"})
METADATA: tuple[str, JsonObject] = ("metadata", {"usage": USAGE, "p": "abcdef"})


def delta(index: int, **content: object) -> tuple[str, JsonObject]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": content, "p": "a"}


def begin(index: int, **start: object) -> tuple[str, JsonObject]:
    return "contentBlockStart", {"contentBlockIndex": index, "start": start}


def end(index: int) -> tuple[str, JsonObject]:
    return "contentBlockStop", {"contentBlockIndex": index}


def stop(reason: str) -> tuple[str, JsonObject]:
    return "messageStop", {"stopReason": reason}


def stream(*messages: tuple[str, JsonObject]) -> Outcome:
    parser = ConverseParser(WireOptions("family"))
    events: list[ProviderEvent] = []
    for name, message in messages:
        events.extend(parser.feed(StreamEvent(name, msgspec.json.encode(message))))
    return Outcome([*events, *parser.finish()])


def whole(*content: JsonObject, reason: str = "end_turn") -> Outcome:
    parser = ConverseParser(WireOptions("family"))
    answer: JsonObject = {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": reason,
        "usage": USAGE,
    }
    return Outcome([*parser.whole(answer), *parser.finish()])


def test_text_and_the_counts_that_come_after_the_stop_reason() -> None:
    out = stream(
        START, delta(0, text="Hel"), delta(0, text="lo"), end(0), stop("end_turn"), METADATA
    )
    assert (out.text, out.usage) == ("Hello", COUNTED)
    assert (out.ended.finish_reason, out.ended.raw_finish_reason) == ("stop", "end_turn")
    assert out.ended.parts == (Text("Hello"),)


def test_the_answer_is_done_only_after_its_metadata() -> None:
    parser = ConverseParser(WireOptions("family"))
    for name, message in (START, delta(0, text="x"), stop("end_turn")):
        parser.feed(StreamEvent(name, msgspec.json.encode(message)))
    assert parser.done is False
    parser.feed(StreamEvent(METADATA[0], msgspec.json.encode(METADATA[1])))
    assert parser.done is True


def test_a_body_that_ended_after_the_stop_reason_is_complete() -> None:
    out = stream(START, delta(0, text="x"), stop("end_turn"))
    assert (out.text, out.usage, out.ended.finish_reason) == ("x", None, "stop")


def test_without_a_stop_reason_the_answer_was_cut() -> None:
    with pytest.raises(ProviderError) as caught:
        stream(START, delta(0, text="x"), end(0), METADATA)
    assert caught.value.kind == "network"


def test_calls_in_fragments() -> None:
    out = stream(
        START,
        delta(0, text="Well."),
        begin(1, toolUse={"toolUseId": "a", "name": "read"}),
        delta(1, toolUse={"input": ""}),
        delta(1, toolUse={"input": '{"path":'}),
        delta(1, toolUse={"input": '"x"}'}),
        begin(2, toolUse={"toolUseId": "b", "name": "now"}),
        stop("tool_use"),
        METADATA,
    )
    assert out.ready == [ToolCall("a", "read", {"path": "x"}), ToolCall("b", "now", {})]
    assert out.ended.finish_reason == "tool_calls"


def test_a_call_cut_by_the_limit_never_runs() -> None:
    out = stream(
        START,
        begin(0, toolUse={"toolUseId": "a", "name": "read"}),
        delta(0, toolUse={"input": '{"path":'}),
        stop("max_tokens"),
    )
    assert out.ready == []
    assert out.calls == [ToolCall("a", "read", None, '{"path":')]
    assert out.ended.finish_reason == "length"


def test_reasoning_keeps_its_signature() -> None:
    wanted = Reasoning("Hmm", ProviderData("family", {"signature": "sig"}))
    out = stream(
        START,
        delta(0, reasoningContent={"text": "Hm"}),
        delta(0, reasoningContent={"text": "m"}),
        delta(0, reasoningContent={"signature": "sig"}),
        stop("end_turn"),
    )
    assert (out.reasoning, out.ended.parts) == ("Hmm", (wanted,))
    text: JsonObject = {"text": "Hmm", "signature": "sig"}
    assert whole({"reasoningContent": {"reasoningText": text}}).ended.parts == (wanted,)


@pytest.mark.parametrize("pieces", [[b"ABCDE"], [b"AB", b"CDE"]])
def test_redacted_reasoning_is_kept_whole(pieces: list[bytes]) -> None:
    encoded = [base64.b64encode(piece).decode() for piece in pieces]
    out = stream(
        START,
        *(delta(0, reasoningContent={"redactedContent": piece}) for piece in encoded),
        stop("end_turn"),
    )
    data = ProviderData("family", {"redactedContent": base64.b64encode(b"ABCDE").decode()})
    assert out.ended.parts == (Reasoning("", data),)


def test_cited_answers_are_text() -> None:
    cite: JsonObject = {"title": "facts", "location": {"documentChar": {"start": 0}}}
    wanted = (Text("Ruby.", ProviderData("family", {"citations": [cite]})),)
    streamed = stream(START, delta(0, citation=cite), delta(0, text="Ruby."), stop("end_turn"))
    content: JsonObject = {"citations": [cite], "content": [{"text": "Ru"}, {"text": "by."}]}
    at_once = whole({"citationsContent": content})
    assert streamed.text == at_once.text == "Ruby."
    assert streamed.ended.parts == at_once.ended.parts == wanted


def test_tools_of_the_service_are_kept_and_never_run() -> None:
    use: JsonObject = {"toolUseId": "a", "name": "nova_grounding", "type": "server_tool_use"}
    found: JsonObject = {"toolUseId": "a", "type": "nova_grounding_result", "status": "success"}
    streamed = stream(
        START,
        begin(0, toolUse=use),
        delta(0, toolUse={"input": '{"query":"x"}'}),
        begin(1, toolResult=found),
        delta(1, toolResult=[{"json": {"n": 1}}]),
        delta(1, toolResult=[{"text": "t"}]),
        delta(2, text="Found."),
        stop("end_turn"),
        METADATA,
    )
    at_once = whole(
        {"toolUse": use | {"input": {"query": "x"}}},
        {"toolResult": found | {"content": [{"json": {"n": 1}}, {"text": "t"}]}},
        {"text": "Found."},
    )
    for out in (streamed, at_once):
        assert (out.text, out.calls, out.ready) == ("Found.", [], [])
        assert out.ended.finish_reason == "stop"
        assert out.ended.parts[0] == Opaque(
            ProviderData("family", {"toolUse": use | {"input": {"query": "x"}}})
        )
        assert out.ended.parts[1] == Opaque(
            ProviderData(
                "family",
                {"toolResult": found | {"content": [{"json": {"n": 1}}, {"text": "t"}]}},
            )
        )


def test_an_answer_in_one_piece() -> None:
    out = whole(
        {"text": "Well."},
        {"toolUse": {"toolUseId": "a", "name": "read", "input": {"path": "x"}}},
        {"toolUse": {"toolUseId": "b", "name": "now", "input": {}}},
        {"somethingNew": {"x": 1}},
        reason="tool_use",
    )
    assert out.ready == [ToolCall("a", "read", {"path": "x"}), ToolCall("b", "now", {})]
    assert out.ended.parts[3] == Opaque(ProviderData("family", {"somethingNew": {"x": 1}}))
    assert out.usage == COUNTED


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"),
        ("malformed_tool_use", "error"),
    ],
)
def test_stop_reasons(raw: str, reason: str) -> None:
    assert stream(START, stop(raw)).ended.finish_reason == reason


@pytest.mark.parametrize(
    ("name", "message", "kind"),
    [
        ("throttlingException", "slow down", "rate_limit"),
        ("modelStreamErrorException", "odd", "overloaded"),
        ("internalServerException", "odd", "overloaded"),
        ("serviceUnavailableException", "odd", "overloaded"),
        ("modelTimeoutException", "odd", "timeout"),
        ("validationException", "odd", "bad_request"),
        ("validationException", "Input is too long for requested model.", "context_overflow"),
        ("somethingNew", "odd", "overloaded"),
    ],
)
def test_exceptions_inside_the_stream(name: str, message: str, kind: str) -> None:
    with pytest.raises(ProviderError) as caught:
        stream(START, delta(0, text="x"), (f"exception:{name}", {"message": message}))
    found = caught.value
    assert (found.kind, found.title, found.code, found.status) == (kind, message, name, 200)


def test_an_exception_that_is_no_json_is_repeated() -> None:
    with pytest.raises(ProviderError, match="no luck"):
        ConverseParser(WireOptions("f")).feed(StreamEvent("exception:x", b"no luck"))


def test_an_error_in_one_piece() -> None:
    with pytest.raises(ProviderError, match="no luck"):
        ConverseParser(WireOptions("f")).whole({"message": "no luck"})
    with pytest.raises(ProviderError, match="output"):
        ConverseParser(WireOptions("f")).whole({"choices": []})


def test_the_model_behind_a_router_is_named() -> None:
    invoked = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
    router: JsonObject = {"promptRouter": {"invokedModelId": invoked}}
    out = stream(START, stop("end_turn"), ("metadata", {"usage": USAGE, "trace": router}))
    assert out.ended.model == "anthropic.claude-3-haiku-20240307-v1:0"


def test_text_blocks_may_have_a_start() -> None:
    out = stream(START, begin(0, text=""), delta(0, text="x"), stop("end_turn"))
    assert out.ended.parts == (Text("x"),)


def test_a_body_of_json_is_read_in_one_piece() -> None:
    assert event_stream(b"{") is None
    assert isinstance(event_stream(b"\x00"), EventStreamDecoder)


KEYS = [
    "delta",
    "start",
    "text",
    "toolUse",
    "input",
    "toolResult",
    "reasoningContent",
    "contentBlockIndex",
    "stopReason",
    "usage",
    "citation",
    "redactedContent",
    "type",
    "output",
    "message",
    "content",
    "citationsContent",
    "citations",
    "toolUseId",
    "name",
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
objects = values.filter(lambda value: isinstance(value, dict))
NAMES = ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop"]
NAMES += ["messageStop", "metadata", "exception:x", "", "new"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=8))
def test_whatever_comes_it_ends_or_is_an_error(messages: list[tuple[str, object]]) -> None:
    parser = ConverseParser(WireOptions("family"))
    try:
        for name, message in messages:
            parser.feed(StreamEvent(name, msgspec.json.encode(message)))
        assert parser.finish()
    except ProviderError as error:
        assert error.kind in ("protocol", "network", "overloaded")  # noqa: PT017


@given(objects)
def test_whatever_comes_in_one_piece_is_read_or_an_error(answer: JsonObject) -> None:
    parser = ConverseParser(WireOptions("family"))
    try:
        parser.whole(answer)
        assert parser.finish()
    except ProviderError as error:
        assert error.title  # noqa: PT017
