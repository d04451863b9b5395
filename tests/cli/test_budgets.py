"""Budgets with real processes: shared, released by a crash, kept at the limit, gone on with."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from koi.core.messages import ToolCall
from koi.store.conversation import branch, conversation
from koi.store.ledger import read_ledger
from tests.cli.conftest import Outcome, journal_entries, wait_for
from tests.conftest import RunKoi
from tests.servers.answers import Answer, calls, failure, text
from tests.servers.model_server import ModelServer, RecordedRequest

Machine = Callable[..., Outcome]
Start = Callable[..., subprocess.Popen[str]]
IN, OUT = 1.0, 10.0
"""USD per million tokens, as the configuration has them."""
STEP = replace(calls(("ls", {})), input_tokens=2_000, output_tokens=4_000)
"""A step that costs 0.042 USD."""


@pytest.fixture
def set_budget(config_file: Path) -> Callable[..., None]:
    """Writes `[budget]` into the configuration."""
    before = config_file.read_text()

    def write(**limits: float) -> None:
        lines = "\n".join(f"{name} = {value}" for name, value in limits.items())
        config_file.write_text(f"{before}\n[budget]\n{lines}\n")

    return write


def ledger_usd(koi_home: Path) -> float:
    entries = read_ledger(koi_home / "data" / "ledger.jsonl").entries
    return sum(entry.cost_usd or 0.0 for entry in entries)


def within_its_limit(request: RecordedRequest) -> Answer:
    """As much output as was asked for, at most that of a step."""
    asked = request.body.get("max_tokens", 4_000)
    assert isinstance(asked, int)
    return replace(STEP, output_tokens=min(4_000, asked))


def billed(server: ModelServer) -> float:
    """USD of what the server has sent, by its own count."""
    tokens = sum(within_its_limit(each).output_tokens for each in server.model_requests)
    return (len(server.model_requests) * 2_000 * IN + tokens * OUT) / 1_000_000


def test_ten_processes_share_a_day(
    start_koi: Start,
    model_server: ModelServer,
    set_budget: Callable[..., None],
    koi_home: Path,
) -> None:
    set_budget(day_usd=1.0)
    model_server.script(*[within_its_limit] * 100)
    processes = [start_koi("run", "look") for _ in range(10)]
    ends = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [4] * 10, ends
    assert ledger_usd(koi_home) == pytest.approx(billed(model_server))
    assert 0.9 < billed(model_server) <= 1.0
    assert list((koi_home / "data" / "reservations").iterdir()) == []


def test_the_first_request_of_a_process_fits_into_what_is_left(
    machine: Machine, model_server: ModelServer, set_budget: Callable[..., None]
) -> None:
    set_budget(day_usd=0.035)
    model_server.script(within_its_limit)
    assert machine("look").code == 4
    assert 0.03 < billed(model_server) <= 0.035


def test_a_fallback_without_a_price_is_passed_over(
    machine: Machine,
    model_server: ModelServer,
    set_budget: Callable[..., None],
    config_file: Path,
) -> None:
    set_budget(day_usd=1.0)
    with config_file.open("a") as file:
        file.write(
            '[models.fallback]\nexecutor = ["chatty/unpriced", "anthropic-like/scripted-model"]'
        )
    model_server.script(*[failure(503, "down")] * 3, text("done"))
    outcome = machine("look")
    assert outcome.result["text"] == "done"
    assert outcome.result["model"] == "anthropic-like/scripted-model"


def test_a_tier_without_a_price_is_told_and_the_model_that_was_asked_for_answers(
    machine: Machine,
    model_server: ModelServer,
    set_budget: Callable[..., None],
    config_file: Path,
) -> None:
    set_budget(day_usd=1.0)
    config = config_file.read_text()
    at = config.index("[providers.chatty]") + len("[providers.chatty]")
    config = f'{config[:at]}\nfast_model = "unpriced"{config[at:]}'
    config_file.write_text(f"{config}\n[routing]\ntiers = true\n")
    model_server.script(text("done"))
    outcome = machine("what is this?")
    assert (outcome.code, outcome.result["text"]) == (0, "done")
    (told,) = outcome.of("chain")
    assert isinstance(told["candidates"], list)
    tier = told["candidates"][0]
    assert (tier["model"], tier["condition"]) == ("chatty/unpriced", "unfit")
    assert "its price is not known" in tier["reason"]


def test_what_a_killed_process_held_is_free_again(
    start_koi: Start, model_server: ModelServer, set_budget: Callable[..., None]
) -> None:
    set_budget(day_usd=0.05)
    never = threading.Event()
    model_server.script(replace(text("never said"), hold=never), text("the other"))
    first = start_koi("run", "one")
    wait_for(lambda: model_server.model_requests)
    second = start_koi("run", "--output", "stream-json", "two")
    assert second.stdout is not None
    held = next(line for line in map(json.loads, second.stdout) if line["type"] == "budget")
    assert (held["event"], held["limit"]) == ("held", "day_usd")
    assert len(model_server.model_requests) == 1
    first.send_signal(signal.SIGKILL)
    rest = [json.loads(line) for line in second.stdout]
    assert rest[-1]["text"] == "the other"
    never.set()


def test_deleting_a_session_does_not_refill_the_day(
    machine: Machine,
    run_koi: RunKoi,
    model_server: ModelServer,
    set_budget: Callable[..., None],
) -> None:
    set_budget(day_usd=0.05)
    model_server.script(STEP, text("never asked for"))
    first = machine("look")
    assert first.code == 4
    run_koi("sessions", "delete", str(first.result["session_id"]), "--yes")
    assert run_koi("sessions", "list").stdout.count("scripted") == 0
    assert machine("look").code == 4
    assert len(model_server.model_requests) == 1


def test_at_the_limit_everything_is_kept_and_a_higher_one_goes_on(
    machine: Machine,
    model_server: ModelServer,
    set_budget: Callable[..., None],
    koi_home: Path,
) -> None:
    set_budget(session_usd=0.05)
    model_server.script(STEP, text("There is nothing here."))
    stopped = machine("look")
    assert stopped.code == 4
    (reached,) = [line for line in stopped.of("budget") if line["event"] == "reached"]
    assert reached["limit"] == "session_usd"
    assert "koi config set budget.session_usd" in str(stopped.error["hint"])
    kept = conversation(branch(journal_entries(koi_home)))
    assert [message.role for message in kept] == ["user", "assistant", "user"]
    assert isinstance(kept[1].parts[0], ToolCall)
    set_budget(session_usd=0.5)
    assert machine("-c", "go on").result["text"] == "There is nothing here."
    assert len(model_server.model_requests) == 2


def test_a_resumed_session_has_spent_what_it_spent(
    machine: Machine, model_server: ModelServer, set_budget: Callable[..., None]
) -> None:
    set_budget(session_usd=0.05)
    model_server.script(replace(text("dear"), input_tokens=2_000, output_tokens=4_000))
    assert machine("one").code == 0
    assert machine("-c", "two").code == 4
    assert len(model_server.model_requests) == 1


def test_a_warning_comes_with_the_cost(
    machine: Machine, model_server: ModelServer, set_budget: Callable[..., None]
) -> None:
    set_budget(day_usd=0.05)
    model_server.script(replace(text("dear"), input_tokens=2_000, output_tokens=4_000))
    (warned,) = machine("one").of("budget")
    assert (warned["event"], warned["limit"], warned["warn_at"]) == ("warned", "day_usd", 0.8)
