"""What a name after `koi connect` means, and which ways the command line leaves open."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.errors import UsageError
from koi.credentials.findings import CODEX_CLI, Discovery, Finding, State
from koi.credentials.logins.table import LOGINS, find_login
from koi.credentials.meanings import Address, Foreign, Meaning, meaning, open_ways
from koi.credentials.targets import find_target
from tests.configurations import registry_of


@pytest.mark.parametrize(
    ("name", "meant"),
    [("codex-cli", Foreign("codex-cli")), ("https://h/v1", Address("https://h/v1"))],
)
def test_a_login_of_another_program_and_an_address_have_names(
    tmp_path: Path, name: str, meant: Meaning
) -> None:
    assert meaning(name, registry_of(tmp_path)) == meant


def test_every_other_name_is_that_of_a_target(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    assert meaning("grok", registry) == find_target("xai", registry)


def test_who_names_a_method_wants_a_login(tmp_path: Path) -> None:
    registry = registry_of(tmp_path)
    found = open_ways(find_target("qwen", registry), LOGINS, Discovery({}), "device")
    assert [way.kind for way in found] == ["login"]
    with pytest.raises(UsageError, match="OpenAI has no login"):
        open_ways(find_target("openai", registry), LOGINS, Discovery({}), "device")


@pytest.mark.parametrize(
    ("method", "domain", "words"),
    [("browser", "", "no login by browser"), ("", "ghe.example.com", "takes no --domain")],
)
def test_what_a_login_cannot_do_is_said(method: str, domain: str, words: str) -> None:
    login = find_login("qwen")
    assert login is not None
    with pytest.raises(UsageError, match=words):
        login.chosen(method, domain)


@pytest.mark.parametrize(("state", "provider"), [("usable", "openai-codex"), ("needs_yes", None)])
def test_what_a_yes_makes_usable(state: State, provider: str | None) -> None:
    finding = Finding("openai-codex", CODEX_CLI, state, consent="codex-cli")
    assert Discovery({"openai-codex": (finding,)}).through("codex-cli") == provider
