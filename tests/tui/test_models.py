"""Models in the whole application: the list over the chat, roles, and what is remembered."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.agent.options import SessionOptions
from koi.catalogue.model_choices import read_choices
from koi.config.paths import find_paths
from koi.core.references import ModelReference
from koi.tui.app import KoiApp
from koi.tui.prompt.completion import candidates
from koi.tui.screens.chooser import FilterInput
from koi.tui.screens.model_list import ModelList
from tests.servers.model_server import ModelServer
from tests.tui.koi_app import running, say, screen_text, until

SCRIPTED = ModelReference("work", "scripted-model")


@pytest.fixture
def configured(model_server: ModelServer, koi_home: Path) -> Path:
    koi_home.mkdir(parents=True, exist_ok=True)
    file = koi_home / "config.toml"
    file.write_text(
        f'[providers.work]\nbase_url = "{model_server.openai_url}"\napi_key = "sk-test-0000abcd"\n'
    )
    return file


@pytest.fixture
def without_key(configured: Path, model_server: ModelServer) -> None:
    configured.write_text(
        f'[providers.mistral]\nbase_url = "{model_server.openai_url}"\n'
        f'default_model = "{model_server.model}"\n'
    )


def written(file: Path) -> dict[str, object]:
    return tomllib.loads(file.read_text())


def listed(app: KoiApp) -> Callable[[], bool]:
    return lambda: isinstance(app.screen, ModelList)


@pytest.mark.usefixtures("configured")
async def test_a_model_is_chosen_in_the_list_and_remembered(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await pilot.press("ctrl+l")
        await until(app, "work/scripted-model")
        await pilot.press(*"script", "enter")
        await until(app, "The next requests go to work/scripted-model.")
        session = app.host.session
        assert session is not None
        assert session.state.model == SCRIPTED
        file = find_paths().model_choices
        await until(app, lambda: read_choices(file).recent == (SCRIPTED,))


async def test_a_model_becomes_the_default(workspace: Path, configured: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/model")
        await until(app, "work/scripted-model")
        await pilot.press(*"script", "ctrl+s")
        await until(app, "New sessions begin with it: model = work/scripted-model")
        assert written(configured)["model"] == "work/scripted-model"


async def test_a_role_gets_a_model_by_a_command(workspace: Path, configured: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/model planner work/other")
        await until(app, "Kept, without effect in this version")
        assert written(configured)["models"] == {"planner": "work/other"}
        await say(app, pilot, "/model executor work/scripted-model")
        await until(app, "The next requests go to work/scripted-model.")
        await say(app, pilot, "/model small nosuch/m")
        await until(app, "✗ unknown provider 'nosuch'")


@pytest.mark.usefixtures("configured")
async def test_a_role_alone_opens_the_list_for_it(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/model embedder")
        await until(app, "[embedder]")
        await pilot.press("escape")
        await say(app, pilot, "/roles")
        await until(app, "roles")
        await until(app, "embedder   ")
        await pilot.press("escape")
        await say(app, pilot, "/roles executor")
        await until(app, "[executor]")


@pytest.mark.usefixtures("configured")
async def test_a_session_remembers_its_model(workspace: Path) -> None:
    async with running(workspace, model="work/scripted-model") as (app, _):
        await until(app, lambda: read_choices(find_paths().model_choices).recent == (SCRIPTED,))


async def test_the_demo_is_not_remembered(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/model demo/koi")
        await until(app, "The next requests go to demo/koi.")
    assert not find_paths().model_choices.exists()


@pytest.mark.usefixtures("configured")
async def test_without_a_key_the_list_says_what_to_set(workspace: Path) -> None:
    app = KoiApp(SessionOptions(workspace=workspace, model="?"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, listed(app))
        await pilot.press(*"anthropic")
        await until(app, "no key: ANTHROPIC_API_KEY")
        await pilot.press("ctrl+u", *"scripted")
        await until(app, "work/scripted-model")
        await pilot.press("enter")
        await until(app, "work/scripted-model · ask")
    await app.host.close()


@pytest.mark.usefixtures("configured")
async def test_a_name_with_spaces_is_no_model(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await say(app, pilot, "/model smal work/other")
        await until(app, "a model's name has no spaces")
        await until(app, "Did you mean the role small?")
        await say(app, pilot, "/model planner work/other nope")
        await until(app, lambda: screen_text(app).count("a model's name has no spaces") == 2)


def test_the_whole_name_of_a_model_comes_before_longer_ones() -> None:
    names = ("a/gpt-4-mini", "gpt-4-x/m", "b/gpt-4")
    found = [each.text for each in candidates("/model gpt-4", names)]
    assert found == ["/model b/gpt-4", "/model gpt-4-x/m", "/model a/gpt-4-mini"]


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("/model gp", ["/model openai/gpt-5"]),
        ("/model pla", ["/model planner"]),
        ("/model planner gp", ["/model planner openai/gpt-5"]),
        ("/model planner gp x", []),
        ("/roles sm", ["/roles small"]),
        ("/fallback gp", ["/fallback openai/gpt-5"]),
        ("/fallback a/b gp", ["/fallback a/b openai/gpt-5"]),
        ("/fallback re", ["/fallback retry"]),
        ("/budget day o", ["/budget day off"]),
        ("/compact un", ["/compact undo"]),
        ("/compact keep the tests", []),
    ],
)
def test_models_and_roles_complete(typed: str, completions: list[str]) -> None:
    assert [each.text for each in candidates(typed, ("openai/gpt-5",))] == completions


@pytest.mark.usefixtures("without_key")
async def test_a_provider_without_a_key_gets_one_and_its_model_is_chosen(
    workspace: Path,
) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        await pilot.press("ctrl+l")
        await until(app, "not reachable")
        await pilot.press(*"mistral", "enter")
        await until(app, "koi needs a key of Mistral")
        await pilot.press("escape")
        await until(app, listed(app))
        assert app.screen.query_one(FilterInput).value == "mistral"
        await pilot.press("enter")
        await until(app, "koi needs a key of Mistral")
        await pilot.press(*"abcdefghijklmnop12345678abcdefgh", "enter")
        await until(app, "Mistral is connected")
        await pilot.press("enter")
        await until(app, "▸   mistral/scripted-model")
        await pilot.press("enter")
        await until(app, "The next requests go to mistral/scripted-model.")


@pytest.mark.usefixtures("configured")
async def test_names_of_usable_models_complete_the_command(workspace: Path) -> None:
    async with running(workspace) as (app, pilot):
        await pilot.press("ctrl+l")
        await until(app, "work/scripted-model")
        await pilot.press("escape")
        await until(app, lambda: bool(app.host.model_names()))
        assert app.host.model_names() == ("work/scripted-model", "demo/koi")
        await pilot.press(*"/model script", "tab")
        assert app.editor.text == "/model work/scripted-model"
