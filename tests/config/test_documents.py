"""Documents of other programs: formats, bounds, and where a mistake is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.config.documents import MAXIMUM_BYTES, read_document
from koi.core.errors import ConfigurationError

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.toml", "x = 1", "TOML"),
        ("a.yaml", "x: 1", "YAML"),
        ("a.YML", "x: 1", "YAML"),
        ("a.json", '{"x": 1}', "JSON"),
        ("stdin", "x = 1", "TOML"),
        ("stdin", "[x]\ny = 1", "TOML"),
        ("stdin", "# c\nx: 1", "YAML"),
        ("stdin", ' {"x": 1}', "JSON"),
        ("stdin", '[{"x": 1}]', "JSON"),
        ("stdin", "\ufeffx: 1", "YAML"),
    ],
)
def test_the_format_is_that_of_the_name_or_of_the_text(name: str, text: str, kind: str) -> None:
    document, found = read_document(text.encode(), name)
    assert found == kind
    assert "x" in str(document)


def test_anchors_may_be_used_with_measure() -> None:
    text = "base: &base {model: m}\nproviders: {a: {<<: *base}, b: *base}"
    document, _ = read_document(text.encode(), "a.yaml")
    assert document == {
        "base": {"model": "m"},
        "providers": {"a": {"model": "m"}, "b": {"model": "m"}},
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", "x = = 1", "line 1, column 5"),
        ("a.yaml", "x: [1\ny: 2", "line 2, column 2"),
        ("a.yaml", "x: !!python/object:os.system {}", "line 1, column 4"),
        ("a.yaml", "x: *none", "line 1, column 4"),
        ("a.yaml", "x: &a [*a]", "line 1: an anchor contains itself"),
        ("a.yaml", BOMB, "anchors repeat too much"),
        ("a.yaml", MERGES, "anchors repeat too much"),
        ("a.yaml", "[" * 100_000, "line 1: nested deeper"),
        ("a.yaml", "x: 2024-01-01", "x: a date is no setting"),
        ("a.yaml", "x: 2024-99-99", "cannot be read"),
        ("a.yaml", 'x: !!int ""', "cannot be read"),
        ("a.yaml", "x:\n  1: y", "x: the key 1 is not text"),
        ("a.yaml", "x: 1\n---\ny: 2", "line 2"),
        ("a.yaml", "x: \x00", "character 3"),
        ("a.json", '{"x": 1,}', "line 1, column"),
        ("a.json", "[" * 100_000, "nested deeper"),
        ("a.json", "9" * 5000, "too long"),
        ("a.json", r'{"x": "\ud800"}', "x: half of a character"),
        ("a.json", "[" + "1," * 30_000 + "1]", "too many values"),
        ("a.toml", "x = " + "[" * 10_000, "nested too deeply"),
        ("a.toml", "x = " + "9" * 5000, "cannot be read"),
        ("a.json", " " * (MAXIMUM_BYTES + 1), "larger than 256 KiB"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(name: str, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_document(text.encode("utf-8", "surrogatepass"), name)
    assert caught.value.title.startswith(f"{name}: ")
    assert said in caught.value.title


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(ConfigurationError, match="line 2: not UTF-8"):
        read_document(b"a: 1\nb: \xff", "a.yaml")


@given(
    st.sampled_from(["a.toml", "a.yaml", "a.json", "stdin"]),
    st.binary(max_size=60)
    | st.text("[]{}:,-&*!<>|'\"#= \n\tab1.$%@`?~\\", max_size=60).map(str.encode),
)
def test_no_bytes_break_the_readers(name: str, content: bytes) -> None:
    with suppress(ConfigurationError):
        read_document(content, name)
