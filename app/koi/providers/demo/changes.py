"""Clauses that change files: "replace A by B in FILE", "create NAME with TEXT"."""

from __future__ import annotations

import re

from koi.providers.demo.intents import Intent, Replace, WriteFile
from koi.providers.demo.phrases import LIMIT, matched
from koi.providers.demo.words import is_file_name, path_of, quoted_spans, unquote, without_full_stop

_REPLACE = r"(?:search\s+and\s+replace|replace|change|rename|swap|substitute|turn)"
_EVERY = (
    r"(?:(?:\s+(?:all|every|each|the|any|of))*\s+(?:occurrences?|instances?|words?|text|string)"
    r"(?:\s+of)?|\s+(?:all|every|each))?"
)
_BY = r"(?:by|with|to|into|for|→|->|=>)"
_EVERYWHERE = (
    r"(?:everywhere|(?:in\s+)?(?:all|every|any)(?:\s+of)?(?:\s+(?:the|these|my))?\s+files?)"
)


def replacing(clause: str) -> tuple[Intent, ...]:
    """ "replace A by B in FILE", also "in FILE change 'A' to 'B'" and without a file."""
    text = clause.strip()
    if len(text) > LIMIT:
        return ()
    where = ""
    if found := matched(rf"in\s+(?:the\s+file\s+)?(\S+?),?\s+({_REPLACE}\b.+)", text):
        where, text = found[1], found[2]
    elif found := matched(rf"({_REPLACE})\s+in\s+(\S+?),?\s+(.+)", text):
        where, text = found[2], f"{found[1]} {found[3]}"
    start = re.match(rf"{_REPLACE}{_EVERY}\s+", text, re.IGNORECASE)
    if not start:
        return ()
    body = text[start.end() :]
    separator = _outside_quotes(rf"\s+{_BY}\s+", body)
    if separator is None:
        return ()
    old = unquote(body[: separator[0]])[0]
    rest = body[separator[1] :]
    if not where:
        place = _last_outside_quotes(
            rf"\s+(?:(?:in|inside|within|of|on)\s+|(?={_EVERYWHERE}))", rest
        )
        if place is not None:
            where, rest = rest[place[1] :], rest[: place[0]]
    new_text, quoted = unquote(rest)
    new = new_text if quoted or where else without_full_stop(new_text)
    if not old:
        return ()
    if not where:
        certain = re.match(r"(?:search\s+and\s+)?replace|substitute", text, re.IGNORECASE)
        return (Replace(old, new),) if certain else ()
    if matched(
        rf"{_EVERYWHERE}|(?:this|the)\s+(?:folder|project|code|repo(?:sitory)?)|here",
        without_full_stop(where),
    ):
        return (Replace(old, new, everywhere=True),)
    where = re.sub(r"\s+everywhere\W*\Z", "", where, flags=re.IGNORECASE)
    names = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", where)
    paths = [path for name in names if (path := path_of(name))]
    if len(paths) != len(names):
        return ()
    return tuple(Replace(old, new, path) for path in paths)


def _outside_quotes(pattern: str, text: str) -> tuple[int, int] | None:
    spans = quoted_spans(text)
    for found in re.finditer(pattern, text, re.IGNORECASE):
        if found.start() > 0 and not any(a <= found.start() < b for a, b in spans):
            return found.span()
    return None


def _last_outside_quotes(pattern: str, text: str) -> tuple[int, int] | None:
    spans = quoted_spans(text)
    for found in reversed(list(re.finditer(pattern, text, re.IGNORECASE))):
        if found.start() > 0 and not any(a <= found.start() < b for a, b in spans):
            return found.span()
    return None


_WRITE = r"(?:create|write|make|add|save|touch|put|generate)(?:\s+me)?"
_A_FILE = (
    r"(?:\s+(?:a|an|the|new|empty|text|python|small|short|markdown))*(?:\s+file)?"
    r"(?:\s+(?:named|called))?"
)
_HOLDING = (
    r"(?:\s+(?:with|containing|saying|having|that\s+(?:contains|says|holds))"
    r"(?:\s+the)?(?:\s+(?:text|contents?|lines?|words?|message)\b)?\s*:?\s+|\s*:[ \t]*\n|\s*:\s+)"
)
_NAME = r"(?:`[^`\n]+`|\"[^\"\n]+\"|'[^'\n]+'|[^\s:]+)"


def writing(clause: str) -> tuple[Intent, ...]:
    """ "create NAME with TEXT", "write TEXT to NAME", "create NAME:" and lines below it."""
    text = clause.strip()
    if found := matched(rf"{_WRITE}{_A_FILE}\s+({_NAME}){_HOLDING}(.+)", text):
        path = path_of(found[1])
        if path and (is_file_name(found[1]) or matched(rf"{_WRITE}.*\sfile\s.*", text)):
            return (WriteFile(path, _content(found[2])),)
    if len(text) > LIMIT:
        return ()
    if found := matched(
        rf"{_WRITE}\s+(.+)\s+(?:to|into|in|as)\s+(?:the\s+|a\s+)?(?:new\s+)?"
        rf"(?:file\s+)?(?:(?:named|called)\s+)?({_NAME})",
        text,
    ):
        path = path_of(found[2])
        if path and is_file_name(found[2]):
            words = re.sub(r"\A(?:the\s+)?(?:text|words?|line)\s+", "", found[1], flags=re.I)
            return (WriteFile(path, _content(words)),)
    if found := matched(rf"{_WRITE}{_A_FILE}\s+({_NAME})", text):
        path = path_of(found[1])
        if path and (is_file_name(found[1]) or matched(rf"{_WRITE}\s.*\bfile\s+.*", text)):
            return (WriteFile(path, ""),)
    return ()


def _content(text: str) -> str:
    content, _ = unquote(text)
    return content if content.endswith("\n") or not content else f"{content}\n"
