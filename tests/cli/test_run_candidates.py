"""Whole turns of `koi run` over several keys and models, held against the server's own log."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from tests.servers.answers import Answer, calls, failure, text
from tests.servers.model_server import ModelServer, RecordedRequest

Machine = Callable[..., Outcome]

FIRST, SECOND, THIRD = (f"key-of-work-0000{number * 4}" for number in "123")
HINT_MS = 700


@pytest.fixture
def configure(koi_home: Path, model_server: ModelServer) -> Callable[[str], None]:
    """Writes a configuration; `URL` in it is the scripted model's."""

    def write(words: str) -> None:
        koi_home.mkdir(exist_ok=True)
        (koi_home / "config.toml").write_text(words.replace("URL", model_server.openai_url))

    return write


def sent_keys(server: ModelServer) -> list[str]:
    """The end of the key of each request, as it arrived."""
    return [each.headers["authorization"][-4:] for each in server.model_requests]


def sent_models(server: ModelServer) -> list[object]:
    return [each.body["model"] for each in server.model_requests]


THREE_KEYS = f"""
model = "work/scripted-model"
[providers.work]
base_url = "URL"
api_keys = ["{FIRST}", "{SECOND}", "{THIRD}"]
[reliability]
backoff_ms = 1
"""


def test_the_third_key_is_sent_when_two_are_limited_and_the_first_again_after_its_rest(
    machine: Machine, model_server: ModelServer, configure: Callable[[str], None]
) -> None:
    configure(THREE_KEYS)
    limited = {
        "1111": [failure(429, "slow down", retry_after_ms=str(HINT_MS))],
        "2222": [failure(429, "slow down", retry_after="600")],
    }

    def answer(request: RecordedRequest) -> Answer:
        waiting = limited.get(request.headers["authorization"][-4:])
        return waiting.pop() if waiting else text("done")

    model_server.script(*repeat(answer, 200))
    first = machine("go on")
    assert sent_keys(model_server) == ["1111", "2222", "3333"]
    assert first.result["ok"] is True
    assert [(each["key"], each["action"]) for each in first.of("attempt")] == [
        ("1111", "rotate"),
        ("2222", "rotate"),
        ("3333", "done"),
    ]

    while "1111" not in sent_keys(model_server)[1:]:
        assert machine("go on").result["ok"] is True
    assert set(sent_keys(model_server)[2:-1]) == {"3333"}
    again, before = model_server.model_requests[-1], model_server.model_requests[0]
    assert again.received_at - before.received_at >= HINT_MS / 1000


def test_within_a_turn_the_next_step_goes_on_with_the_key_that_works(
    machine: Machine, model_server: ModelServer, configure: Callable[[str], None]
) -> None:
    configure(THREE_KEYS)
    model_server.script(
        failure(429, "slow down", retry_after="600"), calls(("ls", {})), text("done")
    )
    assert machine("list the files").result["text"] == "done"
    assert sent_keys(model_server) == ["1111", "2222", "2222"]


def test_a_refused_key_gives_way_to_the_next_once(
    machine: Machine, model_server: ModelServer, configure: Callable[[str], None]
) -> None:
    configure(THREE_KEYS)
    model_server.script(failure(401, "wrong key"), text("done"))
    assert machine("go on").result["ok"] is True
    assert sent_keys(model_server) == ["1111", "2222"]


def test_a_model_that_fails_gives_way_to_its_fallbacks_in_their_order(
    machine: Machine, model_server: ModelServer, configure: Callable[[str], None]
) -> None:
    configure(
        f"""
model = "work/first"
[providers.work]
base_url = "URL"
api_key = "{FIRST}"
default_model = "third"
[reliability]
retries = 0
[reliability.model_fallbacks]
"first" = ["nosuch/x", "work/second"]
[models.fallback]
executor = ["work"]
"""
    )
    model_server.script(failure(503, "down"), failure(503, "down"), text("done"))
    done = machine("go on")
    assert sent_models(model_server) == ["first", "second", "third"]
    assert done.result["model"] == "work/third"
    assert done.result["text"] == "done"


@pytest.mark.parametrize(
    ("switch", "models"), [("true", ["first", "second"]), ("false", ["first"])]
)
def test_another_model_takes_over_for_a_refused_key_only_when_it_may(
    machine: Machine,
    model_server: ModelServer,
    configure: Callable[[str], None],
    switch: str,
    models: list[str],
) -> None:
    configure(
        f"""
model = "work/first"
[providers.work]
base_url = "URL"
api_key = "{FIRST}"
[providers.other]
base_url = "URL"
api_key = "{SECOND}"
[reliability]
fallback_on_auth = {switch}
[models.fallback]
executor = ["other/second"]
"""
    )
    model_server.script(failure(401, "wrong key"), text("done"))
    assert machine("go on").result["ok"] is (switch == "true")
    assert sent_models(model_server) == models


def test_a_route_sends_its_own_key_to_its_own_place(
    machine: Machine, model_server: ModelServer, configure: Callable[[str], None]
) -> None:
    configure(
        f"""
model = "elsewhere/none"
[providers.work]
base_url = "URL"
api_key = "{FIRST}"
[providers.elsewhere]
base_url = "http://127.0.0.1:9/v1"
api_key = "{SECOND}"
[[model_routes]]
hint = "special-"
provider = "work"
api_key = "{THIRD}"
[[model_routes]]
hint = "hint:quick"
provider = "custom:URL"
model = "quick"
"""
    )
    model_server.script(text("one"), text("two"), text("three"))
    for name in ("special-1", "work/special-1", "work/other"):
        assert machine("-m", name, "go on").result["ok"] is True
    assert sent_keys(model_server) == ["3333", "3333", "1111"]
    model_server.script(text("four"))
    machine("-m", "hint:quick", "go on")
    assert "authorization" not in model_server.model_requests[-1].headers
    assert sent_models(model_server)[-1] == "quick"


def test_a_tier_is_chosen_by_the_prompt_and_told(
    machine: Machine, model_server: ModelServer, configure: Callable[[str], None]
) -> None:
    configure(
        f"""
model = "work/middle"
[providers.work]
base_url = "URL"
api_key = "{FIRST}"
fast_model = "small"
premium_model = "large"
[routing]
tiers = true
"""
    )
    model_server.script(text("1"), calls(("ls", {})), text("2"), text("3"))
    machine("what is this?")
    told = machine("refactor it").of("routed")
    machine("fix it")
    assert sent_models(model_server) == ["small", "large", "large", "middle"]
    assert [(each["rule"], each["model"]) for each in told] == [("tier", "work/large")]
