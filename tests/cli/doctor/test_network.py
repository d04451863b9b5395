"""What the doctor says of the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.cli.doctor.network import network
from koi.cli.doctor.report import Section
from koi.config.config import Config
from koi.net.decisions import Decision, keep
from tests.configurations import load_text


def texts(section: Section) -> list[str]:
    return [check.text for check in section.checks]


def test_by_default_a_provider_has_its_own_hosts(tmp_path: Path) -> None:
    found = texts(network(load_text(tmp_path)))
    assert found[0] == "requests go to the hosts of the provider that is used, and to no others"
    assert found[-1].endswith("network.jsonl is not there yet")


def test_default_deny_names_what_it_leaves(tmp_path: Path) -> None:
    text = """
[network]
default_deny = true
provider_allowed_hosts = ["API.openai.com."]
[providers.work]
base_url = "https://llm.example.com/v1"
"""
    found = texts(network(load_text(tmp_path, text)))
    assert found[0].endswith("allowed hosts: api.openai.com, llm.example.com")


def test_default_deny_names_addresses_of_the_file_and_none_of_an_option(tmp_path: Path) -> None:
    text = """
[network]
default_deny = true
[models]
small = "custom:https://small.example/v1/m"
[models.fallback]
executor = ["anthropic-custom:https://second.example/v1/m"]
[[model_routes]]
hint = "quick"
provider = "custom:https://route.example/v1"
[oauth.qwen]
token_url = "https://login.example/token"
"""
    flags = {"model": "custom:https://option.example/v1/m"}
    environment = {"KOI_PLANNER": "custom:https://variable.example/v1/m"}
    found = texts(network(load_text(tmp_path, text, environment, flags)))
    named = ("login.example", "route.example", "second.example", "small.example")
    assert found[0].endswith(f"allowed hosts: {', '.join(named)}")


def test_refusals_are_told_and_the_proxys_password_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://name:canary@proxy.lan:3128")
    config: Config = load_text(tmp_path)
    path = config.paths.network_decisions
    keep(Decision("work", "evil.example", allowed=False, rule="redirect"), path)
    keep(Decision("work", "llm.example", allowed=True, rule="catalogue"), path)
    found = texts(network(config))
    assert any("proxy.lan:3128" in each for each in found)
    assert any("work to evil.example (redirect)" in each for each in found)
    assert "canary" not in "".join(found)
    assert "llm.example" not in "".join(found)
