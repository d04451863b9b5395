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
    install(HOME / "peers" / "koi" / "venv")
    harness = HOME / "harness"
    shutil.copytree(words[0], harness, dirs_exist_ok=True)
    (harness / "peers").chmod(0o755)
    (harness / "peers" / "koi.toml").write_bytes((ROOT / "bench" / "koi.toml").read_bytes())
    python = HOME / "venv" / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", HOME / "venv"], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "-r", harness / "requirements.txt"]
        subprocess.run(pip, check=True)
    arguments = words[1:] or ["--peer", "koi"]
    return subprocess.run([python, harness / "tui_bench.py", *arguments], check=False).returncode


def install(venv: Path) -> None:
    """koi and its locked dependencies in an environment of their own, compiled."""
    if not (venv / "bin" / "python").is_file():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet"]
    lock = ROOT / "requirements.lock"
    subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", ROOT], check=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
