"""Pictures of the whole screen: what stands where, at three sizes in one theme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import pytest
from textual.pilot import Pilot

from koi.agent.options import SessionOptions
from koi.core.agent_events import (
    AgentEvent,
    ApprovalRequested,
    CostChanged,
    ModelCost,
    RequestStarted,
    Streamed,
    ToolFinished,
    ToolStarted,
    TurnStarted,
)
from koi.core.messages import ToolCall
from koi.core.provider_events import ReasoningDelta, StreamEnded, TextDelta
from koi.core.references import ModelReference
from koi.core.usage import Cost, Usage
from koi.tui.app import KoiApp
from koi.view.fold import fold
from tests.tui.koi_app import until

MODEL = ModelReference("anthropic", "claude-sonnet-4-6")
USAGE = Usage(input_tokens=4_100, cache_read_tokens=38_000, output_tokens=1_200)
READ = ToolCall("1", "read", {"path": "app/auth.py"})
EDIT = ToolCall("2", "edit", {"path": "app/auth.py"})
DIFF = """--- a/app/auth.py
+++ b/app/auth.py
@@ -1,4 +1,4 @@
 import time
-from datetime import datetime
+from datetime import UTC, datetime

 def now():
"""
ANSWER = """The fixture expires at **midnight UTC**:

```python
def fresh(token: Token) -> bool:
    return token.day == datetime.now().day
```
"""
TURN: tuple[AgentEvent, ...] = (
    TurnStarted("t", "Fix the failing test in tests/test_auth.py"),
    RequestStarted("r", MODEL, "executor", 1),
    Streamed("r", ReasoningDelta("The date is local. The test runs in UTC.")),
    Streamed("r", TextDelta(ANSWER)),
    Streamed("r", StreamEnded("tool_calls", "tool_use", ())),
    CostChanged(
        MODEL,
        "executor",
        USAGE,
        0.012,
        USAGE,
        Cost(0.012),
        USAGE,
        Cost(0.41),
        (ModelCost(MODEL, "executor", USAGE, Cost(0.41)),),
        200_000,
    ),
    ToolStarted(READ, "app/auth.py"),
    ToolFinished("1", "read", True, "1 import time\n", False, 0.0, "12 lines"),
    ApprovalRequested(
        EDIT, "app/auth.py +1 -1", DIFF, "diff", "writing asks in this mode", "all edits"
    ),
)


Compare: TypeAlias = Callable[[tuple[int, int], tuple[str, ...]], bool]


@pytest.fixture
def looks_the_same(
    workspace: Path, snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> Compare:
    """Compares a turn that asks, at a size, after some keys."""
    monkeypatch.setattr("koi.tui.frame.lines.time", SimpleNamespace(monotonic=lambda: 7.0))

    def compare(size: tuple[int, int], keys: tuple[str, ...]) -> bool:
        async def prepare(pilot: Pilot[int]) -> None:
            app = pilot.app
            assert isinstance(app, KoiApp)
            await until(app, lambda: app.host.session is not None)
            for event in TURN:
                fold(app.state, event, 5.0)
            app.state.set_header(workspace="~/src/app")
            app.regions.show_all()
            await until(app, lambda: app.regions.approvals.has_focus)
            await pilot.press(*keys)
            await pilot.pause()

        application = KoiApp(SessionOptions(workspace=workspace, demo=True))
        return snap_compare(application, terminal_size=size, run_before=prepare)

    return compare


def test_three_panes_and_a_question(looks_the_same: Compare) -> None:
    assert looks_the_same((120, 36), ())


def test_a_question_on_a_common_terminal(looks_the_same: Compare) -> None:
    assert looks_the_same((80, 24), ())


def test_the_panes_of_a_small_terminal(looks_the_same: Compare) -> None:
    assert looks_the_same((59, 20), ("f3", "f4"))
