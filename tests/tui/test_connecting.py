"""Connecting from the chat, and from the first page into the chat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual import events

from koi.agent.options import SessionOptions
from koi.config.paths import find_paths
from koi.core.secret import Secret
from koi.credentials.stores.saved_keys import save_key
from koi.tui.app import KoiApp
from koi.tui.connecting import connect_provider
from koi.tui.grace import GRACE_S
from koi.tui.screens.connect.login import LoginScreen
from tests.servers.answers import Answer, text
from tests.servers.model_server import ModelServer, RecordedRequest
from tests.servers.oauth_server import CANARY
from tests.servers.ollama_server import LocalModel, OllamaServer
from tests.servers.sign_in_server import SignIn, new_key
from tests.tui.koi_app import ask, running, say, screen_text, until

MODELS = ["llama", "llama-3.3-70b-versatile"]
KEY = "gsk_test0123456789abcdefgh"


@pytest.fixture(autouse=True)
def no_ollama(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Ollama of this machine is asked."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


@pytest.fixture
def vendor(model_server: ModelServer, koi_home: Path) -> ModelServer:
    """A server in the place of Groq's, for those who have the key."""

    def models(request: RecordedRequest) -> Answer:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return Answer(status=401, error="no such key")
        return Answer(body=json.dumps({"data": [{"id": name} for name in MODELS]}).encode())

    koi_home.mkdir(parents=True)
    table = f'[providers.groq]\nbase_url = "{model_server.openai_url}"\n'
    (koi_home / "config.toml").write_text(table)
    model_server.pages["/v1/models"] = models
    return model_server


def paste(app: KoiApp, words: str) -> None:
    assert app.screen.focused is not None
    app.screen.focused.post_message(events.Paste(words))


async def test_from_nothing_to_an_answer_with_a_key(workspace: Path, vendor: ModelServer) -> None:
    vendor.script(text("Hello there"))
    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "welcome to koi")
        await pilot.press("2")
        await until(app, "Enter choose")
        await pilot.press(*"groq", "enter")
        await until(app, "paste the key here")
        paste(app, KEY)
        await pilot.press("enter")
        await until(app, "Groq is connected")
        await pilot.press("enter")
        await until(app, "groq/llama-3.3-70b-versatile · ask")
        await ask(app, pilot, "hi")
        assert "Hello there" in screen_text(app)
        assert KEY not in app.export_screenshot()
    await app.host.close()


async def test_a_configured_model_without_a_key_leads_to_its_provider(
    workspace: Path, vendor: ModelServer, koi_home: Path
) -> None:
    file = koi_home / "config.toml"
    file.write_text(f'model = "groq/llama"\n{file.read_text()}')
    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "groq/llama was named, and cannot be used: no key for Groq")
        await until(app, "▸ 1  connect Groq")
        await pilot.press("1")
        await until(app, "paste the key here")
        paste(app, KEY)
        await pilot.press("enter")
        await until(app, "Groq is connected")
        await pilot.press("enter")
        await until(app, "groq/llama · ask")
    await app.host.close()


async def test_another_model_is_asked_for_where_the_usual_one_is_missing(
    workspace: Path, vendor: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "MODELS", ["one", "two"])
    app = KoiApp(SessionOptions(workspace=workspace))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "welcome to koi")
        await pilot.press("2")
        await until(app, "Enter choose")
        await pilot.press(*"groq", "enter")
        await until(app, "paste the key here")
        paste(app, KEY)
        await pilot.press("enter")
        await until(app, "Groq is connected")
        await pilot.press("enter")
        await until(app, "llama-3.3-70b-versatile, its usual one, is not among them")
        await pilot.press("down", "enter")
        await until(app, "groq/two · ask")
    await app.host.close()


async def test_a_key_that_was_given_up_is_not_used_again(
    workspace: Path, vendor: ModelServer
) -> None:
    vendor.script(text("first"), text("second"))
    async with running(workspace, (100, 30), model="demo/koi") as (app, pilot):
        await say(app, pilot, "/connect groq")
        await until(app, "paste the key here")
        paste(app, KEY)
        await pilot.press("enter")
        await until(app, "Groq is connected")
        await pilot.press("enter")
        await until(app, "Groq is connected. Ctrl+L")
        await say(app, pilot, "/model groq/llama")
        await until(app, "next requests go to groq/llama")
        await ask(app, pilot, "hi")
        await say(app, pilot, "/disconnect groq")
        await until(app, "Remove it?")
        await pilot.pause(GRACE_S)
        await pilot.press("n")
        await until(app, "Nothing was removed.")
        await pilot.press("enter")
        await say(app, pilot, "/disconnect groq")
        await until(app, "Remove it?")
        await pilot.pause(GRACE_S)
        await pilot.press("y")
        await until(app, "Groq: removed")
        await pilot.press("enter")
        await ask(app, pilot, "again")
        await until(app, "no key for Groq")
        assert len(vendor.model_requests) == 1


