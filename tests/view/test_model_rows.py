"""Sections of the list of models, what a typed text finds in it, and which row stays chosen."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koi.core.offers import ProviderOffer
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.view.model_rows import (
    Heading,
    ModelRow,
    ModelStock,
    ProviderRow,
    Row,
    TypedRow,
    reference_of,
)


def models(provider: str, *names: str) -> tuple[ModelInfo, ...]:
    return tuple(ModelInfo(ModelReference(provider, name)) for name in names)


VECTORS = ModelInfo(ModelReference("openai", "vectors"), embeddings=True)
OPENAI = ProviderOffer(
    "openai", "OpenAI", models=(*models("openai", "gpt-5.2", "gpt-5"), VECTORS),
    default_model="gpt-5", failure="it is away",
)  # fmt: skip
GEMINI = ProviderOffer("gemini", "Google Gemini", ("google",), models("gemini", "pro-2"))
EMPTY = ProviderOffer("lab", "Lab", failure="refuses connections")
ANTHROPIC = ProviderOffer(
    "anthropic", "Anthropic", models=models("anthropic", "claude-opus"),
    reason="no key: ANTHROPIC_API_KEY",
)  # fmt: skip
COPILOT = ProviderOffer("copilot", "GitHub Copilot", ("github-copilot",), reason="no login")
OFFERS = (OPENAI, GEMINI, EMPTY, ANTHROPIC, COPILOT)
GPT, PRO = ModelReference("openai", "gpt-5"), ModelReference("gemini", "pro-2")
OPUS = ModelReference("anthropic", "opus")


def shown(rows: tuple[Row, ...]) -> list[str]:
    return [
        f"# {row.text}"
        if isinstance(row, Heading)
        else str(reference_of(row) or (row.offer.provider if isinstance(row, ProviderRow) else ""))
        for row in rows
    ]


def found(typed: str, stock: ModelStock | None = None) -> list[str]:
    return shown((stock or ModelStock(OFFERS)).find(typed).rows)


def test_favourites_recent_usable_and_others_in_this_order() -> None:
    stock = ModelStock(OFFERS, favourites=(PRO, OPUS), recent=(GPT, PRO))
    assert found("", stock) == [
        "# favourites", "gemini/pro-2", "anthropic/opus",
        "# recent", "openai/gpt-5",
        "# OpenAI", "openai/gpt-5.2", "openai/gpt-5",
        "# Google Gemini", "gemini/pro-2",
        "# Lab", "lab",
        "# not connected", "anthropic", "copilot",
    ]  # fmt: skip


def test_models_of_providers_that_are_gone_are_not_offered_as_usable() -> None:
    gone, url = ModelReference("team", "m"), ModelReference("custom:https://h/v1", "m")
    stock = ModelStock(OFFERS, favourites=(gone, PRO), recent=(ModelReference("old", "m"), url))
    rows = stock.find("").rows
    assert shown(rows)[:4] == ["# favourites", str(PRO), "# recent", str(url)]
    assert shown(rows)[-1] == "team/m"
    assert isinstance(rows[-1], ModelRow)
    assert rows[-1].offer is not None
    assert rows[-1].offer.reason == "unknown provider"


def test_a_section_says_why_its_list_is_not_new() -> None:
    headings = [row for row in ModelStock(OFFERS).find("").rows if isinstance(row, Heading)]
    notes = {heading.text: heading.note for heading in headings}
    assert notes["OpenAI"] == "no list: it is away"
    assert notes["Google Gemini"] == ""


def test_models_that_make_vectors_are_for_the_embedder_alone() -> None:
    assert "openai/vectors" not in found("")
    chosen = ModelStock(OFFERS, embeddings=True, recent=(GPT, VECTORS.reference))
    assert found("", chosen)[:4] == [
        "# recent", "openai/vectors", "# OpenAI", "openai/vectors",
    ]  # fmt: skip
    assert "gemini/pro-2" not in found("", chosen)
    assert found("gpt", chosen) == []


def test_the_current_model_is_there_before_any_list() -> None:
    assert found("", ModelStock((), current=GPT)) == ["# in use", "openai/gpt-5"]
    assert "# in use" not in found("", ModelStock(OFFERS, current=GPT))
    assert "# in use" not in found("", ModelStock((), current=ModelReference("", "")))


def test_the_choice_begins_on_the_current_model_and_never_on_a_heading() -> None:
    stock = ModelStock(OFFERS, current=PRO)
    first = stock.find("")
    assert reference_of(first.rows[first.selected]) == PRO
    assert ModelStock(OFFERS).find("").selected == 1


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("gpt", ["openai/gpt-5.2", "openai/gpt-5"]),
        ("google", ["gemini/pro-2"]),
        ("copil", ["# not connected", "copilot"]),
        ("anthropic", ["anthropic", "# not connected", "anthropic/claude-opus"]),
        ("opus", ["# not connected", "anthropic/claude-opus"]),
        ("clopus", []),
        ("anthropic/claude-opus", ["# not connected", "anthropic/claude-opus"]),
        ("GitHub-Copilot", ["copilot"]),
        ("copilot/o4", ["copilot/o4"]),
        ("openai/gpt-5", ["openai/gpt-5", "openai/gpt-5.2"]),
        ("gpt-6", ["openai/gpt-5.2", "openai/gpt-5"]),
        ("zzzz", []),
    ],
)
def test_what_is_typed_finds_models_and_providers(typed: str, names: list[str]) -> None:
    assert sorted(found(typed)) == sorted(names)


def test_what_is_only_like_it_is_said_to_be_near() -> None:
    stock = ModelStock(OFFERS)
    assert stock.find("gpt-6").near
    assert not stock.find("gpt").near
    assert not stock.find("zzzz").near


def test_a_model_is_found_once_and_the_favourite_before_equal_ones() -> None:
    stock = ModelStock(OFFERS, favourites=(GPT,), recent=(PRO,))
    assert found("gpt", stock) == ["openai/gpt-5", "openai/gpt-5.2"]
    assert found("o", stock).count("gemini/pro-2") == 1


def test_what_is_typed_in_full_is_chosen() -> None:
    result = ModelStock(OFFERS).find("openai/gpt-5")
    assert reference_of(result.rows[result.selected]) == GPT
    for name in ("copilot", "GitHub_Copilot"):
        typed = ModelStock(OFFERS).find(f"{name}/gpt-4o").rows[0]
        assert typed == TypedRow(ModelReference("copilot", "gpt-4o"), COPILOT)


def test_the_same_row_stays_chosen_when_lists_arrive() -> None:
    before = ModelStock((OPENAI,), recent=(GPT,)).find("")
    row = before.rows[-1]
    assert isinstance(row, ModelRow)
    assert row.section == "openai"
    more = ModelStock((GEMINI, OPENAI, *OFFERS[2:]), favourites=(PRO,), recent=(GPT,))
    after = more.find("", row)
    assert after.rows[after.selected] == row


def test_a_marked_model_stays_chosen_where_it_stands() -> None:
    row = next(row for row in ModelStock(OFFERS).find("").rows if reference_of(row) == PRO)
    after = ModelStock(OFFERS, favourites=(PRO,)).find("", row)
    assert after.rows[after.selected] == row
    assert after.selected > 1


def test_a_provider_that_became_usable_leads_to_its_default_model() -> None:
    closed = ProviderOffer("openai", "OpenAI", reason="no key")
    row = ModelStock((GEMINI, closed)).find("").rows[-1]
    after = ModelStock((GEMINI, OPENAI)).find("", row)
    assert reference_of(after.rows[after.selected]) == GPT


def test_a_model_that_its_list_lost_leads_to_the_same_provider() -> None:
    row = ModelRow("openai", ModelInfo(ModelReference("openai", "old")), OPENAI)
    after = ModelStock(OFFERS).find("", row)
    assert reference_of(after.rows[after.selected]) == GPT


references = st.builds(
    ModelReference, st.sampled_from(["openai", "gemini", "lab", "anthropic"]),
    st.sampled_from(["gpt-5", "pro-2", "opus", "x/y"]),
)  # fmt: skip
offers = st.lists(st.sampled_from(OFFERS), unique=True, max_size=5)


@given(offers, st.lists(references), st.lists(references), references, st.text(max_size=8))
def test_the_choice_is_never_on_a_heading_and_every_heading_has_rows(
    found_offers: list[ProviderOffer],
    favourites: list[ModelReference],
    recent: list[ModelReference],
    current: ModelReference,
    typed: str,
) -> None:
    stock = ModelStock(found_offers, favourites=favourites, recent=recent, current=current)
    for text in ("", typed):
        result = stock.find(text)
        if result.rows:
            assert not isinstance(result.rows[result.selected], Heading)
        headings = [isinstance(row, Heading) for row in result.rows]
        assert (True, True) not in pairwise((*headings, True))


@given(offers, offers, st.integers(0, 30), st.lists(references))
def test_whatever_arrives_a_row_that_is_still_there_stays_chosen(
    early: list[ProviderOffer], late: list[ProviderOffer], at: int, favourites: list[ModelReference]
) -> None:
    rows = ModelStock(early, favourites=favourites).find("").rows
    choices = [row for row in rows if not isinstance(row, Heading)]
    if not choices:
        return
    chosen = choices[at % len(choices)]
    more = [*early, *(each for each in late if each not in early)]
    after = ModelStock(more, favourites=favourites).find("", chosen)
    there = after.rows[after.selected]
    reference = reference_of(chosen)
    if reference is not None and reference in [reference_of(row) for row in after.rows]:
        assert reference_of(there) == reference
