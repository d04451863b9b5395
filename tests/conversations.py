"""Conversations with any mix of parts, made by models of any provider, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from koi.agent.normalise import normalise
from koi.core.messages import (
    Image,
    JsonObject,
    Message,
    ModelRequest,
    Opaque,
    Part,
    ProviderData,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    ToolSchema,
)

SECRETS = "opaque data of "
"""Begins all opaque data, and is followed by the family that it belongs to."""


def _mark(family: str) -> str:
    return f"{SECRETS}{family}"


_MESSAGES, _CONVERSE = "anthropic/claude", "bedrock/claude"
_COPILOT, _COPILOT_CHAT = "copilot/claude/messages", "copilot/gemini/chat"
_GEMINI, _CHAT, _RESPONSES = "gemini/gemini", "openai/chat/gpt", "openai/responses/gpt"
_REASONING: dict[str, list[JsonObject]] = {
    _MESSAGES: [{"signature": _mark(_MESSAGES)}],
    _COPILOT: [{"signature": _mark(_COPILOT)}],
    _CONVERSE: [{"signature": _mark(_CONVERSE)}, {"redactedContent": _mark(_CONVERSE)}],
    _COPILOT_CHAT: [{"field": "reasoning_text", "reasoning_opaque": _mark(_COPILOT_CHAT)}],
    _GEMINI: [{"thoughtSignature": _mark(_GEMINI)}],
    _CHAT: [
        {"field": "reasoning_content"},
        {"field": "<think>"},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": _mark(_CHAT)}]},
    ],
    _RESPONSES: [
        {"type": "reasoning", "encrypted_content": _mark(_RESPONSES), "summary": []},
    ],
}
"""The shapes that each format keeps with reasoning."""
_OPAQUE: dict[str, JsonObject] = {
    _MESSAGES: {"type": "redacted_thinking", "data": _mark(_MESSAGES)},
    _COPILOT: {"type": "server_tool_use", "id": "s", "name": _mark(_COPILOT), "input": {}},
    _CONVERSE: {"toolResult": {"toolUseId": "s", "type": _mark(_CONVERSE)}},
    _GEMINI: {"executableCode": {"code": _mark(_GEMINI)}},
    _RESPONSES: {"type": "web_search_call", "id": _mark(_RESPONSES)},
}
"""Blocks of which koi knows only whom they belong to."""
FAMILIES = tuple(_REASONING)

_words = st.one_of(
    st.sampled_from(["", " ", "\n", "words", "words \n", "more words", "<think>no</think>"]),
    st.text(max_size=12),
)
_identities = st.one_of(
    st.sampled_from(["a", "b", "toolu_01", "call_1", "functions.ls:0", "é", "x" * 70]),
    st.text(min_size=1, max_size=12),
)
_names = st.sampled_from(["ls", "read_file", "functions.ls", "no such tool!", "", "ü" * 80])
_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), _words),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=2),
    max_leaves=4,
)


_data = st.none() | st.sampled_from(
    [ProviderData(family, shape) for family, shapes in _REASONING.items() for shape in shapes]
)
_signatures = st.none() | st.just(ProviderData(_GEMINI, {"thoughtSignature": _mark(_GEMINI)}))
_images = st.builds(Image, st.sampled_from(["image/png", "image/jpeg"]), st.just(b"image"))
_calls = st.one_of(
    st.builds(
        ToolCall,
        _identities,
        _names,
        st.dictionaries(_words, _json, max_size=2),
        provider_data=_signatures,
    ),
    st.builds(ToolCall, _identities, _names, st.none(), st.sampled_from(["", '{"pa', "[1]"])),
)
_results = st.builds(
    ToolResult, _identities, _words, st.booleans(), st.lists(_images, max_size=2).map(tuple)
)
_parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, _words, _signatures),
    st.builds(Reasoning, _words, _data),
    st.sampled_from([Opaque(ProviderData(family, data)) for family, data in _OPAQUE.items()]),
    _images,
    _calls,
    _results,
)


@st.composite
def _turn(draw: st.DrawFn) -> list[Message]:
    """Calls with some of their results, or any message at all."""
    if draw(st.booleans()):
        role: Role = draw(st.sampled_from(("user", "assistant")))
        return [Message(role, tuple(draw(st.lists(_parts, max_size=4))))]
    calls = draw(st.lists(_calls, min_size=1, max_size=3))
    before = draw(st.lists(_parts, max_size=2))
    results = [
        ToolResult(call.id, draw(_words), draw(st.booleans()))
        for call in calls
        if draw(st.integers(0, 4))
    ]
    after = draw(st.lists(_parts, max_size=1))
    return [Message("assistant", (*before, *calls)), Message("user", (*results, *after))]


def histories() -> st.SearchStrategy[list[Message]]:
    """What a session may have recorded, whatever happened to it."""
    return st.lists(_turn(), max_size=5).map(
        lambda turns: [each for turn in turns for each in turn]
    )


def normalised() -> st.SearchStrategy[tuple[Message, ...]]:
    """The same as it is sent: with something to answer, and the person or a tool last."""
    prompt = Message("user", (Text("prompt"),))
    return histories().map(lambda history: normalise([prompt, *history, prompt]))


def requests(model: str) -> st.SearchStrategy[ModelRequest]:
    """A request to one model, with and without tools."""
    tool = ToolSchema("ls", "Lists files.", {"type": "object", "properties": {}})
    return st.builds(
        ModelRequest,
        st.just(model),
        normalised(),
        st.sampled_from(["", "You are koi."]),
        st.sampled_from([(), (tool,)]),
        tool_choice=st.sampled_from([None, "auto", "none", "required", "ls"]),
    )
