"""The screen of a session that was before: items and tool rows from its messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from koi.core.agent_events import Compacted, ToolFinished
from koi.core.messages import Message, Reasoning, Text, ToolCall, ToolResult
from koi.view.arguments import brief
from koi.view.items.answer import Answer
from koi.view.items.item import Item
from koi.view.items.prompt import Notice, Prompt
from koi.view.items.reasoning import Reasoning as ReasoningItem
from koi.view.items.tool_card import ToolCard, ToolStatus
from koi.view.line import Measure
from koi.view.line_store import LineStore
from koi.view.request_texts import GO_ON, compaction_text
from koi.view.state import MAX_OUTPUTS, ScreenState, ToolEntry

CUT = "the answer was cut off here"
UNFINISHED = "the last turn did not come to its end."


DENIED = "denied"


def restore(
    state: ScreenState,
    messages: Iterable[Message],
    cut: frozenset[int] = frozenset(),
    finished: Mapping[str, ToolFinished] | None = None,
    summaries: Mapping[str, str] | None = None,
    compactions: Mapping[int, Sequence[Compacted]] | None = None,
) -> None:
    """Fill the transcript and the tool pane. Nothing is parsed or laid out before it is seen.

    `cut` holds the places of answers that are not complete; `finished` and `summaries` say, by
    the id of a call, how it came out and what it was about. `compactions` are what was compacted
    or undone, by the number of messages before it.
    """
    finished, summaries, compactions = finished or {}, summaries or {}, compactions or {}
    place, last = -1, None
    items: list[Item] = []
    cards: dict[str, ToolCard] = {}
    results: list[tuple[ToolCard, ToolResult, ToolFinished | None]] = []
    for place, message in enumerate(messages):
        items += _compacted(compactions.get(place, ()), state.measure)
        last = message
        for part in message.parts:
            match part:
                case Text() if part.text.strip():
                    make = Prompt if message.role == "user" else _answer
                    items.append(make(part.text, state.measure))
                case Reasoning() if part.text.strip():
                    items.append(ReasoningItem(state.measure, part.text))
                case ToolCall():
                    card = ToolCard(part.id, part.name, state.measure)
                    card.plan(summaries.get(part.id) or brief(part), "stopped")
                    cards[part.id] = card
                    items.append(card)
                case ToolResult() if part.call_id in cards:
                    card = cards.pop(part.call_id)
                    _finish(card, part, finished.get(part.call_id))
                    results.append((card, part, finished.get(part.call_id)))
                case _:
                    pass
        if place in cut:
            items.append(Notice("interrupted", CUT, state.measure))
    items += _compacted(compactions.get(place + 1, ()), state.measure)
    if place in cut or (last is not None and last.role == "user"):
        items.append(Notice("interrupted", f"{UNFINISHED} {GO_ON}", state.measure))
    state.transcript.extend(items)
    for index, (card, result, event) in enumerate(results):
        recent = index >= len(results) - MAX_OUTPUTS
        shown = event.display if event is not None and event.display else result.content
        entry = ToolEntry(card.call_id, card.name, card.summary, card.status)
        entry.output = LineStore(shown) if recent else None
        entry.seconds = event.duration_s if event is not None else None
        state.add_call(entry)


def _compacted(compactions: Iterable[Compacted], measure: Measure) -> list[Notice]:
    return [Notice("info", compaction_text(each), measure) for each in compactions]


def _finish(card: ToolCard, result: ToolResult, event: ToolFinished | None) -> None:
    """Give a card its result; without an event only what the model saw is known."""
    if event is None:
        card.finish("ok" if result.ok else "failed", "", result.content, "", None)
    elif event.summary == DENIED and not event.ok:
        card.finish("denied", "", event.content, "", None)
    else:
        status: ToolStatus = "ok" if event.ok else "failed"
        card.finish(status, event.summary, event.content, event.display, event.duration_s)


def _answer(text: str, measure: Measure) -> Answer:
    return Answer(measure, text)
