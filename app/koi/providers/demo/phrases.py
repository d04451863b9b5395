"""One clause of a prompt to what it asks for. Each function knows one family of phrases.

All patterns match the whole clause and are linear or short: a clause is at most `LIMIT` long.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from koi.providers.demo.intents import (
    FindFiles,
    Focus,
    Intent,
    ListFiles,
    ReadFile,
    RunCommand,
    RunTests,
    SearchText,
)
from koi.providers.demo.words import (
    folder_of,
    is_file_name,
    kind_pattern,
    path_of,
    unquote,
    without_full_stop,
    word_set,
)

LIMIT = 1_000
"""Longer clauses are no plain requests; only the content of a file may be longer."""

Intents = tuple[Intent, ...]


def matched(pattern: str, text: str) -> re.Match[str] | None:
    """The match of a pattern with the whole text, whatever its case."""
    return re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL)


_SHOW = r"(?:list|ls|show|display|print|give|tell)(?:\s+me)?"
_ALL = r"(?:\s+(?:all|of|the|my|our|this|every))*"
_THINGS = (
    r"(?:files(?:\s+and\s+(?:folders|directories))?|folders?|director(?:y|ies)|dir|contents?"
    r"|everything|listing|file\s+list|project(?:\s+files)?|what(?:'s|\s+is)\s+here)"
)
_IN = r"(?:in|of|under|from|inside|at|within)"
_AROUND = (
    r"(?:\s+(?:in|through|over|inside|across))?"
    r"(?:\s+(?:all|the|my|this|our|whole|entire|these))*"
    r"\s+(?:files?|code|project|folder|repo(?:sitory)?|codebase|directory|workspace|everywhere)"
)


def listing(clause: str) -> Intents:
    """ "list the files", "ls src", "what is in this folder", "list the python files"."""
    text = without_full_stop(clause)
    if matched(rf"(?:ls|dir|{_SHOW}{_ALL}\s+{_THINGS})", text):
        return (ListFiles(),)
    if matched(r"(?:what|which)\s+files\s+(?:are|do\s+you\s+see)(?:\s+(?:here|there))?", text):
        return (ListFiles(),)
    if matched(r"(?:how\s+many|count(?:\s+the)?)\s+files(?:\s+are)?(?:\s+(?:here|there))?", text):
        return (ListFiles(),)
    if found := matched(
        rf"(?:{_SHOW}|find|which|what|how\s+many|count){_ALL}\s+(\S+)\s+files(?:\s+are)?"
        r"(?:\s+(?:here|there|in\s+(?:here|(?:this|the)\s+(?:folder|project|directory|repo))))?",
        text,
    ):
        pattern = kind_pattern(found[1])
        return (FindFiles(f"**/{pattern}"),) if pattern else ()
    for pattern in (
        rf"{_SHOW}{_ALL}\s+{_THINGS}\s+(?:that\s+are\s+|are\s+)?{_IN}\s+(.+)",
        r"(?:what|which)\s+(?:files\s+are|is|are)\s+(?:there\s+)?in\s+(.+)",
        r"what's\s+in\s+(.+)",
        r"(?:how\s+many|count(?:\s+the)?)\s+files\s+(?:are\s+)?(?:there\s+)?in\s+(.+)",
        r"ls\s+(.+)",
        r"list\s+(.+)",
    ):
        if found := matched(pattern, text):
            kind = kind_pattern(found[1]) if "*" in found[1] else None
            if kind:
                return (FindFiles(kind if "/" in kind else f"**/{kind}"),)
            folder = folder_of(found[1])
            if folder and is_file_name(found[1]) and matched(r"what.*", text):
                return (ReadFile(folder),)
            return (ListFiles(folder),) if folder else ()
    return ()


def reading(clause: str) -> Intents:
    """ "read README", "read a.py and b.py", "explain app.py", "count the lines of x.txt"."""
    text = without_full_stop(clause)
    for pattern in (
        r"(?:count|number\s+of|show|give\s+me)(?:\s+(?:the|all))*(?:\s+number\s+of)?\s+lines"
        r"\s+(?:of|in)\s+(.+)",
        r"how\s+many\s+lines\s+(?:does|do|has|have)\s+(.+?)(?:\s+have)?",
        r"how\s+many\s+lines\s+(?:are\s+)?(?:there\s+)?(?:in\s+)?(.+?)(?:\s+ha(?:s|ve))?",
        r"how\s+long\s+is\s+(.+)",
    ):
        if found := matched(pattern, text):
            return _files(found[1], "count", certain=True)
    if found := matched(
        r"(?:read|show|print|display)(?:\s+me)?(?:\s+the)?\s+(?:first\s+(\d{1,6})\s+lines?"
        r"|lines?\s+(\d{1,6})(?:\s*(?:-|–|to|\.\.)\s*(\d{1,6}))?)\s+(?:of|in|from)\s+(.+)",
        text,
    ):
        first = int(found[2] or 1)
        last = int(found[3] or found[2] or found[1])
        path = path_of(found[4])
        if path and first >= 1 and last >= first:
            return (ReadFile(path, "read", first, last - first + 1),)
        return ()
    if found := matched(
        r"what\s+(?:does|is)\s+(.+?)(?:\s+(?:do|say|about|contain|mean|for))+", text
    ):
        return _files(found[1], "explain", certain=True)
    if found := matched(
        r"(read|open|cat|view|show|display|print|look\s+(?:at|into)|explain|summari[sz]e"
        r"|describe|review|check)(?:\s+(?:me|out))?(?:\s+(?:the\s+)?contents?\s+of)?\s+(.+)",
        text,
    ):
        verb = found[1].lower()
        focus: Focus = "read"
        if verb in ("explain", "summarize", "summarise", "describe", "review", "check"):
            focus = "explain"
        return _files(found[2], focus, certain=verb not in ("read", "open", "cat"))
    return ()


def _files(text: str, focus: Focus, *, certain: bool) -> Intents:
    """One intent for each named file. `certain`: words that only may be names do not count."""
    names = [name for name in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+&\s+", text) if name]
    paths = [path_of(name) for name in names]
    good = [
        path
        for path, name in zip(paths, names, strict=True)
        if path and (not certain or is_file_name(name))
    ]
    if not good or len(good) != len(names) or len(good) > 8:
        whole, quoted = unquote(text)
        return (ReadFile(whole, focus),) if quoted and whole else ()
    return tuple(ReadFile(path, focus) for path in good)


def searching(clause: str) -> Intents:
    """ "search for X", "find X in src", "where is X used", "find files named X"."""
    text = without_full_stop(clause)
    if found := matched(
        rf"(?:find|search(?:\s+for)?|look\s+for|locate|glob){_ALL}\s+files?"
        r"\s+(?:(?:that\s+are\s+)?(?:named|called|matching|like|with\s+the\s+name)\s+)?(.+)",
        text,
    ):
        return _named(found[1]) if is_file_name(found[1]) or "*" in found[1] else ()
    if found := matched(r"(?:where\s+is|find|locate)\s+(?:the\s+file\s+)?(\S+)", text):
        name, _ = unquote(found[1])
        if "*" in name or (is_file_name(found[1]) and not found[1].startswith(("'", '"', "`"))):
            return _named(name)
    if found := matched(r"glob\s+(.+)", text):
        return _named(found[1])
    for pattern in (
        r"(?:search|grep|look)\s+(?P<where>\S+)\s+for\s+(?P<what>.+)",
        rf"(?:search|grep|look){_AROUND}\s+for\s+(?P<what>.+)",
        r"(?:search|grep|look)\s+in\s+(?P<where>\S+)\s+for\s+(?P<what>.+)",
        r"(?:search|grep|look)\s+for\s+(?P<what>.+)",
        r"where\s+(?:is|are|do\s+(?:we|i)\s+use)\s+(?P<what>.+?)"
        r"(?:\s+(?:defined|used|mentioned|called|set|imported|declared))?",
        r"grep(?:\s+-\w+)*\s+(?P<what>[^\s\"'`]+)\s+(?P<where>[\w.-]*[/.][\w./-]*)",
        r"(?:find|search|grep|locate)(?:\s+-\w+)*\s+(?P<what>.+)",
    ):
        if found := matched(pattern, text):
            groups = found.groupdict()
            where = groups.get("where") or ""
            folder = folder_of(where) if where else ""
            if folder is None:
                continue
            return _search(groups["what"], folder)
    return ()


def _named(text: str) -> Intents:
    name, _ = unquote(text)
    if not name or re.search(r"\s", name):
        return ()
    if "*" in name:
        return (FindFiles(name if "/" in name else f"**/{name}"),)
    return (FindFiles(f"**/{name.removeprefix('./')}"),)


def _search(text: str, where: str) -> Intents:
    text = re.sub(
        r"\A(?:(?:all|any|every|the|of|lines?|places?|files?|usages?|uses?|occurrences?|mentions?"
        r"|references?|matches|that|which|with|to|for|contain(?:s|ing)?|mention(?:s|ing)?|word"
        r"|text|string|phrase)\s+)+(?=\S)",
        "",
        text,
        flags=re.IGNORECASE,
    )
    include = ""
    what = text
    if found := matched(r"(.+?)\s+(?:in|inside|within|under)\s+(\S+(?:\s+\S+){0,4})", text):
        place = re.sub(r"\s+files\Z", "", found[2], flags=re.IGNORECASE)
        place = re.sub(r"\A(?:(?:all|the)\s+)+", "", place, flags=re.IGNORECASE)
        kind = kind_pattern(place)
        folder = folder_of(found[2])
        if kind:
            what, include = found[1], kind
        elif folder:
            what, where = found[1], where or folder
    pattern, quoted = unquote(what)
    literal = True
    if not quoted and (found := matched(r"(?:regex|regexp|pattern)\s+(.+)", what)):
        pattern, _ = unquote(found[1])
        literal = False
    elif not quoted and (found := matched(r"/(.+)/", what)):
        pattern, literal = found[1], False
    if not pattern.strip() or (not quoted and pattern.lower() in ("for", "in", "it", "me")):
        return ()
    return (SearchText(pattern, where or ".", include, literal),)


_PROGRAMS = (
    r"git|pytest|npm|npx|cargo|echo|pwd|python3?|uname|whoami|date|du|df|wc|head|tail|make|go|node"
)
_PROSE = word_set("a an the some all my our this that it them everything again me you")


def running(clause: str) -> Intents:
    """ "run the tests", "run make build", "run `ls -l`", "$ pwd", "git status"."""
    text = clause.strip()
    plain = without_full_stop(text)
    if matched(
        r"(?:(?:run|execute|start|launch|try)\s+)?(?:all\s+)?(?:of\s+)?(?:(?:the|my|our|its|your"
        r"|this\s+project's|unit|whole|full|project's)\s+)*(?:tests?|test\s+suite|specs?)"
        r"(?:\s+(?:suite|again|now|here))?",
        plain,
    ) or matched(
        r"(?:do|does|are|is)\s+(?:all\s+)?(?:the|my|our)\s+tests?\s+(?:still\s+)?"
        r"(?:pass(?:ing)?|green|ok|work)"
        r"|test\s+(?:it|this|everything|the\s+(?:project|code))"
        r"|check\s+(?:if|that|whether)\s+the\s+tests\s+(?:still\s+)?pass",
        plain,
    ):
        return (RunTests(),)
    if found := matched(r"[$!]\s*(.+)", text):
        return (RunCommand(found[1].strip()),)
    if found := matched(
        r"(?:run|execute|exec|bash|shell)(?:\s*:)?\s+(?:(?:the\s+)?(?:shell\s+)?command\s*:?\s+)?(.+)",
        text,
    ):
        return _command(found[1])
    if matched(rf"(?:{_PROGRAMS})(?:\s.+)?", text) and not matched(
        r"(?:make|go|head|date|echo|node|tail)(?:\s+(?:a|an|the|to|it|me|sure|on|of)\b.*)?", text
    ):
        return (RunCommand(without_full_stop(text) if text.endswith(("!", "?")) else text),)
    if matched(r"(?:echo|date)(?:\s+[\"'`+-].*)?|echo\s+.+", text):
        return (RunCommand(text),)
    return ()


def _command(text: str) -> Intents:
    command, quoted = unquote(text)
    if not command or (not quoted and command.split()[0].lower().strip(".,!?") in _PROSE):
        return ()
    if not quoted and command.endswith(".") and command[-2:-1].isalnum():
        command = command[:-1]
    if not re.search(r"\s", command) and re.fullmatch(r"[\w./-]+\.py", command):
        command = f"python3 {command}"
    return (RunCommand(command),)


LOOKING: tuple[Callable[[str], Intents], ...] = (listing, reading, searching)
