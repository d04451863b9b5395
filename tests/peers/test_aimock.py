"""`koi run` against aimock, a server of others that speaks nearly all wire formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.peers.faces import PROTOCOLS, RELATIVES, Face
from tests.peers.turns import Outcome, outcome

pytestmark = pytest.mark.peers

UNICODE = 'naïve café — 鯉 koi 🐟 العربية\nline two\n\n```python\nprint("x")\n```\n'
PRICED = """
[pricing."m"]
input_per_mtok = 1.0
output_per_mtok = 10.0
"""
IMPATIENT = "connect_s = 5.0\nfirst_byte_s = 1.0\nidle_s = 1.0\n"


def named(faces: tuple[Face, ...]) -> list[object]:
    """The faces as parameters with their names."""
    return [pytest.param(face, id=face.name) for face in faces]


every_face = pytest.mark.parametrize("face", named(PROTOCOLS + RELATIVES))
every_protocol = pytest.mark.parametrize("face", named(PROTOCOLS))


def configure(koi_home: Path, *tables: str, retries: int = 2) -> None:
    koi_home.mkdir()
    policy = f"[reliability]\nbackoff_ms = 1\nretries = {retries}\n"
    (koi_home / "config.toml").write_text("\n".join([policy, *tables]))


def run(run_koi: RunKoi, face: Face, prompt: str, *flags: str) -> Outcome:
    return outcome(run_koi("run", "--output", "json", "-m", f"{face.name}/m", *flags, prompt))


@every_face
def test_a_turn_with_three_tools(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, workspace: Path, face: Face
) -> None:
    configure(koi_home, face.table(aimock.url), PRICED)
    flags = ("--mode", "edit", "--allow", "bash(wc *)", "--max-turns", "5")
    done = run(run_koi, face, "fill the pond", *flags)
    assert (done.code, done.text) == (0, "I count. Nine bytes of fish.")
    assert (workspace / "pond.txt").read_text() == "four fish"
    assert [call["name"] for call in done.calls] == ["write", "read", "bash"]
    assert done.statuses == [None, None, None]
    if face.name == "ollama":
        return  # aimock counts no tokens there
    assert (done.usage["input_tokens"], done.usage["output_tokens"]) == (600, 33)
    assert done.result["cost_usd"] == pytest.approx(930 / 1e6)


@every_face
def test_the_key_arrives_as_the_service_wants_it(
    run_koi: RunKoi, guarded_aimock: Peer, koi_home: Path, face: Face
) -> None:
    configure(koi_home, face.table(guarded_aimock.url))
    done = run(run_koi, face, "peer:hello")
    assert (done.code, done.text) == (0, "Hello from aimock.")


@every_face
def test_a_wrong_key_is_named_and_not_repeated(
    run_koi: RunKoi, guarded_aimock: Peer, koi_home: Path, face: Face
) -> None:
    wrong = face.key[:-4] + "9999"
    configure(koi_home, face.table(guarded_aimock.url, wrong))
    done = run(run_koi, face, "peer:hello")
    assert (done.code, done.error["kind"], done.error["status"]) == (1, "auth", 401)
    assert done.statuses == [401]
    assert done.error["hint"]
    config = koi_home / "config.toml"
    files = [path for path in koi_home.rglob("*") if path.is_file() and path != config]
    assert wrong not in done.said
    assert not [path for path in files if wrong.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("peer:hello", "Hello from aimock."),
        ("peer:unicode", UNICODE),
        ("peer:reasoning", "The answer is 42."),
        ("peer:empty", ""),
    ],
)
@every_protocol
def test_answers_arrive_whole(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, face: Face, prompt: str, text: str
) -> None:
    configure(koi_home, face.table(aimock.url))
    done = run(run_koi, face, prompt)
    assert (done.code, done.text, done.result["finish_reason"]) == (0, text, "stop")
    thinks = prompt == "peer:reasoning" and face.name != "ollama"  # aimock sends no thinking there
    assert bool(done.result["reasoning"]) == thinks


@pytest.mark.parametrize("how", ["probe", "probe --no-stream"])
@every_protocol
def test_an_answer_in_one_piece_says_the_same(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, face: Face, how: str
) -> None:
    configure(koi_home, face.table(aimock.url))
    done = outcome(run_koi(*how.split(), f"{face.name}/m", "--prompt", "peer:parallel"))
    assert (done.code, done.result["finish_reason"]) == (0, "tool_calls")
    assert [(call["name"], call["arguments"]) for call in done.calls] == [
        ("get_weather", {"city": "Oslo"}),
        ("get_time", {"tz": "Europe/Oslo"}),
    ]


@pytest.mark.parametrize(
    ("prompt", "calls", "text"),
    [
        ("peer:parallel", 2, "Both tools answered."),
        ("peer:noargs", 1, "No-argument tool done."),
        ("peer:unknowntool", 1, "Recovered from an unknown tool."),
        ("peer:badargs", 1, "Recovered from bad arguments."),
    ],
)
@every_protocol
def test_calls_of_tools_that_koi_has_not_are_answered_and_the_turn_ends(
    run_koi: RunKoi,
    aimock: Peer,
    koi_home: Path,
    face: Face,
    prompt: str,
    calls: int,
    text: str,
) -> None:
    configure(koi_home, face.table(aimock.url))
    done = run(run_koi, face, prompt, "--max-turns", "4")
    assert (done.code, done.result["finish_reason"]) == (0, "stop")
    assert len(done.calls) == calls
    assert done.text == text


@every_protocol
def test_broken_arguments_are_never_executed(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, workspace: Path, face: Face
) -> None:
    configure(koi_home, face.table(aimock.url))
    done = run(run_koi, face, "break the note", "--mode", "edit", "--max-turns", "3")
    assert (done.code, done.text) == (0, "Not written.")
    assert not list(workspace.iterdir())


@pytest.mark.parametrize(
    "face",
    named(tuple(face for face in PROTOCOLS if face.protocol != "gemini")),
)
def test_a_call_that_is_cut_off_is_never_executed(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, workspace: Path, face: Face
) -> None:
    configure(koi_home, face.table(aimock.url))
    done = run(run_koi, face, "cut the note", "--mode", "edit", "--max-turns", "3")
    assert (done.code, done.result["ok"], done.error["kind"]) == (1, False, "network")
    assert len(done.statuses) == 3
    assert not list(workspace.iterdir())


@pytest.mark.parametrize(
    ("prompt", "kind", "status"),
    [
        ("peer:401", "auth", 401),
        ("peer:403", "auth", 403),
        ("peer:404", "model_not_found", 404),
        ("peer:413", "context_overflow", 413),
        ("peer:429-always", "rate_limit", 429),
        ("peer:429-quota", "billing", 429),
        ("peer:500-always", "overloaded", 500),
        ("peer:529", "overloaded", 529),
        ("peer:chaos429", "rate_limit", 429),
        ("peer:ctx-openai", "context_overflow", 400),
        ("peer:ctx-anthropic", "context_overflow", 400),
        ("peer:ctx-gemini", "context_overflow", 400),
        ("peer:cut-chunks", "network", None),
        ("peer:cut-ms", "network", None),
        ("peer:noanswer", "network", None),
        ("peer:malformed", "protocol", None),
        ("peer:stall", "timeout", None),
    ],
)
@every_protocol
def test_failures_are_named_and_never_a_success(
    run_koi: RunKoi,
    aimock: Peer,
    koi_home: Path,
    face: Face,
    prompt: str,
    kind: str,
    status: int | None,
) -> None:
    patience = IMPATIENT if prompt == "peer:stall" else ""
    configure(koi_home, face.table(aimock.url) + patience, retries=0)
    done = run(run_koi, face, prompt)
    assert (done.code, done.result["ok"], done.error["kind"]) == (1, False, kind)
    assert done.error["status"] == status
    assert done.error["hint"]
    if prompt == "peer:429-always":
        assert done.error["retry_after_s"] == 7


@pytest.mark.parametrize(
    ("prompt", "statuses"),
    [("peer:429-once", [429, None]), ("peer:503-twice", [503, 503, None])],
)
@every_protocol
def test_failures_that_pass_are_tried_again(
    run_koi: RunKoi,
    aimock: Peer,
    koi_home: Path,
    face: Face,
    prompt: str,
    statuses: list[int | None],
) -> None:
    own_count = f'headers = {{ X-Test-Id = "{koi_home}" }}\n'
    configure(koi_home, face.table(aimock.url) + own_count)
    done = run(run_koi, face, prompt)
    assert (done.code, done.text) == (0, "Recovered after a retry.")
    assert done.statuses == statuses


@pytest.mark.parametrize("face", named(tuple(f for f in PROTOCOLS if f.name != "ollama")))
def test_answers_that_end_early_say_why(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, face: Face
) -> None:
    configure(koi_home, face.table(aimock.url))
    done = run(run_koi, face, "peer:length")
    assert (done.code, done.result["finish_reason"]) == (0, "length")
    assert done.text.startswith("This text stops")


@pytest.mark.parametrize("face", named(tuple(f for f in PROTOCOLS if f.name != "ollama")))
def test_filtered_answers_fail(run_koi: RunKoi, aimock: Peer, koi_home: Path, face: Face) -> None:
    configure(koi_home, face.table(aimock.url))
    done = run(run_koi, face, "peer:filtered")
    # aimock's Responses ends them as `failed`; the service says `incomplete` and why.
    reason = "error" if face.name == "responses" else "content_filter"
    assert (done.code, done.result["finish_reason"]) == (1, reason)


@pytest.mark.parametrize("face", named(tuple(f for f in RELATIVES if f.name == "openrouter")))
def test_tokens_from_a_cache_are_priced_apart(
    run_koi: RunKoi, aimock: Peer, koi_home: Path, face: Face
) -> None:
    configure(koi_home, face.table(aimock.url), PRICED + "cache_read_per_mtok = 0.5\n")
    done = run(run_koi, face, "peer:usage-openai")
    assert (done.usage["input_tokens"], done.usage["cache_read_tokens"]) == (234, 1000)
    assert done.result["cost_usd"] == pytest.approx((234 + 500 + 560) / 1e6)
