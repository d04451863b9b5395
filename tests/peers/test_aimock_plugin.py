"""The example of a provider plugin against aimock's imitation of Cohere's v2 chat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.providers.wasm.example import KEY, install

pytestmark = pytest.mark.peers


@pytest.mark.parametrize(
    ("prompt", "text", "calls"),
    [
        ("peer:hello", "Hello from aimock.", 0),
        ("peer:tool", None, 1),
        ("peer:parallel", None, 2),
        ("peer:chain", None, 2),
        ("peer:noargs", None, 1),
    ],
)
def test_a_plugin_has_whole_turns_with_tools(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, prompt: str, text: str | None, calls: int
) -> None:
    install(koi_home, aimock.url)
    done = run_koi(
        *("run", "--output", "json", "-m", "mine/m", prompt),
        environment={"COHERE_TEST_API_KEY": KEY},
    )
    result = json.loads(done.stdout)
    assert (done.returncode, result["finish_reason"]) == (0, "stop"), done.stderr
    assert len(result["tool_calls"]) == calls
    assert text is None or result["text"] == text
