"""Where in a stream a phase is: the bytes, and the events, between which a fault can be."""

from __future__ import annotations

from collections.abc import Sequence

from tests.servers.answers import Mark, MarkedEvent
from tests.servers.fault_server.faults import Phase


def byte_range(phase: Phase, events: Sequence[MarkedEvent]) -> tuple[int, int]:
    """The first and the last offset at which the stream is in this phase.

    Raises ValueError for an answer that never is.
    """
    ends = [0]
    for _, event in events:
        ends.append(ends[-1] + len(event))
    match phase:
        case "first-event":
            return 0, ends[1] - 3
        case "mid-call" if "arguments" not in _marks(events):
            call = _first(events, "called")
            return ends[call] + 1, (ends[call] + ends[call + 1]) // 2
        case "after-call":
            call, other = _calls(events)
            return ends[call], (ends[other] + ends[other + 1]) // 2
    first, last = event_range(phase, events)
    return ends[first], ends[last]


def event_range(phase: Phase, events: Sequence[MarkedEvent]) -> tuple[int, int]:
    """The first and the last event before which the stream is in this phase.

    Raises ValueError for an answer that never is.
    """
    match phase:
        case "first-event":
            return 0, 0
        case "mid-reasoning":
            return _between(events, "reasoning")
        case "mid-text":
            return _between(events, "text")
        case "mid-call":
            start = _first(events, "arguments")
            marks = _marks(events)
            end = next(at for at in range(start, len(marks)) if marks[at] != "arguments")
            return start + 1, max(start + 1, end - 1)
        case "after-call":
            return _calls(events)
        case "before-usage":
            place = _first(events, "usage")
            return place, place
        case "before-end" if "end" in _marks(events):
            place = _first(events, "end")
            return place, place
        case "before-end":
            return len(events), len(events)
    raise ValueError(f"{phase} is not inside a stream")


def _marks(events: Sequence[MarkedEvent]) -> list[Mark]:
    return [mark for mark, _ in events]


def _first(events: Sequence[MarkedEvent], mark: Mark) -> int:
    return _marks(events).index(mark)


def _between(events: Sequence[MarkedEvent], mark: Mark) -> tuple[int, int]:
    """After the first event with this mark, and at the latest before the last one."""
    places = [at for at, each in enumerate(_marks(events)) if each == mark]
    if len(places) < 2:
        raise ValueError(f"the answer has too little {mark}")
    return places[0] + 1, places[-1]


def _calls(events: Sequence[MarkedEvent]) -> tuple[int, int]:
    """The event after the first whole call, and the one that would complete the second call.

    Where nothing else tells that a call is whole, the beginning of the next one does.
    """
    marks = _marks(events)
    if "called" in marks:
        first = marks.index("called")
        return first + 1, marks.index("called", first + 1)
    second = marks.index("call", marks.index("call") + 1)
    last = max(at for at, each in enumerate(marks) if each == "arguments")
    if last <= second:
        raise ValueError("the answer needs two calls")
    return second + 1, last
