"""Read the texts that koi's tools answer with. What is not understood is left out, not guessed."""

from __future__ import annotations

import re

import msgspec

_NUMBERED = re.compile(r"\A\d+\t")
_NOTE = re.compile(r"\A\[.*\]\Z")
_MATCH = re.compile(r"\A(?P<path>[^\n]+?):(?P<line>\d+):(?P<text>.*)\Z", re.DOTALL)
_LISTED = re.compile(r"(?P<name>.*?)(?:  (?:[\d.]+ [kMG]?B|\([^()]*\))| -> .*)?", re.DOTALL)
_WINDOW = re.compile(r"\[lines \d+-\d+(?: of (?P<total>[\d,]+))?; continue")
_EXIT = re.compile(r"\[exit (\d+)\]")
_MORE = re.compile(r"\b(?:more|truncated|cut|left out|omitted|continue|only|limit|first)\b")


class Match(msgspec.Struct, frozen=True):
    """One line that a search found."""

    path: str
    line: int
    text: str


def body_and_notes(content: str) -> tuple[list[str], list[str]]:
    """The lines of a result, and the tool's own remarks about it (in brackets, at its end)."""
    lines = content.split("\n")
    notes: list[str] = []
    while lines and (not lines[-1].strip() or _NOTE.match(lines[-1])):
        last = lines.pop().strip()
        if last:
            notes.insert(0, last)
    return lines, notes


def file_lines(content: str) -> list[str]:
    """The lines of a file that `read` shows, without their numbers."""
    return [
        _NUMBERED.sub("", line, count=1) for line in content.split("\n") if _NUMBERED.match(line)
    ]


def total_lines(content: str) -> int | None:
    """How many lines a file has that `read` from its first line; None when it does not say."""
    _, notes = body_and_notes(content)
    for note in notes:
        if window := _WINDOW.match(note):
            return int(window["total"].replace(",", "")) if window["total"] else None
    return len(file_lines(content))


def entries(content: str) -> list[str]:
    """The names that `ls` lists; folders end with a slash."""
    lines, _ = body_and_notes(content)
    found = (_LISTED.fullmatch(line) for line in lines if line)
    return [entry["name"] for entry in found if entry]


def paths(content: str) -> list[str]:
    """The paths that `glob` found."""
    lines, _ = body_and_notes(content)
    if len(lines) == 1 and lines[0].startswith("No file matches "):
        return []
    return [line for line in lines if line]


def matches(content: str) -> list[Match]:
    """The lines that `grep` found."""
    lines, _ = body_and_notes(content)
    found = (_MATCH.match(line) for line in lines)
    return [Match(hit["path"], int(hit["line"]), hit["text"]) for hit in found if hit]


def exit_code(content: str) -> int | None:
    """The exit code that `bash` names at the end of a failed command; None when it names none."""
    _, notes = body_and_notes(content)
    codes = [int(found[1]) for note in notes if (found := _EXIT.match(note))]
    return codes[-1] if codes else None


def is_cut(content: str) -> bool:
    """True when a remark at the end says that more was there than is shown."""
    _, notes = body_and_notes(content)
    return any(_MORE.search(note) for note in notes)


def names_nothing(content: str) -> bool:
    """True when a tool failed because the path that it was given does not exist."""
    return "does not exist" in content
