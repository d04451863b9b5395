"""`koi doctor` as a command, its live questions and its bundle."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from koi.cli.dispatch import run
from koi.cli.doctor import credentials, live, machine
from koi.cli.doctor.report import Check, Section
from koi.config.paths import find_paths
from koi.core.secret import Secret
from koi.credentials.discovery import discover
from koi.credentials.stores.keyring_names import add_name
from koi.wiring.registry import open_registry
from tests.cli.conftest import KEY
from tests.credentials.keyrings import Memory, Raising, keyring_with
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer

Doctor = Callable[..., tuple[int, str]]


@pytest.fixture
def doctor(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    """`koi doctor ARGUMENTS` in this process; no Ollama of this machine is asked."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")

    def examine(*arguments: str) -> tuple[int, str]:
        code = run(["doctor", *arguments])
        out, err = capsys.readouterr()
        return code, out + err

    return examine


def check_of(section: Section, beginning: str) -> Check:
    return next(check for check in section.checks if check.text.startswith(beginning))


def test_all_is_well_with_a_credential(doctor: Doctor, config_file: Path) -> None:
    config_file.chmod(0o600)
    code, text = doctor()
    assert "No problem was found." in text
    assert code == 0
    assert "chatty: connected (API key from the configuration" in text
    assert "without a sandbox" in text
    assert KEY not in text


