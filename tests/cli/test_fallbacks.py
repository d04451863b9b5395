"""Fallback, rotation and rests over real sockets: what each server was asked, and what is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.cli.conftest import Outcome
from tests.conftest import RunKoi
from tests.servers.answers import calls, cut_stream, failure, text
from tests.servers.model_server import ModelServer

Machine = Callable[..., Outcome]
FIRST, SECOND, THIRD = "first-key-0123456789", "second-key-0123456789", "third-key-0123456789"


@pytest.fixture
def other_server() -> Iterator[ModelServer]:
    """A second provider, of another protocol."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def chain(koi_home: Path, model_server: ModelServer, other_server: ModelServer) -> str:
    """A model with three keys, and another provider's model after it."""
    koi_home.mkdir(exist_ok=True)
    (koi_home / "config.toml").write_text(
        f"""
        [providers.one]
        protocol = "openai-chat"
        base_url = "{model_server.url}/v1"
        api_keys = ["{FIRST}", "{SECOND}", "{THIRD}"]
        [providers.two]
        protocol = "anthropic"
        base_url = "{other_server.url}"
        api_key = "{FIRST}"
        [models.fallback]
        executor = ["two/m"]
        [reliability]
        backoff_ms = 1
        """
    )
    return "one/m"


def keys_of(server: ModelServer) -> list[str]:
    """The keys that a server was sent, in order."""
    return [
        request.headers["authorization"].removeprefix("Bearer ")
        for request in server.model_requests
    ]


def test_another_provider_answers_when_the_first_is_down(
    machine: Machine, model_server: ModelServer, other_server: ModelServer, chain: str
) -> None:
    model_server.script(*[failure(503, "down")] * 3)
    other_server.script(text("Hello from two"))
    outcome = machine("-m", chain, "hi")
    assert (outcome.code, outcome.result["text"]) == (0, "Hello from two")
    (told,) = outcome.of("fallback")
    assert (told["from"], told["to"]) == ("one/m", "two/m")
    assert len(model_server.model_requests) == 3
    assert len(other_server.model_requests) == 1


def test_the_next_key_is_sent_when_one_is_limited(
    machine: Machine, model_server: ModelServer, chain: str
) -> None:
    limited = failure(429, "slow down", **{"retry-after": "90"})
    model_server.script(limited, limited, text("Hello"))
    outcome = machine("-m", chain, "hi")
    assert outcome.result["text"] == "Hello"
    assert keys_of(model_server) == [FIRST, SECOND, THIRD]


def test_a_new_koi_does_not_ask_before_the_time_that_a_server_named(
    machine: Machine,
    model_server: ModelServer,
    other_server: ModelServer,
    chain: str,
    koi_home: Path,
) -> None:
    limited = failure(429, "slow down", **{"retry-after": "500"})
    model_server.script(*[limited] * 3)
    unavailable = failure(503, "down", **{"retry-after": "700"})
    other_server.script(unavailable)
    assert machine("-m", chain, "hi").code == 1
    again = machine("-m", chain, "hi")
    assert again.code == 1
    assert "one/m may be asked again at" in str(again.error["message"])
    assert len(model_server.model_requests) == 3
    assert len(other_server.model_requests) == 1
    kept = (koi_home / "data" / "rests.json").read_text()
    assert FIRST not in kept
    assert "slow down" not in kept


@pytest.mark.parametrize("how", ["close", "clean", "reset"])
def test_an_answer_that_breaks_off_is_whole_in_the_end(
    machine: Machine,
    model_server: ModelServer,
    chain: str,
    how: Literal["close", "clean", "reset"],
) -> None:
    model_server.script(cut_stream("an answer that is cut", 3, how), text("the whole answer"))
    outcome = machine("-m", chain, "hi", output="json")
    assert (outcome.code, outcome.result["text"]) == (0, "the whole answer")


def test_the_fallback_goes_on_with_the_conversation_of_the_first_model(
    machine: Machine, model_server: ModelServer, other_server: ModelServer, chain: str
) -> None:
    model_server.script(calls(("ls", {}), content="I look."), *[failure(500, "down")] * 3)
    other_server.script(text("There is nothing."))
    outcome = machine("-m", chain, "what is here?")
    assert outcome.result["text"] == "I look.There is nothing."
    messages = str(other_server.model_requests[0].messages)
    assert "tool_result" in messages
    assert "I look." in messages


def test_everything_that_was_tried_is_listed_at_the_end(
    run_koi: RunKoi, model_server: ModelServer, other_server: ModelServer, chain: str
) -> None:
    model_server.script(*[failure(503, "down")] * 3)
    other_server.script(*[failure(503, "down too")] * 3)
    done = run_koi("run", "-m", chain, "hi")
    assert done.returncode == 1
    told = done.stderr.partition("error (overloaded)")[2].splitlines()[1:7]
    assert [line.strip().partition(" ")[0] for line in told] == ["one/m"] * 3 + ["two/m"] * 3
    assert all("…6789: down" in line for line in told)


def test_a_model_without_a_key_names_the_fallback_that_has_one(
    machine: Machine, koi_home: Path, chain: str
) -> None:
    file = koi_home / "config.toml"
    file.write_text(file.read_text().replace('["two/m"]', '["mistral/m", "two/m"]'))
    outcome = machine("-m", "openai/gpt-5.2", "hi")
    assert outcome.code == 3
    assert str(outcome.error["hint"]).endswith("Its fallback can be used: -m two/m")
