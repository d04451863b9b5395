"""Paths as people read them."""

from __future__ import annotations

from pathlib import Path

from koi.files.home import short_path


def test_a_path_in_the_home_begins_with_a_tilde() -> None:
    assert short_path(Path.home() / "a" / "b") == "~/a/b"
    assert short_path(Path.home()) == "~"


def test_other_paths_stay_as_they_are() -> None:
    beside = Path(f"{Path.home()}-other")
    assert short_path(beside) == str(beside)
