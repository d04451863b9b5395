"""Where kois live and are killed: a model that counts, a folder, and what each koi had told."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal, TypeAlias, cast

from koi.core.secret import Secret
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from koi.files.umask import make_private
from tests.servers.answers import Answer, JsonObject, calls, text
from tests.servers.model_server import ModelServer, RecordedRequest
from tests.servers.oauth_server import Rotating

Phase: TypeAlias = Literal["streams", "tools", "refresh", "compaction"]
WINDOW = 30_000
"""Bytes of a request that the model of a long conversation takes."""
TOKEN_S = 0.5
"""How long an access token lasts."""
REFRESH_S = 0.02
"""How long the server takes for another one."""
LIVES = Path(__file__).with_name("lives.py")
ROOT = Path(__file__).parents[2]
SECONDS = 60
"""After which a koi that says nothing is a failure."""


class Model:
    """Answers without end, in pieces, and counts."""

    def __init__(self, server: ModelServer, phase: Phase) -> None:
        self.answered = 0
        self._phase = phase
        self._lock = threading.Lock()
        server.script(*[self._answer] * 100_000)

    def _answer(self, request: RecordedRequest) -> Answer:
        if len(request.raw_body) > WINDOW and self._phase == "compaction":
            return Answer(status=400, error="prompt is too long: 9000 tokens > 8000 maximum")
        with self._lock:
            self.answered += 1
            number = self.answered
        last = request.messages[-1]
        if "Write the summary now." in str(last["content"]):
            return text(f"## Goal\nAll that was said, {number}\n" + "fact " * 60, pause_s=0.002)
        if self._phase == "tools" and last["role"] != "tool":
            return calls(("bash", {"command": f"echo {number} >> ran.txt"}), content="I note it")
        many = 300 if self._phase == "compaction" else 60
        words = "and so on " * many
        return text(f"Answer {number}: {words}", piece=many, pause_s=0.002)


@dataclass
class World:
    """One folder with one session, in which one koi lives after the other."""

    phase: Phase
    folder: Path
    answered: Model | Rotating
    model: str
    kills: int = 0
    told: list[JsonObject] = field(default_factory=list)
    """Every line that a koi had written before it was killed."""

    @property
    def home(self) -> Path:
        """KOI_HOME."""
        return self.folder / "home"

    @property
    def workspace(self) -> Path:
        """Where commands run."""
        return self.folder / "workspace"

    @property
    def session(self) -> Path | None:
        """The journal, None before there is one."""
        found = list((self.home / "data" / "sessions").glob("*.jsonl"))
        assert len(found) <= 1, "a session was begun anew"
        return found[0] if found else None

    @property
    def auth_file(self) -> AuthFile:
        """The logins."""
        return AuthFile(self.home / "data" / "auth.json")


@contextmanager
def world(phase: Phase, folder: Path) -> Iterator[World]:
    """A new world and its server."""
    (folder / "home").mkdir(parents=True)
    (folder / "workspace").mkdir()
    with ModelServer() as server:
        if phase == "refresh":
            made = _logged_in(phase, folder, Rotating(server, lasts_s=TOKEN_S, forgiving=True))
        else:
            _configure(
                folder,
                f'[providers.mine]\nprotocol = "openai-chat"\nbase_url = "{server.openai_url}"\n'
                'api_key = "a-key-of-the-test-0123"',
            )
            made = World(phase, folder, Model(server, phase), "mine/scripted-model")
        yield made


def _logged_in(phase: Phase, folder: Path, server: Rotating) -> World:
    server.on_refresh = lambda: time.sleep(REFRESH_S)
    _configure(folder, server.configuration)
    made = World(phase, folder, server, "qwen-code/m")
    ended = TokenRecord(Secret(server.access), Secret(server.refresh), time.time() - 1)
    made.auth_file.put("qwen-code", ended)
    return made


def _configure(folder: Path, tables: str) -> None:
    more = '[reliability]\nbackoff_ms = 1\ncooldown_s = 0\n[pricing."scripted-model"]\n'
    prices = "input_per_mtok = 1.0\noutput_per_mtok = 1.0\n"
    (folder / "home" / "config.toml").write_text(f"{tables}\n{more}{prices}")


class Lives:
    """Begins kois, and kills them."""

    def __init__(self) -> None:
        make_private()
        self._process = subprocess.Popen(
            [sys.executable, str(LIVES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": _python_path()},
        )

    def __enter__(self) -> Lives:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pipe(self._process.stdin).close()
        self._process.wait(SECONDS)
        self._pipe(self._process.stdout).close()

    def live(self, place: World, lines: int, wait_s: float) -> None:
        """One life in a world: killed so many seconds after its so-manieth line; 0: its begin."""
        told = place.folder / f"told-{place.kills}"
        place.kills += 1
        life = {
            "home": str(place.home),
            "workspace": str(place.workspace),
            "phase": place.phase,
            "model": place.model,
            "told": str(told),
        }
        stdin, stdout = self._pipe(self._process.stdin), self._pipe(self._process.stdout)
        stdin.write(json.dumps(life) + "\n")
        stdin.flush()
        number = int(stdout.readline())
        _wait_for(lines, told, stdout)
        time.sleep(wait_s)
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        ended = int(stdout.readline())
        assert ended == -signal.SIGKILL, f"it ended by itself with {ended}: {_lines(told)[-1:]}"
        place.told += _lines(told)
        for file in (told, told.with_name(f"{told.name}.errors")):
            file.unlink(missing_ok=True)

    def _pipe(self, pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def _python_path() -> str:
    return f"{ROOT / 'app'}:{ROOT}"


def _wait_for(lines: int, told: Path, ended: IO[str]) -> None:
    """Until there are so many lines, or it ended by itself."""
    end = time.monotonic() + SECONDS
    while lines and (not told.exists() or told.read_bytes().count(b"\n") < lines):
        if select.select([ended], [], [], 0)[0]:
            return
        assert time.monotonic() < end, "it hangs"
        time.sleep(0.001)


def _lines(told: Path) -> list[JsonObject]:
    """Whole lines; of the last one a part may be there."""
    if not told.exists():
        return []
    *whole, _ = told.read_bytes().split(b"\n")
    return [cast(JsonObject, json.loads(line)) for line in whole]
