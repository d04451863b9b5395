"""Paths from a model are resolved to the end, and only regular files are ever opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koi.core.errors import ToolFailure
from koi.files.paths import missing, open_file, resolve, stat_file


def test_relative_absolute_and_dotted_paths_are_the_same(workspace: Path) -> None:
    for given in ("a/b.txt", "./a//b.txt", "x/../a/b.txt", str(workspace / "a/b.txt")):
        target = resolve(given, workspace)
        assert target.path == workspace / "a/b.txt"
        assert target.inside
        assert target.name == "a/b.txt"


def test_leaving_the_workspace_is_seen(workspace: Path) -> None:
    target = resolve("../secret", workspace)
    assert not target.inside
    assert target.name == str(workspace.parent / "secret")


def test_home_is_expanded(workspace: Path) -> None:
    assert resolve("~/x", workspace).path == Path.home().resolve() / "x"
    assert resolve("~", workspace).path == Path.home().resolve()


def test_a_symlink_out_of_the_workspace_is_followed_before_judging(workspace: Path) -> None:
    (workspace / "out").symlink_to(workspace.parent)
    assert not resolve("out/new/file.txt", workspace).inside
    (workspace / "dangling").symlink_to("../not-there")
    assert not resolve("dangling", workspace).inside


def test_a_loop_of_symlinks_is_an_error(workspace: Path) -> None:
    (workspace / "a").symlink_to("b")
    (workspace / "b").symlink_to("a")
    with pytest.raises(ToolFailure, match="leads to itself"):
        resolve("a", workspace)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "empty"),
        ("a\0b", "NUL"),
        ("\ud800", "cannot be"),
        ("x" * 300, "too long"),
        ("/proc/self/environ", "kernel"),
        ("/dev/zero", "kernel"),
    ],
)
def test_impossible_paths_are_clear_errors(workspace: Path, given: str, problem: str) -> None:
    with pytest.raises(ToolFailure, match=problem):
        resolve(given, workspace)


def test_folders_fifos_and_files_as_folders_are_named(workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    (workspace / "file").write_text("")
    with pytest.raises(ToolFailure, match="is a FIFO"):
        stat_file(resolve("pipe", workspace))
    with pytest.raises(ToolFailure, match="is a FIFO"):
        open_file(resolve("pipe", workspace))
    with pytest.raises(ToolFailure, match="is a folder"):
        stat_file(resolve(".", workspace))
    with pytest.raises(ToolFailure, match="not a folder"):
        stat_file(resolve("file/x", workspace))
    assert stat_file(resolve("nothing", workspace)) is None


def test_a_file_is_opened(workspace: Path) -> None:
    (workspace / "d").mkdir()
    (workspace / "d/f").write_bytes(b"content")
    with os.fdopen(open_file(resolve("d/f", workspace)), "rb") as file:
        assert file.read() == b"content"


def test_a_path_that_became_a_symlink_is_not_followed(workspace: Path) -> None:
    (workspace / "d").mkdir()
    (workspace / "d/f").write_text("mine")
    (workspace.parent / "f").write_text("secret")
    target = resolve("d/f", workspace)
    (workspace / "d/f").unlink()
    (workspace / "d/f").symlink_to(workspace.parent / "f")
    with pytest.raises(ToolFailure):
        open_file(target)
    (workspace / "d").rename(workspace / "e")
    (workspace / "d").symlink_to(workspace.parent)
    with pytest.raises(ToolFailure):
        open_file(target)


def test_a_missing_file_suggests_near_names(workspace: Path) -> None:
    (workspace / "src").mkdir()
    (workspace / "src/settings.py").write_text("")
    assert "src/settings.py" in missing(resolve("src/setting.py", workspace)).hint
    error = missing(resolve("scr/settings.py", workspace))
    assert str(workspace / "src") in error.hint
    assert "neither does the folder" in error.title
