"""What is allowed, asked about and denied in each mode."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.config.schema import RuleAction
from koi.core.seams import ToolPlan
from koi.safety.decision import Decision, decide, grant_for
from koi.safety.modes import MODES, Mode
from koi.safety.rules import Rule, parse_rule

WORKSPACE = Path("/w")
INSIDE = ToolPlan("write", "w", paths=(Path("/w/a.py"),))
OUTSIDE = ToolPlan("write", "w", paths=(Path("/etc/hosts"),))
READ = ToolPlan("read", "r", paths=(Path("/w/a.py"),))
READ_OUTSIDE = ToolPlan("read", "r", paths=(Path("/home/me/.ssh/id"),))
COMMAND = ToolPlan("execute", "x", command="make test")
HOOK = ToolPlan("write", "w", paths=(Path("/w/.git/hooks/pre-commit"),))


def decision(tool: str, plan: ToolPlan, mode: Mode, *rules: Rule) -> Decision:
    return decide(
        tool, plan, rules=rules, mode=mode, workspace=WORKSPACE, readable=(Path("/spill"),)
    )


def rule(text: str, action: RuleAction) -> Rule:
    return parse_rule(text, action, "test")


@pytest.mark.parametrize(
    ("tool", "plan", "ask", "edit", "plan_mode", "yolo"),
    [
        ("read", READ, "allow", "allow", "allow", "allow"),
        ("read", READ_OUTSIDE, "ask", "ask", "ask", "ask"),
        ("edit", INSIDE, "ask", "allow", "deny", "allow"),
        ("edit", OUTSIDE, "ask", "ask", "deny", "ask"),
        ("edit", HOOK, "ask", "ask", "deny", "ask"),
        ("bash", COMMAND, "ask", "ask", "deny", "ask"),
    ],
)
def test_the_modes(
    tool: str,
    plan: ToolPlan,
    ask: RuleAction,
    edit: RuleAction,
    plan_mode: RuleAction,
    yolo: RuleAction,
) -> None:
    found = {mode: decision(tool, plan, mode).action for mode in MODES}
    assert found == {"ask": ask, "edit": edit, "plan": plan_mode, "yolo": yolo}


def test_the_last_rule_that_matches_wins() -> None:
    rules = (rule("bash(make*)", "deny"), rule("bash(make test)", "allow"))
    assert decision("bash", COMMAND, "ask", *rules).action == "allow"
    assert decision("bash", COMMAND, "ask", *reversed(rules)).action == "deny"


def test_the_rule_that_fired_is_named() -> None:
    assert decision("bash", COMMAND, "ask", rule("bash(make*)", "allow")).rule == "bash(make*)"


def test_plan_mode_stands_above_rules() -> None:
    assert decision("bash", COMMAND, "plan", rule("bash", "allow")).action == "deny"


def test_no_rule_allows_a_protected_folder() -> None:
    assert decision("edit", HOOK, "edit", rule("edit", "allow")).action == "ask"


def test_spilled_output_may_be_read() -> None:
    spilled = ToolPlan("read", "r", paths=(Path("/spill/s/1.txt"),))
    assert decision("read", spilled, "ask").action == "allow"


@pytest.mark.parametrize("plan", [COMMAND, INSIDE, OUTSIDE, READ_OUTSIDE])
def test_always_allows_the_same_call_from_then_on(plan: ToolPlan) -> None:
    tool = {"execute": "bash", "write": "edit", "read": "read"}[plan.access]
    grants, words = grant_for(tool, plan, WORKSPACE)
    assert words
    assert decision(tool, plan, "ask", *grants).action == "allow"


def test_always_is_not_offered_for_protected_folders() -> None:
    assert grant_for("edit", HOOK, WORKSPACE) == ((), "")


@given(st.text(min_size=1), st.text(min_size=1))
def test_always_for_a_command_never_allows_another(granted: str, other: str) -> None:
    grants, _ = grant_for("bash", ToolPlan("execute", "x", command=granted), WORKSPACE)
    plan = ToolPlan("execute", "x", command=other)
    allowed = decision("bash", plan, "ask", *grants).action == "allow"
    assert allowed is (granted == other)


@given(st.text(alphabet="ab*?[]!\\ #/.", min_size=1), st.text(alphabet="ab*?[]!\\ #/.", min_size=1))
def test_always_for_a_path_outside_never_allows_another(granted: str, other: str) -> None:
    first, second = Path("/x") / granted.strip("/"), Path("/x") / other.strip("/")
    grants, _ = grant_for("edit", ToolPlan("write", "w", paths=(first,)), WORKSPACE)
    action = decision("edit", ToolPlan("write", "w", paths=(second,)), "ask", *grants).action
    assert (action == "allow") is (first == second)
