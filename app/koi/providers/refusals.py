"""What a refused request teaches, and the same request without what is refused."""

from __future__ import annotations

import re
from collections.abc import Set

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject, ModelRequest
from koi.providers.wire.history import with_system
from koi.providers.wire.request import WireRequest

_INDISPENSABLE = frozenset(
    {"model", "messages", "input", "contents", "system", "instructions", "systemInstruction"}
    | {"system_instruction", "tools", "toolConfig", "generationConfig", "inferenceConfig"}
    | {"stream", "anthropic_version", "requests", "prompt"}
)
"""Fields of bodies that are never left out because an error names them."""
_TOKENS = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
"""Each of the two is refused by models that know the other."""
_OTHER_NAMES = {
    "stop": ("stop_sequences", "stopSequences"),
    "tool_choice": ("toolChoice",),
    "stream": ("streaming",),
    "max_tokens": ("max tokens",),
}
_TEACHING_STATUS = frozenset({400, 404, 405, 415, 422, 501})
_REFUSED = re.compile(
    r"unsupported[_ ](parameter|value|argument|field)"
    r"|(unknown|unrecognized|unexpected|extra|additional|invalid)[_ ]"
    r"(request[_ ])?(parameter|argument|field|name|keyword|input|propert|forbidden)"
    r"|extra_forbidden"
    r"|(not|un|n't)[ -]?(currently |yet )?(be )?(supported|permitted|allowed|enabled|accepted)"
    r"|(does|do)(n't| not) (support|accept|allow|take)"
    r"|only the default|deprecated|cannot be (set|used|specified)",
    re.IGNORECASE,
)
_WHEN_STREAMED = re.compile(
    r"\b(in|with|when|while) (using )?(the )?stream(s|ed|ing)?\b", re.IGNORECASE
)
"""Bedrock: This model doesn't support tool use in streaming mode."""
_SYSTEM = re.compile(
    r"(system|developer)['\"`]? (role|message|prompt|instruction)s?\b"
    r"|messages\[\d\]\.role|\brole['\"`:]* ['\"`]?(system|developer)",
    re.IGNORECASE,
)


def sent_names(request: ModelRequest, wire: WireRequest, *, stream: bool) -> frozenset[str]:
    """What a request carried that it could do without."""
    names = {name for name in wire.body if name not in _INDISPENSABLE}
    if "anthropic-version" in wire.headers:
        names.discard("max_tokens")  # mandatory there
    values = {
        "tools": request.tools,
        "system": request.system,
        "stop": request.stop,
        "tool_choice": request.tools and request.tool_choice,
        "stream": stream,
    }
    names |= {name for name, value in values.items() if value}
    return frozenset(names | ({"temperature"} if request.temperature is not None else set()))


def refused_name(error: ProviderError, sent: Set[str]) -> str:
    """Which of the names in `sent` a provider refuses; "" when the error is about something else.

    A value out of its range, a rate, a key, a broken connection teach nothing.
    """
    if error.kind == "tools_unsupported" and error.status in _TEACHING_STATUS | {200}:
        if "stream" in sent and _WHEN_STREAMED.search(error.title):
            return "stream"
        only_choice = "tool_choice" in sent and _names("tool_choice", error.title)
        name = "tool_choice" if only_choice else "tools"
        return name if name in sent else ""
    if error.kind != "bad_request" or error.status not in _TEACHING_STATUS:
        return ""
    words = f"{error.code or ''} {error.title}"
    if not _REFUSED.search(words):
        return ""
    parameter = (error.parameter or "").removeprefix("body.")
    for name in sorted(sent, key=len, reverse=True):
        if parameter in (name, *_OTHER_NAMES.get(name, ())):
            return name
    if "system" in sent and _SYSTEM.search(f"{parameter} {error.title}"):
        return "system"
    if parameter:
        return ""
    return next((name for name in sorted(sent, key=len, reverse=True) if _names(name, words)), "")


def in_words(name: str) -> str:
    """How requests differ that leave out what is refused under this name."""
    match name:
        case "tools":
            return "with tools described in the prompt"
        case "system":
            return "with the system prompt in the first message"
        case "stream":
            return "without streaming"
        case _ if name in _TOKENS:
            return f"with {_TOKENS[name]}"
        case _:
            return f"without {name}"


def lighter_request(request: ModelRequest, refused: Set[str]) -> ModelRequest:
    """The request without settings that the model refuses, before a protocol builds it."""
    if "temperature" in refused and request.temperature is not None:
        request = msgspec.structs.replace(request, temperature=None)
    if "stop" in refused and request.stop:
        request = msgspec.structs.replace(request, stop=())
    if "tool_choice" in refused and request.tool_choice:
        request = msgspec.structs.replace(request, tool_choice=None)
    if "system" in refused and request.system:
        messages = with_system(request.system, request.messages)
        request = msgspec.structs.replace(request, system="", messages=messages)
    return request


def lighter_body(body: JsonObject, refused: Set[str]) -> JsonObject:
    """The body without fields that the model refuses; token limits under their other name."""
    if not refused & body.keys():
        return body
    kept: JsonObject = {}
    for name, value in body.items():
        if name not in refused or name in _INDISPENSABLE:
            kept[name] = value
        elif (other := _TOKENS.get(name)) is not None and other not in refused:
            kept[other] = value
    return kept


def _names(name: str, words: str) -> bool:
    """True when a text speaks of a parameter, and not just uses an English word."""
    if any(_names(other, words) for other in _OTHER_NAMES.get(name, ())):
        return True
    word = re.escape(name)
    if name == "temperature" or not name.isalpha() or not name.islower():
        return re.search(rf"(?<![\w.]){word}(?!\w)", words) is not None
    quoted = (
        rf"['\"`‘“]{word}['\"`’”]|\bparameters?:? {word}\b|\b{word} (parameter|is not|are not)\b"
    )
    return re.search(quoted, words, re.IGNORECASE) is not None
