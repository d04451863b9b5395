"""One pure decision: may this call run, must a person be asked, or is it refused?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from koi.config.schema import RuleAction
from koi.core.seams import ToolPlan
from koi.safety.modes import Mode
from koi.safety.rules import Rule, matches

PROTECTED = (".git", ".koi")
"""Folders of a workspace whose content can make other programs, or koi, run something."""


class Decision(msgspec.Struct, frozen=True):
    """What was decided, the rule that fired, and why in words."""

    action: RuleAction
    rule: str
    reason: str


def decide(
    tool: str,
    plan: ToolPlan,
    *,
    rules: Sequence[Rule],
    mode: Mode,
    workspace: Path,
    readable: Sequence[Path] = (),
) -> Decision:
    """The decision on one call.

    The last rule that matches wins over the mode's default. Two things stand above rules: plan
    mode only reads, and protected folders are asked about unless a rule denies. `readable` are
    folders outside the workspace that koi itself filled (spilled output).
    """
    if mode == "plan" and plan.access != "read":
        return Decision("deny", "mode plan", "plan mode only reads")
    fired = next((rule for rule in reversed(rules) if matches(rule, tool, plan, workspace)), None)
    if fired is not None and fired.action == "deny":
        return Decision("deny", str(fired), f"denied by the rule {fired} ({fired.source})")
    protected = _protected(plan, workspace)
    if protected is not None:
        return Decision("ask", "protected", f"{protected} can make other programs run something")
    if fired is not None:
        return Decision(fired.action, str(fired), f"the rule {fired} ({fired.source})")
    return _default(plan, mode, workspace, readable)


def _default(plan: ToolPlan, mode: Mode, workspace: Path, readable: Sequence[Path]) -> Decision:
    if plan.access == "execute":
        return Decision("ask", f"mode {mode}", "there is no sandbox, so every command asks")
    outside = [path for path in plan.paths if not _inside(path, (workspace,))]
    if plan.access == "read":
        if all(_inside(path, readable) for path in outside):
            return Decision("allow", "reads are free", "reads inside the workspace are free")
        return Decision("ask", "outside", "it reads outside the workspace")
    if outside:
        return Decision("ask", "outside", "it writes outside the workspace")
    if mode in ("edit", "yolo"):
        return Decision("allow", f"mode {mode}", f"mode {mode} writes inside the workspace")
    return Decision("ask", f"mode {mode}", "writing asks in this mode")


def _inside(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _protected(plan: ToolPlan, workspace: Path) -> str | None:
    if plan.access != "write":
        return None
    for path in plan.paths:
        if not path.is_relative_to(workspace):
            continue
        for part in path.relative_to(workspace).parts:
            if part.casefold() in PROTECTED:
                return part
    return None


def grant_for(tool: str, plan: ToolPlan, workspace: Path) -> tuple[tuple[Rule, ...], str]:
    """The rules that "always" adds for this session, and what they allow in words.

    Empty when "always" cannot be offered: protected folders are asked about each time.
    """
    if _protected(plan, workspace) is not None:
        return (), ""
    if plan.access == "execute":
        rule = Rule(tool, "allow", plan.command, "session", exact=True)
        return (rule,), "exactly this command, in this session"
    if not plan.paths:
        return (Rule(tool, "allow", None, "session"),), f"every {tool}, in this session"
    outside = [path for path in plan.paths if not path.is_relative_to(workspace)]
    if outside:
        rules = tuple(Rule(tool, "allow", str(path), "session", exact=True) for path in outside)
        return rules, f"{tool} of exactly this path, in this session"
    rules = tuple(Rule(name, "allow", "**", "session") for name in ("write", "edit"))
    return rules, "all edits inside the workspace, in this session"
