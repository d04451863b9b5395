"""Which calls a permission rule speaks about."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.config.schema import RuleAction
from koi.core.errors import ConfigurationError
from koi.core.seams import ToolPlan
from koi.safety.rules import matches, parse_rule

WORKSPACE = Path("/w")


def command(text: str) -> ToolPlan:
    return ToolPlan("execute", text, command=text)


def says(rule: str, action: RuleAction, plan: ToolPlan, tool: str = "bash") -> bool:
    return matches(parse_rule(rule, action, "test"), tool, plan, WORKSPACE)


@pytest.mark.parametrize("text", ["", "(x)", "bash(", "two words", "bash)x("])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_rule(text, "allow", "test")


@pytest.mark.parametrize("text", ["bash", "bash(git status*)", "edit(src/**)", "read"])
def test_a_rule_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_rule(text, "allow", "test")) == text


@pytest.mark.parametrize(
    ("pattern", "text", "allowed"),
    [
        ("bash(git status)", "git status", True),
        ("bash(git status)", "git status -s", False),
        ("bash(git status*)", "git status -s", True),
        ("bash(git status*)", "git statusx", False),
        ("bash(git status *)", "git status -s 'a b'", True),
        ("bash(git*)", "gitk", False),
        ("bash(*)", "make all", True),
        ("bash", "anything | at all", True),
        ("bash(git*)", "git log; rm -rf x", False),
        ("bash(git*)", "git log && rm x", False),
        ("bash(git*)", "git log | sh", False),
        ("bash(git*)", "git log > x", False),
        ("bash(git*)", "git log $(rm x)", False),
        ("bash(git*)", "git log `rm x`", False),
        ("bash(git*)", "GIT_PAGER=sh git log", False),
        ("bash(git*)", "git log\nrm x", False),
        ("bash(git*)", "git log *", False),
        ("bash(git*)", "git 'unclosed", False),
    ],
)
def test_a_command_is_allowed_only_when_it_is_plain_and_covered(
    pattern: str, text: str, allowed: bool
) -> None:
    assert says(pattern, "allow", command(text)) is allowed


@pytest.mark.parametrize(
    "text", ["rm -rf x", "ls; rm -rf x", "ls && rm x", "echo $(rm x)", "true | rm x", "(rm x)"]
)
def test_a_denied_command_is_found_in_every_part(text: str) -> None:
    assert says("bash(rm*)", "deny", command(text))


def files(*names: str) -> ToolPlan:
    return ToolPlan("write", "w", paths=tuple(Path(name) for name in names))


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("edit(src/**)", "/w/src/a/b.py", True),
        ("edit(src/**)", "/w/lib/a.py", False),
        ("edit(src/**)", "/x/src/a.py", False),
        ("edit(*.py)", "/w/deep/a.py", True),
        ("edit(/tmp/**)", "/tmp/a", True),
        ("edit(**)", "/etc/passwd", False),
        ("edit", "/etc/passwd", True),
    ],
)
def test_a_file_rule_is_a_glob_in_the_workspace(pattern: str, name: str, expected: bool) -> None:
    assert says(pattern, "allow", files(name), "edit") is expected


def test_an_allowing_rule_covers_all_files_and_a_denying_one_any() -> None:
    plan = files("/w/src/a.py", "/w/lib/b.py")
    assert not says("edit(src/**)", "allow", plan, "edit")
    assert says("edit(src/**)", "deny", plan, "edit")


def test_a_rule_speaks_of_its_own_tool_only() -> None:
    assert not says("read", "allow", files("/w/a"), "edit")
