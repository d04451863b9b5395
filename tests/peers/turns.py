"""`koi run` and `koi probe` as their callers see them: an exit code, and the last JSON line."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import cast

from tests.servers.answers import JsonObject


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and all that it said."""

    code: int
    lines: list[JsonObject]
    said: str

    @property
    def result(self) -> JsonObject:
        """The last line."""
        return self.lines[-1]

    @property
    def text(self) -> str:
        """What the model said in all steps."""
        return str(self.result["text"])

    @property
    def error(self) -> JsonObject:
        """Why it failed; empty when it did not."""
        return cast(JsonObject, self.result["error"] or {})

    @property
    def usage(self) -> dict[str, int]:
        """Tokens of all steps."""
        return cast(dict[str, int], self.result["usage"])

    @property
    def calls(self) -> list[JsonObject]:
        """The tool calls of all steps."""
        return cast(list[JsonObject], self.result["tool_calls"])

    @property
    def statuses(self) -> list[int | None]:
        """The HTTP status of each attempt that failed, None for those that did not."""
        attempts = cast(list[dict[str, int | None]], self.result["attempts"])
        return [attempt["status"] for attempt in attempts]

    def of_type(self, name: str) -> list[JsonObject]:
        """The lines of one type."""
        return [line for line in self.lines if line["type"] == name]


def outcome(done: subprocess.CompletedProcess[str]) -> Outcome:
    """What a command with JSON lines as output did. It must not have crashed."""
    assert "Traceback" not in done.stderr, done.stderr
    lines = [cast(JsonObject, json.loads(line)) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    assert lines[-1]["type"] == "result"
    return Outcome(done.returncode, lines, done.stdout + done.stderr)
