"""Providers are asked for their models once a day, side by side; each may fail by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from koi.catalogue.learnt import learnt_facts
from koi.catalogue.model_cache import FRESH_S, ModelCache, ModelList
from koi.catalogue.registry import Registry
from koi.core.errors import CredentialMissing
from koi.core.references import ModelReference
from koi.core.seams import Provider
from koi.providers import live_models as module
from koi.providers.live_models import (
    ProviderModels,
    learn_local,
    live_models,
    remembered_models,
)
from koi.wiring.providers import open_provider
from tests.configurations import registry_of
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer
from tests.servers.ollama_server import LocalModel, OllamaServer


def opener(registry: Registry) -> Callable[[str], Provider]:
    return lambda name: open_provider(name, registry)


def with_server(folder: Path, server: ModelServer, more: str = "") -> Registry:
    return registry_of(folder, f'[providers.work]\nbase_url = "{server.openai_url}"\n{more}')


async def ask(registry: Registry, *names: str, refresh: bool = False) -> list[ProviderModels]:
    providers = [registry.get(name) for name in names or ("work",)]
    return list(await live_models(providers, registry, opener(registry), refresh=refresh))


def names(found: ProviderModels) -> list[str]:
    return [info.reference.model for info in found.models]


def make_older(registry: Registry, seconds: float, name: str = "work") -> None:
    cache = ModelCache(registry.config)
    kept = cache.read(registry.get(name))
    assert kept is not None
    (file,) = (registry.config.paths.cache / "models").glob("*.json")
    older = msgspec.structs.replace(kept, asked_at=kept.asked_at - seconds)
    file.write_bytes(msgspec.json.encode(older))


async def test_the_first_time_the_provider_is_asked(
    tmp_path: Path, model_server: ModelServer
) -> None:
    registry = with_server(tmp_path, model_server)
    (found,) = await ask(registry)
    assert (found.source, found.failure, names(found)) == ("live", None, ["scripted-model"])
    assert found.asked_at is not None


async def test_within_a_day_nobody_is_asked_again(
    tmp_path: Path, model_server: ModelServer
) -> None:
    registry = with_server(tmp_path, model_server)
    await ask(registry)
    (found,) = await ask(registry)
    assert (found.source, names(found)) == ("cached", ["scripted-model"])
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("seconds", [FRESH_S + 1, -3600.0])
async def test_an_older_list_or_one_from_the_future_is_asked_for_again(
    tmp_path: Path, model_server: ModelServer, seconds: float
) -> None:
    registry = with_server(tmp_path, model_server)
    await ask(registry)
    make_older(registry, seconds)
    (found,) = await ask(registry)
    assert found.source == "live"
    assert len(model_server.requests) == 2


async def test_a_refresh_asks_again_and_forgets_what_refusals_taught(
    tmp_path: Path, model_server: ModelServer
) -> None:
    registry = with_server(tmp_path, model_server)
    facts = learnt_facts(registry.config.paths.cache)
    facts.add(ModelReference("work", "scripted-model"), "tools")
    facts.add(ModelReference("other", "scripted-model"), "tools")
    await ask(registry)
    assert learnt_facts(registry.config.paths.cache).refused(
        ModelReference("work", "scripted-model")
    )
    (found,) = await ask(registry, refresh=True)
    kept = learnt_facts(registry.config.paths.cache)
    assert (found.source, len(model_server.requests)) == ("live", 2)
    assert not kept.refused(ModelReference("work", "scripted-model"))
    assert kept.refused(ModelReference("other", "scripted-model")) == {"tools"}


async def test_when_the_provider_is_away_its_last_list_serves(
    tmp_path: Path, model_server: ModelServer
) -> None:
    registry = with_server(tmp_path, model_server)
    await ask(registry)
    make_older(registry, FRESH_S + 1)
    model_server.pages["/v1/models"] = lambda request: Answer(status=503, error="down")
    (found,) = await ask(registry)
    assert (found.source, names(found)) == ("cached", ["scripted-model"])
    assert found.failure is not None
    assert found.asked_at is not None


async def test_a_provider_that_was_never_asked_has_the_models_that_koi_knows(
    tmp_path: Path,
) -> None:
    (found,) = await ask(registry_of(tmp_path), "anthropic")
    assert found.source == "known"
    assert isinstance(found.failure, CredentialMissing)
    assert "claude-sonnet-4-6" in names(found)


async def test_a_damaged_list_is_asked_for_again(tmp_path: Path, model_server: ModelServer) -> None:
    registry = with_server(tmp_path, model_server)
    await ask(registry)
    (file,) = (tmp_path / "cache" / "models").glob("*.json")
    file.write_bytes(b'{"asked_at": ')
    (found,) = await ask(registry)
    assert (found.source, names(found)) == ("live", ["scripted-model"])


async def test_one_that_fails_does_not_hide_the_others(
    tmp_path: Path, model_server: ModelServer
) -> None:
    gone = '[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\n'
    gone += '[providers.gone.models."ours"]\ncontext_window = 7\n'
    registry = with_server(tmp_path, model_server, gone)
    away, here = await ask(registry, "gone", "work")
    assert (away.source, names(away)) == ("known", ["ours"])
    assert away.failure is not None
    assert (here.source, here.failure) == ("live", None)


async def test_one_that_takes_too_long_is_not_waited_for(
    tmp_path: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)

    def slow(request: object) -> Answer:
        model_server.closing.wait(1.0)
        return Answer(status=503)

    model_server.pages["/v1/models"] = slow
    (found,) = await ask(with_server(tmp_path, model_server))
    assert found.failure is not None
    assert found.failure.kind == "timeout"


async def test_nobody_is_asked_for_what_is_remembered(
    tmp_path: Path, model_server: ModelServer
) -> None:
    registry = with_server(tmp_path, model_server)
    (before,) = await remembered_models([registry.get("work")], registry)
    assert (before.source, before.models) == ("known", ())
    assert not model_server.requests
    await ask(registry)
    (after,) = await remembered_models([registry.get("work")], registry)
    assert (after.source, names(after)) == ("cached", ["scripted-model"])
    assert len(model_server.requests) == 1


async def test_a_local_server_is_always_asked_and_says_what_its_models_can(
    tmp_path: Path,
) -> None:
    models = {"qwen": LocalModel(), "old": LocalModel(4_096, ("completion",), size=7)}
    with OllamaServer(**models) as server:
        registry = registry_of(tmp_path, environment={"OLLAMA_HOST": server.url})
        for _ in range(2):
            (found,) = await ask(registry, "ollama")
        assert len(server.asked("/api/tags")) == 2
    assert found.source == "live"
    qwen, old = found.models
    assert (qwen.tools, qwen.context_window, qwen.size_bytes) == (True, 32_768, 2_000_000_000)
    assert (old.tools, old.context_window, old.size_bytes) == (False, 4_096, 7)


async def test_a_server_that_says_nothing_of_single_models_still_lists_them(
    tmp_path: Path,
) -> None:
    with OllamaServer(qwen=LocalModel()) as server:
        server.missing.add("/api/show")
        registry = registry_of(tmp_path, environment={"OLLAMA_HOST": server.url})
        (found,) = await ask(registry, "ollama")
    assert names(found) == ["qwen"]
    assert found.models[0].tools is None


async def test_the_first_use_of_a_local_model_learns_what_it_can(tmp_path: Path) -> None:
    reference = ModelReference("ollama", "old")
    with OllamaServer(old=LocalModel(4_096, ("completion",))) as server:
        registry = registry_of(tmp_path, environment={"OLLAMA_HOST": server.url})
        opened = open_provider("ollama", registry)
        assert opened.tool_mode("old") == "native"
        await learn_local(reference, registry, opener(registry))
        assert opened.tool_mode("old") == "prompt"
        await learn_local(reference, registry, opener(registry))
        assert len(server.asked("/api/tags")) == 1
        await opened.aclose()


async def test_learning_of_a_server_that_is_away_is_no_error(tmp_path: Path) -> None:
    registry = registry_of(tmp_path, environment={"OLLAMA_HOST": "127.0.0.1:9"})
    await learn_local(ModelReference("ollama", "old"), registry, opener(registry))
    assert ModelCache(registry.config).read(registry.get("ollama")) is None


async def test_lists_may_be_written_side_by_side(tmp_path: Path, model_server: ModelServer) -> None:
    registry = with_server(tmp_path, model_server)
    await asyncio.gather(*(ask(registry, refresh=True) for _ in range(5)))
    kept = ModelCache(registry.config).read(registry.get("work"))
    assert isinstance(kept, ModelList)
