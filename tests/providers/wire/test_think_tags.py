"""Reasoning in tags at the beginning of the text, however it is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.providers.wire.openai_chat.think_tags import ThinkTags


def split(*pieces: str) -> tuple[str, str]:
    """Reasoning and text."""
    tags = ThinkTags()
    found = [each for piece in pieces for each in tags.feed(piece)] + tags.finish()
    said = {
        kind: "".join(text for of, text in found if of == kind) for kind in ("reasoning", "text")
    }
    return said["reasoning"], said["text"]


CASES = [
    ("<think>hm</think>\n\nYes", ("hm", "Yes")),
    ("\n<think>\nhm\n</think>Yes\n", ("\nhm\n", "Yes\n")),
    ("<think></think>Yes", ("", "Yes")),
    ("Yes, <think>quoted</think>", ("", "Yes, <think>quoted</think>")),
    ("<thinking>no</thinking>", ("", "<thinking>no</thinking>")),
    ("<think>hm</think>Yes <think>no</think>", ("hm", "Yes <think>no</think>")),
    ("<think>a < b </thin </think>c", ("a < b </thin ", "c")),
    ("</think>\n\nYes", ("", "Yes")),
    ("<think>cut", ("cut", "")),
    ("<think>cut</thi", ("cut</thi", "")),
    ("<thi", ("", "<thi")),
    ("  Yes", ("", "  Yes")),
    ("", ("", "")),
]


@pytest.mark.parametrize(("whole", "wanted"), CASES)
def test_only_what_begins_the_text_is_reasoning(whole: str, wanted: tuple[str, str]) -> None:
    assert split(whole) == wanted
    assert split(*whole) == wanted


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "</", "think>", " ", "a", "\n"])))
def test_pieces_do_not_matter(tokens: list[str]) -> None:
    whole = "".join(tokens)
    assert split(whole) == split(*tokens) == split(*whole)


@given(st.text(), st.text().filter(lambda text: "</think>" not in text))
def test_nothing_but_tags_and_blanks_between_is_lost(answer: str, thought: str) -> None:
    said = answer.lstrip()
    assert split(f"<think>{thought}</think>{answer}") == (thought, said)
