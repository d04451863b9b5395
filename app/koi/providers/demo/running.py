"""Plays that run commands: one command, or the project's own tests, whatever they are."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import msgspec

from koi.core.messages import JsonObject
from koi.providers.demo.intents import RunCommand, RunTests
from koi.providers.demo.plays import Call, Outcome, Play, Step
from koi.providers.demo.results import body_and_notes, entries, exit_code, file_lines
from koi.providers.demo.sentences import FENCED_LINES, code, count, failure, fence, some

TIMEOUT_S = 600
"""Seconds that a test run may take."""


class TestRun(msgspec.Struct, frozen=True):
    """A command that runs a project's tests, and the file that says so."""

    command: str
    because: str


def run_command(wish: RunCommand) -> Play:
    """`bash` with exactly what was typed."""
    [ran] = yield Step(
        reasoning="The command is given, so I run it as it stands. It may need a yes.",
        calls=(_bash(wish.command, "Run the command that you typed"),),
    )
    return Step(_told(wish.command, ran), well=ran.ok)


def run_tests(_wish: RunTests) -> Play:
    """`ls`, a look into Makefile or package.json, then `bash`; pytest missing: unittest once."""
    [listed] = yield Step(
        text="I look at what is here to find out how the tests are run.",
        reasoning="A Makefile, pyproject.toml, package.json, Cargo.toml or go.mod tells how.",
        calls=(Call("ls", {"path": "."}),),
    )
    if not listed.ok:
        return Step(failure(listed), well=False)
    here = {entry.rstrip("/") for entry in entries(listed.content)}
    looked: dict[str, str] = {}
    asked = [name for name in ("Makefile", "package.json") if name in here]
    if asked:
        opened = yield Step(
            reasoning=f"{' and '.join(asked)} may name a test command, so I read before I run.",
            calls=tuple(Call("read", {"path": name}) for name in asked),
        )
        looked = {
            name: "\n".join(file_lines(outcome.content))
            for name, outcome in zip(asked, opened, strict=True)
            if outcome.ok
        }
    choice = choose(here, looked)
    if choice is None:
        return Step(
            "I see no Makefile with a `test` target, no Python tests, no `package.json` with a "
            "test script, no `Cargo.toml` and no `go.mod` here, so I do not know how this "
            f"project is tested. It has {some(sorted(here)) if here else 'no files'}. "
            "Tell me the command: `run COMMAND`.",
            well=False,
        )
    [ran] = yield Step(
        text=f"There is {code(choice.because)}, so I run {code(choice.command)}.",
        calls=(_bash(choice.command, "Run the project's tests", TIMEOUT_S),),
    )
    if "pytest" in choice.command and re.search(r"No module named '?pytest", ran.content):
        choice = TestRun("python3 -m unittest discover -v", choice.because)
        [ran] = yield Step(
            text="pytest is not installed here. I try the standard library's runner once.",
            calls=(_bash(choice.command, "Run the tests with unittest", TIMEOUT_S),),
        )
    return Step(_told(choice.command, ran, tests=True), well=ran.ok)


def choose(here: set[str], texts: dict[str, str]) -> TestRun | None:
    """How a project with these entries is tested; `texts` holds Makefile and package.json."""
    if re.search(r"^test\s*:", texts.get("Makefile", ""), re.MULTILINE):
        return TestRun("make test", "Makefile")
    if re.search(r'"test"\s*:', texts.get("package.json", "")):
        return TestRun("npm test", "package.json")
    if "Cargo.toml" in here:
        return TestRun("cargo test", "Cargo.toml")
    if "go.mod" in here:
        return TestRun("go test ./...", "go.mod")
    python = [
        name
        for name in sorted(here)
        if name in ("pytest.ini", "conftest.py", "tox.ini", "pyproject.toml", "setup.py")
        or PurePosixPath(name).match("test_*.py")
        or PurePosixPath(name).match("*_test.py")
    ]
    if python or "tests" in here:
        return TestRun("python3 -m pytest -q", python[0] if python else "tests")
    return None


def _bash(command: str, description: str, timeout_s: int | None = None) -> Call:
    arguments: JsonObject = {"command": command, "description": description}
    if timeout_s is not None:
        arguments["timeout_s"] = timeout_s
    return Call("bash", arguments)


def _told(command: str, ran: Outcome, *, tests: bool = False) -> str:
    if ran.state not in ("ok", "failed"):
        return failure(ran)
    lines, notes = body_and_notes(ran.content)
    lines = [line for line in lines if line.strip()]
    status = exit_code(ran.content)
    told_by_tool = [note.strip("[]") for note in notes if note != "[no output]"]
    if ran.ok:
        end = f"{'The tests passed' if tests else 'It ran'} (exit code 0)."
        remarks = told_by_tool
    elif status is not None:
        verdict = "The tests failed" if tests else "It failed"
        end = f"{verdict}: {code(command)} ended with exit code {status}."
        remarks = [note for note in told_by_tool if not note.startswith("exit ")]
    elif told_by_tool:
        end = f"{code(command)} did not end well: {told_by_tool[0]}."
        remarks = told_by_tool[1:]
    else:
        return failure(ran)
    said = [end]
    if lines:
        part = "The end of its" if len(lines) > FENCED_LINES else "Its"
        said += [f"{part} output ({count(len(lines), 'line')}):", fence(lines, "text", last=True)]
    else:
        said.append("It printed nothing.")
    return "\n\n".join(said + [f"({remark})" for remark in remarks])
