"""Read the texts that koi's tools answer with. What is not understood is left out, not guessed."""

from __future__ import annotations

import re

import msgspec

_NUMBERED = re.compile(r"\A\s*\d+(?:\t|→|\| ?|: )")
_NOTE = re.compile(r"\A[\[(].*[\])]\Z")
_MATCH = re.compile(r"\A(?P<path>[^:\n]+):(?P<line>\d+)[:-] ?(?P<text>.*)\Z")
_EXIT = re.compile(r"exit(?:ed)?(?: with)?(?: code| status)?:? (-?\d+)", re.IGNORECASE)


class Match(msgspec.Struct, frozen=True):
    """One line that a search found."""

    path: str
    line: int
    text: str


def body_and_notes(content: str) -> tuple[list[str], list[str]]:
    """The lines of a result, and koi's own remarks about it (in brackets, at its end)."""
    lines = content.split("\n")
    notes: list[str] = []
    while lines and (not lines[-1].strip() or _NOTE.match(lines[-1].strip())):
        last = lines.pop().strip()
        if last:
            notes.insert(0, last)
    return lines, notes


def file_lines(content: str) -> list[str]:
    """The lines of a file as `read` shows them, without their numbers."""
    lines, _ = body_and_notes(content)
    if lines and all(_NUMBERED.match(line) for line in lines):
        return [_NUMBERED.sub("", line, count=1) for line in lines]
    return lines


def names(content: str) -> list[str]:
    """The entries of `ls` or the paths of `glob`, in their order."""
    lines, _ = body_and_notes(content)
    return [line.strip() for line in lines if line.strip()]


def matches(content: str) -> list[Match]:
    """The lines that `grep` found."""
    lines, _ = body_and_notes(content)
    found = (_MATCH.match(line) for line in lines)
    return [Match(hit["path"], int(hit["line"]), hit["text"]) for hit in found if hit]


def exit_code(content: str) -> int | None:
    """The exit code that `bash` names at the end of its result; None when it names none."""
    found = _EXIT.findall(content[-400:])
    return int(found[-1]) if found else None


def is_cut(content: str) -> bool:
    """True when a remark at the end says that more was there than is shown."""
    _, notes = body_and_notes(content)
    return any(re.search(r"more|truncat|cut|left out|omitted|offset|limit", note) for note in notes)
