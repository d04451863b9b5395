"""Words of a prompt: quotes, file names and politeness. Small pure functions for the parser."""

from __future__ import annotations

import re


def word_set(words: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(words.split())


_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}
_NAMES = word_set(
    "readme license licence makefile dockerfile changelog contributing copying authors notice "
    "gemfile rakefile procfile justfile jenkinsfile vagrantfile"
)
_NOT_NAMES = word_set(
    "a about again all an and any anything everything file files for from here him how i in "
    "into it me mind more my no nothing of on one out over something that the them there "
    "these this those through to up us well what why with you your"
)
_HERE = word_set(
    "here . it this there folder directory dir project repo repository workspace everything "
    "codebase code files"
)
_EXTENSION = re.compile(r"\.\w{1,10}\Z")
_KINDS = {
    "python": "py",
    "py": "py",
    "javascript": "js",
    "js": "js",
    "typescript": "ts",
    "ts": "ts",
    "rust": "rs",
    "go": "go",
    "java": "java",
    "c": "c",
    "c++": "cpp",
    "markdown": "md",
    "md": "md",
    "text": "txt",
    "txt": "txt",
    "json": "json",
    "yaml": "y*ml",
    "toml": "toml",
    "html": "html",
    "css": "css",
    "shell": "sh",
    "sql": "sql",
}


def unquote(text: str) -> tuple[str, bool]:
    """The text without the quotes around all of it, and whether there were any."""
    stripped = text.strip()
    if len(stripped) >= 2 and _QUOTES.get(stripped[0]) == stripped[-1]:
        inner = stripped[1:-1]
        if stripped[-1] not in inner:
            return inner, True
    return stripped, False


def quoted_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every quoted stretch. An apostrophe inside a word opens nothing."""
    spans: list[tuple[int, int]] = []
    position = 0
    while position < len(text):
        closing = _QUOTES.get(text[position])
        opens = closing is not None and (position == 0 or not text[position - 1].isalnum())
        end = text.find(closing, position + 1) if closing and opens else -1
        if end < 0:
            position += 1
            continue
        spans.append((position, end + 1))
        position = end + 1
    return tuple(spans)


def without_full_stop(text: str) -> str:
    """The text without sentence punctuation at its end; `.` and `..` as paths stay."""
    stripped = text.strip()
    shorter = stripped.rstrip("!?,;:.")
    return shorter if shorter and not shorter.endswith((" ", "/")) else stripped


def path_of(text: str) -> str | None:
    """The path that a few words name ("the file `a b.txt`" is "a b.txt"), else None."""
    value, quoted = unquote(without_full_stop(text))
    if quoted:
        return value or None
    value = re.sub(r"\A(?:(?:the|my|our|this|file|called|named)\s+)+", "", value, flags=re.I)
    value = re.sub(r"\s+(?:file|folder|directory|module)\Z", "", value, flags=re.I)
    value, quoted = unquote(value.removeprefix("@"))
    if not value or (not quoted and re.search(r"\s", value)):
        return None
    return value if quoted or value.lower() not in _NOT_NAMES else None


def is_file_name(text: str) -> bool:
    """True when the words clearly name a file: an extension, a slash, or a well-known name."""
    value, quoted = unquote(without_full_stop(text))
    path = path_of(text)
    if path is None:
        return False
    if quoted and not re.search(r"\s", value):
        return True
    name = path.rsplit("/", 1)[-1]
    return "/" in path or bool(_EXTENSION.search(name)) or name.lower() in _NAMES


def folder_of(text: str) -> str | None:
    """The folder that a few words name; "this folder" and the like are "."."""
    value = re.sub(
        r"\A(?:(?:all|of|the|my|our|this|current|whole|entire|working)\s+)+",
        "",
        without_full_stop(text),
        flags=re.I,
    )
    if value.lower() in _HERE:
        return "."
    return path_of(value)


def kind_pattern(word: str) -> str | None:
    """A glob for a kind of files: "python", ".py" and "*.py" are all `*.py`."""
    value, _ = unquote(word)
    if re.fullmatch(r"\*?\.\w+", value):
        return f"*.{value.rpartition('.')[2]}"
    if "*" in value and not re.search(r"\s", value):
        return value
    extension = _KINDS.get(value.lower())
    return f"*.{extension}" if extension else None
