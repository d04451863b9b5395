"""Finding a model by parts of its name, by letters of it, or by nearly its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.view.model_search import matching_models, nearest_models

MODELS = tuple(
    ModelInfo(ModelReference.parse(name))
    for name in (
        "anthropic/claude-sonnet-4-6",
        "anthropic/claude-opus-5",
        "openai/chatgpt-4o",
        "openai/gpt-5.2",
        "openai/gpt-5",
        "openrouter/openai/gpt-5",
        "ollama/qwen2.5-coder:7b",
    )
)


def found(typed: str) -> list[str]:
    return [str(model.reference) for model in matching_models(typed, MODELS)]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("opus", ["anthropic/claude-opus-5"]),
        ("CODER oll", ["ollama/qwen2.5-coder:7b"]),
        ("snt46", ["anthropic/claude-sonnet-4-6"]),
        ("clopus", ["anthropic/claude-opus-5"]),
        ("qwcod7", ["ollama/qwen2.5-coder:7b"]),
        ("opus gpt", []),
        ("zzz", []),
    ],
)
def test_words_and_letters_of_a_name(typed: str, names: list[str]) -> None:
    assert found(typed) == names


def test_nothing_typed_leaves_all_in_their_order() -> None:
    assert matching_models("  ", MODELS) == MODELS


def test_the_best_come_first() -> None:
    assert found("gpt-5")[:2] == ["openai/gpt-5", "openai/gpt-5.2"]
    assert found("openai/gpt-5")[0] == "openai/gpt-5"
    assert found("gpt")[-1] == "openai/chatgpt-4o"


def test_a_whole_word_comes_before_scattered_letters() -> None:
    names = [ModelInfo(ModelReference("p", name)) for name in ("c-o-d-e", "code")]
    assert [info.reference.model for info in matching_models("code", names)] == ["code", "c-o-d-e"]


def test_letters_too_far_apart_are_no_match() -> None:
    assert found("ao5") == []


def test_a_misspelt_name_has_a_near_one() -> None:
    near = nearest_models("claud-sonet-4-6", MODELS)
    assert near[0].reference.model == "claude-sonnet-4-6"
    assert nearest_models("zzzzzzzz", MODELS) == ()


@given(st.text(max_size=20))
def test_whatever_is_typed_only_models_of_the_list_are_found(typed: str) -> None:
    assert set(matching_models(typed, MODELS)) <= set(MODELS)
    assert set(nearest_models(typed, MODELS)) <= set(MODELS)


@given(st.sampled_from(MODELS), st.data())
def test_every_part_of_a_name_finds_it(model: ModelInfo, data: st.DataObject) -> None:
    name = str(model.reference)
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert model in matching_models(name[start:end], MODELS)
