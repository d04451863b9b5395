"""koi finds aimock's imitation of Ollama by OLLAMA_HOST; it knows neither /api/ps nor /api/show."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.peers.turns import outcome

pytestmark = pytest.mark.peers


@pytest.mark.parametrize("form", ["{url}", "{url}/", "{url}/v1", "{place}"])
def test_a_turn_with_tools_needs_no_configuration(
    run_koi: RunKoi, aimock: Peer, workspace: Path, form: str
) -> None:
    host = form.format(url=aimock.url, place=aimock.url.partition("//")[2])
    flags = ("--mode", "edit", "--allow", "bash(wc *)", "--max-turns", "5")
    command = ("run", "--output", "json", "-m", "ollama/m", *flags, "fill the pond")
    done = outcome(run_koi(*command, environment={"OLLAMA_HOST": host}))
    assert (done.code, done.text) == (0, "I count. Nine bytes of fish.")
    assert done.result["cost_usd"] == 0.0
    assert (workspace / "pond.txt").read_text() == "four fish"


async def test_models_and_vectors(aimock: Peer) -> None:
    lenient = {"X-AIMock-Strict": "false"}
    provider = HttpProvider(Endpoint("ollama", "ollama", aimock.url, headers=lenient))
    try:
        assert await provider.is_available()
        assert await provider.list_models()
        (vector,) = await provider.embed("m", ("hello",))
    finally:
        await provider.aclose()
    assert len(vector) > 1
