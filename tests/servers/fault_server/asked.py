"""What a request asks for, read from any of the wire formats: enough to answer and to log it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from tests.servers.answers import JsonObject

_IN_PATH = re.compile(r"/(?:models|model)/([^/]+?)(?::[a-zA-Z]+|/converse-stream)$")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for an answer."""

    model: str
    key: str
    """The last four characters of its key."""
    results: tuple[str, ...]
    """The ids (Gemini without ids: the names) of the tool calls answered since the last prompt."""
    prompts: int
    """How many prompts of a person the conversation has."""
    tools: bool
    """Whether the model is offered tools; one that writes a summary is not."""
    size: int
    """Bytes of the body."""

    @property
    def repeated(self) -> bool:
        """The conversation holds two results of one call."""
        return len(set(self.results)) < len(self.results)


def read_request(path: str, headers: Mapping[str, str], raw: bytes) -> Asked:
    """The request at `path`; names of headers are lower case."""
    body = cast(JsonObject, json.loads(raw))
    results: list[str] = []
    prompts = 0
    for message in _messages(body):
        results += _results(message)
        if message.get("role") == "user" and _says(message):
            results.clear()
            prompts += 1
    named = _IN_PATH.search(path.partition("?")[0])
    model = str(body.get("model") or (named[1] if named else ""))
    offered = bool(body.get("tools") or body.get("toolConfig"))
    return Asked(model, _key(headers), tuple(results), prompts, offered, len(raw))


def _messages(body: JsonObject) -> list[JsonObject]:
    for field in ("messages", "input", "contents"):
        if isinstance(found := body.get(field), list):
            return [message for message in found if isinstance(message, dict)]
    return []


def _results(message: JsonObject) -> Iterator[str]:
    """The calls that a message answers."""
    if message.get("role") == "tool":
        yield str(message.get("tool_call_id") or message.get("tool_name"))
    elif message.get("type") == "function_call_output":
        yield str(message.get("call_id"))
    for part in _parts(message):
        match part:
            case {"type": "tool_result", "tool_use_id": identity}:
                yield str(identity)
            case {"toolResult": {"toolUseId": identity}}:
                yield str(identity)
            case {"functionResponse": {"id": identity}} | {"functionResponse": {"name": identity}}:
                yield str(identity)


def _says(message: JsonObject) -> bool:
    """Whether there are words of a person, alone or after results."""
    return any(isinstance(part, str) or "text" in part for part in _parts(message))


def _parts(message: JsonObject) -> list[str | JsonObject]:
    content = message.get("content") or message.get("parts") or []
    return [content] if isinstance(content, str) else cast(list[str | JsonObject], content)


def _key(headers: Mapping[str, str]) -> str:
    for name in ("x-api-key", "x-goog-api-key", "authorization"):
        if name in headers:
            return headers[name][-4:]
    return ""
