"""A session that was before, from its journal: for the model, for the sums, and for the screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from koi.agent.state import Resumed, SessionState

if TYPE_CHECKING:
    from koi.core.agent_events import ToolFinished
    from koi.core.messages import Message
    from koi.store.journal import Journal


def restore(state: SessionState, journal: Journal) -> None:
    """Give a resumed session its conversation, its sums and its turns.

    The model is told what the last compaction left, and what followed; usage and cost count over
    everything that ever happened in the session, and people see all of it.
    """
    from koi.store.conversation import Shown, branch, conversation, shown, timeline
    from koi.store.records import (
        AssistantRecord,
        CompactionRecord,
        ToolIntentRecord,
        ToolResultRecord,
        UsageRecord,
    )

    entries = journal.contents.entries
    partial: set[int] = set()
    finished: dict[str, ToolFinished] = {}
    summaries: dict[str, str] = {}
    for entry in entries:
        match entry.record:
            case AssistantRecord(message=message, complete=False):
                partial.add(id(message))
            case UsageRecord() as record:
                state.account.count(record.model, record.role, record.usage, record.cost_usd)
            case ToolIntentRecord(call=call, summary=summary):
                summaries[call.id] = summary
            case ToolResultRecord() as record:
                finished[record.result.call_id] = record.finished
            case _:
                pass
    state.account.begin_turn()
    state.turns = journal.state.turns
    state.history.extend(conversation(branch(entries)))
    state.cut = _places(state.history, partial)
    whole = all(not isinstance(entry.record, CompactionRecord) for entry in entries)
    seen = Shown(tuple(state.history), {}) if whole else shown(timeline(entries))
    state.resumed = Resumed(
        seen.messages, _places(seen.messages, partial), seen.compactions, finished, summaries
    )


def _places(messages: Iterable[Message], wanted: set[int]) -> frozenset[int]:
    return frozenset(place for place, each in enumerate(messages) if id(each) in wanted)
