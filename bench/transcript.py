"""The cost of a token in the real program: a pseudo-terminal, a scripted model on loopback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from bench.figures import Figure
from bench.first_request import CONFIGURATION
from bench.startup import KOI, environment
from bench.terminal import Terminal, shows
from koi import __version__
from koi.core.messages import Message, Text
from koi.core.references import ModelReference
from koi.store.journal import Journal
from koi.store.records import AssistantRecord, PromptRecord, SessionRecord, TurnEndRecord
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer

MODEL = ModelReference("bench", "model")
BEGIN, END = "①", "②"
READY = "Enter send"
TOKENS = 240
PAUSE_S = 0.034
"""A little more than a frame: every token is painted by itself."""

QUESTION = "Fix the failing test number {0} in tests/test_auth.py"
ANSWER = """The fixture **expires** at midnight UTC, so `test_auth` fails {0} times a day:

- use a *frozen* clock in `tests/conftest.py`
- compare with a margin, see [the docs](https://example.com/docs)

```python
def expiry(now: datetime, margin: int = {0}) -> datetime:
    return now + timedelta(seconds=margin)  # never midnight
```

That is all; the suite is green again.
"""
LINE = "    value_{0} = compute(alpha, beta={0})  # note\n"
PROSE = "The fixture expires at **midnight** UTC, so the `test` fails once a day; use a margin. "


class Measured(msgspec.Struct, frozen=True):
    """One answer: milliseconds of processor time and bytes for a token, memory at its end."""

    cpu_ms: float
    written: float
    resident_mib: float


def measure(folder: Path) -> list[Figure]:
    """Tokens after 10, 100 and 1,000 messages, in an open fence, and a long session's start."""
    measured = {count: _stream(folder, count, Answer(text=_tokens(PROSE))) for count in (10, 1000)}
    measured[100] = _stream(folder, 100, Answer(text=_tokens(PROSE)))
    figures = [
        Figure(
            f"a token after {count:,} messages",
            measured[count].cpu_ms,
            "ms CPU",
            5 if count == 1000 else None,
            note=f"{measured[count].written:.0f} bytes; {measured[count].resident_mib:.0f} MiB",
        )
        for count in (10, 100, 1000)
    ]
    ratio = measured[1000].cpu_ms / measured[10].cpu_ms
    figures.append(Figure("a token: 1,000 messages / 10 messages", ratio, "x", 1.3))
    fence = "```python\n" + "".join(LINE.format(number) for number in range(800))
    code = "".join(LINE.format(number) for number in range(80))
    inside = _stream(folder, 100, Answer(opening=fence, text=_tokens(code)))
    figures.append(Figure("a token in an open 800-line fence", inside.cpu_ms, "ms CPU", 15))
    figures.append(_resume(folder, 10_000))
    return figures


def _tokens(source: str) -> str:
    """240 tokens of four characters between the two marks."""
    body = (source * (4 * TOKENS // len(source) + 1))[: 4 * TOKENS]
    return f"{BEGIN}   {body}{END}   "


def write_session(folder: Path, messages: int) -> str:
    """A session of so many messages; returns its id."""
    start = SessionRecord(MODEL, str(folder), __version__, "ask")
    journal = Journal.create(folder / "koi" / "data" / "sessions", start)
    for number in range(messages // 2):
        turn = str(number)
        prompt = Message("user", (Text(QUESTION.format(number)),))
        journal.append(PromptRecord(prompt, turn))
        answer = Message("assistant", (Text(ANSWER.format(number)),))
        journal.append(AssistantRecord(answer, MODEL, finish_reason="stop"))
        journal.append(TurnEndRecord("finished", turn, "stop"))
    journal.close()
    return journal.session_id


def _configure(folder: Path, url: str) -> None:
    file = folder / "koi" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(CONFIGURATION.format(protocol="openai-chat", url=url), encoding="utf-8")


def _stream(folder: Path, messages: int, answer: Answer) -> Measured:
    """Resume a session, ask, and take the processor time between the two marks."""
    with ModelServer() as server:
        server.script(replace(answer, piece=4, pause_s=PAUSE_S))
        _configure(folder, server.openai_url)
        session = write_session(folder, messages)
        command = [KOI, "-r", session, "-m", str(MODEL)]
        with Terminal(command, folder, environment(folder)) as terminal:
            terminal.until(shows(READY))
            terminal.drain(1.0)
            terminal.type("go")
            terminal.drain(0.3)
            terminal.type("\r")
            terminal.until(lambda painted: BEGIN.encode() in painted)
            cpu, written = terminal.cpu_s(), len(terminal.painted)
            terminal.until(lambda painted: END.encode() in painted, seconds=60)
            cpu, written = terminal.cpu_s() - cpu, len(terminal.painted) - written
            memory = terminal.resident_mib()
    return Measured(1e3 * cpu / TOKENS, written / TOKENS, memory)


def _resume(folder: Path, messages: int) -> Figure:
    """From the command to the last answer of a long session on the screen."""
    with ModelServer() as server:
        _configure(folder, server.openai_url)
        session = write_session(folder, messages)
        command = [KOI, "-r", session, "-m", str(MODEL)]
        with Terminal(command, folder, environment(folder)) as terminal:
            seconds = terminal.until(shows("green again"))
    return Figure(f"resume of {messages:,} messages to the first paint", seconds, "s", 2)
