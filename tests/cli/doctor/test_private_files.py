"""The doctor sees every file of koi that others could look into."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.cli.doctor.private_files import private_files
from koi.cli.doctor.report import Check
from koi.config.paths import Paths, find_paths


@pytest.fixture
def paths(koi_home: Path) -> Paths:
    """koi's folders, with a login, a key, a journal and a log, all of them private."""
    paths = find_paths()
    for file in (
        paths.config_file,
        paths.auth_file,
        paths.keys / "openai.key",
        paths.sessions / "one.jsonl",
        paths.log,
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        file.chmod(0o600)
    for folder in (paths.data, paths.keys, paths.sessions, paths.state):
        folder.chmod(0o700)
    return paths


def problems(paths: Paths) -> list[Check]:
    return [check for check in private_files(paths).checks if check.mark == "problem"]


def test_private_files_are_counted(paths: Paths) -> None:
    last = private_files(paths).checks[-1]
    assert last == Check("ok", "8 files and folders, 0 with group or other bits")
    assert problems(paths) == []


@pytest.mark.parametrize("name", ["auth.json", "keys/openai.key", "sessions/one.jsonl", "keys"])
@pytest.mark.parametrize("bits", [0o040, 0o004, 0o020, 0o001])
def test_each_open_file_has_its_chmod_line(paths: Paths, name: str, bits: int) -> None:
    path = paths.data / name
    path.chmod(path.stat().st_mode | bits)
    (found,) = problems(paths)
    assert name in found.text
    assert found.hint == f"chmod go= {path}"


def test_many_open_files_are_summed_up(paths: Paths) -> None:
    for number in range(9):
        file = paths.sessions / f"{number}.jsonl"
        file.write_text("")
        file.chmod(0o644)
    found = problems(paths)
    assert len(found) == 6
    assert found[-1].text == "and 4 more"
    assert found[-1].hint.startswith("chmod -R go= ")


@pytest.mark.parametrize(
    ("content", "mode", "mark"),
    [
        ("", 0o600, "ok"),
        ('[providers.work]\napi_key_env = "WORK_KEY"', 0o644, "note"),
        ('[providers.work]\napi_key = "${WORK_KEY}"', 0o644, "note"),
        ('[providers.work]\napi_key = "a key of its own"', 0o644, "problem"),
        ('[providers.work]\nheaders = { X-Team = "a key of its own" }', 0o644, "problem"),
        ("", 0o622, "problem"),
    ],
)
def test_a_configuration_with_keys_must_be_private(
    paths: Paths, content: str, mode: int, mark: str
) -> None:
    paths.config_file.write_text(content)
    paths.config_file.chmod(mode)
    assert private_files(paths).checks[0].mark == mark


def test_nothing_there_is_no_problem(koi_home: Path) -> None:
    assert problems(find_paths()) == []


@pytest.mark.parametrize(
    ("text", "has_keys"),
    [
        ('[providers.work]\napi_key = "sk-0123456789"', True),
        ('[providers.work.headers]\nX-Team = "0123456789"', True),
        ('[providers.work]\napi_key = "${WORK_KEY}"', False),
        ('[providers.work]\napi_key_env = "work_key"', False),
        ('[credentials]\nallow = ["claude-cli"]', False),
        ('[oauth.copilot]\ntoken_url = "https://ghe.example.com/token"', False),
    ],
)
def test_a_configuration_that_others_can_read_is_a_problem_with_a_key_in_it_only(
    paths: Paths, text: str, has_keys: bool
) -> None:
    paths.config_file.write_text(text)
    paths.config_file.chmod(0o644)
    assert any("has keys in it" in check.text for check in problems(paths)) == has_keys
