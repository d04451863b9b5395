"""Every key of the screen: named, described, and free to be given to another action."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from textual.binding import Binding

from koi.core.errors import ConfigurationError

KEYS_FILE = "keys.toml"
"""Beside config.toml: lines of `action = "key"`, several keys with commas between them."""


class Key(NamedTuple):
    """One action of the screen and the keys that it has unless the person chose others."""

    action: str
    keys: str
    description: str
    footer: str = ""
    """The words of the footer; empty: not shown there."""


KEYS: tuple[Key, ...] = (
    Key("send", "enter", "Send the prompt; while koi works, queue it", "send"),
    Key("newline", "ctrl+j,shift+enter,alt+enter", "New line in the prompt"),
    Key("interrupt", "escape", "Stop the turn; close what is open"),
    Key("mode", "shift+tab", "Next mode: ask, edit, plan, yolo", "mode"),
    Key("models", "ctrl+l", "Choose a model", "model"),
    Key("palette", "ctrl+p", "All commands", "commands"),
    Key(
        "copy_or_quit", "ctrl+c", "Copy the selection, clear the prompt, stop the turn; twice: quit"
    ),
    Key("quit", "ctrl+q", "Quit"),
    Key("quit_when_empty", "ctrl+d", "Quit, when the prompt is empty"),
    Key("suspend", "ctrl+z", "Stop koi and go to the shell; fg comes back"),
    Key("undo", "ctrl+underscore", "Undo what was typed in the prompt"),
    Key("new_session", "ctrl+n", "New session"),
    Key("sessions", "ctrl+s", "Resume another session"),
    Key("help", "f1", "Keys and commands", "help"),
    Key("tools_pane", "f3", "Show or hide the tools pane"),
    Key("cost_pane", "f4", "Show or hide the cost pane"),
    Key("attempts", "f6", "Attempts of each turn: who was asked and what happened"),
    Key("expand", "ctrl+o", "Open or close tool output and reasoning"),
    Key("copy_answer", "ctrl+y", "Copy the last answer"),
    Key("page_up", "pageup", "Scroll the chat up"),
    Key("page_down", "pagedown", "Scroll the chat down"),
    Key("to_top", "ctrl+home", "To the first message"),
    Key("to_end", "ctrl+end", "To the newest message"),
)
"""One table for bindings, help, footer and the reference page."""

PICKER_KEYS: tuple[Key, ...] = (
    Key("favourite", "ctrl+f", "Mark the model as a favourite, or take the mark away"),
    Key("keep_default", "ctrl+s", "Choose the model, also for new sessions (config.toml)"),
    Key("ask_again", "ctrl+r", "Ask the providers for their models again"),
    Key("next_role", "tab", "Choose for the next role: executor, evaluator, planner, …"),
    Key("previous_role", "shift+tab", "Choose for the role before it"),
)
"""The list of models has these besides the arrows, Enter and Esc."""

PROMPT_ACTIONS = frozenset({"send", "newline", "undo", "quit_when_empty"})
"""Actions of the prompt itself; all others work everywhere."""


def bindings(actions: Mapping[str, str]) -> list[Binding]:
    """Textual's bindings for the actions of the whole screen; `actions` maps names to keys."""
    return [
        Binding(
            actions[key.action],
            key.action,
            key.description,
            show=False,
            id=key.action,
            priority=key.action in ("quit", "suspend"),  # also while another screen is open
        )
        for key in KEYS
        if key.action not in PROMPT_ACTIONS
    ]


def default_keys() -> dict[str, str]:
    """Action → keys, as koi comes."""
    return {key.action: key.keys for key in (*KEYS, *PICKER_KEYS)}


def read_keys(folder: Path) -> dict[str, str]:
    """Action → keys, with the person's keys.toml put over the defaults.

    Raises ConfigurationError that names the file and the nearest action.
    """
    keys = default_keys()
    path = folder / KEYS_FILE
    if not path.exists():
        return keys
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(str(error), where=str(path), hint="Mend or remove it.") from error
    for action, value in table.items():
        if action not in keys:
            from difflib import get_close_matches

            near = get_close_matches(action, keys, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Actions: {', '.join(keys)}."
            raise ConfigurationError(f"unknown action '{action}'", where=str(path), hint=hint)
        if not isinstance(value, str) or not value.strip():
            raise ConfigurationError(
                f"{action} is not a key", where=str(path), hint='Write, for example: help = "f2"'
            )
        keys[action] = value
    return keys


def key_label(keys: str) -> str:
    """How the first key of an action is shown: Shift+Tab, Esc."""
    names = {
        "escape": "Esc",
        "pageup": "PgUp",
        "pagedown": "PgDn",
        "enter": "Enter",
        "underscore": "_",
    }
    parts = keys.split(",", maxsplit=1)[0].strip().split("+")
    return "+".join(names.get(part, part.capitalize()) for part in parts)


def footer_keys(keys: Mapping[str, str]) -> list[tuple[str, str]]:
    """Key and words for the footer."""
    return [(key_label(keys[key.action]), key.footer) for key in KEYS if key.footer]
