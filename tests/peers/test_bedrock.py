"""`koi run` against a gate that recomputes each signature with botocore, and speaks as AWS does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import RunKoi
from tests.peers.conftest import Peer
from tests.servers.answers import JsonObject

pytestmark = pytest.mark.peers
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
PROFILE_ARN = f"arn:aws:bedrock:eu-north-1:123456789012:inference-profile/eu.{MODEL}"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAKOIPEER000000001",
    "AWS_SECRET_ACCESS_KEY": "koi/peer+secret/Key0123456789abcdefghij",
}
SESSION = {
    "AWS_ACCESS_KEY_ID": "ASIAKOIPEER000000002",
    "AWS_SECRET_ACCESS_KEY": "temporary/secret+Key0123456789abcdefghi",
    "AWS_SESSION_TOKEN": "koi-session-token==",
}
BEARER = {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key-koi-peer"}
WAYS = pytest.mark.parametrize(
    "credentials", [KEYS, SESSION, BEARER], ids=["keys", "session token", "bearer"]
)


def run(
    run_koi: RunKoi,
    bedrock: Peer,
    credentials: dict[str, str],
    prompt: str,
    *flags: str,
    model: str = MODEL,
) -> tuple[int, JsonObject]:
    """The exit code and the result."""
    done = run_koi(
        "run",
        "--output",
        "json",
        "-m",
        f"bedrock/{model}",
        *flags,
        prompt,
        environment={
            "AWS_REGION": "eu-north-1",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            **credentials,
        },
    )
    assert "Traceback" not in done.stderr
    for name, value in credentials.items():
        assert name == "AWS_ACCESS_KEY_ID" or value not in done.stdout + done.stderr
    return done.returncode, cast(JsonObject, json.loads(done.stdout))


@WAYS
def test_a_turn_with_three_tools(
    run_koi: RunKoi, bedrock: Peer, workspace: Path, credentials: dict[str, str]
) -> None:
    flags = ("--mode", "edit", "--allow", "bash(wc *)", "--max-turns", "5")
    code, result = run(run_koi, bedrock, credentials, "fill the pond", *flags)
    assert (code, result["text"]) == (0, "I count. Nine bytes of fish.")
    assert (workspace / "pond.txt").read_text() == "four fish"
    usage = cast(dict[str, int], result["usage"])
    assert (usage["input_tokens"], usage["output_tokens"]) == (600, 33)
    assert len(cast(list[object], result["attempts"])) == 3


@pytest.mark.parametrize("model", [MODEL, f"eu.{MODEL}", PROFILE_ARN, "a b/ü~!*'():@"])
def test_every_form_of_a_model_s_name_is_signed_as_it_is_sent(
    run_koi: RunKoi, bedrock: Peer, model: str
) -> None:
    code, result = run(run_koi, bedrock, SESSION, "peer:hello", model=model)
    assert (code, result["text"]) == (0, "Hello from aimock.")


@pytest.mark.parametrize(
    ("changed", "says", "advises"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "does not match", "does not belong to"),
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "token included", "does not know"),
        ({"AWS_SESSION_TOKEN": "of-another-session=="}, "token included", "AWS_SESSION_TOKEN"),
        ({"AWS_BEARER_TOKEN_BEDROCK": "wrong-key"}, "Authentication failed", "key was refused"),
    ],
)
def test_wrong_credentials_are_told_apart(
    run_koi: RunKoi, bedrock: Peer, changed: dict[str, str], says: str, advises: str
) -> None:
    code, result = run(run_koi, bedrock, KEYS | changed, "peer:hello")
    error = cast(dict[str, Any], result["error"])
    assert (code, error["kind"], error["status"]) == (1, "auth", 403)
    assert says in error["message"]
    assert advises in error["hint"]


@pytest.mark.parametrize(
    ("prompt", "kind", "status"),
    [
        ("peer:429-always", "rate_limit", 429),
        ("peer:ctx-anthropic", "context_overflow", 400),
        ("peer:403", "auth", 403),
        ("peer:404", "model_not_found", 404),
        ("peer:500-always", "overloaded", 500),
        ("peer:midstream", "rate_limit", 200),
        ("peer:cut-chunks", "network", None),
    ],
)
def test_failures_are_named_and_never_a_success(
    run_koi: RunKoi, bedrock: Peer, koi_home: Path, prompt: str, kind: str, status: int | None
) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text("[reliability]\nretries = 0\n")
    code, result = run(run_koi, bedrock, KEYS, prompt)
    error = cast(JsonObject, result["error"])
    assert (code, result["ok"], error["kind"], error["status"]) == (1, False, kind, status)


def test_each_attempt_is_signed_anew(run_koi: RunKoi, bedrock: Peer, koi_home: Path) -> None:
    koi_home.mkdir()
    (koi_home / "config.toml").write_text(
        f'[reliability]\nbackoff_ms = 1\n[providers.bedrock.headers]\nX-Test-Id = "{koi_home}"\n'
    )
    code, result = run(run_koi, bedrock, KEYS, "peer:503-twice")
    attempts = cast(list[dict[str, object]], result["attempts"])
    assert [attempt["status"] for attempt in attempts] == [503, 503, None]
    assert code == 0
