"""The candidates in the cost pane."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from koi.core.references import ModelReference
from koi.core.request_events import CandidateState, ChainChanged, Condition
from koi.view.chains import ChainRow, chain_rows, chain_text
from koi.view.lines.chain import chain_lines
from tests.view.screen import text

SONNET = ModelReference("anthropic", "claude-sonnet-4-6")
GPT = ModelReference("openai", "gpt-5.2")
LLAMA = ModelReference("ollama", "llama3.3")


def rows(*candidates: CandidateState, now: float = 0.0) -> tuple[ChainRow, ...]:
    return chain_rows(ChainChanged("executor", candidates), now)


def shown(found: tuple[ChainRow, ...], width: int = 40, now: float = 0.0) -> list[str]:
    return text(chain_lines(found, now, width, cell_len), width)


def test_every_candidate_with_its_condition() -> None:
    chain = rows(
        CandidateState(SONNET, "cooling", "ab12", 42.0, "too fast"),
        CandidateState(SONNET, "refused", "cd34"),
        CandidateState(GPT, "active", "ef56"),
        CandidateState(LLAMA, "unfit", reason="context"),
    )
    assert shown(chain) == [
        "  claude-sonnet-4-6 …ab12: cooling 0:42",
        "  claude-sonnet-4-6 …cd34: refused",
        "▸ fallback gpt-5.2: active",
        "  fallback llama3.3: unfit: context",
    ]


def test_a_rest_counts_down_and_ends() -> None:
    chain = rows(CandidateState(SONNET, "cooling", cooling_s=42.0), CandidateState(GPT), now=10.0)
    assert shown(chain, now=51.5)[0] == "  claude-sonnet-4-6: cooling 0:01"
    assert chain[0].cools(51.9)
    assert not chain[0].cools(52.0)
    assert shown(chain, now=52.0)[0] == "  claude-sonnet-4-6: ready"


def test_one_model_that_is_well_says_nothing() -> None:
    assert shown(rows(CandidateState(SONNET, "active"))) == []
    assert shown(rows(CandidateState(SONNET, "no_key"))) == ["  claude-sonnet-4-6: no key"]


def test_of_many_the_one_that_answers_and_those_that_rest_are_shown() -> None:
    models = [ModelReference("p", f"m{number}") for number in range(12)]
    states = [CandidateState(model) for model in models]
    states[9] = CandidateState(models[9], "cooling", cooling_s=5.0)
    states[11] = CandidateState(models[11], "active")
    assert shown(rows(*states)) == [
        "  m0: ready",
        "  fallback m1: ready",
        "  fallback m2: ready",
        "  fallback m9: cooling 0:05",
        "▸ fallback m11: active",
        "  … 7 more: /fallback",
    ]


def test_a_narrow_pane_cuts_the_name_and_not_the_condition() -> None:
    chain = rows(CandidateState(GPT), CandidateState(SONNET, "cooling", cooling_s=42.0))
    assert shown(chain, 30)[1] == "  fallback clau…: cooling 0:42"


_conditions: st.SearchStrategy[Condition] = st.sampled_from(
    ["ready", "active", "cooling", "probing", "no_key", "refused", "unfit"]
)


@given(st.integers(1, 60), st.lists(_conditions, min_size=1, max_size=9), st.text(max_size=20))
def test_no_line_is_wider_than_the_pane(width: int, found: list[Condition], name: str) -> None:
    states = [
        CandidateState(ModelReference("p", f"{name}{number}日本語"), condition, "ab12", 99.0, name)
        for number, condition in enumerate(found)
    ]
    shown(rows(*states), width)


def test_the_list_for_a_chat_in_lines_has_the_reasons() -> None:
    chain = rows(
        CandidateState(SONNET, "cooling", "ab12", 42.0, "too fast"),
        CandidateState(LLAMA, "unfit", reason="context"),
    )
    assert chain_text(chain, 0.0) == [
        "1. anthropic/claude-sonnet-4-6 …ab12: cooling 0:42 (too fast)",
        "2. ollama/llama3.3: unfit: context",
    ]
