"""How long each run-time dependency takes to import, alone, in a new interpreter."""

from __future__ import annotations

import re
import subprocess
import sys

from bench.figures import Figure

PACKAGES = (
    "click",
    "genai_prices",
    "httpx",
    "markdown_it",
    "msgspec",
    "pathspec",
    "platformdirs",
    "pygments.lexers",
    "sniffio",
    "textual.app",
    "tomlkit",
    "truststore",
)
LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)")


def measure(runs: int) -> list[Figure]:
    """Milliseconds, with everything that a package imports in turn; the best of some runs."""
    return [
        Figure(f"import {name}", min(milliseconds(name) for _ in range(runs)), "ms")
        for name in PACKAGES
    ]


def milliseconds(name: str) -> float:
    """What the interpreter says that one import took."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {name}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took: dict[str, float] = {}
    for line in done.stderr.splitlines():
        if match := LINE.match(line):
            took[match[4]] = int(match[2]) / 1000
    parents = name.split(".")
    return sum(took[".".join(parents[: end + 1])] for end in range(len(parents)))
