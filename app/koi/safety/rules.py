"""Permission rules: `TOOL` or `TOOL(PATTERN)`, and whether one speaks about a call."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from koi.config.schema import RuleAction
from koi.core.errors import ConfigurationError
from koi.core.seams import ToolPlan

_RULE = re.compile(r"\s*([A-Za-z_][\w-]*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_SHELL_SYNTAX = re.compile(r"""[;&|<>()`$\n\r\0{}*?\[\]#~!\\]|^\s*\w+=""")
_SEPARATORS = re.compile(r"&&|\|\||[;&|\n()`{}]|\$\(")


class Rule(msgspec.Struct, frozen=True):
    """One rule. `exact` compares a command or path as a whole; `source` says who made the rule."""

    tool: str
    action: RuleAction
    pattern: str | None = None
    source: str = "user"
    exact: bool = False

    def __str__(self) -> str:
        return self.tool if self.pattern is None else f"{self.tool}({self.pattern})"


def parse_rule(text: str, action: RuleAction, source: str) -> Rule:
    """Read `TOOL` or `TOOL(PATTERN)`. Raises ConfigurationError naming what is wrong."""
    match = _RULE.fullmatch(text)
    if match is None:
        raise ConfigurationError(
            f"'{text}' is not a permission rule",
            where=source,
            hint="Write TOOL or TOOL(PATTERN), such as read, bash(git status*), edit(src/**).",
        )
    tool, pattern = match.groups()
    if pattern is not None and not pattern.strip():
        pattern = None
    return Rule(tool, action, pattern, source)


def check_rules(rules: Iterable[Rule], tools: Collection[str]) -> None:
    """Raises ConfigurationError for the first rule about a tool that is not one of `tools`."""
    for rule in rules:
        if rule.tool not in tools:
            raise ConfigurationError(
                f"'{rule}' is a rule for a tool that does not exist",
                where=rule.source,
                hint=f"Tools: {', '.join(tools)}.",
            )


def matches(rule: Rule, tool: str, plan: ToolPlan, workspace: Path) -> bool:
    """True when `rule` speaks about this call.

    A rule that allows must cover everything the call does; one that asks or denies needs to
    touch only a part of it.
    """
    if rule.tool != tool:
        return False
    if rule.pattern is None:
        return True
    if plan.access == "execute":
        return _matches_command(rule, plan.command)
    if rule.exact:
        covers = [str(path) == rule.pattern for path in plan.paths]
    else:
        covers = [_matches_path(rule.pattern, path, workspace) for path in plan.paths]
    if not covers:
        return False
    return all(covers) if rule.action == "allow" else any(covers)


def _matches_command(rule: Rule, command: str) -> bool:
    assert rule.pattern is not None
    if rule.exact:
        return command == rule.pattern
    if rule.action == "allow":
        # Without a shell parser only a plain command is understood well enough to allow it.
        if _SHELL_SYNTAX.search(command) or not _balanced(command):
            return False
        return _prefix(rule.pattern, _words(command))
    pieces = [command, *_SEPARATORS.split(command)]
    return any(_prefix(rule.pattern, _words(piece)) for piece in pieces)


def _balanced(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def _prefix(pattern: str, words: list[str]) -> bool:
    open_end = pattern.rstrip().endswith("*")
    wanted = _words(pattern.rstrip().removesuffix("*"))
    if not words:
        return False
    if open_end:
        return words[: len(wanted)] == wanted
    return words == wanted


def _matches_path(pattern: str, path: Path, workspace: Path) -> bool:
    import pathspec

    if pattern.startswith("/"):
        spec = pathspec.GitIgnoreSpec.from_lines([pattern])
        return spec.match_file(str(path).lstrip("/")) or str(path) == pattern
    try:
        relative = path.relative_to(workspace)
    except ValueError:
        return False
    return pathspec.GitIgnoreSpec.from_lines([pattern]).match_file(str(relative))
