"""Measures koi with the pty harness that measures other terminal agents.

`python -m bench.agents HARNESS [ARGUMENT…]`: HARNESS is the folder with tui_bench.py, the rest goes
to it. koi is built and installed into the harness's own folder, as any other agent is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = Path(os.environ.get("BENCH_HOME", Path.home() / ".cache" / "koi-bench"))


def main(words: list[str]) -> int:
    """Install koi, copy the harness with koi's peer file in it, run it."""
    if not words or not Path(words[0], "tui_bench.py").is_file():
        print(__doc__)
        return 2
    lock = ["--require-hashes", "-r", str(ROOT / "requirements.lock")]
    koi = ["--no-deps", "--force-reinstall", str(ROOT)]
    environment_with(HOME / "peers" / "koi" / "venv", lock, koi)
    harness = HOME / "harness"
    copy(Path(words[0]), harness)
    shutil.copyfile(ROOT / "bench" / "koi.toml", harness / "peers" / "koi.toml")
    requirements = ["-r", str(harness / "requirements.txt")]
    python = environment_with(HOME / "venv", requirements)
    arguments = words[1:] or ["--peer", "koi"]
    command = [python, str(harness / "tui_bench.py"), *arguments]
    return subprocess.run(command, check=False).returncode


def copy(source: Path, target: Path) -> None:
    """The files of a folder, not their modes: the harness may be read-only."""
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def environment_with(venv: Path, *installs: list[str]) -> str:
    """The interpreter of a virtual environment in which these were installed with pip."""
    python = str(venv / "bin" / "python")
    if not Path(python).is_file():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    for words in installs:
        subprocess.run([python, "-m", "pip", "install", "-qq", *words], check=True)
    return python


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
