"""Faults that others thought of, with a model of ours to fall back to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer, running
from tests.peers.faces import PROTOCOLS, Face
from tests.peers.turns import Outcome, outcome
from tests.servers.answers import Answer
from tests.servers.fault_server.server import MODEL, FaultServer

pytestmark = pytest.mark.peers

SPARE = "The second one is well."
CHAOS = ("--chaos-drop", "0.1", "--chaos-disconnect", "0.1", "--chaos-ratelimit", "0.05")
TURNS = 10
every_protocol = pytest.mark.parametrize(
    "face", [pytest.param(face, id=face.name) for face in PROTOCOLS]
)
IMPATIENT = "connect_s = 5.0\nfirst_byte_s = 1.0\nidle_s = 1.0\n"


@pytest.fixture
def spare() -> Iterator[FaultServer]:
    """A model that is always well."""
    with FaultServer("openai-chat", script=lambda asked: Answer(text=SPARE)) as server:
        yield server


@pytest.fixture(scope="module")
def chaotic(aimock_answers: str) -> Iterator[Peer]:
    """aimock, which refuses, hangs up and limits now and then."""
    yield from running(Peer("aimock", *CHAOS, AIMOCK_FIXTURES=aimock_answers))


def configure(koi_home: Path, first: str, spare_url: str, *, model: str, retries: int = 1) -> None:
    """The first provider's table, and a spare model for all that fails there."""
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f'model = "{model}"\n[reliability]\nbackoff_ms = 1\nretries = {retries}\n'
        f'[models.fallback]\nexecutor = ["spare/{MODEL}"]\n'
        f'[providers.spare]\nprotocol = "openai-chat"\nbase_url = "{spare_url}"\n'
        f'api_key = "sk-spare-model-0001"\n{first}'
    )


def run(run_koi: RunKoi, prompt: str, *flags: str) -> Outcome:
    return outcome(run_koi("run", "--output", "stream-json", *flags, prompt))


@every_protocol
@pytest.mark.parametrize(
    ("prompt", "attempts"),
    [
        ("peer:500-always", 2),
        ("peer:529", 2),
        ("peer:429-quota", 1),
        ("peer:cut-chunks", 2),
        ("peer:cut-ms", 2),
        ("peer:noanswer", 2),
        ("peer:malformed", 2),
        ("peer:stall", 2),
    ],
)
def test_another_model_takes_over_what_one_cannot_answer(
    run_koi: RunKoi,
    aimock: Peer,
    spare: FaultServer,
    koi_home: Path,
    face: Face,
    prompt: str,
    attempts: int,
) -> None:
    patience = IMPATIENT if prompt == "peer:stall" else ""
    table = face.table(aimock.url) + patience
    configure(koi_home, table, spare.base_url, model=f"{face.name}/m")
    done = run(run_koi, prompt)
    assert (done.code, done.text, len(spare.log)) == (0, SPARE, 1)
    assert len(done.statuses) == attempts + 1
    (fallback,) = done.of_type("fallback")
    assert (fallback["from"], fallback["to"]) == (f"{face.name}/m", f"spare/{MODEL}")


@every_protocol
@pytest.mark.parametrize("prompt", ["peer:401", "peer:403", "peer:404"])
def test_nobody_takes_over_what_asking_again_cannot_cure(
    run_koi: RunKoi,
    aimock: Peer,
    spare: FaultServer,
    koi_home: Path,
    face: Face,
    prompt: str,
) -> None:
    configure(koi_home, face.table(aimock.url), spare.base_url, model=f"{face.name}/m")
    done = run(run_koi, prompt)
    assert (done.code, len(done.statuses), spare.log) == (1, 1, [])
    assert done.error["hint"]


@every_protocol
def test_a_limit_is_kept_by_the_next_koi_too(
    run_koi: RunKoi, aimock: Peer, spare: FaultServer, koi_home: Path, face: Face
) -> None:
    table = face.table(aimock.url)
    configure(koi_home, table, spare.base_url, model=f"{face.name}/m", retries=0)
    first, second = (run(run_koi, "peer:429-always") for _ in range(2))
    assert (first.code, first.statuses) == (0, [429, None])
    assert (second.code, second.statuses) == (0, [None])
    assert len(spare.log) == 2


