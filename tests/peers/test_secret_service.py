"""Saved keys with a real Secret Service: unlocked, locked, and none at all."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.conftest import PERSONS_ENVIRONMENT, shared_folder
from tests.peers.keeping import KEY

pytestmark = pytest.mark.peers
Run: TypeAlias = Callable[..., str]
CHILD = str(Path(__file__).with_name("keeping.py"))
KOI = str(Path(sys.executable).with_name("koi"))


@pytest.fixture
def run(tmp_path: Path, koi_home: Path) -> Run:
    """Runs a command beside a Secret Service whose keys outlive it; returns what it prints."""
    script = shared_folder("KOI_PEERS", "real servers") / "secrets/with-keyring.sh"
    default = str(Path(PERSONS_ENVIRONMENT["HOME"]) / ".cache/koi-peers")
    environment = {"PEERS_HOME": default} | PERSONS_ENVIRONMENT
    environment |= {"KOI_HOME": str(koi_home), "HOME": str(koi_home.parent)}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    installed = subprocess.run(
        ["bash", str(script), "--install"], env=environment, capture_output=True, check=False
    )
    if installed.returncode:
        pytest.skip("the Secret Service cannot be installed here")

    def run(*command: str, mode: str = "", stdin: str = "") -> str:
        options = [f"--{mode}"] if mode else []
        done = subprocess.run(
            ["bash", str(script), *options, "--store", str(tmp_path / "store"), *command],
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert KEY not in done.stdout + done.stderr
        return done.stdout.strip()

    return run


def files_with_the_key(folder: Path) -> list[str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if KEY.encode() in file.read_bytes()]


def test_a_key_is_kept_found_by_the_next_koi_and_removed(run: Run, koi_home: Path) -> None:
    assert run(sys.executable, CHILD, "save", "openai") == "in the OS keyring (Secret Service)"
    assert files_with_the_key(koi_home) == []
    assert run(sys.executable, CHILD, "find", "openai") == "OS keyring: usable True"
    assert run(sys.executable, CHILD, "remove", "openai") == "OS keyring"
    assert run(sys.executable, CHILD, "find", "openai") == ""


def test_a_key_put_there_by_hand_is_listed(run: Run) -> None:
    run(sys.executable, "-m", "keyring", "set", "koi", "groq", stdin=f"{KEY}\n")
    rows = json.loads(run(KOI, "providers", "--json"))
    [groq] = [row for row in rows if row["name"] == "groq"]
    assert groq["credential"] == "OS keyring"
    assert groq["credentials"][0]["label"] == "…6789"


@pytest.mark.parametrize(
    ("mode", "why"),
    [("locked", "the OS keyring is locked"), ("none", "no OS keyring was found")],
)
def test_without_a_keyring_that_works_a_private_file_is_used(
    run: Run, koi_home: Path, mode: str, why: str
) -> None:
    said = run(sys.executable, CHILD, "save", "openai", mode=mode)
    assert said.endswith(f"openai.key, readable by you only, because {why}")
    assert files_with_the_key(koi_home) == ["openai.key"]
    assert run(sys.executable, CHILD, "find", "openai", mode=mode) == "key file: usable True"
    assert run(sys.executable, CHILD, "remove", "openai", mode=mode) == "key file"
    assert files_with_the_key(koi_home) == []


def test_a_keyring_that_is_locked_later_is_told(run: Run) -> None:
    run(sys.executable, CHILD, "save", "openai")
    assert run(sys.executable, CHILD, "find", "openai", mode="locked").startswith(
        "OS keyring: unreadable"
    )


def test_the_doctor_tries_it_and_leaves_no_trace(run: Run, koi_home: Path, tmp_path: Path) -> None:
    run(sys.executable, CHILD, "save", "openai")
    (koi_home / "config.toml").write_text('[providers.openai]\nbase_url = "http://127.0.0.1:9"\n')
    bundle = tmp_path / "report.zip"
    said = run("sh", "-c", f"{KOI} doctor --live --bundle {bundle}; true")
    assert "Secret Service answers: written, read back, removed" in said
    assert "openai: connected (API key in the OS keyring" in said
    with zipfile.ZipFile(bundle) as archive:
        assert KEY not in "".join(archive.read(name).decode() for name in archive.namelist())
    found = run(
        sys.executable,
        "-c",
        "import keyring as k; print(k.get_password('koi', 'koi-doctor-probe'))",
    )
    assert found == "None"
    assert files_with_the_key(koi_home) == []


@pytest.mark.parametrize(
    ("mode", "why"),
    [("locked", "the OS keyring is locked"), ("none", "no OS keyring was found")],
)
def test_the_doctor_says_why_it_is_not_used(run: Run, mode: str, why: str) -> None:
    assert f"not used: {why}" in run("sh", "-c", f"{KOI} doctor; true", mode=mode)
