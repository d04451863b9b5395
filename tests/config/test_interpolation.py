"""Variables in strings of the configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.config.interpolation import expand, variables
from koi.core.errors import ConfigurationError

ENVIRONMENT = {"NAME": "value", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain $NAME", "plain $NAME"),
        ("${NAME}", "value"),
        ("a ${NAME} b ${NAME}", "a value b value"),
        ("${UNSET:-other}", "other"),
        ("${UNSET:-}", ""),
        ("${EMPTY:-other}", "other"),
        ("${NAME:-other}", "value"),
        ("$${NAME}", "${NAME}"),
        ("$${", "${"),
    ],
)
def test_variables_are_put_in(text: str, expanded: str) -> None:
    assert expand(text, ENVIRONMENT, where="file: key") == expanded


@pytest.mark.parametrize("text", ["${UNSET}", "${EMPTY}"])
def test_an_unset_variable_is_named_with_its_place(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        expand(text, ENVIRONMENT, where="config.toml: model")
    assert "config.toml: model" in caught.value.title
    assert text[2:-1] in caught.value.title
    assert ":-" in caught.value.hint


@pytest.mark.parametrize("text", ["${", "${NAME", "${}", "${a b}", "${:-x}"])
def test_what_is_no_variable_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        expand(text, ENVIRONMENT, where="here")


def test_values_are_not_expanded_again() -> None:
    assert expand("${A}", {"A": "${B}", "B": "no"}, where="here") == "${B}"


@given(st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"])))
def test_text_without_a_dollar_stays_as_it_is(text: str) -> None:
    assert expand(text, {}, where="here") == text


@given(st.text(alphabet="a${}:-N"))
def test_any_text_expands_or_is_refused_clearly(text: str) -> None:
    refused = ""
    try:
        expand(text, {"N": "n"}, where="here")
    except ConfigurationError as error:
        refused = error.title
    assert refused.startswith("here: ") or not refused


def test_needed_variables_leave_out_those_with_a_default() -> None:
    assert variables("${A} ${B:-x} $${C} ${D}") == ("A", "D")
