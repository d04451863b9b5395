"""Content blocks of an Anthropic answer, while they grow and when they are whole."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from koi.core.messages import JsonObject, Opaque, Part, ProviderData, Reasoning, Text
from koi.providers.wire.fields import mapping, text
from koi.providers.wire.parser import tool_call


@dataclass(slots=True)
class Block:
    """One block: its first form, and the pieces that were added. `whole` after its stop event."""

    start: JsonObject
    pieces: list[str] = field(default_factory=list)
    """Deltas of the block's main text: text, thinking, or JSON of the input."""
    growing: dict[str, list[str]] = field(default_factory=dict)
    """What came of other fields in more than one delta: signatures."""
    whole: bool = False

    @property
    def type(self) -> str:
        """The block's type, such as text or tool_use."""
        return text(self.start, "type")

    @property
    def identity(self) -> str:
        """The id of a tool call."""
        return text(self.start, "id")

    def add(self, delta: JsonObject) -> str:
        """Take a delta; returns what it adds to the main text of a text, thinking or tool block."""
        match delta.get("type"):
            case "text_delta":
                return self._grow(text(delta, "text"))
            case "thinking_delta":
                return self._grow(text(delta, "thinking"))
            case "input_json_delta":
                return self._grow(text(delta, "partial_json"))
            case "citations_delta":
                earlier = self.start.get("citations")
                if not isinstance(earlier, list):
                    self.start["citations"] = earlier = []
                earlier.append(delta.get("citation"))
            case _:
                self._merge(delta)
        return ""

    def _grow(self, piece: str) -> str:
        self.pieces.append(piece)
        return piece

    def _merge(self, delta: JsonObject) -> None:
        """Signatures, and deltas of kinds yet unknown: text grows, all else is replaced."""
        for key, value in delta.items():
            if key == "type":
                continue
            earlier = self.start.get(key)
            if isinstance(earlier, str) and isinstance(value, str):
                self.growing.setdefault(key, [earlier]).append(value)
            else:
                self.growing.pop(key, None)
                self.start[key] = value

    def part(self, family: str, *, cut: bool) -> Part | None:
        """The block as a neutral part. `cut`: the answer stopped short, so {} is not assumed."""
        grown = "".join(self.pieces)
        self.start |= {key: "".join(pieces) for key, pieces in self.growing.items()}
        self.growing.clear()
        match self.type:
            case "text":
                return _text(self.start, text(self.start, "text") + grown, family)
            case "thinking":
                said = text(self.start, "thinking") + grown
                signature = text(self.start, "signature")
                data = ProviderData(family, {"signature": signature}) if signature else None
                return Reasoning(said, data) if said or data else None
            case "tool_use":
                extra = _others(self.start, "type", "id", "name", "input")
                raw = grown if grown.strip() else _given_input(self.start)
                return tool_call(
                    self.identity,
                    text(self.start, "name"),
                    raw,
                    cut=cut,
                    data=ProviderData(family, extra) if extra else None,
                )
        return Opaque(ProviderData(family, _with_input(self.start, grown)))


def _text(start: JsonObject, said: str, family: str) -> Text | None:
    extra = _others(start, "type", "text")
    data = ProviderData(family, extra) if extra else None
    return Text(said, data) if said or data else None


def _others(start: JsonObject, *known: str) -> JsonObject:
    return {
        key: value for key, value in start.items() if key not in known and value not in (None, [])
    }


def _given_input(start: JsonObject) -> str:
    """Some gateways send the whole input with the start of the block."""
    given = mapping(start, "input")
    return msgspec.json.encode(given).decode() if given else ""


def _with_input(start: JsonObject, grown: str) -> JsonObject:
    """A block of the server's own tools, whole again."""
    if not grown.strip():
        return start
    try:
        return start | {"input": msgspec.json.decode(grown)}
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return start | {"input": {"arguments_raw": grown}}
