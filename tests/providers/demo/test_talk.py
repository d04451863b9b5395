"""Requests lead to the right calls of the real tools, and the answers say what really happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest


class Talk(Protocol):
    """What the fixture gives; see conftest."""

    denied: tuple[str, ...]
    offered: tuple[str, ...]
    steps: list[list[tuple[str, dict[str, object]]]]
    texts: list[str]

    async def say(self, prompt: str) -> str: ...

    @property
    def tools_called(self) -> list[list[str]]: ...


def fill(folder: Path, **files: str) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


async def test_the_tour_looks_around_and_tells_what_is_there(talk: Talk, workspace: Path) -> None:
    fill(workspace, README_md="# Pond\n\nTODO: fish\n", src__a_py="x = 1\n")
    last = await talk.say("hi")
    assert talk.tools_called == [["ls", "glob"], ["read", "grep"]]
    assert "scripted demo model, not an AI" in talk.texts[0]
    assert "1 folder and 1 file" in last
    assert "`README.md` has 3 lines and begins with `# Pond`" in last
    assert "1 line says `TODO`, the first in `README.md:3`" in last
    assert "```python" in last
    assert "| mode |" in last


async def test_the_tour_works_in_an_empty_folder(talk: Talk) -> None:
    assert "is empty" in await talk.say("tour")
    assert talk.tools_called == [["ls", "glob"]]


async def test_a_listing_is_counted(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="1", b_txt="2", src__c_py="3")
    last = await talk.say("list the files")
    assert "1 folder and 2 files" in last
    assert "`a.txt`, `b.txt`" in last


async def test_a_folder_that_is_missing_is_said(talk: Talk) -> None:
    assert "does not exist" in await talk.say("list the files in nowhere")


async def test_two_reading_requests_run_side_by_side(talk: Talk, workspace: Path) -> None:
    fill(workspace, README_md="# Pond\n")
    last = await talk.say("list the files and read README.md")
    assert talk.tools_called == [["ls", "read"]]
    assert "This folder has 1 file." in last
    assert "# Pond" in last


async def test_readme_finds_its_extension(talk: Talk, workspace: Path) -> None:
    fill(workspace, README_md="# Pond\nby me\n", docs__README_txt="other")
    last = await talk.say("read README")
    assert talk.tools_called == [["glob"], ["read"]]
    assert "`README.md` has 2 lines" in last


async def test_a_wrong_name_is_looked_for_once(talk: Talk, workspace: Path) -> None:
    fill(workspace, src__Notes_md="hello\n")
    assert "`src/Notes.md` has 1 line" in await talk.say("read notes.txt")
    assert talk.tools_called == [["read"], ["glob"], ["read"]]
    assert "no file with a name like `fish.txt`" in await talk.say("read fish.txt")


async def test_an_empty_file_and_a_binary_file_are_told(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="")
    (workspace / "b.bin").write_bytes(b"\0\1\2" * 100)
    assert "`a.txt` is empty" in await talk.say("read a.txt")
    assert "binary" in await talk.say("read b.bin")


async def test_lines_are_counted_beyond_what_is_shown(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="x\n" * 5_000, b_txt="x\n\ny\n")
    assert "has 5000 lines" in await talk.say("how many lines does a.txt have?")
    assert "3 lines; 1 of them blank" in await talk.say("count the lines of b.txt")


async def test_a_huge_file_is_read_in_part(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="word\n" * 400_000)
    assert "200 lines of `a.txt`, from line 1" in await talk.say("read a.txt")


async def test_some_lines_are_read(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="".join(f"line {number}\n" for number in range(1, 100)))
    last = await talk.say("read lines 3-4 of a.txt")
    assert "2 lines of `a.txt`, from line 3" in last
    assert "line 3\nline 4\n" in last


async def test_explain_gives_an_outline_and_admits_it(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_py="class Fish:\n    def swim(self):\n        pass\n")
    last = await talk.say("explain a.py")
    assert "| 2 | def | `swim` |" in last
    assert "not an understanding" in last


async def test_a_search_names_places(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="one fish\ntwo\nfish\n", b_txt="fish")
    last = await talk.say("search for fish")
    assert "`fish` on 3 lines in 2 files" in last
    assert "| `a.txt:3` | `fish` |" in last


async def test_a_vain_search_is_widened_once(talk: Talk, workspace: Path) -> None:
    fill(workspace, koi_txt="A FISH\n")
    assert "in any case" in await talk.say("search for fish")
    assert talk.tools_called == [["grep"], ["grep", "glob"]]
    assert "`koi.txt`" in await talk.say("search for koi")
    assert "no file is named so" in await talk.say("search for zebra")


async def test_files_are_found_by_pattern(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_py="", src__b_py="", c_txt="")
    last = await talk.say("list all python files")
    assert "2 files match `*.py`" in last
    assert "`src/b.py`" in last
    assert "No file matches `*.rs`" in await talk.say("find *.rs")


async def test_replace_reads_and_edits(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="foo and foo\nFOO\n")
    last = await talk.say("replace foo by bar in a.txt")
    assert talk.tools_called == [["read"], ["edit"]]
    assert "`foo` is now `bar` in `a.txt`, twice" in last
    assert (workspace / "a.txt").read_text() == "bar and bar\nFOO\n"


async def test_replace_says_when_there_is_nothing(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="hello\n")
    assert "does not hold `foo`" in await talk.say("replace foo by bar in a.txt")
    assert "Did you mean `a.txt`?" in await talk.say("replace hello by bar in a.md")
    assert "nothing to replace" in await talk.say("replace zebra by bar")
    assert (workspace / "a.txt").read_text() == "hello\n"


async def test_replace_without_a_file_searches(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="foo\n")
    await talk.say("replace foo by bar")
    assert talk.tools_called == [["grep"], ["read"], ["edit"]]
    fill(workspace, a_txt="foo\n", b_txt="foo\nfoo\n", c_txt="-")
    assert "2 files hold `foo`" in await talk.say("replace foo by bar")
    assert "in 2 files" in await talk.say("replace foo by bar everywhere")
    assert (workspace / "b.txt").read_text() == "bar\nbar\n"


async def test_replace_in_a_file_that_is_shown_in_part(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="x\n" * 3_000 + "foo\nfoo\n")
    assert "on 2 lines" in await talk.say("replace foo by bar in a.txt")
    assert (workspace / "a.txt").read_text().endswith("x\nbar\nbar\n")


async def test_a_no_is_respected(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="foo\n")
    talk.denied = ("edit", "bash", "write")
    assert "You said no to `edit`" in await talk.say(
        "replace foo by bar in a.txt and run the tests"
    )
    assert "I stop here" in talk.texts[-1]
    assert "You said no to `bash`" in await talk.say("run echo hi")
    assert "You said no to `write`" in await talk.say("create b.txt with hi")
    assert (workspace / "a.txt").read_text() == "foo\n"


async def test_a_file_is_written_and_read_back(talk: Talk, workspace: Path) -> None:
    last = await talk.say("create notes/a.txt with hello world and read it")
    assert talk.tools_called == [["write"], ["read"]]
    assert (workspace / "notes/a.txt").read_text() == "hello world\n"
    assert "1 line (12 bytes)" in talk.texts[1]
    assert "It begins" in last


async def test_a_file_that_exists_is_looked_at_first(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="old\nold\n")
    await talk.say("create a.txt with new")
    assert talk.tools_called == [["write"], ["read"], ["write"]]
    assert "It has 2 lines" in talk.texts[2]
    assert (workspace / "a.txt").read_text() == "new\n"


async def test_a_command_is_told_by_its_exit_code(talk: Talk) -> None:
    last = await talk.say("run echo hi")
    assert "exit code 0" in last
    assert "```text\nhi\n```" in last
    assert "exit code 3" in await talk.say("run exit 3")
    assert "It printed nothing" in await talk.say("run true")


PROJECTS: list[tuple[Callable[[Path], None], str, str]] = [
    (lambda folder: fill(folder, Makefile="test:\n\t@echo fine\n"), "make test", "passed"),
    (lambda folder: fill(folder, Makefile="test:\n\t@false\n"), "make test", "failed"),
    (
        lambda folder: fill(folder, Makefile="all:\n", package_json='{"scripts": {"test": "x"}}'),
        "npm test",
        "",
    ),
    (lambda folder: fill(folder, Cargo_toml=""), "cargo test", ""),
    (lambda folder: fill(folder, go_mod=""), "go test ./...", ""),
    (lambda folder: fill(folder, pyproject_toml=""), "python3 -m pytest -q", ""),
]


@pytest.mark.parametrize(
    ("make", "command", "told"), PROJECTS, ids=["make", "red", "npm", "cargo", "go", "python"]
)
async def test_the_tests_are_run_as_the_project_says(
    talk: Talk, workspace: Path, make: Callable[[Path], None], command: str, told: str
) -> None:
    make(workspace)
    last = await talk.say("run the tests")
    commands = [
        arguments["command"] for step in talk.steps for name, arguments in step if name == "bash"
    ]
    assert commands[0] == command
    assert told in last


async def test_no_tests_are_no_tests(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="")
    assert "I do not know how" in await talk.say("run the tests")
    assert talk.tools_called == [["ls"]]


async def test_without_tools_it_says_so(talk: Talk) -> None:
    talk.offered = ()
    assert "offers me no tools" in await talk.say("list the files")
    assert "offers me no tools" in await talk.say("hi")
    talk.offered = ("ls",)
    assert "no `bash` tool" in await talk.say("run echo hi")


async def test_everything_else_is_admitted(talk: Talk) -> None:
    last = await talk.say("refactor the auth module")
    assert "scripted demo model, not an AI" in last
    assert "replace A by B in FILE" in last
    assert "ANTHROPIC_API_KEY" in last


async def test_the_same_request_twice_is_done_twice(talk: Talk, workspace: Path) -> None:
    fill(workspace, a_txt="1")
    await talk.say("list the files")
    fill(workspace, b_txt="2")
    assert "2 files" in await talk.say("list the files")
    assert talk.tools_called == [["ls"]]


async def test_a_long_answer_is_about_as_long_as_asked(talk: Talk) -> None:
    words = len((await talk.say("write 2000 words")).split())
    assert 2_000 <= words < 2_400


@pytest.mark.parametrize(
    "prompt",
    [
        "who are you?",
        "how do I quit?",
        "what does this cost?",
        "show markdown",
        "thanks",
        "how do I connect a real model?",
    ],
)
async def test_fixed_topics_have_their_text(talk: Talk, prompt: str) -> None:
    assert len(await talk.say(prompt)) > 80
    assert talk.steps == []
