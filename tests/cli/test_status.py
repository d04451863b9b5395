"""`koi status`, the real command."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.store.ledger import LedgerEntry, append_ledger
from tests.conftest import RunKoi
from tests.servers.answers import failure, text
from tests.servers.model_server import ModelServer

FIRST, SECOND = "key-of-work-00001111", "key-of-work-00002222"


@pytest.fixture(autouse=True)
def configured(koi_home: Path, model_server: ModelServer) -> Path:
    """Two keys, a fast model, fallbacks of which one means nothing, a limit of the day."""
    koi_home.mkdir()
    file = koi_home / "config.toml"
    file.write_text(
        f"""
        model = "work/middle"
        [providers.work]
        base_url = "{model_server.openai_url}"
        api_keys = ["{FIRST}", "{SECOND}"]
        fast_model = "little"
        [models]
        planner = "work/planner"
        [models.fallback]
        executor = ["nosuch/x", "groq/llama"]
        [budget]
        day_usd = 4
        [pricing."middle"]
        input_per_mtok = 0.0
        output_per_mtok = 0.0
        """
    )
    return file


def test_every_role_says_its_model_and_where_that_was_set(run_koi: RunKoi) -> None:
    lines = run_koi("status", environment={"KOI_SMALL": "work/tiny"}).stdout.splitlines()
    by_role = {line.split()[0]: line for line in lines if not line.startswith(" ")}
    assert "work/middle  (~/koi/config.toml)" in by_role["executor"]
    assert "work/middle  (~/koi/config.toml, nothing asks for it" in by_role["evaluator"]
    assert "work/planner" in by_role["planner"]
    assert "none: no model makes vectors" in by_role["embedder"]
    assert by_role["small"] == "small      work/tiny  (KOI_SMALL)"
    assert by_role["today"] == "today      $0 of $4.00  (0% used)"


def test_the_chain_shows_every_key_and_why_a_model_is_passed_over(run_koi: RunKoi) -> None:
    said = run_koi("status").stdout
    assert "1. work/middle …1111: ready\n" in said
    assert "2. work/middle …2222: ready\n" in said
    assert "unknown provider 'nosuch'" in said
    assert "4. groq/llama: no key (no key for Groq (groq))" in said
    assert "small      work/little  (fast_model of work)" in said
    assert FIRST not in said


def test_a_key_whose_variable_is_not_set_is_shown(run_koi: RunKoi, configured: Path) -> None:
    written = configured.read_text().replace(f'"{SECOND}"', f'"${{NOT_SET}}", "{SECOND}"')
    configured.write_text(written)
    said = run_koi("status").stdout
    assert "2. work/middle …2222: ready\n" in said
    line = next(line for line in said.splitlines() if "3. work/middle" in line)
    assert "no key" in line
    assert "NOT_SET" in line


def test_a_key_that_rests_is_cooling_also_for_another_process(
    run_koi: RunKoi, model_server: ModelServer
) -> None:
    model_server.script(failure(429, "slow down", retry_after="600"), text("done"))
    assert run_koi("run", "go on").returncode == 0
    executor = json.loads(run_koi("status", "--json").stdout)["roles"][0]
    first, second, *_ = executor["candidates"]
    assert (first["key"], first["condition"]) == ("1111", "cooling")
    assert 0 < first["cooling_s"] <= 600
    assert (second["key"], second["condition"]) == ("2222", "ready")


def test_programs_get_an_object(run_koi: RunKoi) -> None:
    found = json.loads(run_koi("status", "--json").stdout)
    assert [role["role"] for role in found["roles"]] == [
        "executor",
        "evaluator",
        "planner",
        "embedder",
        "small",
    ]
    assert [role["in_effect"] for role in found["roles"]] == [True, False, False, False, True]
    assert [use["limit"] for use in found["budgets"]] == ["day_usd"]
    assert found["limits"] == {"day_usd": 4}
    assert found["today"] == {"cost_usd": 0, "tokens": 0, "requests_without_price": 0}


def test_without_a_limit_of_the_day_its_cost_is_told(run_koi: RunKoi, configured: Path) -> None:
    words = configured.read_text().replace("day_usd = 4", "session_usd = 5")
    configured.write_text(words)
    ledger = configured.parent / "data" / "ledger.jsonl"
    model = ModelReference("work", "middle")
    for cost in (0.41, None):
        append_ledger(ledger, LedgerEntry(time.time(), "s", model, "small", Usage(2_000), cost))
    lines = run_koi("status").stdout.splitlines()
    assert lines[-2:] == [
        "session    at most $5.00 each",
        "today      $0.410 + unknown, 4.0k tokens  (no limit)",
    ]


def test_without_any_model_the_ways_in_are_named(run_koi: RunKoi, configured: Path) -> None:
    configured.write_text("")
    done = run_koi("status", environment={"OLLAMA_HOST": "127.0.0.1:9"})
    assert done.returncode == 3
    assert "no credential and no local model was found" in done.stderr


def test_a_model_without_a_price_is_unfit_under_a_limit_in_usd(
    run_koi: RunKoi, configured: Path
) -> None:
    configured.write_text(configured.read_text().replace('"groq/llama"', '"work/unpriced"'))
    done = run_koi("status")
    assert "work/unpriced: unfit: its price is not known" in done.stdout
    assert '[pricing."work/unpriced"]' in done.stderr
