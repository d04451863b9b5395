"""ls, glob and grep: bounded, in a stable order, without ignored files, never led astray."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from koi.core.errors import ToolFailure
from koi.tools.name_pattern import NamePattern
from tests.tools.conftest import Bench

ENGINES = ["python", "rg"]
SOONER_THAN_IT_ENDS_S = 10.0


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Runs a test with koi's own search and, where it is installed, with ripgrep."""
    name: str = request.param
    if name == "rg" and shutil.which("rg") is None:
        pytest.skip("ripgrep is not installed")
    if name == "python":
        programs = tmp_path / "programs"
        programs.mkdir()
        monkeypatch.setenv("PATH", str(programs))
    return name


def tree(bench: Bench) -> None:
    bench.put(".gitignore", "*.log\n!keep.log\n/build/\n")
    bench.put("a.py", "import os\n\ndef alpha():\n    return 1\n")
    bench.put("build/out.py", "alpha\n")
    bench.put("src/b.py", "from a import alpha\r\nalpha()\r\n")
    bench.put("src/.gitignore", "local.*\n")
    bench.put("src/local.py", "alpha\n")
    bench.put("src/build/c.ts", "ALPHA\n")
    bench.put("x.log", "alpha\n")
    bench.put("keep.log", "alpha\n")
    bench.put(".git/config", "alpha\n")
    bench.put(".hidden/d.md", "alpha beta\n")
    bench.put("binary", b"alpha\0\n")
    (bench.workspace / "loop").symlink_to(".")


async def test_ls_lists_folders_first(bench: Bench) -> None:
    tree(bench)
    outcome = await bench.call("ls")
    assert outcome.content.split("\n") == [
        ".git/",
        ".hidden/",
        "build/",
        "src/",
        ".gitignore  24 B",
        "a.py  37 B",
        "binary  7 B",
        "keep.log  6 B",
        "loop -> .",
        "x.log  6 B",
    ]


async def test_ls_is_bounded_and_names_what_is_wrong(bench: Bench) -> None:
    for number in range(600):
        bench.put(f"d/{number:03}", "")
    outcome = await bench.call("ls", path="d")
    assert outcome.content.endswith("[100 more; narrow it with glob]")
    assert outcome.truncated
    (bench.workspace / "e").mkdir()
    assert (await bench.call("ls", path="e")).content == "[the folder is empty]"
    with pytest.raises(ToolFailure, match="not a folder"):
        await bench.call("ls", path="d/001")
    with pytest.raises(ToolFailure, match="does not exist"):
        await bench.call("ls", path="f")


async def test_names_that_are_not_utf_8_do_no_harm(bench: Bench, engine: str) -> None:
    bench.put(os.fsdecode(b"bad\xff.txt"), "alpha\n")
    for outcome in (
        await bench.call("ls"),
        await bench.call("glob", pattern="*.txt"),
        await bench.call("grep", pattern="alpha"),
    ):
        assert "bad\ufffd.txt" in outcome.content


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.py", ["a.py", "src/b.py"]),
        ("**/*.py", ["a.py", "src/b.py"]),
        ("src/**", ["src/.gitignore", "src/b.py", "src/build/c.ts"]),
        ("src/*.{py,ts}", ["src/b.py"]),
        ("**/[bc].{py,ts}", ["src/b.py", "src/build/c.ts"]),
        ("./a.?y", ["a.py"]),
        ("*.md", [".hidden/d.md"]),
        ("*.log", ["keep.log"]),
    ],
)
async def test_glob_finds_files(bench: Bench, pattern: str, expected: list[str]) -> None:
    tree(bench)
    assert (await bench.call("glob", pattern=pattern)).content.split("\n") == expected


async def test_glob_in_a_folder_gives_paths_of_the_workspace(bench: Bench) -> None:
    tree(bench)
    assert (await bench.call("glob", pattern="*.ts", path="src")).content == "src/build/c.ts"
    pattern = f"{bench.workspace}/src/*.py"
    assert (await bench.call("glob", pattern=pattern)).content == "src/b.py"
    assert "No file" in (await bench.call("glob", pattern="*.rs")).content
    with pytest.raises(ToolFailure, match="below the folder"):
        await bench.call("glob", pattern="../*")


async def test_glob_is_bounded(bench: Bench) -> None:
    for number in range(300):
        bench.put(f"{number}.txt", "")
    outcome = await bench.call("glob", pattern="*.txt")
    assert len(outcome.content.split("\n")) == 201
    assert outcome.truncated


def test_a_costly_pattern_is_quick() -> None:
    assert not NamePattern("*a" * 30 + "b").matches("a" * 200)
    assert not NamePattern("**/" * 30 + "b").matches("a/" * 200)


