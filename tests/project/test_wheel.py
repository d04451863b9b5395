"""What a person gets from `pip install`: the wheel, alone in a clean environment."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "app" / "koi"


def run(
    command: Sequence[str | Path], folder: Path, environment: dict[str, str] | None = None
) -> str:
    """What a command prints; a failure shows all of it."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the working tree with the locked build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder], ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_its_data_and_its_licence(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    written = {
        path.relative_to(SOURCES.parent).as_posix()
        for path in SOURCES.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in packed if not name.partition("/")[0].endswith(".dist-info")} == written
    assert {Path(name).name for name in packed} >= {"LICENSE", "NOTICE", "entry_points.txt"}


def test_the_installed_wheel_runs_the_demo(
    wheel: Path, tmp_path: Path, workspace: Path, persons_environment: dict[str, str]
) -> None:
    persons_environment.pop("PYTHONPATH", None)
    persons_environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    venv = tmp_path / "venv"
    run([sys.executable, "-m", "venv", venv], tmp_path, persons_environment)
    lock = ROOT / "requirements.lock"
    for words in (
        ["install", "--quiet", "--require-hashes", "-r", str(lock)],
        ["install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        ["check"],
    ):
        run([venv / "bin/python", "-m", "pip", *words], tmp_path, persons_environment)
    (workspace / "a-file-to-be-listed.txt").write_text("text\n", encoding="utf-8")
    koi = venv / "bin/koi"
    assert run([koi, "--version"], workspace).startswith("koi ")
    assert "a-file-to-be-listed.txt" in run([koi, "run", "--demo", "list the files"], workspace)
