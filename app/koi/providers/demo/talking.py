"""Plays that mostly talk: the tour, fixed topics, a long answer, and an honest "I cannot"."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count as counting

from koi.providers.demo.intents import LongAnswer, Topic, Tour, Unknown
from koi.providers.demo.looking import listing_told, nearest
from koi.providers.demo.plays import Call, Outcome, Play, Step
from koi.providers.demo.results import entries, file_lines, is_cut, matches, paths, total_lines
from koi.providers.demo.sentences import code, count, failure
from koi.providers.demo.texts import text

_READABLE = (".md", ".txt", ".rst", ".toml", ".py", ".js", ".ts", ".rs", ".go", ".json", ".html")


def tour(_wish: Tour) -> Play:
    """Explain the panes, look around with parallel calls, and offer things to type."""
    welcome = text("tour_welcome")
    [listed, readmes] = yield Step(
        text=f"{welcome}\n\nLet me look around. Reading needs no permission.",
        reasoning="A guest. I explain the screen first, and then make two calls that only read, "
        "side by side: ls for this folder, glob for a README.",
        calls=(
            Call("ls", {"path": "."}),
            Call("glob", {"pattern": "[Rr][Ee][Aa][Dd][Mm][Ee]*"}),
        ),
    )
    if listed.state == "missing":
        return Step(f"{welcome}\n\n{text('no_tools')}")
    path = _worth_reading(listed, readmes)
    findings = [listing_told("This folder", listed) if listed.ok else failure(listed)]
    if path is not None:
        [read, searched] = yield Step(
            text=text("tour_look"),
            reasoning=f"{path} looks readable. TODO notes are a good thing to search for.",
            calls=(
                Call("read", {"path": path}),
                Call("grep", {"pattern": "TODO", "path": ".", "literal": True}),
            ),
        )
        findings += [_read_told(path, read), _todo_told(searched)]
    return Step(
        text("tour_end", findings="\n\n".join(findings), suggestions=_suggestions(path)),
        reasoning="Both results are here. I sum them up and say what to type next.",
    )


def _worth_reading(listed: Outcome, readmes: Outcome) -> str | None:
    readme = nearest("readme.md", paths(readmes.content) if readmes.ok else [])
    if readme is not None:
        return readme
    found = entries(listed.content) if listed.ok else []
    for suffix in _READABLE:
        for entry in found:
            if entry.lower().endswith(suffix) and not entry.startswith("."):
                return entry
    return None


def _read_told(path: str, read: Outcome) -> str:
    if not read.ok:
        return failure(read)
    lines = file_lines(read.content)
    first = next((line.strip() for line in lines if line.strip()), "")
    if not first:
        return f"{code(path)} is empty."
    total = total_lines(read.content)
    size = f"more than {count(len(lines), 'line')}" if total is None else count(total, "line")
    return f"{code(path)} has {size} and begins with {code(first)}."


def _todo_told(searched: Outcome) -> str:
    if not searched.ok:
        return failure(searched)
    hits = matches(searched.content)
    if not hits:
        return "No line here says `TODO`."
    least = "At least " if is_cut(searched.content) else ""
    verb = "says" if len(hits) == 1 else "say"
    where = code(f"{hits[0].path}:{hits[0].line}")
    return f"{least}{count(len(hits), 'line')} {verb} `TODO`, the first in {where}."


def _suggestions(path: str | None) -> str:
    lines = ["Type one of these; what changes something asks you first:", ""]
    if path is not None:
        lines.append(f"- `explain {path}`")
    lines += [
        "- `create a file hello.txt with hello world`",
        "- `replace hello by goodbye in hello.txt`",
        "- `search for import`" if path is not None else "- `list the files and read hello.txt`",
        "- `run the tests` or `run COMMAND`",
        "- `write a long answer`",
    ]
    return "\n".join(lines)


def topic(wish: Topic) -> Step:
    """A fixed text."""
    return Step(text(wish.name), reasoning=f"A question with a fixed answer: {wish.name}.")


def long_answer(wish: LongAnswer) -> Step:
    """Markdown of about `words` words, ended at a paragraph."""
    kept: list[str] = []
    words = 0
    open_fence = False
    for line in _endless():
        if words >= wish.words and not open_fence and not line:
            break
        kept.append(line)
        words += len(line.split())
        open_fence ^= line.startswith("```")
    said = "\n".join(["# A long answer", "", "I am a script, so this text is fixed.", "", *kept])
    return Step(said, reasoning=f"About {wish.words} words of Markdown, to look at the screen.")


def _endless() -> Iterator[str]:
    for number in counting(1):
        yield from text("long_section", number=str(number)).split("\n")
        yield ""


def unknown(_wish: Unknown) -> Step:
    """What the demo cannot do, what it can, and how to get a real model."""
    return Step(
        text("unknown", abilities=text("abilities")),
        reasoning="My script has no lines for this. I say so instead of pretending.",
        well=False,
    )
