"""Start-up: the bare command, the first frame, the prompt that takes keys, and then: idle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import Figure, Spread
from bench.hindrances import dead_ollama, hanging_keyring, huge_files
from bench.terminal import Terminal, has_text

KOI = str(Path(sys.executable).with_name("koi"))
HELLO = str(Path(__file__).with_name("hello.py"))
KEY = "ж"
TYPED_EARLY = "щэюя"
CLEAN = "nothing to find"


def environment(home: Path) -> dict[str, str]:
    """What koi and the floor are started with: no keys, an empty home."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "KOI_HOME": str(home / "koi"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }


def measure(folder: Path, runs: int) -> list[Figure]:
    """All figures of a start; koi and the floor take turns."""
    return [
        *_version(folder, 3 * runs),
        *_screen(folder, runs),
        *_hindered(folder, runs),
        *_typed_during_start(folder),
        *_idle(folder),
    ]


def _milliseconds(command: Sequence[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env=environment(folder), check=True, stdout=subprocess.DEVNULL
    )
    return 1e3 * (time.perf_counter() - started)


def _version(folder: Path, runs: int) -> list[Figure]:
    bare, koi = [], []
    for _ in range(runs):
        bare.append(_milliseconds([sys.executable, "-c", "pass"], folder))
        koi.append(_milliseconds([KOI, "--version"], folder))
    floor, version = Spread(tuple(bare)), Spread(tuple(koi))
    return [
        Figure("python -c pass", floor.median, "ms", note=floor.note("ms")),
        Figure(
            "`koi --version` over bare Python",
            version.median - floor.median,
            "ms",
            60,
            note=version.note("ms"),
        ),
    ]


def _start(
    command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None
) -> tuple[float, float, float]:
    """Milliseconds to the first frame, to the first key that is painted, and those computed."""
    with Terminal(command, folder, environment(folder) | dict(variables or {})) as terminal:
        first = terminal.until(has_text)
        terminal.type(KEY)
        echoed = terminal.until(lambda painted: KEY.encode() in painted)
        computed = terminal.cpu_s()
    return 1e3 * first, 1e3 * echoed, 1e3 * computed


def _screen(folder: Path, runs: int) -> list[Figure]:
    hello, koi = [], []
    for number in range(runs + 1):
        pair = _start([sys.executable, HELLO], folder), _start([KOI, "--demo"], folder)
        if number:  # the first fills the caches
            hello.append(pair[0])
            koi.append(pair[1])
    figures = []
    for index, what in enumerate(("first frame", "first key painted")):
        floor = Spread(tuple(run[index] for run in hello))
        mine = Spread(tuple(run[index] for run in koi))
        figures.append(Figure(f"bare Textual: {what}", floor.median, "ms", note=floor.note("ms")))
        figures.append(Figure(f"koi: {what}", mine.median, "ms", note=mine.note("ms")))
        ratio = mine.median / floor.median
        figures.append(Figure(f"koi / bare Textual: {what}", ratio, "x", 1.25))
    return figures


def _hindered(folder: Path, runs: int) -> list[Figure]:
    """The start while credentials are looked for where something hangs or is huge.

    All take turns with a start where nothing is: each has a home of its own.
    """
    with dead_ollama() as dead, ExitStack() as stack:
        nothing = {"OLLAMA_HOST": "127.0.0.1:9"}
        cases: dict[str, tuple[Path, dict[str, str]]] = {}
        for name in (CLEAN, "dead Ollama", "hanging keyring", "files of 1 GiB", "all of it"):
            home = Path(stack.enter_context(TemporaryDirectory(dir=folder)))
            variables = dict(dead if name in ("dead Ollama", "all of it") else nothing)
            if name in ("hanging keyring", "all of it"):
                variables |= hanging_keyring(home)
            if name in ("files of 1 GiB", "all of it"):
                variables |= huge_files(home)
            cases[name] = home, variables
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in cases}
        for number in range(runs + 1):
            for name, (home, variables) in cases.items():
                pair = _start([KOI], home, variables)
                if number:  # the first fills the caches
                    found[name].append(pair)
    figures = []
    for index, what in enumerate(("first frame", "first key painted", "processor time until then")):
        clean = Spread(tuple(pair[index] for pair in found[CLEAN]))
        figures.append(Figure(f"koi, {CLEAN}: {what}", clean.median, "ms", note=clean.note("ms")))
        for name in [each for each in found if each != CLEAN]:
            mine = Spread(tuple(pair[index] for pair in found[name]))
            ratio = mine.median / clean.median
            note = f"{mine.median:.0f} ms; {mine.note('ms')}"
            figures.append(Figure(f"{name} / {CLEAN}: {what}", ratio, "x", 1.15, note=note))
    return figures


def _typed_during_start(folder: Path) -> list[Figure]:
    lost = 0
    for wait_s in (0.05, 0.15, 0.25):
        with Terminal([KOI, "--demo"], folder, environment(folder)) as terminal:
            for key in TYPED_EARLY:
                terminal.drain(wait_s)
                terminal.type(key)
            terminal.until(has_text)
            terminal.drain(1.0)
            screen = terminal.screen()
            lost += 0 if TYPED_EARLY in screen else sum(key not in screen for key in TYPED_EARLY)
    return [Figure("keys typed during start-up and lost", lost, "", 0)]


def _idle(folder: Path, seconds: float = 8.0) -> list[Figure]:
    figures = []
    for what, command, limit in (
        ("bare Textual", [sys.executable, HELLO], None),
        ("koi", [KOI, "--demo"], 0.4),
    ):
        with Terminal(command, folder, environment(folder)) as terminal:
            terminal.until(has_text)
            terminal.drain(3.0)
            memory = terminal.resident_mib()
            before = terminal.cpu_s()
            terminal.drain(seconds)
            share = 100 * (terminal.cpu_s() - before) / seconds
        figures.append(Figure(f"{what}: idle", share, "%", limit, note="of one core, from ticks"))
        goal = 90.0 if limit else None
        figures.append(Figure(f"{what}: memory after the start", memory, "MiB", goal))
    return figures
