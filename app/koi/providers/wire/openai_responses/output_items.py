"""Output items of a response while they grow, and the neutral parts that they become."""

from __future__ import annotations

from dataclasses import dataclass, field

from koi.core.messages import JsonObject, Opaque, Part, ProviderData, Reasoning, Text, ToolCall
from koi.providers.wire.fields import objects, text
from koi.providers.wire.parser import own_call_id, raw_arguments, tool_call

CALLS = ("function_call", "custom_tool_call")
PARAGRAPH = "\n\n"
"""What stands between parts of reasoning."""


@dataclass(slots=True)
class OutputItem:
    """One item: what is known of it, and what was said of it so far."""

    source: JsonObject
    """The item as the server last sent it."""
    kind: str
    index: object = None
    """Its output_index; None with servers that have none."""
    said: list[str] = field(default_factory=list)
    """Deltas of its main text: visible text, reasoning, or the arguments of a call."""
    whole: bool = False
    """The server said that it is complete."""
    call_id: str = ""
    announced: bool = False
    """A call whose name was told."""
    voice: str = ""
    """Which of its two channels a reasoning item speaks through: the first that says something.

    Some servers send the same thoughts through both."""
    position: object = None
    """The summary part that speaks."""
    new_paragraph: bool = False
    """A part of its own begins with the next delta."""
    steady_id: bool = True
    """False when every event gives it another id, which is then no id to send back."""

    @property
    def main(self) -> str:
        """What was said so far."""
        return "".join(self.said)

    def take(self, item: JsonObject) -> None:
        """Know what the server says of the item now."""
        known, told = text(self.source, "id"), text(item, "id")
        self.steady_id = self.steady_id and known in ("", told)
        self.source = {**self.source, **item}
        if self.kind in CALLS and not self.call_id:
            self.call_id = text(item, "call_id")

    def name_call(self, taken: set[str]) -> None:
        """Give a call an id of its own, if the server did not."""
        self.call_id = own_call_id(self.call_id, taken)

    def missing(self) -> str:
        """The end of the main text that no delta brought, "" when what was said differs."""
        final = self._final()
        said = self.main
        return final[len(said) :] if final.startswith(said) else ""

    @property
    def refused(self) -> bool:
        """Whether a message holds a refusal."""
        return any(part.get("type") == "refusal" for part in objects(self.source, "content"))

    def part(self, family: str, *, cut: bool) -> Part | None:
        """The item as a neutral part; None for what says nothing. `cut`: the answer fell short."""
        match self.kind:
            case "message":
                phase = text(self.source, "phase")
                data = ProviderData(family, {"phase": phase}) if phase else None
                return Text(self.main, data) if self.main else None
            case "reasoning":
                echo = self._reasoning_item()
                data = ProviderData(family, echo) if echo else None
                return Reasoning(self.main, data) if self.main or data else None
            case "function_call" | "custom_tool_call":
                return self._call(family, cut=cut)
        return Opaque(ProviderData(family, self.source)) if self.whole else None

    def _final(self) -> str:
        match self.kind:
            case "message":
                parts = objects(self.source, "content")
                return "".join(text(part, "text") or text(part, "refusal") for part in parts)
            case "reasoning":
                voices = (self.voice,) if self.voice else ("summary", "content")
                spoken = ([text(part, "text") for part in objects(self.source, v)] for v in voices)
                return next(
                    (PARAGRAPH.join(filter(None, said)) for said in spoken if any(said)), ""
                )
            case "function_call":
                return raw_arguments(self.source.get("arguments"))
            case "custom_tool_call":
                return text(self.source, "input")
        return ""

    def _reasoning_item(self) -> JsonObject:
        """The item as the server wants it back, {} when it means nothing to the server.

        Without storage the id alone is of no use: either the encrypted thoughts or the raw ones.
        """
        content = objects(self.source, "content")
        if not text(self.source, "encrypted_content") and not content:
            return {}
        drop = {"status"} | (set() if content else {"content"})
        if not (self.steady_id and text(self.source, "id")):
            drop.add("id")
        item = {key: value for key, value in self.source.items() if key not in drop}
        return {key: value for key, value in item.items() if value is not None} | {
            "type": "reasoning",
            "summary": objects(self.source, "summary"),
        }

    def _call(self, family: str, *, cut: bool) -> ToolCall:
        name, raw = text(self.source, "name"), self._final() or self.main
        broken = text(self.source, "status") == "incomplete"
        if self.kind == "custom_tool_call":
            data = ProviderData(family, {"type": self.kind})
            if cut or broken:
                return ToolCall(self.call_id, name, None, raw, data)
            return ToolCall(self.call_id, name, {"input": raw}, provider_data=data)
        if broken and not cut:
            # The answer as a whole claims to be complete: what stopped short must not run.
            return ToolCall(self.call_id, name, None, raw)
        return tool_call(self.call_id, name, raw, cut=cut)
