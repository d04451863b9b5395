"""write never destroys what the model has not seen."""

from __future__ import annotations

import stat

import pytest

from koi.core.errors import ToolFailure
from tests.tools.conftest import Bench


async def test_a_new_file_with_its_folders(bench: Bench) -> None:
    plan = await bench.plan("write", path="a/b/c.txt", content="one\ntwo\n")
    assert not (bench.workspace / "a").exists()
    assert plan.access == "write"
    assert plan.preview_kind == "diff"
    assert plan.precondition == "absent"
    assert plan.preview == "--- /dev/null\n+++ b/a/b/c.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n"
    outcome = await bench.run("write", plan, path="a/b/c.txt", content="one\ntwo\n")
    assert (bench.workspace / "a/b/c.txt").read_text() == "one\ntwo\n"
    assert outcome.summary == "+2 -0"
    assert outcome.display == plan.preview


async def test_a_write_without_a_difference_says_so(bench: Bench) -> None:
    assert (await bench.plan("write", path="new", content="")).preview == "new: an empty file\n"
    bench.put("a", "same\n")
    await bench.call("read", path="a")
    plan = await bench.plan("write", path="a", content="same\n")
    assert plan.preview == "a: nothing changes\n"


async def test_an_unread_file_is_not_replaced(bench: Bench) -> None:
    bench.put("a", "precious")
    with pytest.raises(ToolFailure, match="was not read") as failure:
        await bench.plan("write", path="a", content="x")
    assert "Read it first" in failure.value.hint


async def test_a_file_that_changed_since_it_was_read_is_not_replaced(bench: Bench) -> None:
    path = bench.put("a", "old")
    await bench.call("read", path="a")
    path.write_text("newer")
    with pytest.raises(ToolFailure, match="changed by something else"):
        await bench.plan("write", path="a", content="x")


async def test_a_change_between_plan_and_run_is_refused(bench: Bench) -> None:
    path = bench.put("a", "old")
    await bench.call("read", path="a")
    plan = await bench.plan("write", path="a", content="x")
    path.write_text("newer")
    with pytest.raises(ToolFailure, match="after this call was approved"):
        await bench.run("write", plan, path="a", content="x")
    assert path.read_text() == "newer"


async def test_a_file_that_appears_between_plan_and_run_is_kept(bench: Bench) -> None:
    plan = await bench.plan("write", path="a", content="x")
    path = bench.put("a", "mine")
    with pytest.raises(ToolFailure, match="after this call was approved"):
        await bench.run("write", plan, path="a", content="x")
    assert path.read_text() == "mine"


async def test_what_was_written_may_be_written_again(bench: Bench) -> None:
    await bench.call("write", path="a", content="one")
    await bench.call("write", path="a", content="two")
    assert (bench.workspace / "a").read_text() == "two"


async def test_mode_line_ends_encoding_and_mark_of_a_file_are_kept(bench: Bench) -> None:
    path = bench.put("run.bat", b"\xef\xbb\xbfone\r\ntwo\r\n")
    path.chmod(0o755)
    await bench.call("read", path="run.bat")
    await bench.call("write", path="run.bat", content="one\nthree\n")
    assert path.read_bytes() == b"\xef\xbb\xbfone\r\nthree\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    path = bench.put("latin", "é\n".encode("latin-1"))
    await bench.call("read", path="latin")
    await bench.call("write", path="latin", content="éé\n")
    assert path.read_bytes() == "éé\n".encode("latin-1")


async def test_a_symlink_stays_a_symlink(bench: Bench) -> None:
    path = bench.put("real", "old")
    (bench.workspace / "link").symlink_to("real")
    await bench.call("read", path="link")
    await bench.call("write", path="link", content="new")
    assert (bench.workspace / "link").is_symlink()
    assert path.read_text() == "new"


async def test_a_write_through_a_link_is_planned_for_its_real_place(bench: Bench) -> None:
    (bench.workspace / "out").symlink_to(bench.workspace.parent)
    plan = await bench.plan("write", path="out/x", content="x")
    assert plan.paths == (bench.workspace.parent / "x",)


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("a", "x" * 1_000_001, "at most 1,000,000"),
        ("a", "\ud800", "not valid Unicode"),
        ("file/x", "x", "not a folder"),
        (".", "x", "is a folder"),
    ],
)
async def test_impossible_writes_are_clear_errors(
    bench: Bench, path: str, content: str, problem: str
) -> None:
    bench.put("file", "")
    with pytest.raises(ToolFailure, match=problem):
        await bench.call("write", path=path, content=content)
