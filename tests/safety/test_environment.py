"""Commands get the user's environment without secrets."""

from __future__ import annotations

import pytest

from koi.catalogue.catalogue import load_catalogue
from koi.safety.environment import child_environment, is_secret, withhold


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "DB_PASSWORD",
        "MYSQL_PWD",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "my_token",
        "GH_PAT",
        "NPM_CONFIG__AUTH",
    ],
)
def test_secret_names_are_dropped(name: str) -> None:
    assert name not in child_environment({name: "x"})


@pytest.mark.parametrize(
    "name",
    ["PATH", "HOME", "LANG", "PWD", "OLDPWD", "SSH_AUTH_SOCK", "XAUTHORITY", "GIT_AUTHOR_NAME"],
)
def test_ordinary_names_are_kept(name: str) -> None:
    assert child_environment({name: "x"})[name] == "x"


def test_a_value_that_begins_like_a_key_is_dropped() -> None:
    assert is_secret("INNOCENT", "sk-ant-REDACTED")
    assert not is_secret("TASK", "sk-short")


def test_commands_are_told_to_be_plain() -> None:
    environment = child_environment({"TERM": "xterm-256color", "FORCE_COLOR": "1"})
    assert environment["TERM"] == "dumb"
    assert environment["PAGER"] == environment["GIT_PAGER"] == "cat"
    assert environment["KOI"] == "1"
    assert environment["AGENT"] == "koi"
    assert "FORCE_COLOR" not in environment


def test_every_key_variable_of_the_catalogue_is_secret() -> None:
    rows = load_catalogue().rows
    names = [name for row in rows for name in row.company.api_key_env]
    assert len(names) > 20
    assert [name for name in names if not is_secret(name, "")] == []


def test_every_token_of_a_subscription_is_secret() -> None:
    named = {name for row in load_catalogue().rows for name in row.company.consent_env}
    assert named == {"ANTHROPIC_OAUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"}
    others = {
        "ANTHROPIC_AUTH_TOKEN",
        "CODEX_API_KEY",
        "CODEX_ACCESS_TOKEN",
        "COPILOT_GITHUB_TOKEN",
        "GH_COPILOT_TOKEN",
        "GH_TOKEN",
        "QWEN_OAUTH_TOKEN",
        "MINIMAX_OAUTH_TOKEN",
    }
    assert child_environment(dict.fromkeys(named | others, "x")).keys().isdisjoint(named | others)


def test_variables_that_the_configuration_names_are_withheld() -> None:
    withhold(["WORK_LLM"])
    assert "WORK_LLM" not in child_environment({"WORK_LLM": "x"})
