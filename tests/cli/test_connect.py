"""`koi connect`, `koi disconnect`, `koi init` without a screen."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from koi.cli.dispatch import run
from koi.core.secret import Secret
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.token_record import TokenRecord
from tests.servers.answers import Answer, text
from tests.servers.model_server import ModelServer, RecordedRequest
from tests.servers.oauth_server import CANARY, Codex, GitHub

KEY = "test-key-0123456789abcdef"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Koi = Callable[..., Done]


@pytest.fixture
def koi(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Koi:
    """One command in this process, with its standard input; no Ollama of this machine is asked."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")

    def run_it(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(list(arguments))
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run_it


def listing(allowed: str | None) -> Callable[[RecordedRequest], Answer]:
    """A list of models, for those who have the key; None: for everybody."""

    def answer(request: RecordedRequest) -> Answer:
        if allowed is None or request.headers.get("authorization") == f"Bearer {allowed}":
            listed = {"data": [{"id": "gpt-5"}, {"id": "gpt-5-mini"}]}
            return Answer(body=json.dumps(listed).encode())
        return Answer(status=401, error="no such key")

    return answer


@pytest.fixture
def vendor(model_server: ModelServer, koi_home: Path) -> ModelServer:
    """A server that stands in the place of Groq's."""
    koi_home.mkdir(parents=True)
    table = f'[providers.groq]\nbase_url = "{model_server.openai_url}"\n'
    (koi_home / "config.toml").write_text(table)
    model_server.pages["/v1/models"] = listing(KEY)
    return model_server


def test_a_key_on_standard_input_is_tried_and_kept(koi: Koi, vendor: ModelServer) -> None:
    done = koi("connect", "groq", stdin=f"export GROQ_API_KEY={KEY}\n")
    assert done.code == 0
    assert "2 models: gpt-5, gpt-5-mini" in done.out
    assert "readable by you only" in done.out
    assert "connected (API key in the file" in koi("connect", "status").out


def test_a_key_that_is_refused_is_not_kept(koi: Koi, vendor: ModelServer) -> None:
    done = koi("connect", "groq", stdin="another-key-0123456789\n")
    assert done.code == 3
    assert "refused the key …6789" in done.err
    assert "groq" not in koi("connect", "status").out


def test_a_public_list_proves_nothing_and_that_is_said(koi: Koi, vendor: ModelServer) -> None:
    vendor.pages["/v1/models"] = listing(None)
    done = koi("connect", "groq", stdin=f"{KEY}\n")
    assert done.code == 0
    assert "list of models is public" in done.out


def test_a_key_that_cannot_be_checked_is_kept_only_when_told_so(koi: Koi, koi_home: Path) -> None:
    koi_home.mkdir(parents=True)
    (koi_home / "config.toml").write_text('[providers.groq]\nbase_url = "http://127.0.0.1:9/v1"\n')
    assert koi("connect", "groq", stdin=f"{KEY}\n").code == 1
    assert "groq" not in koi("connect", "status").out
    assert koi("connect", "groq", "--unchecked", stdin=f"{KEY}\n").code == 0
    assert "connected (API key in the file" in koi("connect", "status").out


def test_a_key_of_another_vendor_is_not_sent(koi: Koi, vendor: ModelServer) -> None:
    done = koi("connect", "groq", stdin="sk-or-v1-0123456789abcdef\n")
    assert done.code == 2
    assert "looks like a key of OpenRouter" in done.err
    assert vendor.requests == []


def test_no_key_is_ever_printed(koi: Koi, vendor: ModelServer) -> None:
    done = koi("connect", "groq", stdin=f"{KEY}\n")
    shown = done.out + done.err + koi("connect", "status", "--json").out
    assert KEY not in shown
    assert KEY[:12] not in shown


def test_without_a_key_the_ways_are_named(koi: Koi) -> None:
    done = koi("connect", "qwen")
    assert done.code == 2
    assert 'echo "$KEY" | koi connect qwen' in done.err
    assert "koi connect qwen-code --device" in done.err
    assert "koi connect minimax --device" in koi("connect", "minimax").err


def test_the_list_is_printed_when_nobody_can_choose(koi: Koi) -> None:
    done = koi("connect")
    assert done.code == 2
    assert all(name in done.out for name in ("copilot", "chatgpt", "anthropic", "ollama", "url"))


def test_an_unknown_target_gives_the_nearest(koi: Koi) -> None:
    done = koi("connect", "copliot")
    assert done.code == 2
    assert "Did you mean copilot?" in done.err


def test_a_method_that_a_login_does_not_have_is_refused(koi: Koi) -> None:
    done = koi("connect", "copilot", "--browser")
    assert done.code == 2
    assert "It has: device" in done.err


def test_the_status_is_an_array_for_programs(koi: Koi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    (row, *_) = json.loads(koi("connect", "status", "--json").out)
    assert (row["provider"], row["usable"], row["credential"]["source"]) == (
        "anthropic",
        True,
        "environment",
    )


# Other programs' logins


@pytest.fixture
def codex_login(koi_home: Path) -> None:
    """A login of Codex CLI, whose token nobody has looked into."""
    folder = koi_home.parent / ".codex"
    folder.mkdir(mode=0o700)
    tokens = {"access_token": "at-0123456789", "refresh_token": "rt", "account_id": "acc"}
    file = folder / "auth.json"
    file.write_text(json.dumps({"auth_mode": "chatgpt", "tokens": tokens}))
    file.chmod(0o600)


@pytest.mark.parametrize("name", ["codex-cli", "chatgpt"])
def test_a_yes_is_asked_for_and_can_be_taken_back(koi: Koi, codex_login: None, name: str) -> None:
    assert "needs your yes: koi connect codex-cli" in koi("connect", "status").out
    asked = koi("connect", "codex-cli", stdin="y\n")
    assert "https://" in asked.out
    assert "connected (the login of Codex CLI" in koi("connect", "status").out
    assert koi("disconnect", name, "--yes").code == 0
    assert "needs your yes: koi connect codex-cli" in koi("connect", "status").out


@pytest.mark.parametrize("consent", ["claude-keychain", "claude-token", "qwen-cli"])
def test_no_yes_is_asked_for_what_is_not_there(koi: Koi, consent: str) -> None:
    done = koi("connect", consent, stdin="y\n")
    assert done.code == 3
    assert "there is none here" in done.err
    assert "koi looked at" in done.err
    assert "Use it?" not in done.out


def test_a_key_of_codex_needs_no_yes(koi: Koi, koi_home: Path) -> None:
    folder = koi_home.parent / ".codex"
    folder.mkdir(mode=0o700)
    (folder / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": "sk-" + "k" * 20}))
    done = koi("connect", "codex-cli", stdin="y\n")
    assert done.code == 3
    assert "What is there" in done.err


def test_anything_but_a_clear_yes_is_a_no(koi: Koi, codex_login: None) -> None:
    koi("connect", "codex-cli", stdin="\n")
    assert "you said no" in koi("connect", "status").out


# Disconnecting


def test_disconnecting_asks_and_says_what_remains(
    koi: Koi, vendor: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    koi("connect", "groq", stdin=f"{KEY}\n")
    monkeypatch.setenv("GROQ_API_KEY", "gsk_" + "k" * 20)
    refused = koi("disconnect", "groq", stdin="n\n")
    assert (refused.code, "Nothing was removed" in refused.err) == (1, True)
    done = koi("disconnect", "groq", stdin="y\n")
    assert done.code == 0
    assert "groq: still available via GROQ_API_KEY (environment)" in done.out
    assert "API key in the file" not in koi("connect", "status").out


def test_a_script_needs_a_yes_of_its_own(koi: Koi, vendor: ModelServer) -> None:
    koi("connect", "groq", stdin=f"{KEY}\n")
    assert koi("disconnect", "all").code == 2
    assert koi("disconnect", "all", "--yes").code == 0
    assert "koi keeps no login and no key" in koi("disconnect", "all").out


def test_a_question_that_nobody_can_answer_says_so(koi: Koi, vendor: ModelServer) -> None:
    koi("connect", "groq", stdin=f"{KEY}\n")
    done = koi("disconnect")
    assert done.code == 2
    assert "nobody can be asked here" in done.err
    assert "--yes" in done.err


@pytest.mark.parametrize("keeps", [True, False])
def test_disconnecting_all_names_what_stays(
    koi: Koi, vendor: ModelServer, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    if keeps:
        koi("connect", "groq", stdin=f"{KEY}\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "k" * 20)
    assert "OPENAI_API_KEY (environment): set outside koi" in koi("disconnect", "all", "--yes").out


def test_what_is_set_outside_koi_is_shown_and_stays(
    koi: Koi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_" + "k" * 20)
    done = koi("disconnect", "groq", "--yes")
    assert "GROQ_API_KEY (environment) is set outside koi" in done.out
    assert "GROQ_API_KEY (environment): set outside koi" in koi("disconnect", "All", "--yes").out


def test_disconnecting_an_unknown_name_speaks_of_disconnecting(koi: Koi) -> None:
    done = koi("disconnect", "opneai")
    assert done.code == 2
    assert "Did you mean openai? koi disconnect lists" in done.err
    assert "address" not in done.err


def test_a_damaged_file_of_logins_is_spoken_of_until_it_is_gone(koi: Koi, koi_home: Path) -> None:
    kept = AuthFile(koi_home / "data/auth.json")
    kept.path.parent.mkdir(parents=True)
    kept.path.write_text("{")
    assert "was damaged" in koi("connect", "status").err
    assert "is a damaged file of logins" in koi("connect", "status").err
    kept.put("copilot", TokenRecord(Secret("gho_0123456789")))
    assert "damaged" not in koi("connect", "status").err
    assert "may hold old tokens" in koi("disconnect", "copilot", "--yes").out


# The first steps


def test_init_says_what_was_found_and_chosen(koi: Koi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    done = koi("init")
    assert done.code == 0
    assert "Using anthropic/claude-sonnet-4-6 from ANTHROPIC_API_KEY." in done.out


@pytest.mark.parametrize("command", [("init",), ("run", "hello"), ("--plain",)])
def test_without_anything_the_ways_in_are_printed(koi: Koi, command: tuple[str, ...]) -> None:
    done = koi(*command)
    assert done.code == 3
    assert "koi connect" in done.err


# Logins


@pytest.fixture
def github(model_server: ModelServer, koi_home: Path) -> GitHub:
    """A GitHub that is asked often."""
    github = GitHub(model_server)
    github.issued["interval"] = 0.2
    koi_home.mkdir(parents=True)
    (koi_home / "config.toml").write_text(github.configuration)
    return github


def test_a_login_prints_address_and_code_on_lines_of_their_own(koi: Koi, github: GitHub) -> None:
    done = koi("connect", "copilot")
    assert done.code == 0
    lines = done.out.splitlines()
    assert f"{github.url}/login/device" in lines
    assert "ABCD-1234" in lines
    assert "Connected as octocat (pro)." in lines
    assert "Accounts have been suspended" in done.out
    assert CANARY not in done.out + done.err
    assert "octocat" in koi("connect", "status").out


def test_whose_client_id_is_used_is_said_while_it_is_not_ones_own(
    koi: Koi, github: GitHub, koi_home: Path
) -> None:
    github.answers = [{"error": "access_denied"}] * 2
    file = koi_home / "config.toml"
    own = file.read_text()
    assert "uses the client id that other open tools" in koi("connect", "copilot").out
    file.write_text(own.replace("[oauth.copilot]\n", '[oauth.copilot]\nclient_id = "mine"\n'))
    done = koi("connect", "copilot").out
    assert "Accounts have been suspended" in done
    assert "client id" not in done


def test_a_login_that_is_denied_fails_with_what_to_do(koi: Koi, github: GitHub) -> None:
    github.answers = [{"error": "access_denied"}]
    done = koi("connect", "copilot")
    assert done.code == 1
    assert "declined" in done.err
    assert "copilot" not in koi("connect", "status").out


def test_a_way_that_is_switched_off_names_the_other(
    koi: Koi, model_server: ModelServer, koi_home: Path
) -> None:
    codex = Codex(model_server)
    codex.start_answer = Answer(status=404, body=b"{}")
    koi_home.mkdir(parents=True, exist_ok=True)
    (koi_home / "config.toml").write_text(codex.configuration)
    done = koi("connect", "chatgpt")
    assert done.code == 1
    assert "koi connect chatgpt --browser" in done.err


def test_a_key_that_is_shadowed_says_by_what(
    koi: Koi, vendor: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_" + "k" * 20)
    done = koi("connect", "groq", stdin=f"{KEY}\n")
    assert "GROQ_API_KEY of the environment comes before a key that koi keeps" in done.err
    assert "unset GROQ_API_KEY" in done.err


def test_a_wrong_key_above_the_kept_one_is_no_connection(
    koi: Koi, vendor: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_" + "k" * 20)
    done = koi("connect", "groq", stdin=f"{KEY}\n")
    assert done.code == 1
    assert "and it is refused" in done.err
    vendor.script(Answer(status=401, error="no such key"))
    refused = koi("run", "-m", "groq/gpt-5", "hi")
    assert "unset GROQ_API_KEY" in refused.out + refused.err
    assert "is connected" not in done.out


def test_a_configured_key_that_is_not_there_is_no_connection(
    koi: Koi, vendor: ModelServer, koi_home: Path
) -> None:
    with (koi_home / "config.toml").open("a") as file:
        file.write('api_key_env = "TEAM_KEY"\n')
    done = koi("connect", "groq", stdin=f"{KEY}\n")
    assert done.code == 1
    assert "TEAM_KEY is not set" in done.err
    assert "remove api_key_env from [providers.groq]" in done.err
    assert "is connected" not in done.out


def test_a_right_key_above_the_kept_one_is_told(
    koi: Koi, vendor: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    done = koi("connect", "groq", stdin=f"{KEY}\n")
    assert done.code == 0
    assert "does not use the kept key" in done.err


def test_keys_that_were_open_to_others_are_closed_and_told_once(
    koi: Koi, vendor: ModelServer, koi_home: Path
) -> None:
    koi("connect", "groq", stdin=f"{KEY}\n")
    keys = koi_home / "data" / "keys"
    keys.chmod(0o755)
    (keys / "groq.key").chmod(0o644)
    vendor.script(text("Hello"), text("Hello"))
    first, second = (koi("run", "-m", "groq/gpt-5", "hi").err for _ in range(2))
    assert "keys was open to others" in first
    assert "groq.key was open to others" in first
    assert "open to others" not in second
    modes = [path.stat().st_mode & 0o777 for path in (keys, keys / "groq.key")]
    assert modes == [0o700, 0o600]


# Addresses of one's own


def test_an_address_is_saved_with_its_key_and_first_model(
    koi: Koi, model_server: ModelServer, koi_home: Path
) -> None:
    model_server.pages["/v1/models"] = listing(KEY)
    done = koi("connect", f"custom:{model_server.openai_url}", stdin=f"{KEY}\n")
    assert done.code == 0
    assert "koi uses it from now on" in done.out
    written = (koi_home / "config.toml").read_text()
    assert 'model = "local/gpt-5"' in written
    assert KEY not in written
    model_server.script(text("Hello there"))
    assert "Hello there" in koi("run", "hi").out


def test_an_address_that_is_not_encrypted_needs_a_yes(koi: Koi) -> None:
    done = koi("connect", "http://llm.example.com/v1", stdin="n\n")
    assert done.code == 1
    assert "not encrypted" in done.out


def test_the_format_of_anthropic_is_configured_by_hand(koi: Koi) -> None:
    done = koi("connect", "anthropic-custom:https://llm.example.com")
    assert done.code == 2
    assert "[providers.NAME]" in done.err
