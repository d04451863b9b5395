"""Unified diffs of whole files, exact also when a quick comparison has to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec

_CONTEXT = 3
_COMPARED_PAIRS = 4_000_000
_Opcode: TypeAlias = tuple[str, int, int, int, int]


class Diff(msgspec.Struct, frozen=True):
    """A unified diff, empty when nothing changes, with its counts of lines."""

    text: str
    added: int
    removed: int

    @property
    def summary(self) -> str:
        """Such as "+3 -1"."""
        return f"+{self.added} -{self.removed}"


def unified_diff(before: str | None, after: str, name: str) -> Diff:
    """What turns `before` (None: there is no file) into `after`.

    Parts too different to compare in reasonable time are given as removed and added as a whole.
    """
    old, new = _lines(before or ""), _lines(after)
    head = [f"--- {'/dev/null' if before is None else f'a/{name}'}\n", f"+++ b/{name}\n"]
    body: list[str] = []
    added = removed = 0
    for group in _groups(old, new):
        first, last = group[0], group[-1]
        body.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n")
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                body.extend(_marked(" ", old[old_start:old_end]))
                continue
            body.extend(_marked("-", old[old_start:old_end]))
            body.extend(_marked("+", new[new_start:new_end]))
            removed += old_end - old_start
            added += new_end - new_start
    return Diff("".join(head + body) if body else "", added, removed)


def _lines(text: str) -> list[str]:
    # str.splitlines would also cut at form feeds and Unicode separators.
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line
        if not line.endswith("\n"):
            yield "\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _groups(old: list[str], new: list[str]) -> Iterator[list[_Opcode]]:
    shortest = min(len(old), len(new))
    start = 0
    while start < shortest and old[start] == new[start]:
        start += 1
    same_end = 0
    while same_end < shortest - start and old[-1 - same_end] == new[-1 - same_end]:
        same_end += 1
    old_end, new_end = len(old) - same_end, len(new) - same_end
    if start == old_end and start == new_end:
        return
    before, behind = min(_CONTEXT, start), min(_CONTEXT, same_end)
    if (old_end - start) * (new_end - start) <= _COMPARED_PAIRS:
        base = start - before
        matcher = difflib.SequenceMatcher(
            None, old[base : old_end + behind], new[base : new_end + behind], autojunk=False
        )
        for group in matcher.get_grouped_opcodes(_CONTEXT):
            yield [(tag, a + base, b + base, c + base, d + base) for tag, a, b, c, d in group]
        return
    yield [
        ("equal", start - before, start, start - before, start),
        ("replace", start, old_end, start, new_end),
        ("equal", old_end, old_end + behind, new_end, new_end + behind),
    ]
