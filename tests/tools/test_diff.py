"""Diffs are exact: applying one gives the new text."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.tools.diff import unified_diff

texts = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\f\n", "\u2028\n", "\n", "end"])).map(
    "".join
)


def applied(before: str, diff: str) -> str:
    lines = before.split("\n")
    source = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    result: list[str] = []
    at = 0
    body = diff.split("\n")[2:-1]
    for index, line in enumerate(body):
        if line.startswith("@@"):
            start, _, length = line.split()[1][1:].partition(",")
            first = int(start) - (0 if length == "0" else 1)
            result += source[at:first]
            at = first
            continue
        if line.startswith("\\"):
            continue
        cut = index + 1 < len(body) and body[index + 1].startswith("\\")
        text = line[1:] + ("" if cut else "\n")
        if line[0] in " -":
            assert source[at] == text
            at += 1
        if line[0] in " +":
            result.append(text)
    return "".join(result + source[at:])


@given(texts, texts)
def test_a_diff_turns_one_text_into_the_other(before: str, after: str) -> None:
    diff = unified_diff(before, after, "f")
    assert (diff.text == "") == (before == after)
    assert applied(before, diff.text) == after
    assert diff.text.count("\n+") - 1 == diff.added or not diff.text


def test_large_different_texts_are_given_as_a_whole() -> None:
    before = "start\n" + "".join(f"{n}\n" for n in range(5_000)) + "end\n"
    after = "start\n" + "".join(f"x{n}\n" for n in range(5_000)) + "end\n"
    diff = unified_diff(before, after, "f")
    assert diff.summary == "+5000 -5000"
    assert applied(before, diff.text) == after


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_applies_it(tmp_path: Path) -> None:
    before = "".join(f"{n}\n" for n in range(60))
    after = before.replace("7\n", "seven\n").replace("58\n", "") + "no line end"
    (tmp_path / "f").write_text(before)
    (tmp_path / "d").write_text(unified_diff(before, after, "f").text)
    subprocess.run(["git", "apply", "d"], cwd=tmp_path, check=True)
    assert (tmp_path / "f").read_text() == after
