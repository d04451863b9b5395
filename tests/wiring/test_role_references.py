"""The model of each role, configured or by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.config.schema import RoleName
from koi.core.errors import CredentialMissing, UsageError
from koi.core.references import ModelReference
from koi.providers.demo.reference import DEMO
from koi.wiring.role_references import role_reference
from tests.configurations import registry_of
from tests.servers.ollama_server import LocalModel, OllamaServer

SONNET = ModelReference("anthropic", "claude-sonnet-4-6")
OPENAI = {"OPENAI_API_KEY": "key-of-openai-0001"}
NOWHERE = {"OLLAMA_HOST": "127.0.0.1:1"}


async def model_of(
    role: RoleName, folder: Path, text: str = "", environment: dict[str, str] | None = None
) -> str:
    registry = registry_of(folder, text, environment)
    return str((await role_reference(role, SONNET, registry)).reference)


@pytest.mark.parametrize("role", ["executor", "evaluator", "planner", "small"])
async def test_without_a_word_a_role_is_the_executor(tmp_path: Path, role: RoleName) -> None:
    assert await model_of(role, tmp_path) == str(SONNET)


async def test_one_model_is_for_evaluator_and_planner_and_the_session_has_its_own(
    tmp_path: Path,
) -> None:
    text = 'model = "openai/gpt-5.2"\n[models]\nplanner = "hint:plan"\n'
    text += '[[model_routes]]\nhint = "plan"\nprovider = "groq"\nmodel = "llama"\n'
    assert await model_of("evaluator", tmp_path, text) == "openai/gpt-5.2"
    assert await model_of("planner", tmp_path, text) == "groq/llama"
    assert await model_of("executor", tmp_path, text) == str(SONNET)


async def test_the_small_role_is_the_fast_model_of_the_executors_provider(tmp_path: Path) -> None:
    text = '[providers.anthropic]\nfast_model = "claude-haiku-4-5"\n'
    assert await model_of("small", tmp_path, text) == "anthropic/claude-haiku-4-5"
    named = f'[models]\nsmall = "openai/gpt-5-nano"\n{text}'
    assert await model_of("small", tmp_path, named) == "openai/gpt-5-nano"


async def test_vectors_come_from_openai_when_there_is_a_key(tmp_path: Path) -> None:
    found = await model_of("embedder", tmp_path, 'model = "groq/x"', OPENAI)
    assert found == "openai/text-embedding-3-small"


async def test_without_that_key_they_come_from_a_local_model(tmp_path: Path) -> None:
    models = {"llama3.3": LocalModel(), "nomic-embed-text": LocalModel()}
    with OllamaServer(**models) as server:
        found = await model_of("embedder", tmp_path, environment={"OLLAMA_HOST": server.url})
    assert found == "ollama/nomic-embed-text"


async def test_a_local_server_says_which_of_its_models_makes_vectors(tmp_path: Path) -> None:
    models = {"llama3.3": LocalModel(), "mine": LocalModel(capabilities=("embedding",))}
    with OllamaServer(**models) as server:
        found = await model_of("embedder", tmp_path, environment={"OLLAMA_HOST": server.url})
    assert found == "ollama/mine"


async def test_without_both_it_says_why(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing, match="no key for OpenAI, and no local Ollama"):
        await model_of("embedder", tmp_path, environment=NOWHERE)


async def test_a_name_that_means_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown provider 'antropic'"):
        await model_of("small", tmp_path, '[models]\nsmall = "antropic/x"\n')


async def test_in_the_demo_all_roles_stay_offline(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, '[models]\nsmall = "openai/gpt-5"\n', OPENAI)
    assert (await role_reference("small", DEMO, registry)).reference == DEMO
