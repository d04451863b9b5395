"""The rows of the roles."""

from __future__ import annotations

from rich.cells import cell_len

from koi.tui.screens.role_list import details, role_line
from koi.view.line import cells
from koi.wiring.role_table import RoleRow


def test_a_role_has_its_model_who_follows_it_and_where_it_is_set() -> None:
    row = RoleRow("executor", "a/big", "config.toml", ("b/small", "c/local"))
    shown = role_line(row, 60).text
    assert shown.startswith("  executor   a/big → b/small → c/local  ")
    assert shown.endswith("  config.toml ")
    assert details(row) == "config.toml. When it does not answer: b/small, then c/local."


def test_a_long_reason_leaves_room_for_the_model() -> None:
    row = RoleRow("embedder", "none", "no model makes vectors: there is no key for OpenAI")
    assert role_line(row, 60).text.startswith("  embedder   none ")
    assert "Nobody follows" in details(row)


def test_hostile_names_cannot_reach_the_terminal() -> None:
    row = RoleRow("executor", "a/\x1b[2Jbig", "\x1b]0;x\x07", ("b/\nx",))
    line = role_line(row, 40)
    assert "\x1b" not in line.text
    assert "\n" not in line.text
    assert cells(line.spans, cell_len) <= 40
