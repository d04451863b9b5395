"""A home with a secret of its own in every place where koi looks for credentials."""

from __future__ import annotations

import json
import stat
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.credentials.stores import keyring_store
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.key_files import write_key_file
from koi.credentials.stores.keyring_names import add_name
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import paths_in
from tests.credentials.keyrings import Memory, keyring_with
from tests.credentials.layouts import CLAUDE, CODEX, QWEN, token_saying
from tests.servers.model_server import ModelServer

PASTED = "canary-that-was-pasted-0123456789"
VARIABLES = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-canary-environment-0123",
    "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-canary-variable-0123",
    "GITHUB_TOKEN": "gho_canaryOfEveryJob0123456789",
    "AWS_ACCESS_KEY_ID": "AKIACANARY0123456789",
    "AWS_SECRET_ACCESS_KEY": "canary/aws+secret/0123456789",
    "AWS_SESSION_TOKEN": "canary+aws+session//0123456789==",
    "ODDLY_NAMED": "canary-under-an-odd-name-0123",
    "FOR_A_HEADER": "canary-for-a-header-0123",
}
CONFIGURED = {
    "configured key": "canary-configured-0123456789",
    "configured header": "canary-in-a-header-0123456789",
}
IN_FILES = {
    "own access token": "canary-own-access-0123456789",
    "own refresh token": "canary-own-refresh-0123456789",
    "own id token": token_saying(sub="canary", exp=int(time.time() + 3600)),
    "own GitHub token": "ghu_canaryOfCopilot0123456789",
    "Claude access token": "sk-ant-oat01-canary-claude-0123",
    "Claude refresh token": "sk-ant-ort01-canary-claude-0123",
    "Codex access token": token_saying(exp=int(time.time() + 3600), jti="canary-codex"),
    "Codex refresh token": "rt_canary-codex-0123456789",
    "Codex id token": token_saying(email="me@example.org", jti="canary-codex-id"),
    "Qwen access token": "canary-qwen-access-0123456789",
    "Qwen refresh token": "canary-qwen-refresh-0123456789",
    "key file": "gsk_canary-in-a-file-0123456789",
    "keyring": "canary-in-the-keyring-0123456789",
}
CANARIES = {**VARIABLES, **CONFIGURED, **IN_FILES, "pasted": PASTED}
HOLDS_THEM = ("config.toml", "auth.json", "keys/", "keyring.json")
"""Where koi keeps secrets below its folders, or the person does."""
_BACK_END = """
import json, pathlib
from keyring.backend import KeyringBackend

KEPT = pathlib.Path(__file__).with_name("kept.json")

class Kept(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        return json.loads(KEPT.read_text()).get(username) if service == "koi" else None

    def set_password(self, service, username, password):
        KEPT.write_text(json.dumps(json.loads(KEPT.read_text()) | {username: password}))

    def delete_password(self, service, username):
        kept = json.loads(KEPT.read_text())
        del kept[username]
        KEPT.write_text(json.dumps(kept))
"""


class Planted:
    """The home, and where else than in their places its secrets have got to."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.paths = paths_in(home)

    def leaked(self, text: str) -> list[str]:
        """The names of the secrets that are in a text."""
        return [name for name, value in CANARIES.items() if value in text]

    def leaked_into_files(self, *others: Path) -> dict[str, list[str]]:
        """Files that koi made and that hold secrets which do not belong there."""
        found: dict[str, list[str]] = {}
        for path in (*self._own(), *others):
            if path.is_file() and not any(part in f"{path}" for part in HOLDS_THEM):
                names = self.leaked(_content(path))
                if names:
                    found[path.name] = names
        return found

    def open_to_others(self) -> list[Path]:
        """koi's files and folders with group or other bits."""
        return [path for path in self._own() if stat.S_IMODE(path.lstat().st_mode) & 0o077]

    def _own(self) -> Iterator[Path]:
        for folder in (self.paths.data, self.paths.state, self.paths.cache):
            if folder.exists():
                yield folder
                yield from folder.rglob("*")


