"""Keys from the configuration and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.credentials.findings import Finding
from tests.configurations import keys_in, registry_of

KEY = "sk-test-0123456789"


def findings(
    folder: Path, provider: str, text: str = "", environment: dict[str, str] | None = None
) -> tuple[Finding, ...]:
    return keys_in(registry_of(folder, text, environment)).of(provider)


def test_a_variable_is_found_and_labelled_by_its_end(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "openai", environment={"OPENAI_API_KEY": f" {KEY}\n"})
    assert (found.source, found.state, found.label) == ("environment", "usable", "…6789")
    assert found.secret is not None
    assert found.secret.reveal() == KEY
    assert KEY not in repr(found)


def test_an_empty_variable_is_not_there(tmp_path: Path) -> None:
    assert findings(tmp_path, "openai", environment={"OPENAI_API_KEY": " \n"}) == ()


def test_the_first_variable_of_a_row_wins(tmp_path: Path) -> None:
    environment = {"GOOGLE_API_KEY": "b" * 20, "GEMINI_API_KEY": "a" * 20}
    first, second = findings(tmp_path, "gemini", environment=environment)
    assert (first.detail, first.state) == ("GEMINI_API_KEY", "usable")
    assert (second.state, second.secret) == ("shadowed", None)
    assert "GOOGLE_API_KEY" in second.detail


@pytest.mark.parametrize(
    "table",
    ['api_key = "${MINE}"', 'api_keys = ["${MINE}", "${OTHER}"]', 'api_key_env = "MINE"'],
)
def test_the_configuration_comes_before_the_environment(tmp_path: Path, table: str) -> None:
    environment = {"MINE": "m" * 20, "OPENAI_API_KEY": KEY}
    first, *_, last = findings(tmp_path, "openai", f"[providers.openai]\n{table}\n", environment)
    assert first.source == "configuration"
    assert first.secret is not None
    assert first.secret.reveal() == "m" * 20
    assert (last.source, last.state) == ("environment", "shadowed")


@pytest.mark.parametrize("table", ['api_key = "${MINE}"', 'api_key_env = "MINE"'])
def test_a_configured_key_that_is_missing_is_not_replaced_by_another(
    tmp_path: Path, table: str
) -> None:
    environment = {"OPENAI_API_KEY": KEY}
    first, second = findings(tmp_path, "openai", f"[providers.openai]\n{table}\n", environment)
    assert (first.state, second.state) == ("unreadable", "shadowed")
    assert "MINE" in first.detail


def test_the_name_of_ones_own_provider_gives_its_variable(tmp_path: Path) -> None:
    text = '[providers.work]\nbase_url = "https://llm.example.com"\n'
    (found,) = findings(tmp_path, "work", text, {"WORK_API_KEY": KEY})
    assert found.state == "usable"


@pytest.mark.parametrize("value", ["sk-\x07bell-and-more", "clé-0123456789", "two words 012345"])
def test_a_key_that_cannot_be_a_header_is_refused_without_showing_it(
    tmp_path: Path, value: str
) -> None:
    (found,) = findings(tmp_path, "openai", environment={"OPENAI_API_KEY": value})
    assert found.state == "unreadable"
    assert "OPENAI_API_KEY" in found.detail
    assert value not in repr(found)


def test_a_key_of_another_vendor_is_not_sent(tmp_path: Path) -> None:
    environment = {"OPENAI_API_KEY": "sk-ant-api03-0123456789"}
    (found,) = findings(tmp_path, "openai", environment=environment)
    assert found.state == "unreadable"
    assert "anthropic" in found.detail


def test_a_key_of_another_vendor_is_fine_for_an_endpoint_of_ones_own(tmp_path: Path) -> None:
    text = '[providers.openai]\nbase_url = "https://gateway.example.com/v1"\n'
    environment = {"OPENAI_API_KEY": "sk-ant-api03-0123456789"}
    (found,) = findings(tmp_path, "openai", text, environment)
    assert found.state == "usable"


@pytest.mark.parametrize(
    ("provider", "variable", "value"),
    [
        ("anthropic", "ANTHROPIC_OAUTH_TOKEN", "sk-ant-oat01-0123456789"),
        ("anthropic", "ANTHROPIC_API_KEY", "sk-ant-oat01-0123456789"),
    ],
)
def test_what_needs_a_yes_is_listed_and_not_used(
    tmp_path: Path, provider: str, variable: str, value: str
) -> None:
    (found,) = findings(tmp_path, provider, environment={variable: value})
    assert (found.state, found.secret) == ("needs_yes", None)
    assert variable in found.detail


@pytest.mark.parametrize("variable", ["API_KEY", "ZEROCLAW_API_KEY", "AWS_REGION"])
def test_generic_variables_are_no_credentials(tmp_path: Path, variable: str) -> None:
    registry = registry_of(tmp_path, environment={variable: KEY})
    assert keys_in(registry).providers == ()


def test_naming_a_variable_is_a_yes(tmp_path: Path) -> None:
    text = '[providers.github-models]\napi_key_env = "WORK_TOKEN"\n'
    found = findings(tmp_path, "github-models", text, {"WORK_TOKEN": "ghp_0123456789"})
    assert [item.state for item in found] == ["usable"]


def test_a_provider_that_is_switched_off_has_no_findings(tmp_path: Path) -> None:
    text = "[providers.openai]\nenabled = false\n"
    assert findings(tmp_path, "openai", text, {"OPENAI_API_KEY": KEY}) == ()
