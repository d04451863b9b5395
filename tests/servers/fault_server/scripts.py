"""What the model of the fault server says when nothing fails: a turn with commands that count."""

from __future__ import annotations

from dataclasses import replace

from tests.servers.answers import Answer, calls
from tests.servers.fault_server.asked import Asked

NOTE = "echo x >> ran.txt; wc -l < ran.txt"
"""A command that does not run twice unnoticed."""
PLAN = "First a line is added to the file, and then the lines are counted, all in one command."
REPORT = "The line is written, nothing else in the folder has changed, and that was all. The end."
SUMMARY = "The person wanted notes, and got one for each prompt."
_THOUGHT = "A note is to be made, and then the file has one more line than it had before."


def one_note(asked: Asked) -> Answer:
    """Thinking, text and one command; a report when its result is there."""
    return _notes(asked, 1)


def two_notes(asked: Asked) -> Answer:
    """The same with two commands in one answer."""
    return _notes(asked, 2)


def _notes(asked: Asked, number: int) -> Answer:
    if not asked.tools:
        return Answer(text=SUMMARY)
    if asked.results:
        return Answer(text=REPORT, reasoning=_THOUGHT)
    wanted = calls(*[("bash", {"command": NOTE})] * number, content=PLAN)
    named = (replace(call, id=f"call_{asked.prompts}_{at}") for at, call in enumerate(wanted.calls))
    return replace(wanted, reasoning=_THOUGHT, calls=tuple(named))
