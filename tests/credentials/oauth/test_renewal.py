"""Renewal of a login whose refresh tokens work once, against a server and a file that are real."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import traceback
from pathlib import Path

import pytest

from koi.core.errors import ProviderError, StorageError
from koi.core.secret import Secret
from koi.credentials.oauth import renewal as module
from koi.credentials.oauth.refresh import RefreshRule, renewed
from koi.credentials.oauth.renewal import Kept, Renewal
from koi.credentials.stores import auth_file
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from koi.files.lock import FileLock
from koi.net.policy import NetworkPolicy
from tests.credentials.fake_clock import FakeClock
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import CANARY, Rotating, html, page

PROVIDER = "qwen-code"


class Login:
    """One login, kept on a disk, whose token is `lasts_s` from its end."""

    def __init__(self, server: Rotating, folder: Path) -> None:
        self.server = server
        self.time = FakeClock()
        self.store = AuthFile(folder / "auth.json")
        self.kept = Kept(self.store, PROVIDER, "koi connect qwen-code", "Qwen Code")
        self.keep(lasts_s=10)

    def keep(self, *, lasts_s: float, **extra: object) -> TokenRecord:
        """Have the newest tokens of the server on the disk."""
        record = TokenRecord(
            Secret(self.server.access),
            Secret(self.server.refresh),
            self.time.wall + lasts_s,
            extra={"client_id": "mine", "issued_at": self.time.wall - 3000, **extra},
        )
        self.store.put(PROVIDER, record)
        return record

    def open(self) -> Renewal:
        """As another process would: nothing is shared but the file."""
        policy = NetworkPolicy("test", {"127.0.0.1": "catalogue"})

        async def refresh(record: TokenRecord) -> TokenRecord:
            rule = RefreshRule(f"{self.server.url}/token", record.text("client_id"), policy)
            return await renewed(rule, record, lambda: self.time.wall)

        return Renewal(self.kept, refresh, self.time.clock)

    @property
    def on_disk(self) -> TokenRecord:
        """What the file holds."""
        record = AuthFile(self.store.path).get(PROVIDER)
        assert record is not None
        return record

    async def fails(self, renewal: Renewal) -> ProviderError:
        """The error of the next request."""
        with pytest.raises(ProviderError) as caught:
            await renewal.current()
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        return caught.value


@pytest.fixture
def server(model_server: ModelServer) -> Rotating:
    return Rotating(model_server)


@pytest.fixture
def login(server: Rotating, tmp_path: Path) -> Login:
    return Login(server, tmp_path)


def no_space(path: Path, data: bytes, *, mode: int | None = None) -> None:
    raise StorageError(f"cannot write {path}: No space left on device")


def refused() -> ProviderError:
    return ProviderError("401", kind="auth", status=401)


async def test_a_token_with_time_left_is_used_as_it_is(server: Rotating, login: Login) -> None:
    login.keep(lasts_s=3000)
    assert (await login.open().current()).access_token == Secret(server.access)
    assert server.refreshes == []


async def test_a_token_near_its_end_is_renewed_and_kept_before_it_is_used(
    server: Rotating, login: Login
) -> None:
    old = server.refresh
    record = await login.open().current()
    assert record.access_token == Secret(f"{CANARY}-access-0001-0123456789")
    assert login.on_disk == record
    assert record.refresh_token == Secret(server.refresh)
    assert record.expires_at == pytest.approx(login.time.wall + 3600, abs=0.01)
    assert record.text("client_id") == "mine"
    [asked] = server.refreshes
    assert asked == {"grant_type": "refresh_token", "client_id": "mine", "refresh_token": old}


async def test_many_requests_at_once_renew_once(server: Rotating, login: Login) -> None:
    renewal = login.open()
    records = await asyncio.gather(*(renewal.current() for _ in range(5)))
    assert {record.access_token for record in records} == {Secret(server.access)}
    assert len(server.refreshes) == 1


async def test_many_kois_at_once_renew_once(server: Rotating, login: Login) -> None:
    records = await asyncio.gather(*(login.open().current() for _ in range(5)))
    assert {record.access_token for record in records} == {Secret(server.access)}
    assert len(server.refreshes) == 1
    assert not server.revoked


async def test_what_another_koi_renewed_is_taken_over(server: Rotating, login: Login) -> None:
    renewal = login.open()
    login.keep(lasts_s=3000)
    await renewal.current()
    server.number += 1
    login.keep(lasts_s=3000)
    assert (await renewal.current()).access_token == Secret(server.access)
    assert server.refreshes == []


async def test_a_refused_token_is_renewed_once(server: Rotating, login: Login) -> None:
    login.keep(lasts_s=3000)
    renewal = login.open()
    used = (await renewal.current()).access_token
    assert used is not None
    assert await renewal.refused(used, refused()) is True
    assert len(server.refreshes) == 1
    fresh = (await renewal.current()).access_token
    assert fresh is not None
    assert await renewal.refused(fresh, refused()) is False
    assert len(server.refreshes) == 1


async def test_a_clock_that_was_set_back_does_not_stop_a_refused_token_from_being_renewed(
    server: Rotating, login: Login
) -> None:
    used = login.keep(lasts_s=3000, issued_at=login.time.wall + 600).access_token
    assert used is not None
    assert await login.open().refused(used, refused()) is True


async def test_a_refused_token_that_another_koi_renewed_needs_no_request(
    server: Rotating, login: Login
) -> None:
    used = login.keep(lasts_s=3000).access_token
    assert used is not None
    renewal = login.open()
    await renewal.current()
    server.number += 1
    login.keep(lasts_s=3000)
    assert await renewal.refused(used, refused()) is True
    assert server.refreshes == []


async def test_a_refused_token_is_not_renewed_before_the_server_allows_it(
    server: Rotating, login: Login
) -> None:
    used = login.keep(lasts_s=3000, earliest_refresh_at=login.time.wall + 1000).access_token
    assert used is not None
    error = refused()
    assert await login.open().refused(used, error) is False
    assert error.hint == "Connect again: koi connect qwen-code"
    assert server.refreshes == []


async def test_renewal_in_time_waits_for_the_moment_that_the_server_allows(
    server: Rotating, login: Login
) -> None:
    login.keep(lasts_s=200, earliest_refresh_at=login.time.wall + 100)
    renewal = login.open()
    await renewal.current()
    assert server.refreshes == []
    login.time.wall += 101
    await renewal.current()
    assert len(server.refreshes) == 1


@pytest.mark.parametrize("code", ["invalid_grant", "refresh_token_reused"])
async def test_a_dead_login_asks_to_connect_again_and_asks_the_server_no_more(
    server: Rotating, login: Login, code: str
) -> None:
    server.answers = [page({"error": {"code": code}}, 400)]
    renewal = login.open()
    for _ in range(3):
        error = await login.fails(renewal)
        assert error.kind == "auth"
        assert code in error.title
        assert error.hint == "Connect again: koi connect qwen-code"
    assert len(server.refreshes) == 1
    assert login.on_disk.access_token is None
    assert login.on_disk.text("client_id") == "mine"
    login.keep(lasts_s=3000)
    assert (await renewal.current()).access_token == Secret(server.access)


async def test_a_refusal_that_a_peer_caused_is_forgiven(server: Rotating, login: Login) -> None:
    server.answers = [page({"error": "invalid_grant"}, 400)]

    def peer() -> None:
        server.number += 1
        login.keep(lasts_s=3000)

    server.on_refresh = peer
    assert (await login.open().current()).access_token == Secret(server.access)


@pytest.mark.parametrize("answer", [html(503), page({}, 500), page({"error": "try_later"}, 400)])
async def test_trouble_keeps_a_token_that_is_still_good(
    server: Rotating, login: Login, answer: Answer
) -> None:
    server.answers = [answer, html(503)]
    renewal = login.open()
    for _ in range(3):
        assert (await renewal.current()).access_token == Secret(server.access)
    assert len(server.refreshes) == 1
    login.time.now += 31
    await renewal.current()
    assert len(server.refreshes) == 2


async def test_trouble_with_a_token_that_is_over_is_an_error_until_the_server_is_well(
    server: Rotating, login: Login
) -> None:
    login.time.wall += 11
    server.answers = [html(503)]
    renewal = login.open()
    assert (await login.fails(renewal)).kind == "overloaded"
    await login.fails(renewal)
    assert len(server.refreshes) == 1
    login.time.now += 31
    assert (await renewal.current()).access_token == Secret(server.access)


async def test_a_reply_without_a_refresh_token_keeps_the_old_one(
    server: Rotating, login: Login
) -> None:
    server.left_out = {"refresh_token"}
    before = login.on_disk.refresh_token
    assert (await login.open().current()).refresh_token == before


async def test_a_rotated_token_is_kept_also_when_nothing_else_comes(
    server: Rotating, login: Login
) -> None:
    server.left_out = {"access_token"}
    await login.open().current()
    assert login.on_disk.refresh_token == Secret(server.refresh)
    assert not server.revoked


async def test_a_login_without_refresh_token_ends_with_its_token(login: Login) -> None:
    record = TokenRecord(Secret("canary-only-0123456789"), expires_at=login.time.wall + 5)
    login.store.put(PROVIDER, record)
    renewal = login.open()
    assert (await renewal.current()).access_token is not None
    login.time.wall += 6
    assert "koi connect qwen-code" in (await login.fails(renewal)).hint


async def test_a_disk_that_takes_nothing_is_said_and_the_tokens_stay_in_memory(
    server: Rotating, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    def full() -> None:
        document = json.loads(login.store.path.read_text())
        login.store.path.write_text(json.dumps(document | {"version": 99}))

    server.on_refresh = full
    renewal = login.open()
    for _ in range(2):
        assert (await renewal.current()).access_token == Secret(server.access)
    assert len(server.refreshes) == 1
    assert "could not be saved" in login.store.read().notes[0]
    assert "could not be saved" in caplog.text
    assert CANARY not in caplog.text


async def test_what_the_disk_did_not_take_is_kept_as_soon_as_it_does(
    server: Rotating, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewal = login.open()
    with monkeypatch.context() as full:
        full.setattr(auth_file, "write_atomic", no_space)
        await renewal.current()
    assert login.on_disk.refresh_token == Secret(server.refresh)  # from memory
    await renewal.current()
    assert CANARY in login.store.path.read_text()
    assert server.refresh in login.store.path.read_text()
    assert login.store.read().notes == ()


async def test_a_token_is_not_spent_by_a_koi_that_cannot_keep_the_new_one(
    server: Rotating, login: Login
) -> None:
    document = json.loads(login.store.path.read_text())
    login.store.path.write_text(json.dumps(document | {"version": 99}))
    renewal = login.open()
    assert (await renewal.current()).access_token is not None
    login.time.wall += 60
    assert "newer koi" in (await login.fails(renewal)).title
    assert server.refreshes == []


async def test_a_login_made_under_a_wrong_clock_is_renewed_when_it_is_refused(
    server: Rotating, login: Login
) -> None:
    year = 365 * 86400
    record = login.keep(
        lasts_s=year, issued_at=login.time.wall + year, earliest_refresh_at=login.time.wall + year
    )
    renewal = login.open()
    assert record.access_token is not None
    assert await renewal.refused(record.access_token, refused()) is True
    assert len(server.refreshes) == 1


async def test_stopping_a_turn_does_not_lose_the_rotated_token(
    server: Rotating, login: Login
) -> None:
    server.hold.clear()
    turn = asyncio.create_task(login.open().current())
    await asyncio.to_thread(server.arrived.wait, 5)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    server.hold.set()
    await asyncio.to_thread(_join_renewals)
    assert server.number == 1
    assert login.on_disk.refresh_token == Secret(server.refresh)


def test_the_end_of_the_loop_does_not_lose_the_rotated_token(
    server: Rotating, login: Login
) -> None:
    server.hold.clear()

    async def turn() -> None:
        task = asyncio.create_task(login.open().current())
        await asyncio.to_thread(server.arrived.wait, 5)
        assert not task.done()

    asyncio.run(turn())
    server.hold.set()
    _join_renewals()
    assert login.on_disk.refresh_token == Secret(server.refresh)


async def test_who_disconnects_meanwhile_stays_disconnected(server: Rotating, login: Login) -> None:
    def disconnect() -> None:
        login.store.remove(PROVIDER)

    server.on_refresh = disconnect
    assert "holds it no more" in (await login.fails(login.open())).title
    assert AuthFile(login.store.path).get(PROVIDER) is None


async def test_a_lock_that_is_never_free_does_not_stop_a_good_token(
    server: Rotating, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_S", 0.05)
    with FileLock(login.kept.lock):
        assert (await login.open().current()).access_token == Secret(server.access)
        login.time.wall += 11
        assert "in use" in (await login.fails(login.open())).title
    assert server.refreshes == []


async def test_nothing_secret_is_logged(
    server: Rotating, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    renewal = login.open()
    await renewal.current()
    server.answers = [html(503)]
    login.time.wall += 4000
    await login.fails(renewal)
    assert CANARY not in caplog.text
    assert CANARY not in repr(renewal.__dict__)


def _join_renewals() -> None:
    """Wait as the end of koi does, for the threads that renew."""
    for thread in threading.enumerate():
        if thread.name == "koi: login":
            thread.join(10)
