"""Gemini answers to events."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, Opaque, ProviderData, Reasoning, Text, ToolCall
from koi.core.provider_events import FinishReason, ToolCallDelta, ToolCallStarted
from koi.core.usage import Usage
from koi.net.framing import StreamEvent
from koi.providers.wire.gemini.parse import GeminiParser, framing
from koi.providers.wire.request import WireOptions
from tests.providers.wire.streams import Outcome, feed

SIGNATURE = "c2lnbmVk"
SIGNED = ProviderData("family", {"thoughtSignature": SIGNATURE})


def parser() -> GeminiParser:
    return GeminiParser(WireOptions("family"))


def answer(*chunks: JsonObject | bytes) -> Outcome:
    return feed(parser(), *chunks)


def whole(body: JsonObject) -> Outcome:
    reader = parser()
    return Outcome([*reader.whole(body), *reader.finish()])


def chunk(*parts: JsonObject, finish: str | None = None, **fields: object) -> JsonObject:
    candidate: JsonObject = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **fields}


def call(name: str = "", **fields: object) -> JsonObject:
    return {"functionCall": {"name": name, **fields} if name else fields}


def string(path: str, value: str, *, more: bool = True) -> JsonObject:
    piece: JsonObject = {"jsonPath": path, "stringValue": value}
    return piece | {"willContinue": True} if more else piece


STOP = chunk({"text": ""}, finish="STOP")


def test_text_of_all_chunks_is_one_part() -> None:
    outcome = answer(
        chunk({"text": "Hel"}, modelVersion="gemini-x"), chunk({"text": "lo"}, finish="STOP")
    )
    assert outcome.text == "Hello"
    assert outcome.ended.parts == (Text("Hello"),)
    assert (outcome.ended.finish_reason, outcome.ended.raw_finish_reason) == ("stop", "STOP")
    assert outcome.ended.model == "gemini-x"


def test_a_reason_in_every_chunk_does_not_end_the_answer_early() -> None:
    outcome = answer(chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, finish="STOP"))
    assert outcome.text == "ab"


def test_thoughts_are_reasoning() -> None:
    outcome = answer(
        chunk({"text": "Hm. ", "thought": True}), chunk({"text": "So", "thought": True}), STOP
    )
    assert outcome.reasoning == "Hm. So"
    assert outcome.ended.parts == (Reasoning("Hm. So"),)


def test_signatures_stay_with_their_parts() -> None:
    outcome = answer(
        chunk({"text": "think", "thought": True, "thoughtSignature": SIGNATURE}),
        chunk({"text": "a"}, {"text": "b"}),
        chunk({"text": "signed", "thoughtSignature": SIGNATURE}),
        chunk({"text": "c"}),
        chunk({"text": "", "thoughtSignature": SIGNATURE}, finish="STOP"),
    )
    assert outcome.text == "absignedc"
    assert outcome.ended.parts == (
        Reasoning("think", SIGNED),
        Text("ab"),
        Text("signed", SIGNED),
        Text("c"),
        Text("", SIGNED),
    )


def test_a_signature_without_any_text_is_kept() -> None:
    assert answer(chunk({"thoughtSignature": SIGNATURE}, finish="STOP")).ended.parts == (
        Text("", SIGNED),
    )


def test_calls_end_with_stop_and_get_ids_of_their_own() -> None:
    outcome = answer(
        chunk(
            {**call("read", args={"path": "a"}), "thoughtSignature": SIGNATURE},
            call("read", args={"path": "b"}),
            finish="STOP",
        )
    )
    first, second = outcome.ready
    assert outcome.ended.finish_reason == "tool_calls"
    assert (first.name, first.arguments, first.provider_data) == ("read", {"path": "a"}, SIGNED)
    assert (second.arguments, second.provider_data) == ({"path": "b"}, None)
    assert first.id
    assert second.id
    assert first.id != second.id
    assert isinstance(outcome.events[0], ToolCallStarted)
    assert outcome.events[1] == ToolCallDelta(first.id, '{"path":"a"}')


def test_an_id_of_the_server_goes_back_with_its_call() -> None:
    (found,) = answer(chunk(call("ls", id="x1", args={}), finish="STOP")).ready
    assert found == ToolCall(
        "x1", "ls", {}, provider_data=ProviderData("family", {"functionCall": {"id": "x1"}})
    )


def test_an_id_that_comes_twice_names_only_the_first_call() -> None:
    first, second = answer(chunk(call("a", id="x"), call("b", id="x"), finish="STOP")).ready
    assert first.id == "x"
    assert second.id != "x"
    assert second.provider_data == ProviderData("family", {"functionCall": {"id": "x"}})


def test_a_call_without_arguments_has_none() -> None:
    assert [found.arguments for found in answer(chunk(call("ls")), STOP).ready] == [{}]


def test_arguments_in_pieces_make_one_call() -> None:
    outcome = answer(
        chunk({**call("read", willContinue=True), "thoughtSignature": SIGNATURE}),
        chunk(call(partialArgs=[string("$.path", "a.")], willContinue=True)),
        chunk(call(partialArgs=[string("$.path", "py", more=False)], willContinue=True)),
        chunk(call()),
        chunk(call("ls", willContinue=True)),
        chunk(call()),
        STOP,
    )
    assert [(c.name, c.arguments) for c in outcome.ready] == [
        ("read", {"path": "a.py"}),
        ("ls", {}),
    ]
    assert outcome.ready[0].provider_data == SIGNED
    assert [e.delta for e in outcome.events if isinstance(e, ToolCallDelta)] == ["a.", "py"]


def test_a_call_whose_end_is_never_told_ends_with_the_next_one_and_with_the_answer() -> None:
    outcome = answer(
        chunk(call("read", willContinue=True)),
        chunk(call(partialArgs=[string("$.path", "a")], willContinue=True)),
        chunk(call("read", willContinue=True)),
        chunk(call(partialArgs=[string("$.path", "b")], willContinue=True)),
        STOP,
    )
    assert [found.arguments for found in outcome.ready] == [{"path": "a"}, {"path": "b"}]


def test_an_open_call_of_an_answer_that_was_too_long_never_runs() -> None:
    outcome = answer(
        chunk(call("write", willContinue=True)),
        chunk(call(partialArgs=[string("$.path", "a")], willContinue=True), finish="MAX_TOKENS"),
    )
    assert outcome.ended.finish_reason == "length"
    assert outcome.ready == []
    assert [(c.arguments, c.arguments_raw) for c in outcome.calls] == [(None, '{"path":"a"}')]


def test_pieces_that_fit_nowhere_make_a_call_that_cannot_run() -> None:
    (found,) = answer(
        chunk(call("write", partialArgs=[string("nowhere", "a", more=False)])), STOP
    ).ready
    assert found.arguments is None
    assert "nowhere" in found.arguments_raw


def test_other_parts_and_what_is_said_about_the_answer_are_kept() -> None:
    code: JsonObject = {"executableCode": {"code": "1"}, "thoughtSignature": SIGNATURE}
    image: JsonObject = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    chunks = [chunk(code), chunk({"text": "1"}, image), STOP]
    chunks[1]["candidates"][0]["groundingMetadata"] = {"n": 1}  # type: ignore[index]
    chunks[2]["candidates"][0]["groundingMetadata"] = {"n": 2}  # type: ignore[index]
    assert answer(*chunks).ended.parts == (
        Opaque(ProviderData("family", code)),
        Text("1"),
        Opaque(ProviderData("family", image)),
        Opaque(ProviderData("family", {"groundingMetadata": {"n": 2}})),
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("MODEL_ARMOR", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("OTHER", "error"),
        ("A_REASON_OF_TOMORROW", "error"),
    ],
)
def test_finish_reasons(raw: str, reason: FinishReason) -> None:
    ended = answer({"candidates": [{"finishReason": raw}]}).ended
    assert (ended.finish_reason, ended.raw_finish_reason) == (reason, raw)


@pytest.mark.parametrize("raw", ["MAX_TOKENS", "SAFETY", "UNEXPECTED_TOOL_CALL"])
def test_calls_of_an_answer_that_did_not_end_well_never_run(raw: str) -> None:
    outcome = answer(chunk(call("ls"), finish=raw))
    assert outcome.ready == []
    assert len(outcome.calls) == 1


def test_a_refused_prompt_is_a_filtered_answer() -> None:
    body: JsonObject = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"x": 1}}
    for outcome in (answer(body), whole(body)):
        assert outcome.ended.finish_reason == "content_filter"
        assert outcome.usage is None
        assert outcome.ended.parts == (
            Opaque(ProviderData("family", {"promptFeedback": {"blockReason": "SAFETY"}})),
        )


@pytest.mark.parametrize("content", [None, {}, {"role": "model"}, {"parts": None}, {"parts": [{}]}])
def test_an_answer_may_have_no_content(content: object) -> None:
    body: JsonObject = {"candidates": [{"content": content, "finishReason": "MAX_TOKENS"}]}
    assert answer(body).ended.parts == ()
    assert whole(body).ended.finish_reason == "length"


def test_only_the_first_candidate_counts() -> None:
    second = {"content": {"parts": [{"text": "no"}]}, "index": 1, "finishReason": "OTHER"}
    outcome = answer({"candidates": [second]}, chunk({"text": "yes"}), STOP)
    assert outcome.text == "yes"
    assert outcome.ended.finish_reason == "stop"


def test_the_last_usage_counts_with_cached_thought_and_tool_tokens_at_their_places() -> None:
    outcome = answer(
        chunk({"text": "a"}, usageMetadata={"promptTokenCount": 9}),
        chunk(
            finish="STOP",
            usageMetadata={
                "promptTokenCount": 100,
                "cachedContentTokenCount": 60,
                "toolUsePromptTokenCount": 7,
                "candidatesTokenCount": 20,
                "thoughtsTokenCount": 30,
            },
        ),
        {"usageMetadata": {"trafficType": "ON_DEMAND"}},
    )
    assert outcome.usage == Usage(47, 60, 0, 50, 30)


def test_an_answer_without_counts_has_no_usage() -> None:
    assert (
        answer(chunk({"text": "a"}, finish="STOP", usageMetadata={"trafficType": "x"})).usage
        is None
    )


def test_a_stream_without_a_finish_reason_was_cut_off() -> None:
    with pytest.raises(ProviderError, match="cut off") as caught:
        answer(chunk({"text": "a"}))
    assert caught.value.kind == "network"


def test_a_marker_of_gateways_ends_the_answer() -> None:
    reader = parser()
    reader.feed(StreamEvent("", b"[DONE]"))
    assert reader.done
    assert reader.feed(StreamEvent("", b"more")) == []


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [("UNAVAILABLE", "overloaded"), ("RESOURCE_EXHAUSTED", "rate_limit")],
)
def test_an_error_among_the_chunks_is_raised(status: str, kind: str, wrapped: bool) -> None:
    code = {"UNAVAILABLE": 503, "RESOURCE_EXHAUSTED": 429}[status]
    error: JsonObject = {"error": {"code": code, "message": "Sorry", "status": status}}
    body = msgspec.json.encode([error]) if wrapped else msgspec.json.encode(error)
    with pytest.raises(ProviderError, match="Sorry") as caught:
        answer(chunk({"text": "a"}), body)
    assert caught.value.kind == kind


@pytest.mark.parametrize("body", [{}, {"candidates": []}, {"choices": [{}]}])
def test_an_answer_of_another_protocol_is_an_error(body: JsonObject) -> None:
    with pytest.raises(ProviderError, match="no candidates"):
        whole(body)


def test_a_whole_answer_needs_no_finish_reason() -> None:
    outcome = whole(chunk({"text": "hi"}, call("ls")))
    assert outcome.text == "hi"
    assert outcome.ended.finish_reason == "tool_calls"


SAID = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(max_size=3) | st.none() | st.integers(),
        "thought": st.booleans(),
        "thoughtSignature": st.text(max_size=2),
        "functionCall": st.none()
        | st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["a", "b", ""]),
                "id": st.sampled_from(["1", "2"]),
                "args": st.none() | st.dictionaries(st.text(max_size=2), st.integers()),
                "willContinue": st.booleans(),
                "partialArgs": st.lists(
                    st.fixed_dictionaries(
                        {"jsonPath": st.sampled_from(["$.a", "$.b[0]", "$.a.c", "x"])},
                        optional={
                            "stringValue": st.text(max_size=2),
                            "willContinue": st.booleans(),
                        },
                    ),
                    max_size=2,
                ),
            },
        ),
        "inlineData": st.dictionaries(st.text(max_size=2), st.text(max_size=2), max_size=1),
    },
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["candidates", "content", "parts", "error", "usageMetadata", "index"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.lists(SAID, max_size=8), st.sampled_from(["STOP", "MAX_TOKENS", "OTHER"]))
def test_deltas_and_parts_tell_the_same_for_any_parts(parts: list[JsonObject], raw: str) -> None:
    outcome = answer(*(chunk(part) for part in parts), chunk(finish=raw))
    kept = outcome.ended.parts
    assert outcome.text == "".join(part.text for part in kept if isinstance(part, Text))
    assert outcome.reasoning == "".join(part.text for part in kept if isinstance(part, Reasoning))
    assert len({found.id for found in outcome.calls}) == len(outcome.calls)
    assert outcome.ready == (outcome.calls if raw == "STOP" else [])


@given(st.lists(ANYTHING | st.binary(max_size=10), max_size=4))
def test_nothing_but_provider_errors_comes_from_odd_chunks(values: list[object]) -> None:
    bodies = [value if isinstance(value, bytes) else msgspec.json.encode(value) for value in values]
    with contextlib.suppress(ProviderError):
        answer(*bodies)


@pytest.mark.parametrize(
    ("first", "name"), [(b"[", "JsonArrayDecoder"), (b"d", "SseDecoder"), (b"{", "NoneType")]
)
def test_the_framing_follows_the_first_byte(first: bytes, name: str) -> None:
    assert type(framing(first)).__name__ == name
