"""What Ctrl+C means."""

from __future__ import annotations

from koi.tui.leaving import Leaving


def test_a_selection_is_copied_and_never_counts_towards_quitting() -> None:
    leaving = Leaving()
    assert leaving.press(selection=True, draft=True, busy=True, now=0.0) == "copy"
    assert leaving.press(selection=False, draft=False, busy=False, now=0.1) == "warn"


def test_a_draft_is_cleared_before_a_turn_is_stopped() -> None:
    assert Leaving().press(selection=False, draft=True, busy=True, now=0.0) == "clear"
    assert Leaving().press(selection=False, draft=False, busy=True, now=0.0) == "stop"


def test_twice_within_a_second_quits() -> None:
    leaving = Leaving()
    assert leaving.press(selection=False, draft=False, busy=False, now=5.0) == "warn"
    assert leaving.press(selection=False, draft=False, busy=False, now=6.0) == "quit"


def test_twice_with_a_pause_does_not_quit() -> None:
    leaving = Leaving()
    leaving.press(selection=False, draft=False, busy=False, now=5.0)
    assert leaving.press(selection=False, draft=False, busy=False, now=6.1) == "warn"
