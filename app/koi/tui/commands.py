"""The slash commands: one table for the prompt, the palette, the help and the reference page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from koi.core.errors import UsageError

if TYPE_CHECKING:
    from koi.tui.desk import GivenKey


class Command(NamedTuple):
    """One command; `action` is the method `action_<action>` of the application."""

    name: str
    action: str
    description: str
    aliases: tuple[str, ...] = ()
    argument: str = ""
    """What may follow the name, for the help; empty when nothing may."""


COMMANDS: tuple[Command, ...] = (
    Command("help", "help", "Keys and commands", ("?", "hotkeys")),
    Command("model", "models", "Show or choose the model", ("models",), "[ROLE] [REF]"),
    Command("roles", "roles", "The models of the roles, and who follows them", (), "[ROLE]"),
    Command(
        "fallback",
        "fallback",
        "Who answers when the model does not, and who of them rests",
        ("chain",),
        "[REF …|off|retry]",
    ),
    Command("retry", "go_on", "Go on with the turn that stopped", ("continue",)),
    Command(
        "compact",
        "compact",
        "Make the conversation shorter for the model; undo takes it back",
        (),
        "[what matters|undo]",
    ),
    Command(
        "budget",
        "budget",
        "Limits in USD or tokens: what is spent and left",
        ("limits",),
        "[session|day AMOUNT|off] [tokens] [keep]",
    ),
    Command("mode", "mode", "Show or choose the mode", (), "[ask|edit|plan|yolo]"),
    Command("cost", "cost", "What this session cost", ("usage", "stats")),
    Command("attempts", "attempts", "Attempts of each turn: who was asked and what happened"),
    Command("tokens", "tokens", "Tokens of this session and of the context window", ("context",)),
    Command(
        "connect", "connect", "Connect a provider: login, key, server", ("login",), "[NAME|status]"
    ),
    Command(
        "disconnect", "disconnect", "Give up a login or a saved key", ("logout",), "[NAME|all]"
    ),
    Command("resume", "sessions", "Go on with another session", ("sessions",), "[ID]"),
    Command("new", "new_session", "Start a new session; this one stays in its file", ("clear",)),
    Command("trust", "trust", "Use this folder's AGENTS.md in this session"),
    Command("copy", "copy_answer", "Copy the last answer"),
    Command("exit", "quit", "Quit", ("quit", "q")),
)


def names() -> dict[str, Command]:
    """Every name and alias, with its command."""
    return {name: command for command in COMMANDS for name in (command.name, *command.aliases)}


def parse_command(text: str) -> tuple[Command, str] | None:
    """The command that a prompt means and what follows it, or None: it is a prompt.

    Bare `exit`, `quit` and `:q` leave, too. A path such as /etc/hosts is no command. Raises
    UsageError with the nearest name for an unknown command.
    """
    text = text.strip()
    if text in ("exit", "quit", ":q"):
        return names()["exit"], ""
    if not text.startswith("/") or "\n" in text:
        return None
    word, _, rest = text[1:].partition(" ")
    command = names().get(word.lower())
    if command is not None:
        return command, rest.strip()
    if not word or "/" in word or not word.replace("-", "").isalpha():
        return None
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), names(), n=3, cutoff=0.5)
    near.sort(key=lambda name: sorted(name) != sorted(word.lower()))  # swapped letters first
    hint = f"Did you mean /{near[0]}?" if near else "/help lists them."
    raise UsageError(f"unknown command /{word}", hint=hint)


def given_key(argument: str) -> GivenKey | None:
    """The key that was written behind a command, perhaps after a name; None when there is none."""
    from koi.catalogue.catalogue import load_catalogue
    from koi.credentials.key_check import unasked_key
    from koi.tui.desk import GivenKey

    key = unasked_key(argument, load_catalogue())
    if key is not None:
        return GivenKey(key)
    name, space, rest = argument.strip().partition(" ")
    key = unasked_key(rest, load_catalogue()) if space else None
    return None if key is None else GivenKey(key, name)


def complete_command(text: str) -> tuple[Command, ...]:
    """Commands whose name begins with what was typed after the slash."""
    if not text.startswith("/") or any(character.isspace() for character in text):
        return ()
    return tuple(command for command in COMMANDS if command.name.startswith(text[1:].lower()))
