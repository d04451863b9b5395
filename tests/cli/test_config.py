"""`koi config` as a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunKoi

WRONG = """
modle = "x"
[reliability]
retries = "two"
[providers.antropic]
api_key = "${NO_SUCH}"
[iteration]
max = 1
"""


@pytest.fixture
def config_file(koi_home: Path) -> Path:
    koi_home.mkdir()
    return koi_home / "config.toml"


def test_path_prints_where_the_file_is(run_koi: RunKoi, config_file: Path) -> None:
    assert run_koi("config", "path").stdout == f"{config_file}\n"
    assert run_koi("config", "--config", "/x.toml", "path").stdout == "/x.toml\n"


def test_check_prints_every_mistake_and_exits_with_2(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text(WRONG)
    done = run_koi("config", "check")
    assert done.returncode == 2
    for part in (
        f"error: {config_file}: modle: unknown key. Did you mean model?",
        f"error: {config_file}: reliability.retries: expected a whole number",
        f"error: {config_file}: providers.antropic: not in the catalogue",
        f"warning: {config_file}: iteration: known, but has no effect in this version",
        f"warning: {config_file}: providers.antropic.api_key: the environment variable NO_SUCH",
    ):
        assert part in done.stdout


def test_check_of_a_good_file_exits_with_0(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text('model = "anthropic/claude-sonnet-4-6"\n[iteration]\nmax = 1\n')
    done = run_koi("config", "check")
    assert done.returncode == 0
    assert "warning" in done.stdout
    assert done.stdout.endswith("no errors, 1 warning\n")


def test_only_a_file_without_warnings_has_no_mistakes(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text('model = "anthropic/claude-sonnet-4-6"\n')
    assert run_koi("config", "check").stdout.endswith("no mistakes\n")


def test_an_allowed_host_that_is_none_is_a_mistake(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text(
        '[network]\nprovider_allowed_hosts = ["openai.com", "https://api.openai.com/v1", "a b"]\n'
    )
    done = run_koi("config", "check")
    assert done.returncode == 2
    place = "network.provider_allowed_hosts"
    assert (
        f"{place}[1]: 'https://api.openai.com/v1' is not a host. Write api.openai.com"
        in done.stdout
    )
    assert f"{place}[2]: 'a b' is not a host. Write a name such" in done.stdout
    assert f"{place}[0]" not in done.stdout


def test_a_model_that_nobody_has_is_warned_of(run_koi: RunKoi, config_file: Path) -> None:
    assert (
        "no provider is known to have the model 'nope'"
        in run_koi("config", "set", "model", "nope").stderr
    )
    done = run_koi("config", "check")
    assert done.returncode == 0
    assert f"warning: {config_file}: model: no provider is known" in done.stdout


def test_check_of_wrong_toml_names_line_and_column(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text("a = 1\nb = = 2\n")
    done = run_koi("config", "check")
    assert done.returncode == 2
    assert f"{config_file}: line 2, column 5" in done.stderr


def test_what_is_set_can_be_got_with_its_origin(run_koi: RunKoi, config_file: Path) -> None:
    assert run_koi("config", "set", "models.executor", "openai/gpt-5.2").returncode == 0
    done = run_koi("config", "get", "--origin", "models.executor")
    assert done.stdout == f"openai/gpt-5.2  # {config_file}\n"
    done = run_koi("config", "get", "--origin", environment={"KOI_EXECUTOR": "a/b"})
    assert done.stdout == 'models.executor = "a/b"  # KOI_EXECUTOR\n'


def test_keys_are_never_printed(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text('[providers.groq]\napi_key = "gsk_secret_0123456789"\n')
    for arguments in (["config", "get"], ["config", "get", "providers"], ["providers", "--json"]):
        done = run_koi(*arguments)
        assert done.returncode == 0
        assert "secret" not in done.stdout + done.stderr
        assert "6789" in done.stdout


def test_an_unknown_key_exits_with_2(run_koi: RunKoi, config_file: Path) -> None:
    done = run_koi("config", "set", "modle", "x")
    assert done.returncode == 2
    assert "Did you mean model?" in done.stderr
    assert not config_file.exists()


def test_a_negative_number_is_a_value_and_no_option(run_koi: RunKoi, config_file: Path) -> None:
    done = run_koi("config", "set", "budget.session_usd", "-3")
    assert done.returncode == 2
    assert "budget.session_usd: expected a number >= 0" in done.stderr
    assert not config_file.exists()


def test_a_fallback_that_means_nothing_is_set_with_a_warning(run_koi: RunKoi) -> None:
    done = run_koi("config", "set", "models.fallback.executor", '["nowhere/a"]')
    assert done.returncode == 0
    assert "models.fallback.executor is set in" in done.stdout
    assert "warning: it is set, but koi cannot use it as it is: 'nowhere/a'" in done.stderr


@pytest.mark.parametrize("rule", ["bahs(make*)", "bash("])
def test_check_reads_the_permission_rules(run_koi: RunKoi, config_file: Path, rule: str) -> None:
    config_file.write_text(f'[permissions]\nrules = [{{rule = "{rule}", action = "deny"}}]\n')
    done = run_koi("config", "check")
    assert done.returncode == 2
    assert "permissions.rules" in done.stderr


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('api_key = ""', "api_key: is empty. "),
        ('api_key = "one\\ntwo"', "api_key: holds characters that cannot be part of a key. "),
    ],
)
def test_check_finds_keys_that_cannot_be_used(
    run_koi: RunKoi, config_file: Path, written: str, said: str
) -> None:
    config_file.write_text(f'[providers.work]\nbase_url = "https://h.example/v1"\n{written}\n')
    done = run_koi("config", "check")
    assert done.returncode == 2
    assert f"error: {config_file}: providers.work.{said}" in done.stdout


def test_check_warns_of_a_plugin_that_is_not_there(run_koi: RunKoi, config_file: Path) -> None:
    config_file.write_text('[providers.work]\nprotocol = "wasm"\nplugin = "nope.wasm"\n')
    done = run_koi("config", "check")
    assert done.returncode == 0
    assert f"warning: {config_file}: providers.work.plugin: " in done.stdout
    assert "nope.toml: cannot be read" in done.stdout
