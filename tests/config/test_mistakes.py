"""Finding every mistake of a layer."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from koi.config.mistakes import find_mistakes
from koi.config.schema import Tables

LEAVES = st.one_of(
    st.booleans(), st.integers(-2, 3), st.floats(-1, 2), st.sampled_from(["", "auto", "a/b"])
)
NAMES = st.sampled_from(
    [
        *Tables.__struct_fields__,
        *("retries", "rules", "rule", "action", "executor", "fallback", "protocol", "tools"),
        *("headers", "warn_at", "hint", "provider", "input_per_mtok", "output_per_mtok", "x"),
    ]
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def accepted(table: dict[str, object]) -> bool:
    try:
        msgspec.convert(table, Tables)
    except msgspec.ValidationError:
        return False
    return True


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_has_no_mistakes_can_be_loaded_and_the_other_way_round(
    table: dict[str, object],
) -> None:
    errors = [found for found in find_mistakes(table, "here") if found.severity == "error"]
    if not errors:
        assert accepted(table)
    elif all(found.message != "unknown key" for found in errors):
        assert not accepted(table)


def test_all_mistakes_are_found_not_only_the_first() -> None:
    table: dict[str, object] = {
        "modle": "x",
        "reliability": {"retries": "two", "backoff_ms": -1},
        "providers": {"a": {"tools": "nativ"}, "b": 1},
        "iteration": {"max": 1},
    }
    found = [(mistake.key, mistake.severity) for mistake in find_mistakes(table, "here")]
    assert found == [
        ("modle", "error"),
        ("reliability.retries", "error"),
        ("reliability.backoff_ms", "error"),
        ("providers.a.tools", "error"),
        ("providers.b", "error"),
        ("iteration", "warning"),
    ]


def test_places_in_lists_are_numbered() -> None:
    table: dict[str, object] = {"permissions": {"rules": [{"rule": "ls", "action": "allow"}, 1]}}
    (found,) = find_mistakes(table, "file")
    assert found.place == "file: permissions.rules[1]"
