"""A journal's entries made into a conversation again: for the model, and for the screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from koi.core.messages import Message, ToolResult
from koi.store.lines import Entry
from koi.store.records import (
    AssistantRecord,
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

    Where a parent could not be read, the branch goes on with what stands before it in the file.
    """
    places = {entry.id: index for index, entry in enumerate(entries)}
    index = len(entries) - 1 if head is None else places.get(head, -1)
    found: list[Entry] = []
    while index >= 0:
        entry = entries[index]
        found.append(entry)
        if entry.parent is None:
            break
        before = places.get(entry.parent, index - 1)
        index = before if before < index else index - 1
    return tuple(reversed(found))


def conversation(entries: Sequence[Entry]) -> tuple[Message, ...]:
    """The messages that a branch adds up to.

    Each tool call is answered by exactly one result, in the order of the calls, before anything
    else follows; one that was never recorded is an error result that says so. Results without
    their call are left out, and so is the partial text of an answer that was asked for again.
    """
    messages: list[Message] = []
    step = _Step()
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
            case _:
                pass
    return (*messages, *step.close())


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
