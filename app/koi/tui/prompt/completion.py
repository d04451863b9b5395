"""What a slash command may be, in a short list above the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from koi.tui.commands import Command, complete_command, names
from koi.tui.line_pane import LinePane
from koi.view.line import BLANK, MUTED, PLAIN, Face, Line, Measure, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe

MAX_ROWS = 8
ARGUMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "fallback": (
        ("retry", "forget rests: every model and key may be asked again"),
        ("off", "nobody follows the executor's model"),
    ),
    "budget": (
        ("session 5", "USD for this session"),
        ("session 2M tokens", "tokens for this session"),
        ("session off", "no limit for this session"),
        ("day 20", "USD for today, over all sessions"),
        ("day 10M tokens", "tokens for today, over all sessions"),
        ("day off", "no limit for today"),
    ),
    "compact": (("undo", "take the last compaction back"),),
}
MODE_NOTES = (
    ("ask", "reads are free, everything else asks"),
    ("edit", "also writes inside this folder"),
    ("plan", "reads only"),
    ("yolo", "as edit; commands ask as long as there is no sandbox"),
)


_WITH_MODELS = ("/model", "/fallback", "/chain")


class Candidate(NamedTuple):
    """One row: the text it completes to, and what it is."""

    text: str
    description: str


def candidates(text: str, models: Sequence[str] = ()) -> tuple[Candidate, ...]:
    """What a prompt that is one slash command may go on as; an exact match comes first."""
    if not text.startswith("/") or "\n" in text:
        return ()
    word, space, argument = text.partition(" ")
    if not space:
        commands = sorted(complete_command(word), key=lambda command: command.name != word[1:])
        return tuple(Candidate(_written(command), command.description) for command in commands)
    command = names().get(word[1:].lower())
    argument = argument.strip()
    if command is None:
        return ()
    match command.name:
        case "model":
            return _models(word, argument, models)
        case "mode" if " " not in argument:
            modes = [mode for mode in MODE_NOTES if mode[0].startswith(argument)]
            return tuple(Candidate(f"{word} {mode}", note) for mode, note in modes)
        case "roles":
            from koi.config.schema import ROLE_NAMES

            return _beginning(word, argument, [(role, "choose its model") for role in ROLE_NAMES])
        case "fallback":
            return _followers(word, argument, models)
        case "budget" | "compact":
            return _beginning(word, argument, ARGUMENTS[command.name])
        case _:
            return ()


def _beginning(
    word: str, argument: str, offered: Sequence[tuple[str, str]]
) -> tuple[Candidate, ...]:
    """What begins with what is typed."""
    return tuple(
        Candidate(f"{word} {text}", note) for text, note in offered if text.startswith(argument)
    )


def _followers(word: str, argument: str, models: Sequence[str]) -> tuple[Candidate, ...]:
    """Models, one after another, and what else may be said in their place."""
    before, _, typed = argument.rpartition(" ")
    named = [(name, "") for name in _models_like(typed, models)] if typed else []
    if before:
        return tuple(Candidate(f"{word} {before} {name}", note) for name, note in named)
    special = _beginning(word, argument, ARGUMENTS["fallback"])
    return (*special, *(Candidate(f"{word} {name}", note) for name, note in named))


def _models(word: str, argument: str, models: Sequence[str]) -> tuple[Candidate, ...]:
    """Models, for the session or for a role that is named before them, and roles."""
    from koi.config.schema import ROLE_NAMES

    role, between, rest = argument.partition(" ")
    named = bool(between) and role in ROLE_NAMES
    if named:
        word, argument = f"{word} {role}", rest.strip()
    if " " in argument:
        return ()
    offered = [(name, "") for name in _models_like(argument, models)]
    if argument and not named:
        offered += [(name, "for this role") for name in ROLE_NAMES if name.startswith(argument)]
    return tuple(Candidate(f"{word} {name}", description) for name, description in offered)


def _models_like(typed: str, models: Sequence[str]) -> list[str]:
    typed = typed.lower()
    found = [name for name in models if typed in name.lower()]
    return sorted(found, key=lambda name: _distance(name.lower(), typed))


def _distance(name: str, typed: str) -> int:
    """The whole name of a model first, then what begins like it, then what has it inside."""
    if typed in (name, name.partition("/")[2]):
        return 0
    return 1 if name.startswith(typed) else 2


def _written(command: Command) -> str:
    return f"/{command.name} " if command.argument else f"/{command.name}"


class CompletionList(LinePane):
    """Follows what is typed; hidden without candidates. It never takes the focus."""

    DEFAULT_CSS = "CompletionList { display: none; height: auto; padding: 0; }"

    def __init__(self, measure: Measure, models: Callable[[], Sequence[str]] = tuple) -> None:
        super().__init__(self.lines, id="completion")
        self._measure = measure
        self._models = models
        self._text = ""
        self._found: tuple[Candidate, ...] = ()
        self._selected = 0
        self._moved = False

    @property
    def is_open(self) -> bool:
        """True while there is something to choose."""
        return bool(self._found)

    def follow(self, text: str) -> None:
        """The prompt's text is this now. Costs nothing when it did not change."""
        if text == self._text:
            return
        self._text = text
        found = candidates(text, self._models() if text.startswith(_WITH_MODELS) else ())
        if len(found) == 1 and found[0].text == text and " " in text:
            found = ()  # a whole argument: nothing is left to choose
        self._set(found)

    def move(self, step: int) -> None:
        """Choose the row above or below, from the end round to the start."""
        self._selected = (self._selected + step) % len(self._found)
        self._moved = True
        self.show()

    def accept(self) -> str:
        """The text that the chosen row completes to; the list closes, or shows arguments."""
        return self._found[self._selected].text

    def accept_for_sending(self) -> str | None:
        """The same, or None when what is typed is to be sent as it is."""
        text = self.accept()
        typed = self._text.strip()
        if text.strip() == typed or (not self._moved and typed[1:].lower() in names()):
            return None
        return text

    def close(self) -> None:
        """Hide the list until the text changes."""
        self._set(())

    def _set(self, found: tuple[Candidate, ...]) -> None:
        if found == self._found:
            return
        self._found, self._selected, self._moved = found, 0, False
        if self.display != bool(found):
            self.display = bool(found)
            self.styles.height = 0
        rows = min(MAX_ROWS, len(found))
        height = self.styles.height
        if found and (height is None or height.value < rows):  # it only grows while it is open
            self.styles.height = rows
        self.show()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """The rows around the chosen one."""
        start = max(0, min(self._selected - height // 2, len(self._found) - height))
        shown = [
            self._line(candidate, width, index == self._selected)
            for index, candidate in enumerate(self._found[start : start + height], start)
        ]
        return [BLANK] * (height - len(shown)) + shown

    def _line(self, candidate: Candidate, width: int, selected: bool) -> Line:
        face = Face("selected", "r") if selected else PLAIN
        name = safe(candidate.text.strip(), keep_newlines=False)
        left: list[Span] = [("▸ " if selected else "  ", Face("accent", "b")), (name, face)]
        gap = " " * max(2, 14 - self._measure(name))
        return row([*left, (gap + candidate.description, MUTED)], (), width, self._measure)
