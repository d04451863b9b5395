"""The model of each role: where it stands in the configuration, and how a choice gets there."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.agent.options import SessionOptions
from koi.config.schema import ROLE_NAMES
from koi.core.errors import ConfigurationError, UsageError
from koi.core.references import ModelReference
from koi.wiring.role_models import (
    configured_roles,
    keep_model,
    named_model,
    parse_role,
)

GPT = ModelReference("openai", "gpt-5")
Configure = Callable[[str], SessionOptions]


@pytest.fixture
def configure(koi_home: Path, workspace: Path) -> Configure:
    def write(text: str) -> SessionOptions:
        koi_home.mkdir(parents=True, exist_ok=True)
        if text:
            (koi_home / "config.toml").write_text(text)
        return SessionOptions(workspace=workspace)

    return write


def written(koi_home: Path) -> dict[str, object]:
    return tomllib.loads((koi_home / "config.toml").read_text())


def test_every_role_says_its_model_and_where_that_stands(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOI_SMALL", "a/small")
    roles = configured_roles(configure('model = "a/b"\n[models]\nplanner = "c/d"\n'))
    assert list(roles) == list(ROLE_NAMES)
    assert [role.reference for role in roles.values()] == ["a/b", "a/b", "c/d", "", "a/small"]
    assert roles["small"].place == "KOI_SMALL"
    assert roles["executor"].place.endswith("config.toml")
    assert [role.in_effect for role in roles.values()] == [True, False, False, False, True]


def test_a_variable_that_is_missing_is_told_in_its_place(configure: Configure) -> None:
    role = configured_roles(configure('[models]\nplanner = "${NO_SUCH}"'))["planner"]
    assert (role.reference, "NO_SUCH is not set" in role.place) == ("", True)


def test_a_model_in_the_environment_comes_before_an_executor_in_the_file(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOI_MODEL", "e/f")
    role = configured_roles(configure('[models]\nexecutor = "c/d"'))["executor"]
    assert (role.reference, role.place) == ("e/f", "KOI_MODEL")


def test_the_default_is_written_as_model(configure: Configure, koi_home: Path) -> None:
    said = keep_model("executor", GPT, configure(""))
    assert written(koi_home) == {"model": "openai/gpt-5"}
    assert said.startswith("New sessions begin with it: model = openai/gpt-5 in ")


def test_an_executor_that_is_there_is_the_one_that_changes(
    configure: Configure, koi_home: Path
) -> None:
    options = configure('model = "a/b"\n[models]\nexecutor = "c/d" # mine\n')
    keep_model("executor", GPT, options)
    assert (koi_home / "config.toml").read_text() == (
        'model = "a/b"\n[models]\nexecutor = "openai/gpt-5" # mine\n'
    )


@pytest.mark.parametrize("role", ["evaluator", "planner", "embedder"])
def test_other_roles_are_kept_and_said_to_have_no_effect_yet(
    configure: Configure, koi_home: Path, role: str
) -> None:
    said = keep_model(parse_role(role), GPT, configure(""))
    assert written(koi_home) == {"models": {role: "openai/gpt-5"}}
    assert said.startswith(f"Kept, without effect in this version: models.{role} = openai/gpt-5")


def test_the_small_role_is_kept_for_new_sessions(configure: Configure) -> None:
    said = keep_model("small", GPT, configure(""))
    assert said.startswith("New sessions begin with it: models.small = openai/gpt-5 in ")


def test_what_comes_before_the_file_is_named(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOI_MODEL", "e/f")
    assert keep_model("executor", GPT, configure("")).startswith("Kept, but KOI_MODEL says e/f: ")


@pytest.mark.parametrize(
    "text", ['default_model = "a/b"\n', 'model = "a/b"\nmodels = 3\n', "model = = 1\n"]
)
def test_a_file_that_cannot_take_it_stays_as_it_is(
    configure: Configure, koi_home: Path, text: str
) -> None:
    options = configure(text)
    with pytest.raises(ConfigurationError):
        keep_model("executor", GPT, options)
    assert (koi_home / "config.toml").read_text() == text


def test_a_name_with_a_variable_in_it_means_itself(
    configure: Configure, koi_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0000")
    odd = ModelReference("lab", "${OPENAI_API_KEY}")
    options = configure('[providers.lab]\nbase_url = "https://llm.example.com/v1"\n')
    keep_model("executor", odd, options)
    assert configured_roles(options)["executor"].reference == str(odd)


async def test_a_model_is_named_whether_or_not_its_provider_can_be_used(
    configure: Configure,
) -> None:
    assert await named_model("google/pro", configure("")) == ModelReference("gemini", "pro")
    with pytest.raises(UsageError, match="unknown provider"):
        await named_model("nosuch/m", configure(""))
    with pytest.raises(UsageError, match="no model was named"):
        await named_model(" ", configure(""))


def test_an_unknown_role_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        parse_role("critic")
    assert "planner" in caught.value.hint
