"""Which lines of the prompt are commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import UsageError
from koi.tui.actions import Actions
from koi.tui.commands import COMMANDS, complete_command, names, parse_command
from koi.tui.keys import KEYS, PROMPT_ACTIONS

DONE_BY_SLASH = {"mode", "cost", "tokens", "trust", "budget", "compact", "go_on", "fallback"}


@pytest.mark.parametrize("line", ["/exit", "/quit", "/q", "exit", "quit", ":q", "  /EXIT "])
def test_ways_to_leave(line: str) -> None:
    found = parse_command(line)
    assert found is not None
    assert found[0].name == "exit"


@pytest.mark.parametrize(
    "line",
    ["hello", "/etc/hosts", "/", "/ model", "what does /help do?", "/model\nx", "/a.b", "exit now"],
)
def test_prompts_are_not_commands(line: str) -> None:
    assert parse_command(line) is None


def test_what_follows_the_name_is_its_argument() -> None:
    found = parse_command("/model  anthropic/claude-sonnet-4-6 ")
    assert found is not None
    assert (found[0].name, found[1]) == ("model", "anthropic/claude-sonnet-4-6")


@pytest.mark.parametrize(("typed", "meant"), [("/reusme", "/resume?"), ("/modle", "/model?")])
def test_an_unknown_command_names_the_nearest(typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_command(typed)
    assert meant in caught.value.hint


@given(st.text())
def test_any_text_is_a_prompt_a_command_or_a_clear_error(text: str) -> None:
    try:
        found = parse_command(text)
    except UsageError as error:
        found, hint = None, error.hint
    else:
        hint = "none is needed"
    assert hint
    assert found is None or found[0] in COMMANDS


def test_names_and_aliases_are_unique() -> None:
    assert len(names()) == sum(1 + len(command.aliases) for command in COMMANDS)


def test_completion_offers_what_begins_the_same() -> None:
    assert [command.name for command in complete_command("/mo")] == ["model", "mode"]
    assert complete_command("/mode ") == ()


@pytest.mark.parametrize("action", sorted({command.action for command in COMMANDS}))
def test_every_command_can_be_done(action: str) -> None:
    assert action in DONE_BY_SLASH or hasattr(Actions, f"action_{action}")


@pytest.mark.parametrize("action", [key.action for key in KEYS if key.action not in PROMPT_ACTIONS])
def test_every_key_has_an_action(action: str) -> None:
    assert hasattr(Actions, f"action_{action}")
