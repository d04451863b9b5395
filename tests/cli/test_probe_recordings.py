"""`koi probe` as a command of its own over recordings, the way another program would run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import RunKoi
from tests.providers.oracle import expected, with_given_ids
from tests.providers.recordings import Recording, more_recordings, own_recordings
from tests.servers.replay_server import Delivery, ReplayServer

OWN = own_recordings()


def few() -> list[Recording]:
    """Of each protocol: a stream with tool calls and an error; of one, an answer in one piece."""
    chosen: dict[tuple[str, str], Recording] = {}
    for recording in OWN:
        if "error" in recording.expected:
            chosen.setdefault((recording.protocol, "error"), recording)
        elif not recording.streamed:
            chosen.setdefault(("any", "whole"), recording)
        elif recording.expected["tool_calls"]:
            chosen.setdefault((recording.protocol, "stream"), recording)
    return list(chosen.values())


def name(recording: Recording) -> str:
    return recording.id


def check(recording: Recording, run_koi: RunKoi, koi_home: Path) -> None:
    wanted = expected(recording)
    with ReplayServer(recording.played(Delivery(pieces=(1, 50)))) as server:
        koi_home.mkdir(exist_ok=True)
        (koi_home / "config.toml").write_text(
            "[providers.recorded]\n"
            f'protocol = "{recording.koi_protocol}"\n'
            f'base_url = "{server.url}"\n'
        )
        flags = [] if recording.streamed else ["--no-stream"]
        done = run_koi("probe", "recorded/any-model", *flags)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    result = lines[-1]
    assert done.returncode == (0 if wanted.kind is None else 1), done.stderr
    assert (result["type"], result["ok"]) == ("result", wanted.kind is None)
    assert (result["text"], result["reasoning"]) == (wanted.text, wanted.reasoning)
    assert (result["error"] or {}).get("kind") == wanted.kind
    if wanted.kind is not None:
        return
    assert with_given_ids(result["tool_calls"], wanted.calls) == wanted.calls
    assert result["finish_reason"] == wanted.finish_reason
    assert result["raw_finish_reason"] == wanted.raw_finish_reason
    if wanted.usage is not None:
        assert result["usage"]["input_tokens"] == wanted.usage.input_tokens
        assert result["usage"]["output_tokens"] == wanted.usage.output_tokens


@pytest.mark.parametrize("recording", few(), ids=name)
def test_the_command_tells_what_the_oracle_knows(
    recording: Recording, run_koi: RunKoi, koi_home: Path
) -> None:
    check(recording, run_koi, koi_home)


@pytest.mark.peers
@pytest.mark.parametrize("recording", [*OWN, *more_recordings()], ids=name)
def test_all_recordings(recording: Recording, run_koi: RunKoi, koi_home: Path) -> None:
    check(recording, run_koi, koi_home)
