"""`koi models`, `koi providers` and vectors against aimock, also when it has gone away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import msgspec
import pytest

from koi.config.schema import ProtocolName
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.conftest import RunKoi
from tests.peers.conftest import Peer, running
from tests.peers.faces import KEY, PROTOCOLS, RELATIVES, Face
from tests.servers.answers import JsonObject

pytestmark = pytest.mark.peers
FACES = {face.name: face for face in PROTOCOLS + RELATIVES}


def configure(koi_home: Path, *tables: str) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text("\n".join(tables))


def models(run_koi: RunKoi, *arguments: str) -> tuple[list[JsonObject], str]:
    """What `koi models` lists, and what it says beside it."""
    done = run_koi("models", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return cast(list[JsonObject], json.loads(done.stdout)), done.stderr


def names(listed: list[JsonObject]) -> list[str]:
    return [str(model["reference"]) for model in listed]


def reachable(run_koi: RunKoi) -> dict[str, object]:
    """What `koi providers` says of those that it asked."""
    done = run_koi("providers", "--json")
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout + done.stderr
    rows = cast(list[JsonObject], json.loads(done.stdout))
    return {str(row["name"]): row["reachable"] for row in rows if row["configured"]}


@pytest.mark.parametrize(
    ("face", "model"),
    [
        ("chat", "chat/gpt-4o"),
        ("responses", "responses/gpt-4o"),
        ("messages", "messages/gpt-4o"),
        ("ollama", "ollama/gpt-4o"),
        ("openrouter", "openrouter/openai/gpt-4o"),
    ],
)
def test_models_are_those_that_the_server_lists(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, face: str, model: str
) -> None:
    configure(koi_home, FACES[face].table(aimock.url))
    listed, said = models(run_koi, face)
    assert model in names(listed)
    assert said == ""


@pytest.mark.parametrize("face", ["gemini", "bedrock", "azure"])
def test_a_server_without_a_list_is_said_and_no_failure(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, face: str
) -> None:
    configure(koi_home, FACES[face].table(aimock.url))
    assert run_koi("models", face).returncode == 0


def test_lists_outlive_the_server(run_koi: RunKoi, koi_home: Path) -> None:
    peer = Peer("aimock")
    for server in running(peer):
        configure(koi_home, FACES["chat"].table(server.url), FACES["ollama"].table(server.url))
        before = names(models(run_koi)[0])
        assert "chat/gpt-4o" in before
        assert "ollama/gpt-4o" in before
        assert len(list((koi_home / "cache/models").glob("*.json"))) == 2
        assert reachable(run_koi) == {"chat": True, "ollama": True}
    # The server is gone. A list of today serves; one from the own machine is asked for anew.
    listed, said = models(run_koi)
    assert names(listed) == before
    assert "chat" not in said
    assert "ollama" in said
    assert "list of 0 minutes ago" in said
    refused = run_koi("models", "chat", "--refresh")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert peer.url.partition("//")[2].partition(":")[0] in refused.stderr
    assert reachable(run_koi) == {"chat": False, "ollama": False}


@pytest.mark.parametrize("face", ["chat", "responses", "ollama"])
async def test_a_text_becomes_the_vector_that_the_server_has_for_it(
    aimock: Peer, face: str
) -> None:
    provider = HttpProvider(_endpoint(FACES[face], aimock))
    try:
        vectors = [await provider.embed("m", (text,)) for text in ("one koi", "two koi")]
    finally:
        await provider.aclose()
    assert vectors == [((1.0, 0.25, -0.5),), ((2.0, 0.5, -1.0),)]


def _endpoint(face: Face, peer: Peer) -> Endpoint:
    protocol = msgspec.convert(face.protocol, ProtocolName)
    return Endpoint(face.name, protocol, peer.url + face.path, key=Secret(KEY))
