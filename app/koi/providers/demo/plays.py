"""What a script may do: steps with tool calls, the outcomes it gets back, and its last words.

A play is a generator: it yields a step and is sent the outcomes of the step's calls. Playing it
again with recorded outcomes reaches the same point, so the demo keeps no state of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from koi.core.messages import JsonObject

OutcomeState: TypeAlias = Literal["ok", "failed", "denied", "interrupted", "missing"]


class Call(msgspec.Struct, frozen=True):
    """A tool call that has no id yet."""

    tool: str
    arguments: JsonObject


class Step(msgspec.Struct, frozen=True):
    """One answer: what is thought, said and called. Without calls it ends the turn."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    well: bool = True
    """False when a request could not be met, so that nothing is built upon it."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a call. `missing`: this session offers no such tool."""

    call: Call
    state: OutcomeState
    content: str = ""

    @property
    def ok(self) -> bool:
        """True when the tool did what it was asked."""
        return self.state == "ok"


Outcomes: TypeAlias = Sequence[Outcome]
Play: TypeAlias = Generator[Step, Outcomes, Step]


def in_order(plays: Iterable[Play]) -> Play:
    """One play after the other; a failed one ends the row, because the next builds on it."""
    said: list[str] = []
    waiting = list(plays)
    while waiting:
        play = waiting.pop(0)
        try:
            step = next(play)
            while True:
                text = _paragraphs([*said, step.text])
                said = []
                outcomes = yield msgspec.structs.replace(step, text=text)
                step = play.send(outcomes)
        except StopIteration as end:
            last: Step = end.value
        said.append(last.text)
        if not last.well and waiting:
            said.append("I stop here, because the rest of your request builds on this.")
            return Step(_paragraphs(said), last.reasoning, well=False)
        if not waiting:
            return Step(_paragraphs(said), last.reasoning, well=last.well)
    return Step()


def side_by_side(plays: Iterable[Play]) -> Play:
    """All plays at once: the calls of each round go into one step and run in parallel."""
    running = list(enumerate(plays))
    finished: dict[int, Step] = {}
    sent: dict[int, Outcomes | None] = {number: None for number, _ in running}
    while running:
        steps: list[tuple[int, Play, Step]] = []
        for number, play in running:
            outcomes = sent[number]
            try:
                steps.append(
                    (number, play, next(play) if outcomes is None else play.send(outcomes))
                )
            except StopIteration as end:
                finished[number] = end.value
        running = [(number, play) for number, play, _ in steps]
        if not steps:
            break
        results = yield Step(
            _paragraphs(step.text for _, _, step in steps),
            _paragraphs(step.reasoning for _, _, step in steps),
            tuple(call for _, _, step in steps for call in step.calls),
        )
        taken = 0
        for number, _, step in steps:
            sent[number] = results[taken : taken + len(step.calls)]
            taken += len(step.calls)
    last = [finished[number] for number in sorted(finished)]
    return Step(
        _paragraphs(step.text for step in last),
        _paragraphs(step.reasoning for step in last),
        well=all(step.well for step in last),
    )


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())
