"""Several keys of one provider: each is judged as the first is, and none hides another."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import ConfigurationError, UsageError
from koi.core.secret import known_values
from koi.credentials.findings import Finding
from koi.credentials.provider_keys import key_id, provider_keys, route_key
from koi.credentials.settings import provider_endpoint
from tests.configurations import keys_in, registry_of

FIRST, SECOND, THIRD = (f"sk-test-{name}-0123456789" for name in ("first", "second", "third"))
SUBSCRIPTION = "sk-ant-oat01-0123456789-canary"
SET = {"K1": FIRST, "K2": SECOND, "K3": THIRD}
ALL = 'api_key = "${K1}"\napi_keys = ["${K2}", "${K3}"]\n'


def findings(
    folder: Path, table: str, environment: dict[str, str], provider: str = "openai"
) -> tuple[Finding, ...]:
    text = f"[providers.{provider}]\n{table}\n"
    return keys_in(registry_of(folder, text, environment)).of(provider)


def values(found: tuple[Finding, ...]) -> list[str]:
    return [each.secret.reveal() for each in found if each.secret is not None]


@pytest.mark.parametrize(
    "table",
    [
        ALL,
        'api_keys = ["${K1}", "${K2}", "${K3}"]',
        'api_key_env = "K1"\napi_keys = ["${K2}", "${K3}"]',
    ],
)
def test_all_keys_are_used_in_the_order_in_which_they_are_written(
    tmp_path: Path, table: str
) -> None:
    registry = registry_of(tmp_path, f"[providers.openai]\n{table}\n", SET)
    assert values(provider_keys("openai", registry)) == [FIRST, SECOND, THIRD]


def test_a_later_key_that_is_not_set_is_told_and_breaks_no_other(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, f"[providers.openai]\n{ALL}", {"K1": FIRST, "K3": THIRD})
    assert values(provider_keys("openai", registry)) == [FIRST, THIRD]
    _, unset, _ = keys_in(registry).of("openai")
    assert unset.state == "unreadable"
    assert "K2 is not set" in unset.detail


def test_a_first_key_that_is_not_set_leaves_the_others(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, f"[providers.openai]\n{ALL}", {"K2": SECOND})
    assert values(provider_keys("openai", registry)) == [SECOND]


def test_no_other_source_takes_over_when_no_configured_key_can_be_used(tmp_path: Path) -> None:
    environment = {"OPENAI_API_KEY": FIRST}
    registry = registry_of(tmp_path, f"[providers.openai]\n{ALL}", environment)
    with pytest.raises(ConfigurationError) as caught:
        provider_keys("openai", registry)
    assert all(name in caught.value.title for name in ("K1", "K2", "K3"))


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("sk-ant-api03-0123456789", "looks like a key of anthropic"),
        (SUBSCRIPTION, "is a subscription token: it is sent as one of anthropic only"),
        ("two words 0123456", "characters that cannot be part of a key"),
    ],
)
def test_a_key_that_is_not_for_this_provider_is_refused_in_second_place_too(
    tmp_path: Path, key: str, why: str
) -> None:
    first, second = findings(tmp_path, 'api_keys = ["${K1}", "${K2}"]', {"K1": FIRST, "K2": key})
    assert (first.state, second.state, second.secret) == ("usable", "unreadable", None)
    assert why in second.detail
    assert "api_keys[1]" in second.detail


def test_a_subscription_token_in_second_place_needs_a_yes(tmp_path: Path) -> None:
    environment = {"K1": "sk-ant-api03-0123456789", "K2": SUBSCRIPTION}
    table = 'api_keys = ["${K1}", "${K2}"]'
    first, second = findings(tmp_path, table, environment, "anthropic")
    assert (first.state, second.state, second.secret) == ("usable", "needs_yes", None)
    assert second.consent == "claude-token"


def test_after_a_yes_it_takes_its_turn(tmp_path: Path) -> None:
    environment = {"K1": "sk-ant-api03-0123456789", "K2": SUBSCRIPTION}
    text = '[credentials]\nallow = ["claude-token"]\n'
    text += '[providers.anthropic]\napi_keys = ["${K1}", "${K2}"]\n'
    found = provider_keys("anthropic", registry_of(tmp_path, text, environment))
    assert values(found) == [environment["K1"], SUBSCRIPTION]


async def test_each_key_makes_an_endpoint_of_its_own_kind(tmp_path: Path) -> None:
    environment = {"K1": "sk-ant-api03-0123456789", "K2": SUBSCRIPTION}
    text = '[credentials]\nallow = ["claude-token"]\n'
    text += '[providers.anthropic]\napi_keys = ["${K1}", "${K2}"]\n'
    registry = registry_of(tmp_path, text, environment)
    plain, borrowed = (
        provider_endpoint("anthropic", registry, each)
        for each in provider_keys("anthropic", registry)
    )
    assert plain.auth_headers() == {"x-api-key": environment["K1"]}
    assert plain.signer is None
    assert borrowed.auth_headers() == {}
    assert borrowed.signer is not None
    headers = await borrowed.signer.headers("POST", borrowed.base_url, b"")
    assert headers["Authorization"] == f"Bearer {SUBSCRIPTION}"


def test_a_key_that_is_written_twice_is_used_once(tmp_path: Path) -> None:
    registry = registry_of(
        tmp_path, '[providers.openai]\napi_key = "${K1}"\napi_keys = ["${K1}", "${K2}"]\n', SET
    )
    assert values(provider_keys("openai", registry)) == [FIRST, SECOND]
    _, twin, _ = keys_in(registry).of("openai")
    assert "is the same key as providers.openai.api_key" in twin.detail


def test_every_key_is_known_as_a_secret(tmp_path: Path) -> None:
    provider_keys("openai", registry_of(tmp_path, f"[providers.openai]\n{ALL}", SET))
    assert {FIRST, SECOND, THIRD} <= set(known_values())


def test_an_environment_with_one_key_has_one(tmp_path: Path) -> None:
    environment = {"GEMINI_API_KEY": "a" * 20, "GOOGLE_API_KEY": "b" * 20}
    assert values(provider_keys("gemini", registry_of(tmp_path, "", environment))) == ["a" * 20]


def test_a_provider_that_is_switched_off_gives_no_keys(tmp_path: Path) -> None:
    text = f"[providers.openai]\nenabled = false\n{ALL}"
    with pytest.raises(UsageError, match="switched off"):
        provider_keys("openai", registry_of(tmp_path, text, SET))


def test_the_id_of_a_key_depends_on_its_host_and_is_not_the_key(tmp_path: Path) -> None:
    first, second, _ = provider_keys(
        "openai", registry_of(tmp_path, f"[providers.openai]\n{ALL}", SET)
    )
    ids = {key_id("a.example", first), key_id("b.example", first), key_id("a.example", second)}
    assert len(ids) == 3
    assert key_id("a.example", first) == key_id("a.example", first)
    assert all(len(each) == 16 and FIRST not in each for each in ids)
    assert key_id("a.example", None) == ""


def test_a_route_has_a_key_of_its_own(tmp_path: Path) -> None:
    text = '[[model_routes]]\nhint = "gpt-"\nprovider = "openai"\napi_key = "${K2}"\n'
    registry = registry_of(tmp_path, text, SET)
    found = route_key(registry.config.tables.model_routes[0], registry)
    assert found is not None
    assert values((found,)) == [SECOND]


@pytest.mark.parametrize("key", ["${NOT_SET}", "sk-ant-api03-0123456789", SUBSCRIPTION])
def test_a_key_of_a_route_is_judged_too(tmp_path: Path, key: str) -> None:
    text = f'[[model_routes]]\nhint = "gpt-"\nprovider = "openai"\napi_key = "{key}"\n'
    registry = registry_of(tmp_path, text, {"OPENAI_API_KEY": FIRST})
    with pytest.raises(ConfigurationError, match="the key of the route 'gpt-' cannot be used"):
        route_key(registry.config.tables.model_routes[0], registry)
