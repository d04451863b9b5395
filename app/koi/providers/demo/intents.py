"""What a person may want from the demo, as plain data. `clauses` makes these from a prompt."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Focus: TypeAlias = Literal["read", "explain", "count"]
TopicName: TypeAlias = Literal["about", "connect", "keys", "cost", "markdown", "thanks"]


class Tour(msgspec.Struct, frozen=True):
    """A short guided tour."""


class Topic(msgspec.Struct, frozen=True):
    """A fixed text about koi or the demo; needs no tools."""

    name: TopicName


class LongAnswer(msgspec.Struct, frozen=True):
    """A long Markdown answer to look at the screen with; `words` is about its length."""

    words: int


class ListFiles(msgspec.Struct, frozen=True):
    """The entries of one folder."""

    path: str = "."


class ReadFile(msgspec.Struct, frozen=True):
    """One file, or some lines of it (`offset` is the first line, from 1)."""

    path: str
    focus: Focus = "read"
    offset: int | None = None
    limit: int | None = None


class SearchText(msgspec.Struct, frozen=True):
    """Lines that hold `pattern`, in a file or folder, perhaps only in files like `include`."""

    pattern: str
    path: str = "."
    include: str = ""
    literal: bool = True


class FindFiles(msgspec.Struct, frozen=True):
    """Files whose path matches a glob pattern."""

    pattern: str


class RunTests(msgspec.Struct, frozen=True):
    """The project's own tests, whatever they are."""


class RunCommand(msgspec.Struct, frozen=True):
    """One shell command, exactly as typed."""

    command: str


class Replace(msgspec.Struct, frozen=True):
    """Every `old` by `new` in a file. An empty path: the file is to be searched for."""

    old: str
    new: str
    path: str = ""
    everywhere: bool = False


class WriteFile(msgspec.Struct, frozen=True):
    """A file with exactly this content."""

    path: str
    content: str


class Unknown(msgspec.Struct, frozen=True):
    """Anything the script has no lines for."""

    prompt: str


Intent: TypeAlias = (
    Tour
    | Topic
    | LongAnswer
    | ListFiles
    | ReadFile
    | SearchText
    | FindFiles
    | RunTests
    | RunCommand
    | Replace
    | WriteFile
    | Unknown
)


class Wish(msgspec.Struct, frozen=True):
    """All that one prompt asks for. `ordered`: one after the other, else side by side."""

    intents: tuple[Intent, ...]
    ordered: bool = False
