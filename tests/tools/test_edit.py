"""edit changes exactly one place, says which, and keeps every other byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ToolFailure
from koi.tools.matching import find
from tests.tools.conftest import Bench


async def edit(bench: Bench, content: str | bytes, old: str, new: str, **more: object) -> bytes:
    path = bench.put("file.py", content)
    await bench.call("read", path="file.py")
    await bench.call("edit", path="file.py", old=old, new=new, **more)
    return path.read_bytes()


async def test_an_exact_edit_shows_its_diff_first(bench: Bench) -> None:
    path = bench.put("a.txt", "one\ntwo\nthree\n")
    await bench.call("read", path="a.txt")
    plan = await bench.plan("edit", path="a.txt", old="two", new="2")
    assert plan.preview == "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
    assert plan.summary == "a.txt +1 -1"
    assert path.read_text() == "one\ntwo\nthree\n"
    outcome = await bench.run("edit", plan, path="a.txt", old="two", new="2")
    assert path.read_text() == "one\n2\nthree\n"
    assert outcome.content == "Edited a.txt at line 2."
    assert outcome.display == plan.preview


async def test_two_places_need_replace_all(bench: Bench) -> None:
    with pytest.raises(ToolFailure, match="2 times") as failure:
        await edit(bench, "x = 1\ny\nx = 1\n", "x = 1", "x = 2")
    assert "lines 1, 3" in failure.value.title
    assert "replace_all" in failure.value.hint
    assert await edit(bench, "x = 1\nx = 1\n", "x = 1", "x = 2", replace_all=True) == (
        b"x = 2\nx = 2\n"
    )


async def test_overlapping_places_are_ambiguous(bench: Bench) -> None:
    with pytest.raises(ToolFailure, match="2 times"):
        await edit(bench, "aaa", "aa", "b")
    assert await edit(bench, "aaa", "aa", "b", replace_all=True) == b"ba"


@pytest.mark.parametrize(
    ("content", "old", "new", "expected", "tier"),
    [
        ("a  \nb\t\nc\n", "a\nb\n", "x\n", "x\nc\n", "trailing whitespace"),
        (
            "def f():\n        if x:\n            y()\n",
            "if x:\n    y()",
            "if z:\n    y()\nelse:\n    n()",
            "def f():\n        if z:\n            y()\n        else:\n            n()\n",
            "indentation",
        ),
        ("\tif x:\n\t\ty\n", "    if x:\n    \ty\n", "    if z:\n", "\tif z:\n", "indentation"),
        ("say “hi” – now\n", 'say "hi" - now', "bye", "bye\n", "punctuation"),
        ("    say “hi”  \n", 'say "hi"\n', "bye\n", "    bye\n", "punctuation"),
    ],
)
async def test_the_ladder_finds_what_differs_in_form_only(
    bench: Bench, content: str, old: str, new: str, expected: str, tier: str
) -> None:
    path = bench.put("f", content)
    await bench.call("read", path="f")
    outcome = await bench.call("edit", path="f", old=old, new=new)
    assert path.read_text() == expected
    assert tier in outcome.content


async def test_a_lenient_match_must_be_unique_too(bench: Bench) -> None:
    with pytest.raises(ToolFailure, match="2 times"):
        await edit(bench, "  a\n  b\n\n    a\n    b\n", "a\nb\n", "c\n")


async def test_different_inner_indentation_is_no_match(bench: Bench) -> None:
    with pytest.raises(ToolFailure, match="not found"):
        await edit(bench, "  if x:\n      y()\n", "if x:\ny()", "z")


async def test_what_is_not_found_shows_the_closest_lines(bench: Bench) -> None:
    with pytest.raises(ToolFailure, match="not found") as failure:
        await edit(bench, "import os\n\ndef compute_total(items):\n", "def compute_totals(xs):", "")
    assert "3\tdef compute_total(items):" in failure.value.hint


async def test_crlf_mixed_line_ends_and_mark_are_kept(bench: Bench) -> None:
    crlf = b"\xef\xbb\xbfone\r\ntwo\r\nthree\r\n"
    assert await edit(bench, crlf, "two\nthree", "2\n2.5\n3") == (
        b"\xef\xbb\xbfone\r\n2\r\n2.5\r\n3\r\n"
    )
    assert await edit(bench, crlf, "two\n", "") == b"\xef\xbb\xbfone\r\nthree\r\n"
    mixed = b"a\r\nb\nc\r\nd\n"
    assert await edit(bench, mixed, "b\nc", "B\nC\nX") == b"a\r\nB\nC\nX\r\nd\n"
    assert await edit(bench, mixed, "d", "D") == b"a\r\nb\nc\r\nD\n"


async def test_a_missing_last_line_end_stays_missing(bench: Bench) -> None:
    assert await edit(bench, "a\n  b", "b\n", "c\n") == b"a\n  c"


async def test_other_encodings_are_kept(bench: Bench) -> None:
    latin = "naïve\ncafé\n".encode("latin-1")
    assert await edit(bench, latin, "café", "thé") == "naïve\nthé\n".encode("latin-1")
    with pytest.raises(ToolFailure, match="cannot hold"):
        await edit(bench, latin, "café", "漢")


@pytest.mark.parametrize(
    ("old", "new", "problem"), [("", "x", "empty"), ("a", "a", "the same"), ("a", "\ud800", "hold")]
)
async def test_impossible_edits_are_clear_errors(
    bench: Bench, old: str, new: str, problem: str
) -> None:
    with pytest.raises(ToolFailure, match=problem):
        await edit(bench, "a\n", old, new)


async def test_unseen_changed_binary_and_missing_files_are_refused(bench: Bench) -> None:
    path = bench.put("a", "one\n")
    with pytest.raises(ToolFailure, match="was not read"):
        await bench.plan("edit", path="a", old="one", new="two")
    await bench.call("read", path="a")
    plan = await bench.plan("edit", path="a", old="one", new="two")
    path.write_text("one and more\n")
    with pytest.raises(ToolFailure, match="after this call was approved"):
        await bench.run("edit", plan, path="a", old="one", new="two")
    with pytest.raises(ToolFailure, match="changed by something else"):
        await bench.plan("edit", path="a", old="one", new="two")
    with pytest.raises(ToolFailure, match="does not exist"):
        await bench.plan("edit", path="b", old="one", new="two")


lines = st.lists(st.text("ab \t", max_size=6), min_size=1, max_size=8)


@given(lines, lines, st.text("xy\n ", max_size=10))
def test_every_match_equals_the_old_text_up_to_white_space(
    text_lines: list[str], old_lines: list[str], new: str
) -> None:
    text, old = "\n".join(text_lines), "\n".join(old_lines)
    if not old:
        return
    found = find(text, old, new)
    if found is None:
        assert old not in text
        return
    assert (found.tier == "exact") == (old in text)
    for match in found.matches:
        place = text[match.start : match.end]
        assert place.split() == old.split()
        assert match.line == text.count("\n", 0, match.start) + 1
        assert match.new.split() == new.split()


@given(lines, st.integers(0, 7), st.integers(1, 4), st.sampled_from(["  ", "\t", "      "]))
def test_an_indented_copy_of_a_unique_block_is_found(
    body: list[str], start: int, count: int, indent: str
) -> None:
    block = [f"{number}{line.rstrip()}" for number, line in enumerate(body)]
    text = "".join(f"{indent}{line}\n" for line in block)
    wanted = block[start : start + count]
    if not wanted:
        return
    old = "".join(f"{line}\n" for line in wanted)
    found = find(text, old, "new\n")
    assert found is not None
    if found.tier != "exact":
        assert [text[match.start : match.end] for match in found.matches] == [
            "".join(f"{indent}{line}\n" for line in wanted)
        ]
        assert found.matches[0].new == f"{indent}new\n"
