"""A journal's entries made into a conversation again: for the model, and for the screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from koi.core.agent_events import Compacted
from koi.core.messages import Message, ToolResult
from koi.store.lines import Entry
from koi.store.records import (
    AssistantRecord,
    CompactionRecord,
    PromptRecord,
    ToolIntentRecord,
    ToolResultRecord,
)

MAY_HAVE_RUN = (
    "Interrupted: koi stopped before the result was recorded. This call may have run. "
    "Check its effects before you repeat it."
)
NOT_STARTED = "Interrupted: koi stopped before this call; there is no record that it ran."


def branch(entries: Sequence[Entry], head: str | None = None) -> tuple[Entry, ...]:
    """The entries from the first one to `head` (by default the last one written), in order.

    This is what the model is told: after a compaction only what it left, and what followed.
    Where a parent could not be read, the branch goes on with what stands before it in the file.
    """
    return _path(entries, head, lambda entry: entry.parent)


def timeline(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries to the last one written as a person saw them, in order.

    Like `branch`, but with everything that compactions replaced.
    """
    return _path(entries, None, _before)


def _path(
    entries: Sequence[Entry], head: str | None, before: Callable[[Entry], str | None]
) -> tuple[Entry, ...]:
    places = {entry.id: index for index, entry in enumerate(entries)}
    index = len(entries) - 1 if head is None else places.get(head, -1)
    found: list[Entry] = []
    while index >= 0:
        entry = entries[index]
        found.append(entry)
        parent = before(entry)
        if parent is None:
            break
        place = places.get(parent, index - 1)
        index = place if place < index else index - 1
    return tuple(reversed(found))


def _before(entry: Entry) -> str | None:
    record = entry.record
    return record.replaced if isinstance(record, CompactionRecord) else entry.parent


def conversation(entries: Sequence[Entry]) -> tuple[Message, ...]:
    """The messages that a branch adds up to.

    Each tool call is answered by exactly one result, in the order of the calls, before anything
    else follows; one that was never recorded is an error result that says so. Results without
    their call are left out, and so is the partial text of an answer that was asked for again.
    """
    messages: list[Message] = []
    step = _Step()
    previous: str | None = None
    for entry in entries:
        match entry.record:
            case PromptRecord(message=message):
                messages += step.close()
                messages.append(message)
            case AssistantRecord(dropped=False) as record:
                if not step.superseded:
                    messages += step.close()
                step = _Step(record)
            case ToolIntentRecord(call=call):
                step.intents.add(call.id)
            case ToolResultRecord(result=result):
                step.results[result.call_id].append(result)
            case CompactionRecord(undoes=False) as record:
                messages, step = list(record.messages), _Step()
            case CompactionRecord() as record if entry.parent == previous:
                if not (step.superseded and _goes_on(record.messages)):
                    messages += step.close()
                messages += record.messages
                step = _Step()
            case _:
                pass
        previous = entry.id
    return (*messages, *step.close())


def _goes_on(messages: Sequence[Message]) -> bool:
    return bool(messages) and messages[0].role == "assistant"


class Undoing(msgspec.Struct, frozen=True):
    """How the last compaction of a conversation is taken back."""

    replaced: str
    """The record that the conversation had reached before it."""
    later: tuple[Message, ...]
    """What was said after it."""
    messages: tuple[Message, ...]
    """The whole conversation afterwards."""


def undoing(entries: Sequence[Entry]) -> Undoing | None:
    """How to take the last compaction back that still counts; None without one.

    None too when the record that it replaced cannot be read.
    """
    current = branch(entries)
    for index in range(len(current) - 1, -1, -1):
        record = current[index].record
        if not isinstance(record, CompactionRecord) or record.undoes:
            continue
        before = branch(entries, record.replaced)
        if not before:
            return None
        later = conversation(current[index + 1 :])
        undone = msgspec.structs.replace(record.compacted, cause="undone")
        entry = Entry("", before[-1].id, 0.0, CompactionRecord(later, "", undone))
        return Undoing(record.replaced, later, conversation((*before, entry)))
    return None


class Shown(msgspec.Struct, frozen=True):
    """A conversation as a person saw it."""

    messages: tuple[Message, ...]
    compactions: dict[int, tuple[Compacted, ...]]
    """What was compacted or undone, by the number of messages before it."""


def shown(entries: Sequence[Entry]) -> Shown:
    """The messages of a timeline, nothing left out, and where it was compacted."""
    messages: list[Message] = []
    compactions: dict[int, tuple[Compacted, ...]] = {}
    start = 0
    for index, entry in enumerate(entries):
        if isinstance(entry.record, CompactionRecord):
            messages += conversation(entries[start:index])
            told = compactions.get(len(messages), ())
            compactions[len(messages)] = (*told, entry.record.compacted)
            start = index + 1
    messages += conversation(entries[start:])
    return Shown(tuple(messages), compactions)


class _Step:
    """One assistant message and the results of its calls."""

    def __init__(self, record: AssistantRecord | None = None) -> None:
        self._record = record
        self.intents: set[str] = set()
        self.results: defaultdict[str, list[ToolResult]] = defaultdict(list)

    @property
    def superseded(self) -> bool:
        """True when another answer directly after this one takes its place."""
        record = self._record
        return record is not None and not (record.complete or record.message.tool_calls)

    def close(self) -> tuple[Message, ...]:
        """Its messages, all calls answered; nothing from then on."""
        record, self._record = self._record, None
        if record is None or not record.message.parts:
            return ()
        answers = tuple(self._answer(call.id) for call in record.message.tool_calls)
        return (record.message, Message("user", answers)) if answers else (record.message,)

    def _answer(self, call_id: str) -> ToolResult:
        if self.results[call_id]:
            return self.results[call_id].pop(0)
        text = MAY_HAVE_RUN if call_id in self.intents else NOT_STARTED
        return ToolResult(call_id, text, ok=False)
