"""The rows of the roles."""

from __future__ import annotations

from rich.cells import cell_len

from koi.core.references import ModelReference
from koi.core.request_events import CandidateState
from koi.tui.screens.role_list import details, role_line
from koi.view.line import cells
from koi.wiring.role_table import RoleRow

BIG, SMALL = ModelReference("a", "big"), ModelReference("b", "small")


def test_a_role_has_its_model_who_follows_it_and_where_it_is_set() -> None:
    states = (CandidateState(BIG, "cooling", "ab12", 42.0), CandidateState(SMALL))
    row = RoleRow("executor", "a/big", "config.toml", ("b/small",), states)
    shown = role_line(row, 60).text
    assert shown.startswith("  executor   a/big → b/small  ")
    assert shown.endswith("  config.toml ")
    assert details(row, 0.0) == ("config.toml. 1. a/big …ab12: cooling 0:42; 2. b/small: ready")


def test_a_long_reason_leaves_room_for_the_model() -> None:
    row = RoleRow("embedder", "none", "no model makes vectors: there is no key for OpenAI")
    assert role_line(row, 60).text.startswith("  embedder   none ")
    assert details(row, 0.0) == row.place


def test_hostile_names_cannot_reach_the_terminal() -> None:
    row = RoleRow("executor", "a/\x1b[2Jbig", "\x1b]0;x\x07", ("b/\nx",))
    line = role_line(row, 40)
    assert "\x1b" not in line.text
    assert "\n" not in line.text
    assert cells(line.spans, cell_len) <= 40
