"""Logins and their renewal at a real authorization server, without a screen."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from koi.credentials.logins.events import CodeIssued, Connected, LoginEvent, LoginFailed
from koi.credentials.logins.login import LoginContext
from koi.credentials.logins.table import find_login
from koi.credentials.oauth.browser import Answered, BrowserFlow
from koi.credentials.oauth.exchange import trade_code
from koi.credentials.oauth.token_server import Reply, TokenServer
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from koi.net.policy import NetworkPolicy
from tests.configurations import paths_in, registry_of
from tests.conftest import RunKoi
from tests.peers.conftest import Peer, running
from tests.servers.answers import JsonObject

pytestmark = pytest.mark.peers
CHILD = Path(__file__).parents[1] / "credentials" / "oauth" / "rotating_child.py"
USUAL: JsonObject = {
    "interval": 1,
    "slowDownStep": 5,
    "forceSlowDown": 0,
    "deviceTtl": 600,
    "accessTtl": 3600,
    "tokenFail": 0,
}


class Server:
    """The authorization server, and the person at its page."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.url = peer.url

    @property
    def configuration(self) -> str:
        """The tables that put it in the place of Qwen's, with a model behind it."""
        return (
            '[oauth.qwen]\nclient_id = "koi-cli"\nscope = "openid offline_access"\n'
            f'device_url = "{self.url}/device/auth"\ntoken_url = "{self.url}/token"\n'
            f'[providers.qwen-code]\nbase_url = "{self.url}/v1"\n'
        )

    def set(self, **settings: object) -> None:
        """Change how it behaves."""
        self.peer.post("/__peer/config", settings)

    @property
    def seen(self) -> JsonObject:
        """What it saw since it was asked to forget."""
        with urllib.request.urlopen(f"{self.url}/__peer/seen", timeout=30) as answer:
            return cast(JsonObject, json.loads(answer.read()))

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """Between two questions of one code: how long it was, and how long it had to be."""
        polls = cast(list[dict[str, float]], self.seen["polls"])
        return [(poll["gapMs"], poll["interval"] * 1000) for poll in polls if poll["gapMs"]]

    def forget(self) -> None:
        """Forget what it saw."""
        request = urllib.request.Request(f"{self.url}/__peer/seen", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()

    async def person(self, *arguments: str) -> None:
        """Somebody at the page."""
        port = self.url.rpartition(":")[2]
        done = await asyncio.to_thread(self.peer.call, "approve", "--port", port, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def peer(aimock: Peer) -> Iterator[Peer]:
    """A certified OpenID provider, with aimock behind its access tokens."""
    yield from running(Peer("oidc", OIDC_UPSTREAM=aimock.url))


@pytest.fixture
def server(peer: Peer, koi_home: Path) -> Server:
    koi_home.mkdir()
    server = Server(peer)
    server.set(**USUAL)
    server.forget()
    return server


class Login:
    """`koi connect qwen` without a screen; the person answers once `after` was said."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server = server
        self.registry = registry_of(folder, server.configuration)
        self.events: list[LoginEvent] = []

    async def run(
        self, *options: str, when: Callable[[LoginEvent], bool] = lambda event: True
    ) -> LoginEvent:
        """To its end."""
        login = find_login("qwen")
        assert login is not None
        code, answering = "", None
        async with contextlib.aclosing(
            login.methods[0].start(LoginContext(self.registry))
        ) as events:
            async for event in events:
                self.events.append(event)
                if answering is not None and answering.done():
                    answering.result()
                if isinstance(event, CodeIssued):
                    code = event.user_code
                if answering is None and when(event):
                    answering = asyncio.create_task(
                        self.server.person("--user-code", code, *options)
                    )
        if answering is not None:
            await answering
        return self.events[-1]

    async def fails(self, *options: str) -> str:
        """Why it ended."""
        with pytest.raises(LoginFailed) as caught:
            await self.run(*options)
        return caught.value.reason

    @property
    def record(self) -> TokenRecord | None:
        """What was kept."""
        return AuthFile(self.registry.config.paths.auth_file).get("qwen-code")


def reason(event: LoginEvent) -> str:
    return getattr(event, "reason", "")


async def test_a_login_waits_as_long_as_the_server_wants(tmp_path: Path, server: Server) -> None:
    login = Login(tmp_path, server)
    asked = 0

    def third(event: LoginEvent) -> bool:
        nonlocal asked
        asked += reason(event) == "pending"
        return asked == 3

    assert await login.run(when=third) == Connected("qwen-code")
    assert login.record is not None
    assert login.record.refresh_token is not None
    assert len(server.gaps) >= 2
    assert all(gap >= wanted - 250 for gap, wanted in server.gaps)
    assert server.seen["slowDowns"] == 0


async def test_slow_down_is_obeyed(tmp_path: Path, server: Server) -> None:
    server.set(forceSlowDown=1)
    login = Login(tmp_path, server)
    assert isinstance(await login.run(when=lambda event: reason(event) == "slow_down"), Connected)
    assert server.seen["slowDowns"] == 1
    assert all(gap >= wanted - 250 for gap, wanted in server.gaps)


async def test_without_an_interval_it_is_five_seconds(tmp_path: Path, server: Server) -> None:
    server.set(interval=0)
    login = Login(tmp_path, server)
    assert isinstance(await login.run(), Connected)
    waits = [getattr(event, "wait_s", None) for event in login.events if reason(event) == "pending"]
    assert waits == [5.0]


@pytest.mark.parametrize("option", ["--deny", "--abort"])
async def test_a_no_ends_it(tmp_path: Path, server: Server, option: str) -> None:
    login = Login(tmp_path, server)
    assert await login.fails(option) == "denied"
    assert login.record is None


async def test_a_code_that_nobody_enters_ends(tmp_path: Path, server: Server) -> None:
    server.set(deviceTtl=2)
    login = Login(tmp_path, server)
    with pytest.raises(LoginFailed) as caught:
        await login.run(when=lambda event: False)
    assert caught.value.reason == "expired"


async def test_a_server_in_trouble_is_asked_on(tmp_path: Path, server: Server) -> None:
    server.set(tokenFail=2)
    login = Login(tmp_path, server)
    assert isinstance(await login.run(), Connected)
    assert [reason(event) for event in login.events].count("offline") == 2


async def test_a_client_that_may_not_is_told(tmp_path: Path, server: Server) -> None:
    login = Login(tmp_path, server)
    text = server.configuration.replace("koi-cli", "koi-web")
    login.registry = registry_of(tmp_path, text)
    assert await login.fails() == "refused"


async def test_the_token_lets_requests_through(
    tmp_path: Path, koi_home: Path, server: Server, run_koi: RunKoi
) -> None:
    await Login(koi_home, server).run()
    done = await asyncio.to_thread(run_koi, "run", "-m", "qwen-code/m", "peer:hello")
    assert (done.returncode, done.stdout.strip()) == (0, "Hello from aimock.")


# The sign-in in a browser


async def signed_in(tmp_path: Path, server: Server, *options: str) -> Reply:
    """The tokens of a sign-in whose person is a program that follows redirects to loopback."""
    fields = {
        "client_id": "koi-cli",
        "scope": "openid offline_access",
        "prompt": "consent",
    }
    flow = BrowserFlow(f"{server.url}/auth", fields)
    context = LoginContext(registry_of(tmp_path))
    answer: Answered | None = None
    person: asyncio.Task[None] | None = None
    async with contextlib.aclosing(flow.sign_in(context)) as steps:
        async for step in steps:
            if isinstance(step, Answered):
                answer = step
            elif person is None and not isinstance(step, LoginFailed):
                url = getattr(step, "url", "")
                person = asyncio.create_task(server.person("--url", url, *options))
    assert answer is not None
    assert person is not None
    await person
    async with TokenServer(NetworkPolicy("test", {"127.0.0.1": "catalogue"})) as tokens:
        exchange = {
            "client_id": "koi-cli",
            "code": answer.callback.code.reveal(),
            "code_verifier": flow.proof.verifier.reveal(),
            "redirect_uri": answer.redirect_url,
        }
        return await trade_code(tokens, f"{server.url}/token", exchange, context.clock)


async def test_a_sign_in_with_a_proof(tmp_path: Path, server: Server) -> None:
    reply = await signed_in(tmp_path, server)
    assert reply.text("access_token")
    assert reply.text("refresh_token")


async def test_a_sign_in_that_is_declined(tmp_path: Path, server: Server) -> None:
    with pytest.raises(LoginFailed) as caught:
        await signed_in(tmp_path, server, "--deny")
    assert caught.value.reason == "denied"


# Renewal by many


class Kois:
    """Processes that ask the model behind the server again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.until = folder / "stop"
        self.store = AuthFile(paths_in(folder).auth_file)
        self.tokens: list[TokenRecord] = []

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(CHILD), str(self.folder), str(self.until)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def watch(self, tokens: int) -> None:
        """Wait until so many access tokens have been in the file."""
        end = time.monotonic() + 60
        while len(self.tokens) < tokens:
            assert time.monotonic() < end, "no more tokens come"
            record = self.store.get("qwen-code")
            assert record is not None
            assert record.access_token is not None, record.needs_login
            if not self.tokens or self.tokens[-1].access_token != record.access_token:
                self.tokens.append(record)
            time.sleep(0.02)

    def stop(self, *processes: subprocess.Popen[str]) -> None:
        """End them; nobody was logged out, and everybody was answered."""
        self.until.touch()
        for process in processes:
            answers, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            assert "answered" in answers


async def test_five_kois_renew_once_for_each_end_of_a_token(tmp_path: Path, server: Server) -> None:
    server.set(accessTtl=3)
    await Login(tmp_path, server).run()
    kois = Kois(tmp_path)
    kois.watch(1)
    processes = [kois.start() for _ in range(5)]
    await asyncio.to_thread(kois.watch, 5)
    kois.stop(*processes)
    kois.watch(len(kois.tokens))
    assert server.seen["refreshes"] == _refreshes(kois)
    issued = [token.number("issued_at") for token in kois.tokens]
    assert all(later - earlier > 1.5 for earlier, later in itertools.pairwise(issued))


def _refreshes(kois: Kois) -> int:
    """How many there must have been: one for each token after the first."""
    last = kois.store.get("qwen-code")
    assert last is not None
    if last.access_token != kois.tokens[-1].access_token:
        kois.tokens.append(last)
    return len(kois.tokens) - 1


async def test_a_koi_that_is_killed_takes_nobody_with_it(tmp_path: Path, server: Server) -> None:
    server.set(accessTtl=3)
    await Login(tmp_path, server).run()
    kois = Kois(tmp_path)
    kois.watch(1)
    processes = [kois.start() for _ in range(5)]
    await asyncio.to_thread(kois.watch, 3)
    killed = processes.pop()
    killed.kill()
    killed.communicate()
    await asyncio.to_thread(kois.watch, 5)
    kois.stop(*processes)
    assert server.seen["refreshes"] == _refreshes(kois)


async def test_a_grant_that_was_revoked_asks_to_connect_again(
    tmp_path: Path, koi_home: Path, server: Server, run_koi: RunKoi
) -> None:
    server.set(accessTtl=1)
    login = Login(koi_home, server)
    await login.run()
    record = login.record
    assert record is not None
    assert record.refresh_token is not None
    async with TokenServer(NetworkPolicy("test", {"127.0.0.1": "catalogue"})) as tokens:
        stolen = {
            "grant_type": "refresh_token",
            "client_id": "koi-cli",
            "refresh_token": record.refresh_token.reveal(),
        }
        await tokens.form(f"{server.url}/token", stolen)
    await asyncio.sleep(1.2)
    for _ in range(2):
        done = await asyncio.to_thread(run_koi, "run", "-m", "qwen-code/m", "peer:hello")
        assert done.returncode != 0
        assert "koi connect qwen-code" in done.stderr
        assert record.refresh_token.reveal() not in done.stderr
    await login.run()
    server.set(accessTtl=3600)
    await login.run()
    done = await asyncio.to_thread(run_koi, "run", "-m", "qwen-code/m", "peer:hello")
    assert done.returncode == 0
