"""A session of koi over two fault servers: the real stack, on real sockets and real files."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from koi.agent.options import SessionOptions
from koi.agent.session import Session
from koi.core.agent_events import AgentEvent, ApprovalDecision, ApprovalRequested
from koi.core.messages import Message
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from koi.wiring.session import open_session
from tests.servers.fault_server.faults import Format
from tests.servers.fault_server.server import MODEL, FaultServer

KEYS = ("sk-fault-test-0001", "sk-fault-test-0002", "sk-fault-test-0003")
PATIENCE_S = 10.0
IMPATIENCE_S = 0.4
"""How long koi waits for data from a server that stalls; else PATIENCE_S."""


class Yes:
    """A person who allows everything."""

    async def approve(self, request: ApprovalRequested) -> ApprovalDecision | None:
        return "allow"


@dataclass(frozen=True, slots=True)
class World:
    """One session, its servers, and the file to which its only tool call adds a line."""

    session: Session
    first: FaultServer
    second: FaultServer
    ran: Path
    sessions: Path

    async def prompt(self, text: str) -> list[AgentEvent]:
        """All events of one turn."""
        async with aclosing(self.session.prompt(text)) as events:
            return [event async for event in events]

    @property
    def lines(self) -> int:
        """How often the command ran."""
        return len(self.ran.read_text().splitlines()) if self.ran.exists() else 0

    def requests(self, server: FaultServer) -> Counter[tuple[int, int]]:
        """How often a server was asked, by the prompts and the results of the conversation."""
        return Counter((each.asked.prompts, len(each.asked.results)) for each in server.log)

    def journaled(self) -> tuple[Message, ...]:
        """The conversation as another koi would read it."""
        (path,) = self.sessions.glob("*.jsonl")
        return conversation(branch(Journal.open(path, read_only=True).contents.entries))


@contextlib.asynccontextmanager
async def world(
    workspace: Path,
    first: FaultServer,
    second: FaultServer,
    *,
    keys: int = 1,
    url: str | None = None,
    patience_s: float = PATIENCE_S,
    cooldown_s: float = 60.0,
    fallback: bool = True,
) -> AsyncIterator[World]:
    """A session in `workspace` with the first server's model, and the second's as its fallback.

    `url` takes the place of the first server's address.
    """
    home = Path(os.environ["KOI_HOME"])
    lines = [
        f'model = "first/{MODEL}"',
        f"[reliability]\nbackoff_ms = 1\ncooldown_s = {cooldown_s}",
        f'[models.fallback]\nexecutor = ["second/{MODEL}"]' if fallback else "",
        _provider("first", first.wire, url or first.base_url, keys, patience_s),
        _provider("second", second.wire, second.base_url, 1, PATIENCE_S),
    ]
    _write(home / "config.toml", "\n".join(lines))
    session = await open_session(SessionOptions(workspace=workspace), Yes())
    try:
        yield World(session, first, second, workspace / "ran.txt", home / "data/sessions")
    finally:
        await session.close()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _provider(name: str, wire: Format, url: str, keys: int, patience_s: float) -> str:
    listed = ", ".join(f'"{key}"' for key in KEYS[:keys])
    return (
        f'[providers.{name}]\nprotocol = "{wire}"\nbase_url = "{url}"\n'
        f'api_keys = [{listed}]\nauth = "bearer"\n'
        f"connect_s = {patience_s}\nfirst_byte_s = {patience_s}\nidle_s = {patience_s}"
    )
