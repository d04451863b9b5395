"""The gate in front of every tool call: a rule, or a person, says yes or no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from koi.core.agent_events import (
    AgentEvent,
    ApprovalDecision,
    ApprovalRequested,
    ApprovalResolved,
)
from koi.core.messages import ToolCall
from koi.core.seams import ToolPlan
from koi.safety.decision import decide, grant_for
from koi.safety.modes import Mode
from koi.safety.rules import Rule


class Approver(Protocol):
    """Whoever can be asked."""

    async def approve(self, request: ApprovalRequested) -> ApprovalDecision | None:
        """The decision of a person; None when nobody is there to ask."""
        ...


class Nobody:
    """The approver of a run without a screen."""

    async def approve(self, request: ApprovalRequested) -> ApprovalDecision | None:
        """Always None."""
        return None


class Verdict(msgspec.Struct, frozen=True):
    """Whether a call may run; if not, `message` tells the model why."""

    allowed: bool
    message: str = ""
    unattended: bool = False
    """True when the call would have needed a person and there is none."""


class Gate:
    """Decides on calls with the rules of the user and the grants of this session."""

    def __init__(
        self,
        rules: Sequence[Rule],
        workspace: Path,
        approver: Approver,
        readable: Sequence[Path] = (),
    ) -> None:
        self._rules = list(rules)
        self._workspace = workspace
        self._approver = approver
        self._readable = tuple(readable)

    async def check(
        self,
        call: ToolCall,
        plan: ToolPlan,
        mode: Callable[[], Mode],
        emit: Callable[[AgentEvent], None],
    ) -> Verdict:
        """The verdict on one call. Asking emits ApprovalRequested; every answer is told."""
        decision = decide(
            call.name,
            plan,
            rules=self._rules,
            mode=mode(),
            workspace=self._workspace,
            readable=self._readable,
        )
        if decision.action == "allow":
            if plan.access != "read":
                emit(ApprovalResolved(call.id, "allow", decision.rule))
            return Verdict(True)
        if decision.action == "deny":
            emit(ApprovalResolved(call.id, "deny", decision.rule))
            return Verdict(False, f"Denied: {decision.reason}.")
        grants, always = grant_for(call.name, plan, self._workspace)
        request = ApprovalRequested(
            call=call,
            title=plan.summary,
            preview=plan.preview,
            preview_kind=plan.preview_kind,
            reason=decision.reason,
            always=always,
        )
        emit(request)
        answer = await self._approver.approve(request)
        match answer:
            case None:
                emit(ApprovalResolved(call.id, "deny", "nobody could be asked"))
                return Verdict(
                    False,
                    f"Denied: this call needs the user's yes ({decision.reason}), and nobody can "
                    "be asked in this run. Go on without it.",
                    unattended=True,
                )
            case "deny":
                emit(ApprovalResolved(call.id, "deny", "user"))
                return Verdict(
                    False,
                    "Denied by the user. Do not try the same in another way; ask what they want.",
                )
            case "always" if grants:
                self._rules.extend(grants)
                emit(ApprovalResolved(call.id, "always", str(grants[0])))
            case "always" | "allow":
                emit(ApprovalResolved(call.id, "allow", "user"))
        return Verdict(True)
