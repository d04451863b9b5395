"""`koi config import` as a command, with the examples of other programs' documentation."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.seed_cases import CASES, ENVIRONMENT, SEEDS, WITHOUT_A_MODEL, Case
from tests.config.test_seeds import assert_means
from tests.configurations import registry_of
from tests.conftest import RunKoi
from tests.servers.answers import text as answer
from tests.servers.model_server import ModelServer

KEY = "sk-secret-0123456789"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_an_example_can_be_imported(run_koi: RunKoi, koi_home: Path, case: Case) -> None:
    done = run_koi("config", "import", str(case.path), environment=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "")
    written = (koi_home / "config.toml").read_text()
    assert (koi_home / "config.toml").stat().st_mode & 0o777 == 0o600
    assert_means(registry_of(koi_home, written, ENVIRONMENT), case)
    again = run_koi("config", "import", "-", stdin=case.path.read_text(), environment=ENVIRONMENT)
    assert again.stdout.endswith("has all of it already; nothing was written\n")
    assert (koi_home / "config.toml").read_text() == written


@pytest.mark.parametrize("file", WITHOUT_A_MODEL)
def test_an_example_without_a_model_can_be_imported(
    run_koi: RunKoi, koi_home: Path, file: str
) -> None:
    done = run_koi("config", "import", str(SEEDS / file))
    assert (done.returncode, done.stderr) == (0, "")
    check = run_koi("config", "check")
    assert (check.returncode, "error: " in check.stdout) == (0, False)


def test_what_is_set_and_what_is_left_out_is_shown(run_koi: RunKoi, koi_home: Path) -> None:
    done = run_koi("config", "import", str(SEEDS / "nanocoder-agents.json"))
    for line in (
        '  model = "lmstudio/qwen3-coder:a3b"  # nanocoder.providers[0].models',
        '  providers.claude-at-work.api_key = "${WORK_CLAUDE_KEY}"  # '
        "nanocoder.providers[1].apiKey",
        "note: mcpServers: has no counterpart in koi, left out.",
        f"13 settings written to {koi_home / 'config.toml'}",
    ):
        assert line in done.stdout.splitlines()


def test_a_key_is_kept_masked_and_told(run_koi: RunKoi, koi_home: Path) -> None:
    text = f'default_provider = "groq"\napi_key = "{KEY}"\n'
    done = run_koi("config", "import", "-", stdin=text)
    assert KEY not in done.stdout + done.stderr
    assert "note: api_key: holds the key itself" in done.stdout
    assert KEY in (koi_home / "config.toml").read_text()


def test_different_values_need_a_yes(run_koi: RunKoi, koi_home: Path) -> None:
    koi_home.mkdir()
    config = koi_home / "config.toml"
    config.write_text('model = "a/b" # mine\n')
    done = run_koi("config", "import", "-", stdin='model = "c/d"\n[reliability]\nretries = 1\n')
    assert done.returncode == 2
    assert f'{config} has other values: model is "a/b"' in done.stderr
    assert "--yes replaces them" in done.stderr
    assert config.read_text() == 'model = "a/b" # mine\n'
    done = run_koi("config", "import", "--yes", "-", stdin='model = "c/d"\n')
    assert done.returncode == 0
    assert config.read_text() == 'model = "c/d" # mine\n'


@pytest.mark.parametrize(("answer", "model", "code"), [("y", "c/d", 0), ("n", "a/b", 2)])
def test_on_a_terminal_the_question_is_asked(
    koi_home: Path, tmp_path: Path, answer: str, model: str, code: int
) -> None:
    koi_home.mkdir()
    config = koi_home / "config.toml"
    config.write_text('model = "a/b"\n')
    other = tmp_path / "other.toml"
    other.write_text('model = "c/d"\n')
    terminal, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("koi")), "config", "import", str(other)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.write(terminal, f"{answer}\n".encode())
        assert process.wait(timeout=30) == code
    finally:
        os.close(terminal)
        os.close(theirs)
    assert config.read_text() == f'model = "{model}"\n'


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("missing.json", None, "missing.json: No such file or directory"),
        ("a.yaml", "x: [1\ny: 2", "a.yaml: line 2, column 2"),
        ("a.json", "{}", "a.json: not a JSON that koi can read"),
    ],
)
def test_what_cannot_be_imported_exits_with_2(
    run_koi: RunKoi, workspace: Path, koi_home: Path, file: str, text: str | None, said: str
) -> None:
    if text is not None:
        (workspace / file).write_text(text)
    done = run_koi("config", "import", file)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (koi_home / "config.toml").exists()


@pytest.mark.parametrize(
    "text",
    [
        '[provider]\nkind = "openai"\nbase_url = "URL/v1"\nmodel = "some/model"\n',
        'default_provider = "custom:URL/v1"\ndefault_model = "some/model"\n',
        "providers:\n  mine: {name: openai, base_url: URL/v1, model: some/model}\n",
        '[{"name": "Mine", "baseUrl": "URL/v1", "models": ["some/model"]}]',
    ],
)
def test_what_was_imported_answers(run_koi: RunKoi, model_server: ModelServer, text: str) -> None:
    model_server.script(answer("Hello"))
    document = text.replace("URL/v1", model_server.url.removesuffix("/v1") + "/v1")
    assert run_koi("config", "import", "-", stdin=document).returncode == 0
    done = run_koi("run", "Hi")
    assert (done.returncode, done.stdout) == (0, "Hello\n")
    (request,) = model_server.model_requests
    assert request.body["model"] == "some/model"
    assert request.path == "/v1/chat/completions"


def test_check_names_the_keys_that_the_file_has(run_koi: RunKoi, koi_home: Path) -> None:
    koi_home.mkdir()
    text = '[provider]\nkind = "openai"\nbase_url = "no url"\napi_key_env = "NO_SUCH"\nmodel = "m"'
    (koi_home / "config.toml").write_text(text)
    done = run_koi("config", "check")
    assert done.returncode == 2
    assert "provider.base_url: 'no url' is not an http or https URL" in done.stdout
    assert "provider.api_key_env: the environment variable NO_SUCH is not set" in done.stdout
