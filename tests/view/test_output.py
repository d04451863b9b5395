"""Diffs under a name that is known."""

from __future__ import annotations

import pytest

from koi.view.output import without_names

BODY = "@@ -1 +1 @@\n-old\n+new\n"


def test_the_names_of_one_file_go() -> None:
    assert without_names(f"--- a/x.py\n+++ b/x.py\n{BODY}") == BODY


@pytest.mark.parametrize(
    "text",
    [
        "",
        BODY,
        "--- a heading\n+++ another\ntext\n",
        f"--- a/x\n+++ b/x\n{BODY}--- a/y\n+++ b/y\n{BODY}",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert without_names(text) == text