def plant(home: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Planted:
    """Lay all of them out below `home`, which becomes HOME and KOI_HOME."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KOI_HOME", str(home))
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    planted = Planted(home)
    planted.paths.config_file.write_text(_configuration(server), encoding="utf-8")
    planted.paths.config_file.chmod(0o600)
    _plant_own(planted)
    _plant_of_others(home)
    _plant_keyring(planted, monkeypatch)
    return planted


def _configuration(server: ModelServer) -> str:
    return f"""
        model = "echo/scripted-model"
        [providers.echo]
        protocol = "openai-chat"
        base_url = "{server.openai_url}"
        api_key = "{CONFIGURED["configured key"]}"
        headers = {{ X-Team = "{CONFIGURED["configured header"]}", X-Me = "${{FOR_A_HEADER}}" }}
        [providers.odd]
        protocol = "anthropic"
        base_url = "{server.url}"
        api_key_env = "ODDLY_NAMED"
        [providers.together]
        base_url = "{server.openai_url}"
        [reliability]
        retries = 0
        [credentials]
        allow = ["claude-cli", "codex-cli", "qwen-cli", "claude-token"]
        [oauth.qwen]
        token_url = "{server.url}/refused"
        [oauth.copilot]
        exchange_url = "{server.url}/refused"
        """


def _plant_own(planted: Planted) -> None:
    ended = time.time() - 60
    file = AuthFile(planted.paths.auth_file)
    file.put(
        "qwen-code",
        TokenRecord(
            Secret(IN_FILES["own access token"]),
            Secret(IN_FILES["own refresh token"]),
            ended,
            Secret(IN_FILES["own id token"]),
        ),
    )
    file.put("copilot", TokenRecord(Secret(IN_FILES["own GitHub token"])))
    write_key_file(planted.paths.keys, "groq", Secret(IN_FILES["key file"]))


def _plant_of_others(home: Path) -> None:
    soon_ms = int((time.time() + 3600) * 1000)
    documents: dict[str, object] = {
        CLAUDE: {
            "claudeAiOauth": {
                "accessToken": IN_FILES["Claude access token"],
                "refreshToken": IN_FILES["Claude refresh token"],
                "expiresAt": soon_ms,
            }
        },
        CODEX: {
            "tokens": {
                "access_token": IN_FILES["Codex access token"],
                "refresh_token": IN_FILES["Codex refresh token"],
                "id_token": IN_FILES["Codex id token"],
            }
        },
        QWEN: {
            "access_token": IN_FILES["Qwen access token"],
            "refresh_token": IN_FILES["Qwen refresh token"],
            "expiry_date": soon_ms,
            "resource_url": "portal.qwen.ai",
        },
    }
    for name, document in documents.items():
        path = home / name
        path.parent.mkdir()
        path.write_text(json.dumps(document), encoding="utf-8")
        path.chmod(0o600)


def _plant_keyring(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A back end in a file, which keyring's own configuration names; in this process, in memory."""
    memory = Memory({("koi", "mistral"): IN_FILES["keyring"]})
    monkeypatch.setattr(keyring_store, "_the_keyring", keyring_with(memory))
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    modules = planted.home / "modules"
    modules.mkdir()
    (modules / "kept_keyring.py").write_text(_BACK_END, encoding="utf-8")
    (modules / "kept.json").write_text(json.dumps({"mistral": IN_FILES["keyring"]}))
    settings = planted.home / ".config" / "python_keyring" / "keyringrc.cfg"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f"[backend]\ndefault-keyring=kept_keyring.Kept\nkeyring-path={modules}\n", encoding="utf-8"
    )
    add_name(planted.paths.keys, "mistral")


def _content(path: Path) -> str:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return "\n".join(archive.read(name).decode() for name in archive.namelist())
    return path.read_bytes().decode("utf-8", "replace")
