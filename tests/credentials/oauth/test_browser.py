"""The wait for a browser's answer on loopback, with real connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from koi.core.secret import Secret
from koi.credentials.logins.events import LoginFailed, SignInOpened, Waiting
from koi.credentials.logins.login import LoginContext
from koi.credentials.oauth.browser import Answered, BrowserFlow, Step
from tests.configurations import registry_of
from tests.credentials.fake_clock import FakeClock

CODE = "canary-code-0123456789"


class Page:
    """A sign-in that waits, and what a browser would do with its address."""

    def __init__(self, folder: Path) -> None:
        self.context = LoginContext(registry_of(folder))
        self.flow = BrowserFlow("https://login.example/authorize", {"client_id": "c"}, "/callback")
        self.steps: list[Step] = []
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Page]:
        """Wait until it listens."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda task: self._changed.set())
        await self.step(1)
        try:
            yield self
        finally:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, LoginFailed):
                await self._task

    async def _run(self) -> None:
        async with contextlib.aclosing(self.flow.sign_in(self.context)) as steps:
            async for step in steps:
                self.steps.append(step)
                self._changed.set()

    async def step(self, count: int) -> Step:
        """The latest step, once there are so many."""
        while len(self.steps) < count:
            if self._task is not None and self._task.done():
                await self._task
            self._changed.clear()
            async with asyncio.timeout(5):
                await self._changed.wait()
        return self.steps[-1]

    @property
    def opened(self) -> SignInOpened:
        """The first step."""
        opened = self.steps[0]
        assert isinstance(opened, SignInOpened)
        return opened

    @property
    def asked(self) -> dict[str, str]:
        """What the address carries."""
        return dict(parse_qsl(urlsplit(self.opened.url).query, strict_parsing=True))

    @property
    def answer(self) -> str:
        """What the browser is sent back with."""
        return f"code={CODE}&state={self.asked['state']}"

    async def get(
        self, target: str, *, method: str = "GET", host: str | None = None, raw: bytes = b""
    ) -> bytes:
        """What the listener answers."""
        parts = urlsplit(self.opened.redirect_url)
        reader, writer = await asyncio.open_connection("127.0.0.1", parts.port)
        head = f"{method} {target} HTTP/1.1\r\nHost: {host or parts.netloc}\r\n\r\n"
        writer.write(raw or head.encode())
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


async def test_the_answer_of_the_browser_ends_the_wait(tmp_path: Path) -> None:
    async with Page(tmp_path).open() as page:
        assert page.opened.redirect_url.startswith("http://127.0.0.1:")
        assert page.asked["redirect_uri"] == page.opened.redirect_url
        assert page.asked["code_challenge"] == page.flow.proof.challenge
        assert page.asked["client_id"] == "c"
        answer = await page.get(f"/callback?{page.answer}")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"close this window" in answer
        assert CODE.encode() not in answer
        assert b"no-store" in answer
        last = await page.step(2)
    assert isinstance(last, Answered)
    assert last.callback.code == Secret(CODE)
    assert last.redirect_url == page.opened.redirect_url
    assert CODE not in repr(last)


async def test_only_the_right_answer_counts(tmp_path: Path) -> None:
    async with Page(tmp_path).open() as page:
        refused = [
            await page.get("/favicon.ico"),
            await page.get(f"/other?{page.answer}"),
            await page.get(f"/callback?{page.answer}", method="POST"),
            await page.get(f"/callback?{page.answer}", host="evil.example"),
            await page.get("/callback?code=x&state=<script>alert(1)</script>"),
            await page.get(f"/callback?{page.answer}&code=again"),
            await page.get("", raw=b"nonsense\r\n\r\n"),
            await page.get("", raw=b"GET /callback " + b"x" * 70_000 + b"\r\n\r\n"),
        ]
        assert not any(answer.startswith(b"HTTP/1.1 2") for answer in refused)
        assert not any(b"alert" in answer for answer in refused)
        assert len(page.steps) == 1
        await page.get(f"/callback?{page.answer}")
        assert isinstance(await page.step(2), Answered)


async def test_a_no_on_the_page_ends_the_login(tmp_path: Path) -> None:
    async with Page(tmp_path).open() as page:
        await page.get(f"/callback?error=access_denied&state={page.asked['state']}")
        with pytest.raises(LoginFailed) as caught:
            await page.step(2)
    assert caught.value.reason == "denied"


async def test_a_pasted_address_does_the_same_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    async with Page(tmp_path).open() as page:
        page.context.pasted.put_nowait("https://example.com/?code=x&state=y")
        waiting = await page.step(2)
        assert isinstance(waiting, Waiting)
        assert "does not belong to this login" in waiting.note
        page.context.pasted.put_nowait(f" {page.opened.redirect_url}?{page.answer}\n")
        last = await page.step(3)
    assert isinstance(last, Answered)


async def test_nobody_listens_any_more_afterwards(tmp_path: Path) -> None:
    async with Page(tmp_path).open() as page:
        port = urlsplit(page.opened.redirect_url).port
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port or 0)):
        pass


async def test_it_ends_when_nobody_signs_in(tmp_path: Path) -> None:
    context = LoginContext(registry_of(tmp_path), clock=FakeClock().clock)
    flow = BrowserFlow("https://login.example/authorize", {})
    with pytest.raises(LoginFailed) as caught:
        async for _ in flow.sign_in(context):
            pass
    assert caught.value.reason == "expired"


async def test_the_code_is_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Page(tmp_path).open() as page:
        await page.get(f"/callback?{page.answer}")
        await page.step(2)
    assert CODE not in caplog.text
    assert page.asked["state"] not in caplog.text
    assert page.asked["state"] not in repr(page.flow)