def test_a_provider_whose_host_is_denied_is_told_as_such(
    doctor: Doctor, config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0000000000000000ab12")
    config_file.write_text(f"{config_file.read_text()}\n[network]\ndefault_deny = true\n")
    _, text = doctor()
    said = next(line for line in text.splitlines() if "openai: connected" in line)
    assert said.endswith("but network.default_deny forbids api.openai.com")
    assert 'add "api.openai.com" to network.provider_allowed_hosts' in text


def test_without_a_credential_there_is_a_problem(doctor: Doctor) -> None:
    code, text = doctor()
    assert code == 1
    assert "problem  nothing is connected" in text
    assert "koi connect" in text


def test_a_configured_model_without_a_key_is_a_problem(doctor: Doctor, config_file: Path) -> None:
    config_file.write_text('model = "groq/llama"')
    code, text = doctor()
    assert code == 1
    assert "groq/llama is the configured model, but groq cannot be used: no key" in text


def test_a_configured_model_that_a_route_lends_a_key_is_none(
    doctor: Doctor, config_file: Path
) -> None:
    config_file.write_text(
        'model = "groq/llama-3.3-70b-versatile"\n'
        '[[model_routes]]\nhint = "llama-"\nprovider = "groq"\napi_key = "gsk_0123456789"\n'
    )
    assert "is the configured model, but" not in doctor()[1]


def test_the_locale_is_the_one_of_the_process(doctor: Doctor) -> None:
    assert "locale C.UTF-8" in doctor()[1]


def test_a_broken_configuration_does_not_end_it(doctor: Doctor, config_file: Path) -> None:
    config_file.write_text("this is = no = toml")
    code, text = doctor()
    assert code == 1
    assert "not looked for: the configuration must be mended first" in text
    assert "Clock" in text


def test_for_programs(doctor: Doctor, config_file: Path) -> None:
    sections = json.loads(doctor("--json")[1])
    titles = [section["title"] for section in sections]
    assert titles == [
        "Terminal",
        "Clipboard",
        "Machine",
        "Files",
        "Configuration",
        "Keyring",
        "Network",
        "Credentials",
        "Clock",
    ]
    assert {check["mark"] for section in sections for check in section["checks"]} <= {
        "ok",
        "note",
        "problem",
    }


def test_nobody_is_asked_without_live(
    doctor: Doctor, config_file: Path, model_server: ModelServer
) -> None:
    _, text = doctor()
    assert model_server.requests == []
    assert "not compared with others" in text


def test_live_asks_for_models_and_reads_the_clock(
    doctor: Doctor, config_file: Path, model_server: ModelServer
) -> None:
    model_server.pages["/v1/models"] = lambda request: Answer(
        body=b'{"data": [{"id": "m"}]}',
        headers={"date": "Sat, 01 Jan 2000 00:00:00 GMT"},
    )
    _, text = doctor("--live")
    assert "chatty: 1 models in " in text
    assert "minutes ahead of the clock of 127.0.0.1" in text
    assert model_server.model_requests == []


async def test_live_names_who_refuses_and_who_is_late(
    config_file: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    model_server.pages["/v1/models"] = lambda request: Answer(status=401, error=f"no {KEY}")
    registry = open_registry()
    discovery = await discover(registry)
    section = await live.providers(registry, discovery)
    refused = check_of(section, "chatty: ")
    assert refused.mark == "problem"
    assert refused.hint
    assert KEY not in refused.text
    section = await live.providers(registry, discovery, limit_s=0)
    assert {check.mark for check in section.checks} == {"note"}


@pytest.mark.parametrize(
    ("ahead", "mark", "text"),
    [
        (None, "note", "not compared"),
        ({}, "note", "no server said"),
        ({"a.example": 3.0}, "ok", "within 2 minutes of a.example"),
        ({"a.example": 600.0}, "note", "10 minutes behind the clock of a.example"),
        ({"a.example": -600.0, "b.example": 1.0}, "ok", "within 2 minutes of b.example"),
    ],
)
def test_the_clock(ahead: dict[str, float] | None, mark: str, text: str) -> None:
    (check,) = machine.clock(ahead, 4e9).checks
    assert check.mark == mark
    assert text in check.text


def test_a_clock_before_koi_was_installed_is_wrong() -> None:
    assert machine.clock(None, 0.0).checks[0].mark == "problem"


def test_a_keyring_that_works_is_tried_and_left_as_it_was(koi_home: Path) -> None:
    back_end = Memory()
    section = credentials.keyring(find_paths(), keyring_with(back_end), live=True)
    assert section.checks[0].mark == "ok"
    assert "written, read back, removed" in section.checks[0].text
    assert back_end.kept == {}


def test_a_keyring_with_keys_that_fails_is_a_problem(koi_home: Path) -> None:
    paths = find_paths()
    store = keyring_with(Raising(RuntimeError("the bus is gone")))
    assert credentials.keyring(paths, store, live=False).checks[0].mark == "note"
    add_name(paths.keys, "openai")
    check = credentials.keyring(paths, store, live=False).checks[0]
    assert check.mark == "problem"
    assert "openai" in check.text


class TestBundle:
    def test_it_is_private_and_says_what_it_has(
        self, doctor: Doctor, config_file: Path, workspace: Path
    ) -> None:
        _, text = doctor("--bundle", "report.zip")
        file = workspace / "report.zip"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert f"{file} has report.txt, config.toml, koi.log, versions.txt" in text
        assert "doctor" not in zipfile.ZipFile(file).namelist()

    def test_without_a_name_it_makes_one(
        self, doctor: Doctor, config_file: Path, workspace: Path
    ) -> None:
        doctor("--bundle")
        assert len(list(workspace.glob("koi-doctor-*.zip"))) == 1

    def test_it_replaces_nothing(self, doctor: Doctor, config_file: Path, workspace: Path) -> None:
        (workspace / "report.zip").write_text("mine")
        code, text = doctor("--bundle", "report.zip")
        assert code == 2
        assert "is there already" in text
        assert (workspace / "report.zip").read_text() == "mine"

    def test_no_key_is_in_it(
        self,
        doctor: Doctor,
        config_file: Path,
        workspace: Path,
        koi_home: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        secrets = {
            "GROQ_API_KEY": "an odd key of groq",
            "SOME_OTHER_TOKEN": "an odd token of somebody",
        }
        for name, value in secrets.items():
            monkeypatch.setenv(name, value)
        config_file.write_text(
            f'# api_key = "an old key in a comment"\n{config_file.read_text()}\n'
            '[providers.odd]\nbase_url = "http://127.0.0.1:9"\nheaders = { X-Me = "an odd one" }\n'
        )
        log = koi_home / "state" / "koi.log"
        log.parent.mkdir()
        log.write_text(f"it began\n{' '.join(secrets.values())} {KEY} sk-ant-api03-0123456789\n")
        doctor("--bundle", "report.zip")
        with zipfile.ZipFile(workspace / "report.zip") as archive:
            text = "\n".join(archive.read(name).decode() for name in archive.namelist())
        assert "it began" in text
        assert "127.0.0.1:9" in text
        hidden = (*secrets.values(), KEY, "an old key", "an odd one", "0123456789")
        assert [value for value in hidden if value in text] == []

    def test_a_secret_in_it_is_refused(
        self,
        doctor: Doctor,
        config_file: Path,
        workspace: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        Secret("a secret that nothing takes out")
        monkeypatch.setattr("koi.cli.doctor.bundle.redact", lambda text: text)
        monkeypatch.setattr(
            "koi.cli.doctor.bundle._tail", lambda path: "a secret that nothing takes out"
        )
        code, text = doctor("--bundle", "report.zip")
        assert code == 1
        assert "a secret would be in " in text
        assert not (workspace / "report.zip").exists()
