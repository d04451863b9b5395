"""What stands around the list of models, and its rows for providers and headings."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from koi.core.offers import ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.usage import Price
from koi.view.lines.model_details import detail_lines, role_lines, row_line
from koi.view.lines.models import heading_line, provider_line, typed_line
from koi.view.model_rows import Heading, ModelRow, ProviderRow, Row, TypedRow

SONNET = ModelReference("anthropic", "sonnet")
NO_KEY = ProviderOffer("xai", "xAI (Grok)", reason="no key: XAI_API_KEY")
HERE = ProviderOffer(
    "anthropic", "Anthropic", credential="key …abcd from ANTHROPIC_API_KEY", source="cached",
    asked_at=1_000.0,
)  # fmt: skip
KNOWN = ModelInfo(SONNET, 200_000, 64_000, True, price=Price(3, 15, 0.3, 3.75))
ROLES = {
    name: RoleModel(name, in_effect=name == "executor")
    for name in ("executor", "evaluator", "planner", "embedder", "small")
}


def details(row: Row | None, *, width: int = 300, height: int = 1, now: float = 8_300.0) -> str:
    return "\n".join(line.text for line in detail_lines(row, now, width, height, cell_len))


def test_a_provider_is_named_twice_where_there_is_room_and_says_why_it_is_not_used() -> None:
    wide = provider_line(NO_KEY, 60, cell_len, selected=True).text
    assert wide.startswith("▸   xai  xAI (Grok)  ")
    assert wide.endswith("  no key: XAI_API_KEY ")
    narrow = provider_line(NO_KEY, 36, cell_len).text
    assert "Grok" not in narrow
    assert narrow.endswith("no key: XAI_API_KEY ")


def test_a_provider_without_models_says_why_its_list_is_missing() -> None:
    away = ProviderOffer("lab", "Lab", failure="refuses connections")
    assert provider_line(away, 60, cell_len).text.endswith("no list: refuses connections ")
    assert provider_line(ProviderOffer("lab", "Lab"), 60, cell_len).text.endswith(
        "no models known "
    )


def test_a_heading_has_room_for_a_note_or_leaves_it_out() -> None:
    assert heading_line("OpenAI", "no list: it is away", 40, cell_len).text == (
        " OpenAI  no list: it is away"
    )
    assert heading_line("OpenAI", "no list: it is away", 14, cell_len).text == " OpenAI"


def test_a_typed_model_says_so_or_why_its_provider_is_not_usable() -> None:
    assert typed_line("lab/x", "", 60, cell_len).text.endswith("not in the list: as typed ")
    assert typed_line("xai/x", "no login", 60, cell_len).text.endswith("no login ")


def test_all_that_is_known_of_a_model_stands_below() -> None:
    assert details(ModelRow("recent", KNOWN, HERE)) == (
        " anthropic/sonnet · per Mtok $3 in, $15 out, $0.3 cache read, $3.75 cache write · "
        "context 200k · output 64k · tools · key …abcd from ANTHROPIC_API_KEY · listed 2 h ago"
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (ModelRow("found", ModelInfo(SONNET)), "anthropic/sonnet · price unknown"),
        (ModelRow("x", KNOWN, ProviderOffer("anthropic", "A", source="live")), "listed just now"),
        (ModelRow("x", KNOWN, ProviderOffer("anthropic", "A")), "from koi's own table"),
        (ModelRow("x", KNOWN, ProviderOffer("anthropic", "A", failure="503")), "no list now: 503"),
        (ModelRow("favourites", KNOWN, NO_KEY), "sonnet · no key: XAI_API_KEY · Enter connects it"),
        (TypedRow(SONNET), "anthropic/sonnet · no list has it; it is used as typed"),
        (ProviderRow(NO_KEY), "xai · xAI (Grok) · no key: XAI_API_KEY · Enter connects it"),
    ],
)
def test_what_is_said_of_a_row(row: Row, words: str) -> None:
    assert words in details(row)


def test_what_only_the_configuration_can_mend_offers_no_login() -> None:
    closed = ProviderOffer("lab", "Lab", reason="switched off", can_connect=False)
    assert "Enter" not in details(ProviderRow(closed))


def test_details_are_cut_where_their_lines_end() -> None:
    cut = details(ModelRow("x", KNOWN, HERE), width=40, height=2).splitlines()
    assert len(cut) == 2
    assert cut[1].endswith("…")
    assert all(cell_len(line) <= 40 for line in cut)
    assert details(None) == details(Heading("recent")) == ""


def test_the_role_that_is_chosen_for_stands_in_brackets() -> None:
    above, below = role_lines(ROLES, "executor", "p/m", 100, cell_len)
    assert above.text == " [executor] evaluator  planner  embedder  small "
    assert below.text == "  p/m (this session) · new sessions: the best one found"


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (RoleModel("planner", "p/m", "config.toml"), "p/m · config.toml"),
        (RoleModel("planner", in_effect=False), "none chosen · without effect in this version"),
        (RoleModel("executor", "p/m", "KOI_MODEL"), "p/m · KOI_MODEL"),
        (RoleModel("executor"), "the best one found"),
    ],
)
def test_the_model_of_a_role_and_where_it_comes_from(role: RoleModel, words: str) -> None:
    assert role_lines({role.role: role}, role.role, "", 100, cell_len)[1].text == f"  {words}"


def test_while_nothing_is_known_no_price_is_called_unknown() -> None:
    row = ModelRow("recent", ModelInfo(SONNET))
    assert row_line(row, None, (), 60, cell_len, waiting=True).text.endswith("  … ")
    assert row_line(row, None, (), 60, cell_len).text.endswith("price unknown ")


def test_hostile_names_cannot_reach_the_terminal() -> None:
    bad = "x\x1b[2J\u202e\n"
    offer = ProviderOffer(bad, bad, reason=bad, failure=bad, credential=bad)
    model = ModelInfo(ModelReference(bad, bad))
    lines = [
        provider_line(offer, 80, cell_len),
        heading_line(bad, bad, 80, cell_len),
        typed_line(bad, bad, 80, cell_len),
        *detail_lines(ModelRow("x", model, offer), 0, 80, 3, cell_len),
        *detail_lines(ProviderRow(offer), 0, 80, 3, cell_len),
        *role_lines({"small": RoleModel("small", bad, bad)}, "small", bad, 80, cell_len),
    ]
    assert not [line.text for line in lines if set(line.text) & {"\x1b", "\u202e", "\n"}]
