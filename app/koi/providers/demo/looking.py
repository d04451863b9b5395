"""Plays that only look: list a folder, read a file, search for text, find files."""

from __future__ import annotations

import re

from koi.core.messages import JsonObject
from koi.providers.demo.intents import FindFiles, ListFiles, ReadFile, SearchText
from koi.providers.demo.plays import Call, Outcome, Play, Step
from koi.providers.demo.results import (
    Match,
    entries,
    file_lines,
    is_cut,
    matches,
    names_nothing,
    paths,
    total_lines,
)
from koi.providers.demo.sentences import code, count, failure, fence, language, some, table

TOO_LARGE = "too many to read at once"
"""What `read` says of a file that it gives only in parts."""


def list_files(wish: ListFiles) -> Play:
    """`ls`, then how many of what there is."""
    [listed] = yield Step(
        reasoning=f"They want to know what is in {wish.path}. One call to ls answers that.",
        calls=(Call("ls", {"path": wish.path}),),
    )
    where = "This folder" if wish.path == "." else code(wish.path)
    if not listed.ok:
        return Step(failure(listed), well=False)
    return Step(listing_told(where, listed), _counted(listed))


def listing_told(where: str, listed: Outcome) -> str:
    """A listing in one sentence and a table."""
    found = entries(listed.content)
    folders = [entry for entry in found if entry.endswith("/")]
    files = [entry for entry in found if not entry.endswith("/")]
    if not found:
        return f"{where} is empty. Try `create a file hello.txt with hello world`."
    rows = [
        (kind, str(len(of_kind)), some(of_kind, 8))
        for kind, of_kind in (("folders", folders), ("files", files))
        if of_kind
    ]
    counts = [
        count(len(of_kind), noun)
        for noun, of_kind in (("folder", folders), ("file", files))
        if of_kind
    ]
    more = " The listing was cut, so there is more." if is_cut(listed.content) else ""
    return f"{where} has {' and '.join(counts)}.{more}\n\n" + table(
        ("what", "how many", "names"), rows
    )


def _counted(outcome: Outcome) -> str:
    return f"The result has {count(len(entries(outcome.content)), 'entry')}; I sum them up."


def near_names(path: str) -> str:
    """A glob for files whose name holds this one, whatever its case."""
    name = path.rstrip("/").rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    letters = (
        f"[{letter.lower()}{letter.upper()}]"
        if letter.isalpha() and letter.isascii()
        else letter
        if letter.isalnum() or letter in "._-"
        else "?"
        for letter in stem[:40]
    )
    return f"**/*{''.join(letters)}*"


def nearest(path: str, candidates: list[str]) -> str | None:
    """The candidate that the name most likely means: equal, then shallow, then short."""
    wanted = path.rpartition("/")[2].lower()

    def rank(candidate: str) -> tuple[bool, bool, int, int, str]:
        name = candidate.rpartition("/")[2].lower()
        return (
            name != wanted,
            name.partition(".")[0] != wanted,
            candidate.count("/"),
            len(candidate),
            candidate,
        )

    files = [candidate for candidate in candidates if not candidate.endswith("/")]
    return min(files, key=rank, default=None)


def read_file(wish: ReadFile) -> Play:
    """`read` (or `glob` first, for a name such as README), then what is in the file."""
    path = wish.path
    tried: Outcome | None = None
    if "." in path.rpartition("/")[2] or "/" in path:
        [tried] = yield Step(
            reasoning=f"I read {path} itself instead of guessing what is in it.",
            calls=(_read(wish, path),),
        )
        if tried.ok:
            return Step(_told(wish, path, tried))
        if tried.state == "failed" and TOO_LARGE in tried.content:
            return (yield from _read_beginning(path))
        if tried.state != "failed" or not names_nothing(tried.content):
            return Step(failure(tried), well=False)
    [found] = yield Step(
        text=f"There is no {code(path)} here. I look for a similar name." if tried else "",
        reasoning=f"{path} may be written differently, so I look for names like it first.",
        calls=(Call("glob", {"pattern": near_names(path)}),),
    )
    near = paths(found.content) if found.ok else []
    best = nearest(path, near)
    if best is None:
        if tried is None and not found.ok:
            return Step(failure(found), well=False)
        return Step(
            f"I found no file with a name like {code(path)} here. Type `list the files` to see "
            "what there is.",
            well=False,
        )
    [read] = yield Step(
        reasoning=f"{best} is the closest of {count(len(near), 'name')}.",
        calls=(_read(wish, best),),
    )
    if not read.ok:
        return Step(failure(read), well=False)
    others = [name for name in near if name != best]
    also = f"\n\nSimilar names here: {some(others, 4)}." if others and tried else ""
    return Step(_told(wish, best, read) + also)


def _read_beginning(path: str) -> Play:
    wish = ReadFile(path, offset=1, limit=200)
    [read] = yield Step(
        text=f"{code(path)} is too large to read at once, so I look at its beginning only.",
        calls=(_read(wish, path),),
    )
    return Step(_told(wish, path, read) if read.ok else failure(read), well=read.ok)


def _read(wish: ReadFile, path: str) -> Call:
    arguments: JsonObject = {"path": path}
    if wish.offset is not None:
        arguments["offset"] = wish.offset
    if wish.limit is not None:
        arguments["limit"] = wish.limit
    return Call("read", arguments)