async def test_a_key_that_was_mended_in_another_terminal_is_used_by_the_next_prompt(
    workspace: Path, vendor: ModelServer
) -> None:
    vendor.script(Answer(status=401, error="no such key"), text("Hello there"))
    save_key(find_paths(), "groq", Secret("k" * 20))
    async with running(workspace, (100, 30), model="groq/llama") as (app, pilot):
        await ask(app, pilot, "hi")
        await until(app, "no such key")
        save_key(find_paths(), "groq", Secret(KEY))
        await ask(app, pilot, "again")
        await until(app, "Hello there")
    assert vendor.model_requests[-1].headers["authorization"] == f"Bearer {KEY}"


async def test_an_address_that_was_connected_in_another_terminal_can_be_used(
    workspace: Path, model_server: ModelServer, koi_home: Path
) -> None:
    model_server.script(text("Hello there"))

    def connect_elsewhere() -> None:
        koi_home.mkdir(parents=True, exist_ok=True)
        table = f'protocol = "openai-chat"\nbase_url = "{model_server.openai_url}"\n'
        (koi_home / "config.toml").write_text(f"[providers.work]\n{table}")

    async with running(workspace, (100, 30)) as (app, pilot):
        connect_elsewhere()
        await say(app, pilot, "/model work/m")
        await until(app, "next requests go to work/m")
        await ask(app, pilot, "hi")
        await until(app, "Hello there")


