"""Plays that change files: replace text, and write a file. They look before they act."""

from __future__ import annotations

from koi.core.messages import JsonObject
from koi.providers.demo.intents import Replace, WriteFile
from koi.providers.demo.looking import near_names, nearest
from koi.providers.demo.plays import Call, Outcome, Play, Step
from koi.providers.demo.results import file_lines, is_cut, matches, names_nothing, paths
from koi.providers.demo.sentences import code, count, failure, some

MOST_FILES = 10
"""Files that one "replace everywhere" changes."""


def replace_text(wish: Replace) -> Play:
    """Read, then `edit`; without a file name the text is searched for first."""
    if wish.old == wish.new:
        return Step("Both texts are the same, so there is nothing to replace.")
    if wish.path:
        return (yield from _in_one_file(wish, wish.path))
    [found] = yield Step(
        reasoning=f"No file was named, so I look for {wish.old!r} first.",
        calls=(Call("grep", {"pattern": wish.old, "path": ".", "literal": True}),),
    )
    hits = matches(found.content) if found.ok else []
    holding = list(dict.fromkeys(hit.path for hit in hits))
    if not holding:
        none = f"No file here holds {code(wish.old)}, so there is nothing to replace."
        return Step(none if found.ok else failure(found), well=False)
    if len(holding) == 1:
        return (yield from _in_one_file(wish, holding[0]))
    if not wish.everywhere:
        return Step(
            f"{count(len(holding), 'file')} hold {code(wish.old)}: {some(holding)}. "
            "Name the one to change, or end your request with `everywhere`.",
            well=False,
        )
    return (yield from _in_many_files(wish, holding[:MOST_FILES], len(holding)))


def _in_one_file(wish: Replace, path: str) -> Play:
    [read] = yield Step(
        text=f"I read {code(path)} first, then I change it.",
        reasoning=f"An edit needs the exact text, so {path} is read before it is changed.",
        calls=(Call("read", {"path": path}),),
    )
    if read.state == "failed" and names_nothing(read.content):
        [found] = yield Step(
            text=f"There is no {code(path)} here. I look for a similar name.",
            calls=(Call("glob", {"pattern": near_names(path)}),),
        )
        best = nearest(path, paths(found.content) if found.ok else [])
        other = f" Did you mean {code(best)}?" if best and best != path else ""
        return Step(f"{failure(read)} Nothing was changed.{other}", well=False)
    if not read.ok:
        return Step(failure(read), well=False)
    times = "\n".join(file_lines(read.content)).count(wish.old)
    if not times and is_cut(read.content):
        [found] = yield Step(
            reasoning="Only a part of the file was shown, so I search all of it.",
            calls=(Call("grep", {"pattern": wish.old, "path": path, "literal": True}),),
        )
        times = len(matches(found.content)) if found.ok else 0
    if not times:
        return Step(
            f"{code(path)} does not hold {code(wish.old)}, so I changed nothing.", well=False
        )
    there = f"on {count(times, 'line')}" if is_cut(read.content) else _times(times)
    every = times > 1 or is_cut(read.content)
    [edited] = yield Step(
        text=f"{code(wish.old)} is there {there}. Here is the change.",
        reasoning=f"{count(times, 'occurrence')}: {'all at once' if every else 'a single edit'}.",
        calls=(_edit(wish, path, every),),
    )
    if edited.state == "failed" and _needs_reading(edited):
        [_, edited] = yield Step(
            text=f"{failure(edited)} I read it again and try once more.",
            calls=(Call("read", {"path": path}), _edit(wish, path, every)),
        )
    elif edited.state == "failed" and not every:
        [edited] = yield Step(
            text=f"{failure(edited)} I try once more, for all occurrences.",
            calls=(_edit(wish, path, True),),
        )
    if not edited.ok:
        return Step(failure(edited), well=False)
    return Step(f"Done: {code(wish.old)} is now {_now(wish.new)} in {code(path)}, {there}.")


def _in_many_files(wish: Replace, holding: list[str], found: int) -> Play:
    read = yield Step(
        text=f"{count(found, 'file')} hold {code(wish.old)}: {some(holding)}. I read them first.",
        reasoning="Reading is free and independent, so all files are read side by side.",
        calls=tuple(Call("read", {"path": path}) for path in holding),
    )
    readable = [path for path, outcome in zip(holding, read, strict=True) if outcome.ok]
    problems = [failure(outcome) for outcome in read if not outcome.ok]
    if not readable:
        return Step("\n".join(problems), well=False)
    edited = yield Step(
        text="Here are the changes, one for each file.",
        calls=tuple(_edit(wish, path, True) for path in readable),
    )
    changed = [path for path, outcome in zip(readable, edited, strict=True) if outcome.ok]
    problems += [failure(outcome) for outcome in edited if not outcome.ok]
    told = f"I changed {code(wish.old)} to {_now(wish.new)} in {count(len(changed), 'file')}"
    told += f": {some(changed, MOST_FILES)}." if changed else "."
    if found > len(holding):
        told += f" {found - len(holding)} more have it; ask me again for the rest."
    return Step("\n\n".join([told, *dict.fromkeys(problems)]), well=not problems)


def _edit(wish: Replace, path: str, every: bool) -> Call:
    arguments: JsonObject = {"path": path, "old": wish.old, "new": wish.new}
    if every:
        arguments["replace_all"] = True
    return Call("edit", arguments)


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _now(text: str) -> str:
    return code(text) if text else "gone"


def write_file(wish: WriteFile) -> Play:
    """`write`; when the file exists and was not read, read it and try once more."""
    size = len(wish.content.encode("utf-8", errors="replace"))
    call = Call("write", {"path": wish.path, "content": wish.content})
    [written] = yield Step(
        text=f"I write {count(size, 'byte')} to {code(wish.path)}.",
        reasoning="The text is given word for word, so one write call does it.",
        calls=(call,),
    )
    if written.state == "failed" and _needs_reading(written):
        [read, *_] = yield Step(
            text=f"{code(wish.path)} exists already, so I look at it before I replace it.",
            calls=(Call("read", {"path": wish.path}),),
        )
        if not read.ok:
            return Step(failure(read), well=False)
        [written] = yield Step(
            text=f"It has {count(len(file_lines(read.content)), 'line')}. The change replaces "
            "all of them; say no if that is not what you want.",
            calls=(call,),
        )
    if not written.ok:
        return Step(failure(written), well=False)
    if not wish.content:
        return Step(
            f"{code(wish.path)} is there, and empty. To fill it: "
            f"`write a file {wish.path} with some text`."
        )
    return Step(
        f"{code(wish.path)} now has {count(wish.content.count(chr(10)), 'line')} "
        f"({count(size, 'byte')}). Next you could type `read {wish.path}`."
    )


def _needs_reading(outcome: Outcome) -> bool:
    return "read" in outcome.content.lower()
