"""The screen of a session that was before: items and tool rows from its messages."""

from __future__ import annotations

from collections.abc import Iterable

from koi.core.messages import Message, Reasoning, Text, ToolCall, ToolResult
from koi.view.arguments import brief
from koi.view.items.answer import Answer
from koi.view.items.item import Item
from koi.view.items.prompt import Notice, Prompt
from koi.view.items.reasoning import Reasoning as ReasoningItem
from koi.view.items.tool_card import ToolCard
from koi.view.line import Measure
from koi.view.line_store import LineStore
from koi.view.state import MAX_OUTPUTS, ScreenState, ToolEntry

CUT = "the answer was cut off here"


def restore(
    state: ScreenState, messages: Iterable[Message], cut: frozenset[int] = frozenset()
) -> None:
    """Fill the transcript and the tool pane. Nothing is parsed or laid out before it is seen.

    `cut` holds the places of answers that are not complete.
    """
    items: list[Item] = []
    cards: dict[str, ToolCard] = {}
    results: list[tuple[ToolCard, ToolResult]] = []
    for place, message in enumerate(messages):
        for part in message.parts:
            match part:
                case Text() if part.text.strip():
                    make = Prompt if message.role == "user" else _answer
                    items.append(make(part.text, state.measure))
                case Reasoning() if part.text.strip():
                    items.append(ReasoningItem(state.measure, part.text))
                case ToolCall():
                    card = ToolCard(part.id, part.name, state.measure)
                    card.plan(brief(part), "stopped")
                    cards[part.id] = card
                    items.append(card)
                case ToolResult() if part.call_id in cards:
                    card = cards.pop(part.call_id)
                    card.finish("ok" if part.ok else "failed", "", part.content, "", None)
                    results.append((card, part))
                case _:
                    pass
        if place in cut:
            items.append(Notice("interrupted", CUT, state.measure))
    state.transcript.extend(items)
    for index, (card, result) in enumerate(results):
        recent = index >= len(results) - MAX_OUTPUTS
        output = LineStore(result.content) if recent else None
        state.add_call(ToolEntry(card.call_id, card.name, card.summary, card.status, output=output))


def _answer(text: str, measure: Measure) -> Answer:
    return Answer(measure, text)
