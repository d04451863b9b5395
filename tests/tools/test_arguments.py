"""Wrong arguments are errors that name the field."""

from __future__ import annotations

import pytest

from koi.core.errors import ToolFailure
from tests.tools.conftest import Bench


async def test_numbers_as_text_and_null_are_accepted(bench: Bench) -> None:
    bench.put("a", "1\n2\n3\n")
    outcome = await bench.call("read", path="a", offset="2", limit=None)
    assert outcome.content == "2\t2\n3\t3"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "path"),
        ({"path": 5}, "path"),
        ({"path": "a", "offset": "x"}, "offset"),
        ({"path": "a", "offset": 0}, "offset"),
        ({"path": "a", "lines": 3}, "lines"),
    ],
)
async def test_the_wrong_field_is_named(
    bench: Bench, arguments: dict[str, object], named: str
) -> None:
    with pytest.raises(ToolFailure, match=f"`{named}`") as failure:
        await bench.plan("read", **arguments)
    assert "offset (optional)" in failure.value.hint