async def test_the_status_names_every_source(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    async with running(workspace, (100, 30)) as (app, pilot):
        await say(app, pilot, "/connect status")
        await until(app, "connected (API key from ANTHROPIC_API_KEY)")
        await pilot.press("escape")
        await until(app, lambda: len(app.screen_stack) == 1)


async def test_a_name_that_means_nothing_is_told_in_the_chat(workspace: Path) -> None:
    async with running(workspace, (100, 30)) as (app, pilot):
        await say(app, pilot, "/connect copliot")
        await until(app, "Did you mean copilot?")


async def test_the_list_finds_every_provider(workspace: Path) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        await say(app, pilot, "/connect")
        await until(app, "more: type a name")
        await pilot.press(*"mistr")
        await until(app, "▸ Mistral")
        await pilot.press("enter")
        await until(app, "koi needs a key of Mistral")
        await pilot.press("escape")
        await until(app, "more: type a name")
        await pilot.press("escape")
        await until(app, lambda: len(app.screen_stack) == 1)


@pytest.mark.parametrize("connects", ["groq", None])
async def test_a_provider_is_connected_for_the_list_of_models(
    workspace: Path, vendor: ModelServer, connects: str | None
) -> None:
    results: list[str | None] = []
    async with running(workspace, (80, 24)) as (app, pilot):

        async def lead() -> None:
            results.append(await connect_provider(app, "groq"))

        app.run_worker(lead())
        await until(app, "paste the key here")
        if connects:
            paste(app, KEY)
            await pilot.press("enter")
            await until(app, "Groq is connected")
            await pilot.press("enter")
        else:
            await pilot.press("escape")
        await until(app, lambda: results == [connects])


async def test_an_ollama_without_models_says_how_to_get_one(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaServer() as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        async with running(workspace, (80, 24)) as (app, pilot):
            await say(app, pilot, "/connect ollama")
            await until(app, "ollama pull llama3.3")
            server.models["llama3.3"] = LocalModel()
            await pilot.press("r")
            await until(app, "✓ Ollama runs")
            await pilot.press("enter")
            await until(app, "Ollama is connected")


async def test_an_address_is_asked_for_its_models_and_written_down(
    workspace: Path, model_server: ModelServer, koi_home: Path
) -> None:
    model_server.script(text("Hello there"))
    async with running(workspace, (80, 24)) as (app, pilot):
        await say(app, pilot, "/connect url")
        await until(app, "usually with /v1")
        paste(app, model_server.openai_url)
        await pilot.press("enter")
        await until(app, "▸ scripted-model")
        await pilot.press("enter")
        await until(app, "A name for it")
        await pilot.press("enter")
        await until(app, "Saved as [providers.local]")
        await pilot.press("enter")
        await until(app, "local is connected")
        await say(app, pilot, "/model local/scripted-model")
        await until(app, "next requests go to local/scripted-model")
        await ask(app, pilot, "hi")
        assert "Hello there" in screen_text(app)
    written = (koi_home / "config.toml").read_text()
    assert 'model = "local/scripted-model"' in written
    assert f'base_url = "{model_server.openai_url}"' in written


async def test_what_was_found_is_said_at_the_first_start_only(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    said = "Using anthropic/claude-sonnet-4-6 from ANTHROPIC_API_KEY."
    options = SessionOptions(workspace=workspace)
    first = KoiApp(options)
    async with first.run_test(size=(80, 24)):
        await until(first, said)
        await until(first, (find_paths().state / "welcomed").exists)
    await first.host.close()
    second = KoiApp(options)
    async with second.run_test(size=(80, 24)) as pilot:
        await until(second, lambda: second.host.session is not None)
        await pilot.pause()
        assert said not in screen_text(second)
    await second.host.close()


async def test_init_shows_the_first_page_although_there_is_a_model(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    app = KoiApp(SessionOptions(workspace=workspace))
    app.welcome = True
    async with app.run_test(size=(80, 24)) as pilot:
        await until(app, "start with anthropic/claude-sonnet-4-6")
        await pilot.press("enter")
        await until(app, "anthropic/claude-sonnet-4-6 · ask")
    await app.host.close()


@pytest.fixture
def sign_in(model_server: ModelServer, koi_home: Path) -> SignIn:
    """A server in the place of OpenAI's sign-in page."""
    page = SignIn(model_server, new_key())
    koi_home.mkdir(parents=True)
    (koi_home / "config.toml").write_text(page.configuration)
    return page


async def test_a_sign_in_elsewhere_is_finished_by_pasting_its_address(
    workspace: Path, sign_in: SignIn
) -> None:
    async with running(workspace, (80, 24)) as (app, pilot):
        await say(app, pilot, "/connect chatgpt")
        await until(app, "a code on any device")
        await pilot.press("2")
        await until(app, "o open · u copy URL")
        assert isinstance(app.screen, LoginScreen)
        app.screen.post_message(events.Paste(sign_in.visit(app.screen.address)))
        await until(app, "✓ ChatGPT is connected as me@example.com, pro.")
        await pilot.press("enter")
        await until(app, "ChatGPT is connected. Ctrl+L")
        assert CANARY not in app.export_screenshot()


async def test_a_key_behind_the_command_is_in_the_field_of_its_provider(
    workspace: Path, vendor: ModelServer
) -> None:
    async with running(workspace, (100, 30)) as (app, pilot):
        await say(app, pilot, f"/connect groq {KEY}")
        await until(app, "koi needs a key of Groq")
        await until(app, "characters")
        await pilot.press("enter")
        await until(app, "Groq is connected")
        assert KEY not in app.export_screenshot()


async def test_an_address_that_does_not_answer_is_there_to_be_mended(workspace: Path) -> None:
    async with running(workspace, (100, 30)) as (app, pilot):
        await say(app, pilot, "/connect http://127.0.0.1:9/v1")
        await until(app, "refuses connections")
        await pilot.press("enter")
        await until(app, "usually with /v1")
        assert "http://127.0.0.1:9/v1" in screen_text(app)
        await pilot.press("escape")
        await until(app, lambda: len(app.screen_stack) == 1)


async def test_a_yes_says_what_koi_may_use_and_promises_nothing(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-0123456789abcdef")
    async with running(workspace, (100, 30)) as (app, pilot):
        await say(app, pilot, "/connect claude-token")
        await until(app, "May koi use the token of a Claude subscription?")
        await pilot.pause(GRACE_S)
        await pilot.press("2")
        await until(app, "Whether Anthropic accepts it shows at the first request.")
        await until(app, "koi disconnect claude-token takes that back.")
        await pilot.press("enter")
        await until(app, "koi may use the token of a Claude subscription now.")
        assert "is connected" not in screen_text(app)
