"""read shows a bounded window of any text file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koi.core.errors import ToolFailure
from tests.tools.conftest import Bench


async def test_lines_are_numbered(bench: Bench) -> None:
    bench.put("a.txt", "one\r\ntwo\r\n")
    outcome = await bench.call("read", path="a.txt")
    assert outcome.content == "1\tone\n2\ttwo"
    assert outcome.summary == "2 lines"
    assert not outcome.truncated


async def test_offset_and_limit_choose_a_window(bench: Bench) -> None:
    bench.put("a.txt", "".join(f"line {number}\n" for number in range(1, 101)))
    outcome = await bench.call("read", path="a.txt", offset=10, limit=2)
    assert outcome.content == (
        "10\tline 10\n11\tline 11\n[lines 10-11 of 100; continue with offset=12]"
    )


async def test_an_offset_behind_the_end_says_how_long_the_file_is(bench: Bench) -> None:
    bench.put("a.txt", "one\n")
    with pytest.raises(ToolFailure, match="only 1 lines"):
        await bench.call("read", path="a.txt", offset=5)


async def test_an_empty_file_is_said_to_be_empty(bench: Bench) -> None:
    bench.put("a.txt", "")
    assert (await bench.call("read", path="a.txt")).content == "[the file is empty]"


async def test_many_lines_long_lines_and_many_bytes_are_cut(bench: Bench) -> None:
    bench.put("lines", "x\n" * 5_000)
    outcome = await bench.call("read", path="lines")
    assert outcome.content.endswith("[lines 1-2000 of 5,000; continue with offset=2001]")
    assert outcome.truncated
    bench.put("long", "y" * 10_000 + "\n")
    outcome = await bench.call("read", path="long")
    assert outcome.content.count("y") == 2_000
    assert "line cut at 2,000 characters" in outcome.content
    bench.put("wide", ("é" * 900 + "\n") * 200)
    outcome = await bench.call("read", path="wide")
    assert len(outcome.content.encode()) < 50_200
    assert outcome.truncated


async def test_a_100_megabyte_file_needs_a_window_and_then_gives_it(bench: Bench) -> None:
    line = b"0123456789" * 10
    with (bench.workspace / "big").open("wb") as file:
        for start in range(0, 1_000_000, 1_000):
            file.write(b"".join(b"%07d%b\n" % (start + i, line[:97]) for i in range(1_000)))
    with pytest.raises(ToolFailure, match="too many") as failure:
        await bench.call("read", path="big")
    assert "offset and limit" in failure.value.hint
    outcome = await bench.call("read", path="big", offset=999_999, limit=5)
    lines = outcome.content.split("\n")
    assert [entry[:14] for entry in lines] == ["999999\t0999998", "1000000\t099999"]
    first = await bench.call("read", path="big", offset=1, limit=1)
    assert first.content.startswith("1\t0000000")
    assert first.content.endswith("[lines 1-1 of 1,000,000; continue with offset=2]")


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("offset", [1, 2, 39_999, 40_000, 40_001, 79_999, 80_000])
async def test_windows_of_large_files_equal_those_of_small_ones(
    bench: Bench, offset: int, end: str
) -> None:
    lines = [f"{number} {'é' * 12}" for number in range(1, 80_001)]
    bench.put("large", "\n".join(lines) + end)
    outcome = await bench.call("read", path="large", offset=offset, limit=3)
    shown = [entry for entry in outcome.content.split("\n") if not entry.startswith("[")]
    assert shown == [
        f"{number}\t{lines[number - 1]}"
        for number in range(offset, min(offset + 3, len(lines) + 1))
    ]


async def test_a_large_file_of_one_line_is_bounded(bench: Bench) -> None:
    bench.put("one", b"z" * 3_000_000)
    outcome = await bench.call("read", path="one", limit=1)
    assert outcome.content.count("z") == 2_000
    assert outcome.truncated


async def test_a_binary_file_is_named_with_its_size(bench: Bench) -> None:
    bench.put("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    with pytest.raises(ToolFailure, match="binary file of 16 bytes"):
        await bench.call("read", path="image.png")
    bench.put("large.bin", b"\0" * 2_000_000)
    with pytest.raises(ToolFailure, match="binary file of 2,000,000 bytes"):
        await bench.call("read", path="large.bin", limit=5)


async def test_other_encodings_are_read_and_named(bench: Bench) -> None:
    bench.put("latin", "naïve café\n".encode("latin-1"))
    assert "naïve café" in (outcome := await bench.call("read", path="latin")).content
    assert "[encoding: cp1252]" in outcome.content
    bench.put("wide", "\ufeffwide\n".encode("utf-16-le"))
    assert "1\twide" in (await bench.call("read", path="wide")).content


async def test_folders_fifos_and_missing_files_are_clear_errors(bench: Bench) -> None:
    os.mkfifo(bench.workspace / "pipe")
    bench.put("readme.md", "x")
    with pytest.raises(ToolFailure, match="folder") as failure:
        await bench.call("read", path=".")
    assert "ls" in failure.value.hint
    with pytest.raises(ToolFailure, match="FIFO"):
        await bench.call("read", path="pipe")
    with pytest.raises(ToolFailure, match="does not exist") as failure:
        await bench.call("read", path="README.md")
    assert "readme.md" in failure.value.hint


async def test_a_path_outside_is_planned_with_its_real_place(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (bench.workspace / "link").symlink_to(tmp_path / "secret")
    plan = await bench.plan("read", path="link")
    assert plan.access == "read"
    assert plan.paths == (bench.workspace.parent / "secret",)


async def test_a_link_that_changes_after_the_plan_is_not_read(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    path = bench.put("a", "mine")
    plan = await bench.plan("read", path="a")
    path.unlink()
    path.symlink_to(tmp_path / "secret")
    with pytest.raises(ToolFailure, match="another file"):
        await bench.run("read", plan, path="a")
