"""Earlier reasoning on its way back: only to whom it came from, in the form that it came in."""

from __future__ import annotations

from koi.core.messages import JsonObject, Message, Reasoning
from koi.providers.wire.fields import text
from koi.providers.wire.openai_chat.think_tags import CLOSING, OPENING
from koi.providers.wire.request import WireOptions

THINK_TAGS = "<think>"
"""The field of reasoning that came inside the text."""
_NOTHING = " "
"""DeepSeek and Kimi refuse answers without reasoning, and DeepSeek also empty ones; a model that
was not theirs has none to give. https://api-docs.deepseek.com/guides/thinking_mode"""


def reasoning_fields(message: Message, options: WireOptions) -> JsonObject:
    """The fields of an assistant message that carry its reasoning."""
    own = _own(message, options.family)
    said = "".join(thought.text for thought in own)
    for thought in own:
        data = thought.provider_data.data if thought.provider_data else {}
        if details := data.get("reasoning_details"):
            return {"reasoning_details": details}
        if opaque := text(data, "reasoning_opaque"):
            spoken: JsonObject = {"reasoning_text": said} if said else {}
            return spoken | {"reasoning_opaque": opaque}
    if (field := options.profile.reasoning_echo) is not None:
        return {field: said or _NOTHING}
    return {}


def tagged_reasoning(message: Message, options: WireOptions) -> str:
    """What goes before the text where reasoning is a part of it, "" elsewhere."""
    own = _own(message, options.family)
    tagged = any(
        thought.provider_data is not None
        and text(thought.provider_data.data, "field") == THINK_TAGS
        for thought in own
    )
    said = "".join(thought.text for thought in own)
    return f"{OPENING}{said}{CLOSING}\n\n" if tagged and said else ""


def _own(message: Message, family: str) -> list[Reasoning]:
    """The reasoning of a message that this family made, without what others signed; nothing of
    a message that it did not make.
    """
    thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
    if not any(part.provider_data and part.provider_data.family == family for part in thoughts):
        return []
    return [
        part
        for part in thoughts
        if part.provider_data is None or part.provider_data.family == family
    ]
