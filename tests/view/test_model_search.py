"""Finding a model by parts of its name, by letters of it, or by nearly its name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.view import model_search as module
from koi.view.model_search import Entry, matching, nearest

NAMES = (
    "anthropic/claude-sonnet-4-6",
    "anthropic/claude-opus-5",
    "openai/chatgpt-4o",
    "openai/gpt-5.2",
    "openai/gpt-5",
    "openrouter/openai/gpt-5",
    "ollama/qwen2.5-coder:7b",
)
ENTRIES = tuple(Entry.of(name) for name in NAMES)


def found(typed: str, entries: tuple[Entry, ...] = ENTRIES) -> list[str]:
    return [entries[place].name for place in matching(typed, entries)]


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
    assert found("  ") == list(NAMES)


def test_the_best_come_first() -> None:
    assert found("gpt-5")[:2] == ["openai/gpt-5", "openai/gpt-5.2"]
    assert found("openai/gpt-5")[0] == "openai/gpt-5"
    assert found("gpt")[-1] == "openai/chatgpt-4o"


def test_a_whole_word_comes_before_scattered_letters() -> None:
    assert found("code", (Entry.of("p/c-o-d-e"), Entry.of("p/code"))) == ["p/code", "p/c-o-d-e"]


def test_letters_too_far_apart_are_no_match() -> None:
    assert found("ao5") == []


def test_names_for_people_and_aliases_mean_the_models_of_a_provider() -> None:
    entries = (
        Entry.of("gemini/pro-2", "google", "Google Gemini"),
        Entry.of("xai/grok-4", "grok", "xAI"),
    )
    assert found("google pro", entries) == ["gemini/pro-2"]
    assert found("GROK", entries) == ["xai/grok-4"]
    assert found("ggl", entries) == []


def test_without_letters_only_whole_words_count() -> None:
    assert matching("snt46", ENTRIES, letters=False) == ()
    assert matching("opus", ENTRIES, letters=False) == (1,)


def test_a_misspelt_name_has_a_near_one() -> None:
    assert nearest("claud-sonet-4-6", ENTRIES)[0] == 0
    assert nearest("openai/gtp-5", ENTRIES)[0] == 4
    assert nearest("zzzzzzzz", ENTRIES) == ()


def test_two_thousand_names_are_each_looked_at_a_few_times_for_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[str] = []
    real = module._end_of

    def counted(name: str, word: str, start: int) -> int | None:
        looks.append(name)
        return real(name, word, start)

    monkeypatch.setattr(module, "_end_of", counted)
    entries = [Entry.of(f"openrouter/lab-{number}/model-{number}") for number in range(2_000)]
    matching("zq", entries)
    assert not looks
    matching("lmd7", entries)
    assert len(looks) <= 6 * len(entries)


@given(st.text(max_size=20))
def test_whatever_is_typed_only_entries_are_found_and_each_once(typed: str) -> None:
    for places in (matching(typed, ENTRIES), nearest(typed, ENTRIES)):
        assert len(set(places)) == len(places)
        assert set(places) <= set(range(len(ENTRIES)))


@given(st.sampled_from(NAMES), st.data())
def test_every_part_of_a_name_finds_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert name in found(name[start:end])