async def test_grep_finds_lines(bench: Bench, engine: str) -> None:
    tree(bench)
    outcome = await bench.call("grep", pattern=r"alpha\b")
    assert outcome.content.split("\n") == [
        ".hidden/d.md:1:alpha beta",
        "a.py:3:def alpha():",
        "keep.log:1:alpha",
        "src/b.py:1:from a import alpha",
        "src/b.py:2:alpha()",
    ]
    assert outcome.summary == "5 matches"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"pattern": "alpha()", "literal": True}, ["a.py:3:def alpha():", "src/b.py:2:alpha()"]),
        ({"pattern": "ALPHA"}, ["src/build/c.ts:1:ALPHA"]),
        (
            {"pattern": "ALPHA", "ignore_case": True, "path": "src"},
            ["src/b.py:1:from a import alpha", "src/b.py:2:alpha()", "src/build/c.ts:1:ALPHA"],
        ),
        ({"pattern": "alpha", "include": "*.{md,ts}"}, [".hidden/d.md:1:alpha beta"]),
        ({"pattern": "alpha$", "include": "b.py"}, ["src/b.py:1:from a import alpha"]),
        (
            {"pattern": "alpha", "include": "src/*.py", "limit": 9},
            ["src/b.py:1:from a import alpha", "src/b.py:2:alpha()"],
        ),
        ({"pattern": "alpha", "path": "build"}, ["build/out.py:1:alpha"]),
        ({"pattern": "alpha", "path": "x.log"}, ["x.log:1:alpha"]),
        ({"pattern": "(?<=def )alpha"}, ["a.py:3:def alpha():"]),
        (
            {"pattern": "def", "context": 1},
            ["a.py-2-", "a.py:3:def alpha():", "a.py-4-    return 1"],
        ),
        ({"pattern": "nowhere"}, ["No match."]),
    ],
)
async def test_grep_options(
    bench: Bench, engine: str, arguments: dict[str, object], expected: list[str]
) -> None:
    tree(bench)
    assert (await bench.call("grep", **arguments)).content.split("\n") == expected


async def test_grep_separates_groups_of_context(bench: Bench, engine: str) -> None:
    bench.put("a", "x\n1\n2\n3\nx\n4\nx\n")
    bench.put("b", "x\n")
    outcome = await bench.call("grep", pattern="x", context=1)
    assert outcome.content.split("\n") == [
        "a:1:x", "a-2-1", "--", "a-4-3", "a:5:x", "a-6-4", "a:7:x", "--", "b:1:x",
    ]  # fmt: skip


async def test_grep_is_bounded(bench: Bench, engine: str) -> None:
    bench.put("many", "match\n" * 2_000_000)
    outcome = await bench.call("grep", pattern="match", limit=50)
    lines = outcome.content.split("\n")
    assert len(lines) == 51
    assert lines[-1] == "[more than 50 matches; narrow the search or raise limit]"
    bench.put("many", ("é" * 3_000 + "\n") * 1_000)
    outcome = await bench.call("grep", pattern="é", limit=1000)
    assert len(outcome.content.encode()) < 51_000
    assert outcome.content.startswith(f"many:1:{'é' * 500}…\nmany:2:")


async def test_grep_reads_utf_16(bench: Bench, engine: str) -> None:
    bench.put("wide.txt", "\ufeffone\nalpha\n".encode("utf-16-le"))
    assert (await bench.call("grep", pattern="alpha")).content == "wide.txt:2:alpha"


async def test_a_wrong_expression_is_a_clear_error(bench: Bench, engine: str) -> None:
    bench.put("a", "x")
    with pytest.raises(ToolFailure, match="missing \\)") as failure:
        await bench.call("grep", pattern="(x")
    assert "literal" in failure.value.hint


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"pattern": ""}, "not empty"),
        ({"pattern": "x", "path": "pipe"}, "never opened"),
        ({"pattern": "x", "path": "nowhere"}, "does not exist"),
        ({"pattern": "x", "include": "../*"}, "below the folder"),
        ({"pattern": "x", "limit": 5000}, "limit"),
    ],
)
async def test_impossible_searches_are_clear_errors(
    bench: Bench, arguments: dict[str, object], problem: str
) -> None:
    os.mkfifo(bench.workspace / "pipe")
    with pytest.raises(ToolFailure, match=problem):
        await bench.call("grep", **arguments)


async def test_a_fifo_and_a_fifo_named_gitignore_are_passed_by(bench: Bench) -> None:
    os.mkfifo(bench.workspace / "pipe")
    os.mkfifo(bench.workspace / ".gitignore")
    bench.put("a", "alpha\n")
    assert (await bench.call("grep", pattern="alpha")).content == "a:1:alpha"
    assert (await bench.call("glob", pattern="a")).content == "a"


async def test_an_expression_that_never_ends_can_be_cancelled(bench: Bench) -> None:
    bench.put("a", "a" * 60 + "\n")
    task = asyncio.create_task(bench.call("grep", pattern="(?=a)(a+)+$b"))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, SOONER_THAN_IT_ENDS_S)
