"""The offers of providers: keys and remembered lists at once, then what was found and answered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from koi.agent.options import SessionOptions
from koi.core.errors import ConfigurationError
from koi.core.offers import ProviderOffer
from koi.core.references import ModelReference
from koi.wiring.offers import LOOKING, offers, remembered_offers
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer
from tests.servers.ollama_server import LocalModel, OllamaServer

Configure = Callable[[str], SessionOptions]


@pytest.fixture
def configure(koi_home: Path, workspace: Path) -> Configure:
    def write(text: str) -> SessionOptions:
        koi_home.mkdir(parents=True, exist_ok=True)
        (koi_home / "config.toml").write_text(text)
        return SessionOptions(workspace=workspace)

    return write


def named(part: tuple[ProviderOffer, ...], name: str) -> ProviderOffer:
    [found] = [offer for offer in part if offer.provider == name]
    return found


def models(offer: ProviderOffer) -> list[str]:
    return [model.reference.model for model in offer.models]


async def parts(options: SessionOptions, *used: ModelReference) -> list[tuple[ProviderOffer, ...]]:
    async with aclosing(offers(options, used)) as found:
        return [part async for part in found]


def work(server: ModelServer) -> str:
    return f'[providers.work]\nbase_url = "{server.openai_url}"\napi_key = "sk-test-0000abcd"\n'


async def test_what_the_configuration_says_comes_before_anybody_is_asked(
    configure: Configure, model_server: ModelServer
) -> None:
    async with aclosing(offers(configure(work(model_server)))) as found:
        first = await anext(found)
        assert not model_server.requests
    assert named(first, "work").reason == ""
    assert named(first, "work").credential == "key …abcd from providers.work.api_key"
    assert (named(first, "ollama").reason, named(first, "ollama").looking) == (LOOKING, True)


async def test_then_who_cannot_be_used_and_why_then_each_list(
    configure: Configure, model_server: ModelServer
) -> None:
    first, second, *answers = await parts(configure(work(model_server)))
    assert {offer.provider for offer in first} == {offer.provider for offer in second}
    assert named(second, "anthropic").reason == "no key: ANTHROPIC_API_KEY"
    assert named(second, "ollama").reason.startswith("not reachable: 127.0.0.1:11434")
    assert named(second, "demo").reason == ""
    [[live]] = answers
    assert (live.provider, live.source, models(live)) == ("work", "live", ["scripted-model"])


async def test_a_remembered_list_is_there_at_once(
    configure: Configure, model_server: ModelServer
) -> None:
    options = configure(work(model_server))
    await parts(options)
    first, *_ = await parts(options)
    assert (named(first, "work").source, models(named(first, "work"))) == (
        "cached", ["scripted-model"],
    )  # fmt: skip
    assert named(first, "work").asked_at is not None
    assert len(model_server.requests) == 1


async def test_one_that_fails_says_why_beside_the_others(
    configure: Configure, model_server: ModelServer
) -> None:
    gone = '[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\n'
    _, _, *answers = await parts(configure(work(model_server) + gone))
    by_name = {offer.provider: offer for [offer] in answers}
    assert "127.0.0.1:9" in by_name["gone"].failure
    assert (by_name["gone"].reason, by_name["work"].failure) == ("", "")


async def test_the_first_answers_are_not_held_back_by_a_slow_one(
    configure: Configure, model_server: ModelServer
) -> None:
    def slow(request: object) -> Answer:
        model_server.closing.wait(5)
        return Answer(status=503)

    model_server.pages["/slow/models"] = slow
    late = f'[providers.late]\nbase_url = "{model_server.url}/slow"\n'
    async with aclosing(offers(configure(work(model_server) + late))) as found:
        for _ in range(2):
            await anext(found)
        [answer] = await anext(found)
    model_server.closing.set()
    assert answer.provider == "work"


async def test_models_that_the_person_uses_are_described_whoever_lists_them(
    configure: Configure, model_server: ModelServer
) -> None:
    claude = ModelReference("work", "claude-sonnet-4-5")
    elsewhere = ModelReference("anthropic", "claude-opus-4-5")
    nowhere = ModelReference("nosuch", "m")
    first, second, [live] = await parts(configure(work(model_server)), claude, elsewhere, nowhere)
    assert models(live) == ["claude-sonnet-4-5", "scripted-model"]
    assert live.models[0].tools is True
    assert models(named(first, "anthropic")) == ["claude-opus-4-5"]
    assert models(named(second, "anthropic"))[0] == "claude-opus-4-5"


async def test_one_that_cannot_be_used_has_the_models_that_koi_knows(configure: Configure) -> None:
    options = configure("[providers.groq]\nenabled = false\n")
    known = await remembered_offers(options)
    assert "claude-sonnet-4-6" in models(named(known, "anthropic"))
    assert models(named(known, "copilot")) == ["gpt-4o"]
    assert models(named(known, "groq")) == []


async def test_a_local_server_is_found_and_means_its_best_model(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaServer(tiny=LocalModel(), **{"llama3.3": LocalModel()}) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        _, second, [live] = await parts(configure(""))
    found = named(second, "ollama")
    assert (found.reason, found.default_model) == ("", "llama3.3")
    assert sorted(models(live)) == ["llama3.3", "tiny"]


async def test_a_table_that_is_not_complete_is_there_with_its_fault(configure: Configure) -> None:
    options = configure('[providers.mine]\nprotocol = "wasm"\nplugin = "nosuch.wasm"\n')
    mine = named(await remembered_offers(options), "mine")
    assert (mine.reason, mine.can_connect) == ("plugin missing: nosuch.toml", False)


async def test_a_wrong_configuration_is_raised(configure: Configure) -> None:
    with pytest.raises(ConfigurationError):
        await parts(configure("modle = 1"))
