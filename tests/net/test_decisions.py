"""The record of decisions: every refusal, what is allowed once, and nothing but hosts."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from koi.core.errors import ProviderError
from koi.net.client import HttpClient
from koi.net.decisions import LARGEST, Decision, keep, refused_lately
from koi.net.policy import NetworkPolicy, NetworkRules
from tests.net.raw_server import RawServer, whole


def lines(path: Path) -> list[tuple[str, str, str, str]]:
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    return [(each["owner"], each["host"], each["decision"], each["rule"]) for each in kept]


async def ask(url: str, policy: NetworkPolicy) -> None:
    client = HttpClient(policy)
    try:
        async with client.request("GET", url, headers={"Authorization": "Bearer k"}) as answer:
            await answer.read()
    finally:
        await client.aclose()


async def test_hosts_are_kept_and_neither_paths_nor_queries_nor_keys(tmp_path: Path) -> None:
    path = tmp_path / "state" / "network.jsonl"
    policy = NetworkPolicy("work", {"127.0.0.1": "configuration"}, NetworkRules(decisions=path))
    async with RawServer([whole(b"")]).running() as server:
        for _ in range(3):
            await ask(f"{server.url}/v1/chat?key=canary", policy)
    for _ in range(2):
        with pytest.raises(ProviderError):
            await ask("https://user:canary@evil.example/canary?q=canary#canary", policy)
    assert lines(path) == [
        ("work", "127.0.0.1", "allow", "configuration"),
        ("work", "evil.example", "deny", "not its host"),
        ("work", "evil.example", "deny", "not its host"),
    ]
    assert "canary" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_redirect_is_kept_as_refused(tmp_path: Path) -> None:
    path = tmp_path / "network.jsonl"
    policy = NetworkPolicy("work", {"127.0.0.1": "configuration"}, NetworkRules(decisions=path))
    moved = whole(b"", "307 Temporary Redirect", "location: https://evil.example/?key=canary\r\n")
    async with RawServer([moved]).running() as server:
        with pytest.raises(ProviderError, match=r"evil\.example"):
            await ask(server.url, policy)
    assert lines(path)[-1] == ("work", "evil.example", "deny", "redirect")


def test_the_record_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "network.jsonl"
    for number in range(6000):
        keep(Decision("work", f"h{number}.example", allowed=False, rule="not its host"), path)
    names = sorted(each.name for each in tmp_path.iterdir())
    assert names == ["network.jsonl", "network.jsonl.1"]
    assert all(each.stat().st_size < LARGEST + 1000 for each in tmp_path.iterdir())


def test_the_newest_refusals_are_found_among_damage(tmp_path: Path) -> None:
    path = tmp_path / "network.jsonl"
    for number in range(4):
        keep(Decision("work", f"h{number}.example", allowed=number == 1, rule="x"), path)
    with path.open("a") as file:
        file.write('{"torn": \n')
    assert [each.host for each in refused_lately(path, most=2)] == ["h2.example", "h3.example"]
    assert refused_lately(tmp_path / "missing") == ()


def test_what_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    keep(Decision("work", "h.example", allowed=False, rule="x"), tmp_path / "state" / "network")
