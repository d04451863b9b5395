"""Content blocks of a Bedrock answer, while they grow and when they are whole."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from koi.core.messages import JsonObject, Opaque, Part, ProviderData, Reasoning, Text
from koi.providers.wire.fields import mapping, objects, text
from koi.providers.wire.parser import own_call_id, raw_arguments, tool_call

Kind: TypeAlias = Literal["text", "reasoning", "tool", "other"]
_SERVER_TOOL = "server_tool_use"
"""The service runs these itself and sends their results along."""


@dataclass(slots=True)
class Block:
    """One block. `kind` is decided by its start, or by the first delta that it gets."""

    kind: Kind | None = None
    name: str = ""
    """The member of the union that it is, for blocks that koi does not interpret."""
    start: JsonObject = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    citations: list[JsonObject] = field(default_factory=list)
    signature: str = ""
    redacted: list[str] = field(default_factory=list)
    results: list[object] = field(default_factory=list)
    whole: bool = False
    """The service said that it is complete."""
    call_ids: set[str] = field(default_factory=set)
    """The ids of all calls of the answer."""
    _identity: str = ""

    @property
    def identity(self) -> str:
        """The id of a tool call; one is made when the server gave none of its own."""
        if not self._identity:
            self._identity = own_call_id(text(self.start, "toolUseId"), self.call_ids)
        return self._identity

    @property
    def tool(self) -> str:
        """The name of the tool that is called."""
        return text(self.start, "name")

    def begin(self, start: JsonObject) -> None:
        """Take what contentBlockStart says; AWS sends one for tools, others for text too."""
        if "toolUse" in start:
            self._begin_tool(mapping(start, "toolUse"))
            return
        for name in start:
            if name not in ("text", "reasoningContent"):
                self.kind, self.name, self.start = "other", name, mapping(start, name)

    def add(self, delta: JsonObject) -> str:
        """Take a delta; returns what it adds to text, thinking or arguments."""
        if "text" in delta:
            return self._say("text", text(delta, "text"))
        if "citation" in delta:
            self.kind = self.kind or "text"
            self.citations.append(mapping(delta, "citation"))
        elif "reasoningContent" in delta:
            return self._reason(mapping(delta, "reasoningContent"))
        elif "toolUse" in delta:
            return self._say("tool", text(mapping(delta, "toolUse"), "input"))
        elif "toolResult" in delta:
            self.results.extend(objects(delta, "toolResult"))
        return ""

    def take(self, content: JsonObject) -> str:
        """Take a block of an answer in one piece; returns its text, thinking or arguments."""
        if "text" in content:
            return self._say("text", text(content, "text"))
        if "reasoningContent" in content:
            reasoning = mapping(content, "reasoningContent")
            return self._reason(mapping(reasoning, "reasoningText") | reasoning)
        if "toolUse" in content:
            use = mapping(content, "toolUse")
            self._begin_tool({key: value for key, value in use.items() if key != "input"})
            return self._say(self.kind or "tool", raw_arguments(use.get("input", {})))
        if "citationsContent" in content:
            cited = mapping(content, "citationsContent")
            self.citations = objects(cited, "citations")
            said = "".join(text(piece, "text") for piece in objects(cited, "content"))
            return self._say("text", said)
        self.begin(content)
        return ""

    def part(self, family: str, *, cut: bool) -> Part | None:
        """The block as a neutral part. `cut`: the answer stopped short, so {} is not assumed."""
        grown = "".join(self.pieces)
        match self.kind:
            case "text":
                cited: JsonObject = {"citations": self.citations} if self.citations else {}
                data = ProviderData(family, cited) if cited else None
                return Text(grown, data) if grown else None
            case "reasoning":
                return self._thought(grown, family)
            case "tool":
                return tool_call(self.identity, self.tool, grown, cut=cut)
            case "other":
                return Opaque(ProviderData(family, {self.name: self._whole(grown)}))
        return None

    def _begin_tool(self, use: JsonObject) -> None:
        own = text(use, "type") == _SERVER_TOOL
        self.kind, self.name, self.start = "other" if own else "tool", "toolUse", use

    def _say(self, kind: Kind, piece: str) -> str:
        self.kind = self.kind or kind
        self.pieces.append(piece)
        return piece

    def _reason(self, reasoning: JsonObject) -> str:
        self.kind = self.kind or "reasoning"
        self.signature += text(reasoning, "signature")
        if redacted := text(reasoning, "redactedContent"):
            self.redacted.append(redacted)
        return self._say("reasoning", text(reasoning, "text"))

    def _thought(self, said: str, family: str) -> Reasoning | None:
        data: JsonObject = {}
        if self.redacted:
            data["redactedContent"] = _joined(self.redacted)
        elif self.signature:
            data["signature"] = self.signature
        if not said and not data:
            return None
        return Reasoning(said, ProviderData(family, data) if data else None)

    def _whole(self, grown: str) -> JsonObject:
        """A block of the service's own tools, whole again."""
        block = dict(self.start)
        if self.name == "toolUse":
            block["input"] = _decoded(grown)
        if self.results:
            block["content"] = self.results
        return block


def _decoded(raw: str) -> object:
    try:
        return msgspec.json.decode(raw) if raw.strip() else {}
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {"arguments_raw": raw}


def _joined(pieces: list[str]) -> str:
    """Base64 in several pieces as one; each piece is padded for itself."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        whole = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except binascii.Error:
        return "".join(pieces)
    return base64.b64encode(whole).decode()
