"""`koi models`: live once a day, remembered in between, known when nobody answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.catalogue.learnt import learnt_facts
from koi.core.references import ModelReference
from tests.conftest import RunKoi
from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.ollama_server import LocalModel, OllamaServer

DAY_S = 24 * 3600.0
LISTED: list[JsonObject] = [
    {
        "id": "vendor/chatty-1",
        "context_length": 65_536,
        "top_provider": {"max_completion_tokens": 4_096},
        "supported_parameters": ["tools"],
        "architecture": {"input_modalities": ["text", "image"]},
        "pricing": {"prompt": "0.000001", "completion": "0.000002"},
    },
    {"id": "text-embedding-3-small"},
    {"id": "gpt-image-1"},
    {"id": "claude-haiku-4.5"},
    {"id": "silent-7b", "supported_parameters": []},
]
Models = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def models(run_koi: RunKoi, koi_home: Path, model_server: ModelServer) -> Models:
    """Runs `koi models work ARGUMENTS`; work is the scripted server with the list above."""
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f'[providers.work]\nbase_url = "{model_server.openai_url}"\n'
    )
    page = Answer(body=json.dumps({"data": LISTED}).encode())
    model_server.pages["/v1/models"] = lambda request: page
    return lambda *arguments: run_koi("models", "work", *arguments)


def cached(koi_home: Path) -> Path:
    (file,) = (koi_home / "cache" / "models").glob("*.json")
    return file


def make_older(koi_home: Path, seconds: float) -> None:
    file = cached(koi_home)
    content = json.loads(file.read_text())
    content["asked_at"] -= seconds
    file.write_text(json.dumps(content))


def row(done: subprocess.CompletedProcess[str], name: str) -> list[str]:
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if f"/{name} " in line)
    return line.split()


def test_the_list_tells_limits_prices_and_abilities(models: Models) -> None:
    done = models()
    assert row(done, "vendor/chatty-1") == (
        ["work/vendor/chatty-1", "65,536", "4,096", "1", "2", "tools", "vision"]
    )
    assert row(done, "claude-haiku-4.5")[1:] == (
        ["200,000", "64,000", "?", "?", "tools", "vision", "reasoning"]
    )
    assert row(done, "text-embedding-3-small")[-1] == "embeddings"
    assert row(done, "silent-7b")[-2:] == ["prompted", "tools"]
    assert "gpt-image-1" not in done.stdout
    assert done.stderr == ""


def test_the_second_time_nobody_is_asked(models: Models, model_server: ModelServer) -> None:
    first, second = models(), models()
    assert first.stdout == second.stdout
    assert len(model_server.requests) == 1


def test_a_refresh_asks_again_and_forgets_what_was_learnt(
    models: Models, model_server: ModelServer, koi_home: Path
) -> None:
    reference = ModelReference("work", "claude-haiku-4.5")
    models()
    learnt_facts(koi_home / "cache").add(reference, "temperature")
    models()
    assert learnt_facts(koi_home / "cache").refused(reference)
    models("--refresh")
    assert not learnt_facts(koi_home / "cache").refused(reference)
    assert len(model_server.requests) == 2


@pytest.mark.parametrize("seconds", [DAY_S + 1, -DAY_S])
def test_an_old_list_and_one_of_a_wrong_clock_are_asked_for_again(
    models: Models, model_server: ModelServer, koi_home: Path, seconds: float
) -> None:
    models()
    make_older(koi_home, seconds)
    assert models().stderr == ""
    assert len(model_server.requests) == 2


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(2 * DAY_S, "2 days ago"), (DAY_S + 60, "24 hours ago"), (-DAY_S, "0 minutes ago")],
)
def test_without_an_answer_the_last_list_is_shown_with_its_age(
    models: Models, model_server: ModelServer, koi_home: Path, seconds: float, age: str
) -> None:
    before = models()
    make_older(koi_home, seconds)
    model_server.pages["/v1/models"] = lambda request: Answer(status=503, error="down")
    after = models()
    assert after.stdout == before.stdout
    assert after.returncode == 0
    assert age in after.stderr


def test_a_damaged_list_is_made_anew(
    models: Models, model_server: ModelServer, koi_home: Path
) -> None:
    models()
    cached(koi_home).write_bytes(b"\x00garbage")
    assert models().returncode == 0
    assert len(model_server.requests) == 2
    assert json.loads(cached(koi_home).read_text())["models"]


def test_one_name_at_another_address_is_another_list(
    models: Models, model_server: ModelServer, koi_home: Path
) -> None:
    models()
    (koi_home / "config.toml").write_text(
        f'[providers.work]\nbase_url = "{model_server.url}/other/v1"\n'
    )
    assert "work/scripted-model" in models().stdout


def test_the_json_has_all_fields(models: Models) -> None:
    listed = json.loads(models("--json").stdout)
    assert listed[0] == {
        "reference": "work/vendor/chatty-1",
        "context_window": 65_536,
        "max_output_tokens": 4_096,
        "tools": True,
        "vision": True,
        "reasoning": None,
        "price": {
            "input_per_mtok": 1.0,
            "output_per_mtok": 2.0,
            "cache_read_per_mtok": None,
            "cache_write_per_mtok": None,
        },
        "streaming": None,
        "embeddings": None,
        "size_bytes": None,
    }
    assert [each["reference"] for each in listed] == [
        "work/vendor/chatty-1",
        "work/text-embedding-3-small",
        "work/claude-haiku-4.5",
        "work/silent-7b",
    ]


def test_without_a_key_the_models_that_koi_knows_are_shown(run_koi: RunKoi) -> None:
    done = run_koi("models", "anthropic")
    assert done.returncode == 0
    assert "anthropic/claude-sonnet-4-6" in done.stdout
    assert "no key for Anthropic" in done.stderr
    assert "models that koi knows" in done.stderr


def test_a_refresh_without_a_key_is_an_error_that_names_it(run_koi: RunKoi) -> None:
    done = run_koi("models", "anthropic", "--refresh")
    assert (done.returncode, done.stdout) == (3, "")
    assert "ANTHROPIC_API_KEY" in done.stderr


def test_an_unknown_provider_has_a_near_one(run_koi: RunKoi) -> None:
    done = run_koi("models", "openia")
    assert done.returncode == 2
    assert "Did you mean openai?" in done.stderr


def test_a_name_of_the_server_cannot_reach_the_terminal(
    models: Models, model_server: ModelServer
) -> None:
    listed = {"data": [{"id": "evil\x1b]0;title\x07\u202e"}]}
    model_server.pages["/v1/models"] = lambda request: Answer(body=json.dumps(listed).encode())
    done = models()
    assert "evil" in done.stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)


def test_a_local_ollama_tells_sizes_and_abilities_every_time(run_koi: RunKoi) -> None:
    installed = {
        "qwen2.5-coder:7b": LocalModel(32_768, size=4_700_000_000),
        "codellama:7b": LocalModel(16_384, ("completion",), size=3_800_000_000),
        "nomic-embed-text": LocalModel(2_048, ("embedding",), size=274_000_000),
    }
    with OllamaServer(**installed) as server:
        environment = {"OLLAMA_HOST": server.url}
        done = run_koi("models", "ollama", environment=environment)
        assert row(done, "qwen2.5-coder:7b")[1:] == ["32,768", "?", "0", "0", "tools", "4.7", "GB"]
        assert row(done, "codellama:7b")[-4:] == ["prompted", "tools", "3.8", "GB"]
        assert row(done, "nomic-embed-text")[-3:] == ["embeddings", "274", "MB"]
        del server.models["codellama:7b"]
        done = run_koi("models", "ollama", environment=environment)
        assert "codellama" not in done.stdout


def test_a_local_model_without_tools_is_never_offered_any(run_koi: RunKoi) -> None:
    with OllamaServer(plain=LocalModel(16_384, ("completion",))) as server:
        server.answers.append([{"content": "Hello."}])
        environment = {"OLLAMA_HOST": server.url}
        done = run_koi("run", "-m", "ollama/plain", "hello", environment=environment)
        assert done.returncode == 0, done.stderr
        (asked,) = server.asked("/api/chat")
        assert "tools" not in asked.body
    assert "Hello." in done.stdout


def test_providers_that_list_nothing_are_no_missing_credential(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    koi_home.mkdir()
    table = f'[providers.work]\nbase_url = "{model_server.openai_url}"\n'
    (koi_home / "config.toml").write_text(table)
    model_server.pages["/v1/models"] = lambda request: Answer(status=503, error="down")
    done = run_koi("models", environment={"OLLAMA_HOST": "127.0.0.1:9"})
    assert "koi: work: down" in done.stderr
    assert "credential" not in done.stderr
