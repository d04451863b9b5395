"""Arguments that arrive piece by piece with the paths of their values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.messages import JsonObject
from koi.providers.wire.gemini.arguments import GrowingArguments


def grown(*pieces: JsonObject) -> GrowingArguments:
    arguments = GrowingArguments()
    for piece in pieces:
        arguments.add(piece)
    return arguments


def piece(path: str, value: object = None, *, more: bool = False) -> JsonObject:
    match value:
        case bool():
            kind = "boolValue"
        case str():
            kind = "stringValue"
        case int() | float():
            kind = "numberValue"
        case _:
            kind = "nullValue"
    wire: JsonObject = {"jsonPath": path, kind: "NULL_VALUE" if value is None else value}
    return wire | {"willContinue": True} if more else wire


def test_values_of_all_kinds_are_set() -> None:
    arguments = grown(
        piece("$.text", "a"),
        piece("$.count", 5.0),
        piece("$.ratio", 0.5),
        piece("$.sure", True),
        piece("$.nothing"),
    )
    assert arguments.whole() == {
        "text": "a",
        "count": 5,
        "ratio": 0.5,
        "sure": True,
        "nothing": None,
    }
    assert isinstance(json.loads(arguments.raw())["count"], int)


def test_pieces_of_a_string_are_joined_until_it_ends() -> None:
    arguments = grown(
        piece("$.a", "on", more=True),
        piece("$.b", "two", more=True),
        piece("$.a", "e", more=True),
        piece("$.a", ""),
    )
    assert arguments.whole() == {"a": "one", "b": "two"}


def test_a_string_may_begin_and_end_without_text() -> None:
    arguments = grown({"jsonPath": "$.a", "willContinue": True}, {"jsonPath": "$.a"})
    assert arguments.whole() == {"a": ""}


def test_lists_and_objects_grow_inside_one_another() -> None:
    arguments = grown(
        piece("$.edits[0].old", "x"),
        piece("$.edits[0].lines[0]", 1),
        piece("$.edits[0].lines[1]", 2),
        piece("$.edits[1].old", "y"),
    )
    assert arguments.whole() == {"edits": [{"old": "x", "lines": [1, 2]}, {"old": "y"}]}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("$['a b']", "a b"),
        ('$["a.b"]', "a.b"),
        (r"$['it\'s']", "it's"),
        ("$['say \"x\"']", 'say "x"'),
        (r"$['\u00e9']", "é"),
        ("$.file-path", "file-path"),
        ("$['']", ""),
    ],
)
def test_names_are_read_in_all_their_forms(path: str, name: str) -> None:
    assert grown(piece(path, "v")).whole() == {name: "v"}


@pytest.mark.parametrize(
    "path",
    ["", "$", "a", "$.", "$..a", "$[0]", "$.a[7]", "$.a[x]", "$['a", "$.a.b", "$" + ".x" * 200],
)
def test_a_piece_that_fits_nowhere_makes_the_call_one_that_never_runs(path: str) -> None:
    arguments = grown(piece("$.a", "text"), piece(path, "lost"))
    assert arguments.whole() is None
    assert "lost" in arguments.raw()


def test_whole_arguments_and_pieces_go_together() -> None:
    arguments = GrowingArguments()
    arguments.merge({"a": 1})
    arguments.add(piece("$.b", 2))
    assert arguments.whole() == {"a": 1, "b": 2}


@given(st.dictionaries(st.text(), st.text(), max_size=5), st.integers(1, 4))
def test_any_text_under_any_name_survives_in_pieces_of_any_size(
    values: dict[str, str], size: int
) -> None:
    arguments = GrowingArguments()
    for name, value in values.items():
        path = f"$[{json.dumps(name)}]"
        for start in range(0, len(value), size):
            arguments.add(piece(path, value[start : start + size], more=True))
        arguments.add(piece(path, ""))
    assert arguments.whole() == values


PATHS = st.text("$.[]'\"\\ab01", max_size=12) | st.text(max_size=6)
PIECES = st.fixed_dictionaries(
    {},
    optional={
        "jsonPath": PATHS,
        "stringValue": st.text(max_size=3) | st.integers(),
        "numberValue": st.floats() | st.text(max_size=2),
        "boolValue": st.booleans(),
        "nullValue": st.none(),
        "willContinue": st.booleans(),
    },
)


@given(st.lists(PIECES, max_size=12))
def test_nothing_makes_it_crash(pieces: list[JsonObject]) -> None:
    arguments = grown(*pieces)
    arguments.whole()
    json.loads(arguments.raw())
