"""`python -m bench [PART…]`: measures, prints a Markdown table, keeps it in bench/results/."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench import beside_sdks, decode, first_request, imports, startup, transcript
from bench.figures import Figure, table

RESULTS = Path(__file__).with_name("results")
RUNS = 7


def main(wanted: list[str]) -> int:
    """Measure the parts; 1 when a figure misses its goal, 2 for an unknown part."""
    with tempfile.TemporaryDirectory(prefix="koi-bench-") as name:
        folder = Path(name)
        parts: dict[str, Callable[[], list[Figure]]] = {
            "startup": lambda: startup.measure(folder, RUNS),
            "transcript": lambda: transcript.measure(folder),
            "imports": lambda: imports.measure(3),
            "request": lambda: first_request.measure(folder),
            "decode": lambda: decode.measure(RUNS),
            "sdks": lambda: beside_sdks.measure(RUNS),
        }
        if unknown := set(wanted) - set(parts):
            print(f"unknown: {', '.join(sorted(unknown))}; there are: {', '.join(parts)}")
            return 2
        figures: list[Figure] = []
        for part in wanted or parts:
            print(f"measuring {part} …", file=sys.stderr, flush=True)
            figures += parts[part]()
    load = os.getloadavg()[0]
    head = (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores, load {load:.1f} at the end."
    )
    text = f"{head}\n\n{table(figures)}\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    stamp = time.strftime("%Y-%m-%dT%H-%M-%S")
    (RESULTS / f"{stamp}.md").write_text(text, encoding="utf-8")
    (RESULTS / f"{stamp}.json").write_bytes(msgspec.json.encode(figures))
    return 1 if any(figure.verdict == "FAIL" for figure in figures) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