def _told(wish: ReadFile, path: str, read: Outcome) -> str:
    lines = file_lines(read.content)
    total = total_lines(read.content)
    size = f"more than {count(len(lines), 'line')}" if total is None else count(total, "line")
    if wish.offset is not None:
        shown = "\n\n" + fence(lines, language(path)) if lines else ""
        return f"{count(len(lines), 'line')} of {code(path)}, from line {wish.offset}:{shown}"
    if not any(lines):
        return f"{code(path)} is empty."
    if wish.focus == "count":
        if total != len(lines):
            return f"{code(path)} has {size}."
        blank = sum(not line.strip() for line in lines)
        return f"{code(path)} has {size}; {blank or 'none'} of them blank."
    if wish.focus == "explain":
        return _structure(path, lines, size)
    return f"{code(path)} has {size}. It begins:\n\n{fence(lines, language(path))}"


def _structure(path: str, lines: list[str], size: str) -> str:
    definitions = []
    for number, line in enumerate(lines, start=1):
        found = re.match(
            r"\s*(?:export\s+|pub\s+|async\s+|static\s+)*"
            r"(def|class|fn|func|function|struct|enum|interface|trait)\s+(\w+)",
            line,
        ) or re.match(r"(#{1,3})\s+(\S.*)", line)
        if found and (found[1][0] != "#" or path.lower().endswith((".md", ".markdown", ".rst"))):
            kind = "heading" if found[1][0] == "#" else found[1]
            definitions.append((str(number), kind, code(found[2])))
    if definitions:
        honest = "I am a script, so this is its outline, not an understanding of it."
    else:
        begin = fence(lines, language(path))
        honest = f"I am a script and find no outline in it. It begins:\n\n{begin}"
    outline = "\n\n" + table(("line", "kind", "name"), definitions[:20]) if definitions else ""
    more = len(definitions) - 20
    rest = f"\n\n(and {more} more)" if more > 0 else ""
    return f"{code(path)} has {size}. {honest}{outline}{rest}"


def search_text(wish: SearchText) -> Play:
    """`grep`; when nothing is found, once more without case and in file names."""
    arguments: JsonObject = {"pattern": wish.pattern, "path": wish.path}
    if wish.include:
        arguments["include"] = wish.include
    if wish.literal:
        arguments["literal"] = True
    [found] = yield Step(
        reasoning=f"A search for {wish.pattern!r} needs grep, over {wish.path}.",
        calls=(Call("grep", arguments),),
    )
    what = code(wish.pattern)
    if not found.ok and found.state != "failed":
        return Step(failure(found), well=False)
    hits = matches(found.content) if found.ok else []
    if hits:
        return Step(_hits_told(what, hits, is_cut(found.content)))
    if not found.ok:
        return Step(failure(found), well=False)
    if not wish.literal:
        return Step(f"Nothing matches {what}.", well=False)
    wider: JsonObject = {**arguments, "ignore_case": True}
    [again, named] = yield Step(
        text=f"No line holds {what} exactly. I try it without case, and in file names.",
        calls=(Call("grep", wider), Call("glob", {"pattern": near_names(wish.pattern)})),
    )
    hits = matches(again.content) if again.ok else []
    named_so = paths(named.content) if named.ok and "\n" not in wish.pattern else []
    told = [_hits_told(f"{what} in any case", hits, is_cut(again.content))] if hits else []
    if named_so:
        told.append(f"File names like it: {some(named_so)}.")
    if not told:
        return Step(f"Nothing here holds {what}, in no case, and no file is named so.", well=False)
    return Step("\n\n".join(told))


def _hits_told(what: str, hits: list[Match], cut: bool) -> str:
    where = list(dict.fromkeys(hit.path for hit in hits))
    at_least = "at least " if cut else ""
    head = f"I found {what} on {at_least}{count(len(hits), 'line')} in {count(len(where), 'file')}:"
    rows = [(code(f"{hit.path}:{hit.line}"), code(hit.text)) for hit in hits[:8]]
    more = len(hits) - len(rows)
    rest = f"\n\n(and {count(more, 'more line')})" if more > 0 else ""
    return f"{head}\n\n{table(('where', 'line'), rows)}{rest}"


def find_files(wish: FindFiles) -> Play:
    """`glob`, then which files match; a plain name is tried once as a part of names."""
    [found] = yield Step(
        reasoning=f"{wish.pattern} is a question about names, so glob is enough.",
        calls=(Call("glob", {"pattern": wish.pattern}),),
    )
    if not found.ok:
        return Step(failure(found), well=False)
    found_paths = paths(found.content)
    plain = wish.pattern.removeprefix("**/")
    if not found_paths and "*" not in plain:
        [found] = yield Step(
            text=f"No file is called {code(plain)}. I look for names like it.",
            calls=(Call("glob", {"pattern": near_names(plain)}),),
        )
        found_paths = paths(found.content) if found.ok else []
    if not found_paths:
        return Step(f"No file matches {code(plain)}.", well=False)
    cut = "At least " if is_cut(found.content) else ""
    verb = "matches" if len(found_paths) == 1 else "match"
    bullets = "\n".join(f"- {code(path)}" for path in found_paths[:15])
    more = f"\n\n(and {len(found_paths) - 15} more)" if len(found_paths) > 15 else ""
    return Step(f"{cut}{count(len(found_paths), 'file')} {verb} {code(plain)}:\n\n{bullets}{more}")
