"""Which route a name takes."""

from __future__ import annotations

import pytest

from koi.config.schema import RouteTable
from koi.core.references import ModelReference
from koi.routing.routes import Route, named_route, reason, route_of


def route(hint: str, provider: str = "anthropic", model: str | None = None) -> Route:
    return Route(RouteTable(hint=hint, provider=provider, model=model), provider)


CLAUDE, OPUS, FAST = route("claude-"), route("claude-opus", "bedrock"), route("hint:fast", "groq")
ROUTES = (CLAUDE, OPUS, FAST, route("deep", "openai", "gpt-5.2-pro"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("claude-sonnet-4-6", CLAUDE),
        ("claude-opus-4-6", OPUS),
        ("claud", None),
        ("gpt-5.2", None),
        ("hint:fast", FAST),
        ("hint:fas", None),
        ("hint:faster", None),
        ("hint:deep", ROUTES[3]),
        ("hint:claude-", CLAUDE),
        ("fast", None),
    ],
)
def test_the_longest_beginning_wins_and_a_hint_is_meant_exactly(
    text: str, expected: Route | None
) -> None:
    assert named_route(text, ROUTES) == expected


def test_an_empty_hint_is_for_no_name() -> None:
    assert named_route("gpt-5.2", (route(""),)) is None


def test_of_equal_hints_the_first_wins() -> None:
    first, second = route("gpt-", "openai"), route("gpt-", "azure")
    assert named_route("gpt-5.2", (first, second)) is first


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("anthropic/claude-opus-4-6", CLAUDE),
        ("openrouter/claude-opus-4-6", None),
        ("openai/gpt-5.2-pro", ROUTES[3]),
        ("openai/gpt-5.2", None),
    ],
)
def test_a_full_reference_is_on_a_route_of_its_own_provider_only(
    reference: str, expected: Route | None
) -> None:
    assert route_of(ModelReference.parse(reference), ROUTES) == expected


def test_the_reason_says_whether_there_is_a_key() -> None:
    keyed = Route(RouteTable(hint="gpt-", provider="openai", api_key="${K}"), "openai")
    assert reason(keyed) == "the route 'gpt-' leads to openai with a key of its own"
    assert reason(CLAUDE) == "the route 'claude-' leads to anthropic"
