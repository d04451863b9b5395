"""Small pieces of Markdown: counts, fences, tables, and how a failed call is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from koi.providers.demo.plays import Outcome

_LANGUAGES = {
    "py": "python",
    "js": "javascript",
    "ts": "typescript",
    "rs": "rust",
    "md": "markdown",
    "txt": "text",
    "sh": "bash",
    "yml": "yaml",
}
FENCED_LINES = 12
"""Lines of a file or of command output that an answer repeats."""
_WIDEST = 160


def count(number: int, noun: str) -> str:
    """ "1 line", "2 lines", "no lines", "3 matches"."""
    plural = {"match": "matches", "entry": "entries"}.get(noun, f"{noun}s")
    return f"{number or 'no'} {noun if number == 1 else plural}"


def code(text: str) -> str:
    """The text as inline code, whatever backticks are in it."""
    flat = re.sub(r"\s+", " ", text).strip() or " "
    if len(flat) > _WIDEST:
        flat = f"{flat[:_WIDEST]}…"
    runs = [len(run) for run in re.findall(r"`+", flat)]
    ticks = "`" * (max(runs, default=0) + 1)
    return f"{ticks} {flat} {ticks}" if runs else f"{ticks}{flat}{ticks}"


def fence(lines: Sequence[str], language: str = "", *, last: bool = False) -> str:
    """A code block of the first (or last) few lines, and a remark when there are more."""
    kept = lines[-FENCED_LINES:] if last else lines[:FENCED_LINES]
    cut = [line if len(line) <= _WIDEST else f"{line[:_WIDEST]}…" for line in kept]
    runs = (len(run) for line in cut for run in re.findall(r"`{3,}", line))
    ticks = "`" * max(3, max(runs, default=0) + 1)
    block = "\n".join([f"{ticks}{language}", *cut, ticks])
    left = len(lines) - len(kept)
    if left <= 0:
        return block
    return f"{block}\n\n({count(left, 'line')} {'before' if last else 'after'} these.)"


def language(path: str) -> str:
    """The language of a code block for a file, by its extension; "" when it has none."""
    name, dot, extension = path.rpartition(".")
    if not (name and dot) or not re.fullmatch(r"\w{1,10}", extension):
        return ""
    return _LANGUAGES.get(extension.lower(), extension.lower())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines
    )


def some(items: Sequence[str], most: int = 6) -> str:
    """The first few items as inline code, and how many more there are."""
    shown = ", ".join(code(item) for item in items[:most])
    left = len(items) - most
    return f"{shown} and {left} more" if left > 0 else shown


def failure(outcome: Outcome) -> str:
    """Why a call did not do what was asked, as the tool, the person or the session said."""
    tool = code(outcome.call.tool)
    match outcome.state:
        case "denied":
            if "nobody" in outcome.content:
                return (
                    f"{tool} needs a yes, and nobody can be asked in this run, so it did not run "
                    "and nothing was changed by it. On the command line, `--allow RULE` or "
                    "`--mode` can say yes beforehand."
                )
            if "by the user" in outcome.content:
                return f"You said no to {tool}, so it did not run. Nothing was changed by it."
            return f"{tool} was not allowed to run. {_first_line(outcome.content)}"
        case "interrupted":
            return f"{tool} was interrupted. {_first_line(outcome.content)}"
        case "missing":
            return f"This session offers me no {tool} tool, so I cannot do that part."
        case _:
            return f"{tool} failed: {_first_line(outcome.content)}"


def _first_line(content: str) -> str:
    lines = [line.strip() for line in content.split("\n") if line.strip()]
    return lines[0][:400] if lines else "it gave no reason."