@every_protocol
def test_a_call_that_is_cut_off_never_runs_and_another_model_answers(
    run_koi: RunKoi,
    aimock: Peer,
    spare: FaultServer,
    koi_home: Path,
    workspace: Path,
    face: Face,
) -> None:
    if face.protocol == "gemini":
        pytest.skip("aimock's Gemini has the whole call in its first piece")
    configure(koi_home, face.table(aimock.url), spare.base_url, model=f"{face.name}/m")
    done = run(run_koi, "cut the note", "--mode", "edit")
    assert (done.code, done.text) == (0, SPARE)
    assert not list(workspace.iterdir())


@every_protocol
def test_whole_turns_survive_chaos(
    run_koi: RunKoi, chaotic: Peer, aimock: Peer, koi_home: Path, tmp_path: Path, face: Face
) -> None:
    """Every turn ends well, and what it wrote is there once and whole."""
    second = face._replace(name="second")
    tables = face.table(chaotic.url) + second.table(aimock.url)
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f'model = "{face.name}/m"\n[reliability]\nbackoff_ms = 1\ncooldown_s = 1\n'
        f'[models.fallback]\nexecutor = ["second/m"]\n{tables}'
    )
    failed = 0
    for number in range(TURNS):
        folder = tmp_path / str(number)
        folder.mkdir()
        flags = ("--mode", "edit", "--allow", "bash(wc *)", "--max-turns", "5")
        command = ("run", "--output", "json", *flags, "fill the pond")
        done = outcome(run_koi(*command, cwd=folder))
        assert (done.code, done.text) == (0, "I count. Nine bytes of fish.")
        assert (folder / "pond.txt").read_text() == "four fish"
        assert [call["name"] for call in done.calls] == ["write", "read", "bash"]
        failed += len(done.statuses) - 3
    assert failed


GATEWAY = """[providers.gateway]
protocol = "openai-chat"
base_url = "{url}/v1"
api_keys = [{keys}]
"""


def gateway(litellm: Peer, *keys: str) -> str:
    return GATEWAY.format(url=litellm.url, keys=", ".join(f'"{key}"' for key in keys))


def test_a_key_that_reached_its_limit_gives_way_to_the_next_one(
    run_koi: RunKoi, litellm: Peer, spare: FaultServer, koi_home: Path, workspace: Path
) -> None:
    table = gateway(litellm, "sk-koi-rpm2", "sk-koi-good")
    configure(koi_home, table, spare.base_url, model="gateway/via-openai")
    flags = ("--mode", "edit", "--allow", "bash(wc *)", "--max-turns", "5")
    done = run(run_koi, "fill the pond", *flags)
    assert (done.code, done.text) == (0, "I count. Nine bytes of fish.")
    assert 429 in done.statuses
    assert (workspace / "pond.txt").read_text() == "four fish"
    assert not spare.log


@pytest.mark.parametrize(("key", "status"), [("sk-koi-nobody", 401), ("sk-koi-broke", 422)])
def test_a_key_that_does_not_serve_gives_way_once(
    run_koi: RunKoi, litellm: Peer, spare: FaultServer, koi_home: Path, key: str, status: int
) -> None:
    table = gateway(litellm, key, "sk-koi-good")
    configure(koi_home, table, spare.base_url, model="gateway/via-openai")
    done = run(run_koi, "peer:hello")
    assert (done.code, done.text) == (0, "Hello from aimock.")
    assert done.statuses == [status, None]
    assert not spare.log


@pytest.mark.parametrize(
    ("model", "attempts"), [("mock-429", 2), ("mock-500", 2), ("mock-midstream", 2)]
)
def test_what_the_gateway_cannot_answer_another_provider_does(
    run_koi: RunKoi, litellm: Peer, spare: FaultServer, koi_home: Path, model: str, attempts: int
) -> None:
    table = gateway(litellm, "sk-koi-good")
    configure(koi_home, table, spare.base_url, model=f"gateway/{model}")
    done = run(run_koi, "hi")
    assert (done.code, done.text) == (0, SPARE)
    assert len(done.statuses) == attempts + 1


def test_a_refused_key_does_not_change_the_provider(
    run_koi: RunKoi, litellm: Peer, spare: FaultServer, koi_home: Path
) -> None:
    table = gateway(litellm, "sk-koi-nobody")
    configure(koi_home, table, spare.base_url, model="gateway/via-openai")
    done = run(run_koi, "peer:hello")
    assert (done.code, done.error["kind"], spare.log) == (1, "auth", [])
