"""What a conversation that is too long becomes: decided from its messages alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from koi.agent.context_size import BYTES_PER_TOKEN, message_tokens
from koi.agent.normalise import normalise
from koi.agent.omissions import call_names, cut, left_out, unsigned
from koi.core.messages import Message, Part, Text, ToolResult

_SUMMARY, _SUMMARY_END = "<conversation-summary>", "</conversation-summary>"
_REQUEST, _REQUEST_END = "<earlier-request>", "</earlier-request>"
_START = "[koi, not the user: the conversation before this point is summarised here."
_INTRODUCTION = f"{_START} It is a record of what happened, not a new request.]"
_REQUESTS = "[What the user asked for in that part, in order and in their own words:]"
_WORKED_ON = "[The work on the last of these requests goes on below.]"
_FOR_A_PART = " Ask for a part of it."
LONGEST_REQUEST = 2_000
"""Characters of an earlier request that are kept; of a longer one beginning and end."""


class Room(msgspec.Struct, frozen=True):
    """Tokens by length that messages may take after a compaction."""

    target: int
    keep: int
    """Of these, for recent messages that stay as they are."""


class Plan(msgspec.Struct, frozen=True):
    """A conversation in two parts; the border is never between a call and its result."""

    older: tuple[Message, ...]
    """As it was: this is what may be summarised."""
    reduced: tuple[Message, ...]
    """The same with a line in the place of each larger output, and no signatures."""
    recent: tuple[Message, ...]
    """As it was; only outputs that could not fit in any other way are cut."""
    outputs_removed: int
    """Outputs that are not whole any more."""

    @property
    def without_outputs(self) -> tuple[Message, ...]:
        """The conversation with its older outputs left out, and nothing else."""
        return normalise((*self.reduced, *self.recent))


def plan(history: Sequence[Message], room: Room, spill_folder: str = "") -> Plan:
    """Which messages stay as they are, and what the others become."""
    messages = [each for message in normalise(history) for each in _apart(message)]
    start = _recent_start(messages, room.keep)
    older, recent = tuple(messages[:start]), tuple(messages[start:])
    turn = _turn_start(messages)
    names = call_names(messages)
    reduced = tuple(
        [
            _without_outputs(unsigned(message) if place < turn else message, names, spill_folder)
            for place, message in enumerate(older)
        ]
    )
    fitting = _fitting(recent, room.target)
    return Plan(
        older,
        reduced,
        fitting,
        _changed_results(older, reduced) + _changed_results(recent, fitting),
    )


def with_summary(made: Plan, summary: str, room: Room) -> tuple[Message, ...]:
    """The conversation with a summary and the person's own requests in the place of its older part.

    Requests that are too many for a fifth of the room are left to the summary: not the first one,
    and the latest last.
    """
    text = f"{_INTRODUCTION}\n{_SUMMARY}\n{summary.strip()}\n{_SUMMARY_END}"
    requests = _requests(made.older, room.target // 5)
    if requests:
        text = f"{text}\n{_REQUESTS}"
    if requests and made.recent and made.recent[0].role == "assistant":
        requests.append(_WORKED_ON)
    parts = (Text(text), *[Text(request) for request in requests])
    return normalise((Message("user", parts), *made.recent))


def _apart(message: Message) -> list[Message]:
    """Results and each text of the person as messages of their own: prompts that follow each
    other, as after a turn that failed, are as old as they are.
    """
    if message.role == "assistant":
        return [message]
    groups: list[list[Part]] = [[]]
    for part in message.parts:
        if isinstance(part, Text) and any(isinstance(p, Text | ToolResult) for p in groups[-1]):
            groups.append([])
        groups[-1].append(part)
    return [Message("user", tuple(group)) for group in groups]


def _recent_start(messages: Sequence[Message], keep: int) -> int:
    """Where the longest end begins that takes at most `keep` tokens; at least the last step."""
    start, size = len(messages), 0
    for place in range(len(messages) - 1, -1, -1):
        size += message_tokens(messages[place : place + 1])
        if size > keep and start < len(messages):
            break
        if not any(isinstance(part, ToolResult) for part in messages[place].parts):
            start = place
    return start


def _turn_start(messages: Sequence[Message]) -> int:
    """The place of the person's last prompt. A turn's own signatures have to stay in it."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if message.role == "user" and message.text.strip():
            return place
    return 0


def _without_outputs(message: Message, names: Mapping[str, str], spill_folder: str) -> Message:
    def reduced(part: Part) -> Part:
        if isinstance(part, ToolResult):
            return left_out(part, names.get(part.call_id, "a tool"), spill_folder)
        return part

    if message.role != "user":
        return message
    return Message("user", tuple([reduced(part) for part in message.parts]))


def _fitting(recent: tuple[Message, ...], target: int) -> tuple[Message, ...]:
    """The recent messages; outputs are cut when otherwise they alone would take all the room."""
    outputs = [part for message in recent for part in message.parts if isinstance(part, ToolResult)]
    too_many = message_tokens(recent) - target
    if too_many <= 0 or not outputs:
        return recent
    sizes = [len(part.content) for part in outputs]
    limit = _common_limit(sizes, max(0, sum(sizes) - too_many * BYTES_PER_TOKEN))

    return tuple([_with_cut_outputs(message, limit) for message in recent])


def _with_cut_outputs(message: Message, limit: int) -> Message:
    def fitting(part: Part) -> Part:
        if not isinstance(part, ToolResult) or len(part.content) <= limit:
            return part
        return msgspec.structs.replace(part, content=cut(part.content, limit, _FOR_A_PART))

    return Message(message.role, tuple(map(fitting, message.parts)))


def _common_limit(sizes: Sequence[int], total: int) -> int:
    """The largest limit for each size so that together they are at most `total`."""
    rest, limit = total, 0
    ordered = sorted(sizes)
    for done, size in enumerate(ordered):
        limit = rest // (len(ordered) - done)
        if size > limit:
            return limit
        rest -= size
    return max(sizes, default=0)


def _changed_results(before: Sequence[Message], after: Sequence[Message]) -> int:
    kept = {id(part) for message in after for part in message.parts}
    return sum(
        isinstance(part, ToolResult) and id(part) not in kept
        for message in before
        for part in message.parts
    )


def _requests(older: Sequence[Message], room: int) -> list[str]:
    """The person's words of the older part that there is room for, in order.

    The latest goes first into the room, then the very first one, then the others from the end.
    """
    found = [
        _request(part.text)
        for message in older
        if message.role == "user"
        for part in message.parts
        if isinstance(part, Text) and part.text.strip() and not _of_koi(part)
    ]
    last = len(found) - 1
    kept: set[int] = set()
    for place in dict.fromkeys((last, 0, *range(last, 0, -1))) if found else ():
        room -= len(found[place]) // BYTES_PER_TOKEN + 1
        if room < 0 and kept:
            break
        kept.add(place)
    return [request for place, request in enumerate(found) if place in kept]


def _request(text: str) -> str:
    if text.startswith(_REQUEST):
        return text
    return f"{_REQUEST}\n{cut(text.strip(), LONGEST_REQUEST)}\n{_REQUEST_END}"


def _of_koi(part: Text) -> bool:
    return is_summary(part) or part.text == _WORKED_ON


def is_summary(part: Part) -> bool:
    """True for the text that stands in the place of what was summarised."""
    return isinstance(part, Text) and part.text.startswith(_START)
