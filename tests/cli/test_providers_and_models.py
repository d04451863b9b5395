"""`koi providers` and `koi models` as commands."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from koi.cli import providers
from koi.cli.dispatch import run
from tests.conftest import RunKoi
from tests.servers.answers import Answer, failure
from tests.servers.model_server import ModelServer, RecordedRequest

KEY = "sk-ant-api03-0123456789"


def test_every_provider_is_listed_those_with_a_key_first(run_koi: RunKoi) -> None:
    done = run_koi("providers", "--json", environment={"ANTHROPIC_API_KEY": KEY})
    rows = json.loads(done.stdout)
    assert len(rows) == 45
    assert rows[0]["name"] == "anthropic"
    assert rows[0]["credential"] == "environment"
    assert rows[0]["credentials"][0]["label"] == "…6789"
    assert KEY not in done.stdout


def test_the_table_names_endpoint_source_and_default(run_koi: RunKoi) -> None:
    done = run_koi("providers", environment={"ANTHROPIC_API_KEY": KEY})
    _, first, credential, *rest = done.stdout.splitlines()
    assert first.split()[:2] == ["anthropic", "api.anthropic.com"]
    assert credential == "  environment …6789, ANTHROPIC_API_KEY"
    assert "openai         OPENAI_API_KEY" in rest
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert done.stdout.endswith("Default model: anthropic/claude-sonnet-4-6\n")


def test_providers_that_could_be_used_are_asked_whether_they_answer(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f'[providers.here]\nbase_url = "{model_server.url}/v1"\n'
        f'[providers.gone]\nbase_url = "http://127.0.0.1:9/v1"\napi_key = "{KEY}"\n'
    )
    done = run_koi("providers", "--json")
    assert done.returncode == 0, done.stderr
    reachable = {row["name"]: row["reachable"] for row in json.loads(done.stdout)}
    assert (reachable["here"], reachable["gone"], reachable["openai"]) == (True, False, None)
    assert not model_server.model_requests


def test_every_key_is_shown_by_its_end_with_what_the_server_says_of_it(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    koi_home.mkdir()
    keys = '["key-of-work-00001111", "key-of-work-00002222", "${NOT_SET}"]'
    (koi_home / "config.toml").write_text(
        f'[providers.work]\nbase_url = "{model_server.url}/v1"\napi_keys = {keys}\n'
    )

    def models(request: RecordedRequest) -> Answer:
        refused = request.headers["authorization"].endswith("2222")
        return failure(401, "wrong key") if refused else Answer(body=b'{"data": [{"id": "m"}]}')

    model_server.pages["/v1/models"] = models
    _, first, *credentials, _ = run_koi("providers").stdout.split("\n\n")[0].splitlines()
    assert first.split()[2] == "yes"
    assert credentials[:3] == [
        "  configuration …1111, providers.work.api_keys[0]",
        "  configuration …2222 [refused by the server], providers.work.api_keys[1]",
        "  configuration [cannot be used], providers.work.api_keys[2]: the environment variable "
        "NOT_SET is not set",
    ]
    status = run_koi("connect", "status").stdout
    assert all(label in status for label in ("…1111", "…2222", "NOT_SET is not set"))
    doctor = run_koi("doctor", "--live").stdout
    assert "work …1111: 1 models" in doctor
    assert "work …2222: " in doctor


def test_a_refused_key_is_no_yes(
    koi_home: Path, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f'[providers.groq]\nbase_url = "{model_server.url}/v1"\napi_key = "gsk_0123456789"\n'
    )
    model_server.pages["/v1/models"] = lambda request: Answer(status=401, error="no such key")
    assert run(["providers"]) == 0
    said = capsys.readouterr().out
    assert "refuses the key" in next(line for line in said.splitlines() if "groq" in line)
    needs = dict(line.split(maxsplit=1) for line in said.splitlines() if "koi connect" in line)
    assert needs["copilot"] == "no login: koi connect copilot"


def test_models_have_their_facts(run_koi: RunKoi) -> None:
    rows = json.loads(run_koi("models", "anthropic", "--json").stdout)
    model = next(row for row in rows if row["reference"] == "anthropic/claude-sonnet-4-6")
    assert model["max_output_tokens"] == 64_000
    assert model["tools"]
    assert model["price"]["input_per_mtok"] == 3.0


def test_an_unknown_provider_exits_with_2(run_koi: RunKoi) -> None:
    done = run_koi("models", "antropic")
    assert done.returncode == 2
    assert "Did you mean anthropic?" in done.stderr


def test_refresh_asks_the_endpoint(
    run_koi: RunKoi, koi_home: Path, model_server: ModelServer
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(f'[providers.work]\nbase_url = "{model_server.url}/v1"\n')
    done = run_koi("models", "work", "--refresh", "--json")
    assert done.returncode == 0, done.stderr
    assert all(row["reference"].startswith("work/") for row in json.loads(done.stdout))


def test_refresh_without_a_key_exits_with_3(run_koi: RunKoi) -> None:
    done = run_koi("models", "openai", "--refresh")
    assert done.returncode == 3
    assert "OPENAI_API_KEY" in done.stderr


def test_who_takes_long_does_not_hold_up_the_others(
    koi_home: Path,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(providers, "PATIENCE_S", 1.5)
    koi_home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        (koi_home / "config.toml").write_text(
            f'[providers.here]\nbase_url = "{model_server.url}/v1"\n'
            f'[providers.silent]\nbase_url = "http://127.0.0.1:{port}/v1"\n'
            f'[providers.mute]\nbase_url = "http://127.0.0.1:{port}/v1"\n'
        )
        assert run(["providers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    answers = {line.split()[0]: line.split()[2:-1] for line in lines[1:] if line}
    assert answers["here"] == ["yes"]
    assert answers["silent"] == answers["mute"] == ["not", "in", "1.5", "s"]
