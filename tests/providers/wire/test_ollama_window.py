"""How much context is asked for: enough, not more than likely fits, and no needless reload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.providers.wire.ollama.models import OllamaModel
from koi.providers.wire.ollama.window import (
    CEILING,
    FLOOR,
    PromptSize,
    check_room,
    context_window,
    num_ctx,
    prompt_size,
)

NEW = OllamaModel(known=True, context_length=131_072)


def asked(high: int, model: OllamaModel = NEW, configured: int | None = None) -> int:
    return num_ctx(PromptSize(high // 2, high), model, configured, None)


@pytest.mark.parametrize(
    ("prompt", "size"),
    [(0, FLOOR), (4_096, FLOOR), (4_097, 16_384), (20_000, CEILING), (200_000, CEILING)],
)
def test_it_grows_in_powers_of_two_up_to_the_ceiling(prompt: int, size: int) -> None:
    assert asked(prompt) == size


def test_a_short_model_gets_what_it_was_made_for() -> None:
    assert asked(100, OllamaModel(known=True, context_length=2_048)) == 2_048


@pytest.mark.parametrize("prompt", [0, 5_000, 100_000])
def test_a_chosen_size_is_sent_as_it_is(prompt: int) -> None:
    assert asked(prompt, configured=65_536) == 65_536
    assert asked(prompt, OllamaModel(num_ctx=5_000)) == 5_000
    assert asked(prompt, OllamaModel(num_ctx=5_000, loaded_context=9_000), 7_000) == 7_000


@pytest.mark.parametrize("loaded", [16_384, 20_000, 262_144])
def test_a_model_that_is_loaded_with_enough_stays_loaded(loaded: int) -> None:
    assert asked(5_000, OllamaModel(known=True, loaded_context=loaded)) == loaded


def test_a_model_that_is_loaded_with_too_little_is_loaded_anew() -> None:
    model = OllamaModel(known=True, context_length=131_072, loaded_context=4_096)
    assert asked(3_000, model) == FLOOR


def test_a_large_loaded_context_raises_the_ceiling() -> None:
    model = OllamaModel(known=True, context_length=131_072, loaded_context=65_536)
    assert (asked(50_000, model), context_window(model, None)) == (65_536, 65_536)


def test_a_thinking_model_gets_more_room() -> None:
    thinking = OllamaModel(capabilities=frozenset({"thinking"}))
    assert (asked(2_000), asked(2_000, thinking)) == (FLOOR, 16_384)


def test_max_tokens_is_the_room_for_the_answer() -> None:
    assert num_ctx(PromptSize(0, 1_000), NEW, None, 8_000) == 16_384


def test_what_cannot_fit_is_refused_by_the_low_estimate() -> None:
    check_room(PromptSize(CEILING - 1, 10**6), NEW, None)
    with pytest.raises(ProviderError, match="32,768"):
        check_room(PromptSize(CEILING, 10**6), NEW, None)
    check_room(PromptSize(CEILING, 10**6), NEW, 65_536)


def test_a_server_that_says_nothing_decides_itself() -> None:
    check_room(PromptSize(10**6, 10**6), OllamaModel(), None)


def test_pictures_are_counted_and_not_read() -> None:
    message: JsonObject = {"role": "user", "content": "x", "images": ["A" * 9_000_000]}
    with_picture = prompt_size([message], [])
    without = prompt_size([{**message, "images": []}], [])
    assert with_picture.low == without.low
    assert with_picture.high == without.high + 768


sizes = st.none() | st.integers(1, 300_000)


@given(st.integers(0, 400_000), sizes, sizes, sizes, st.none() | st.integers(1, 50_000))
def test_it_is_never_more_than_the_window_and_holds_what_fits(
    high: int, length: int | None, own: int | None, loaded: int | None, answer: int | None
) -> None:
    model = OllamaModel(True, None, length, own, loaded)
    found = num_ctx(PromptSize(high // 2, high), model, None, answer)
    most = context_window(model, None)
    assert found > 0
    if own is not None:
        assert found == own == most
        return
    assert found <= max(most, loaded or 0)
    assert found >= min(most, high + (answer or 4_096))
    again = OllamaModel(True, None, length, own, found)
    assert num_ctx(PromptSize(high // 2, high), again, None, answer) == found
