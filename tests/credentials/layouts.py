"""Homes with credentials in them, laid out step by step, with real files."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from koi.catalogue.catalogue import load_catalogue
from koi.catalogue.registry import Registry
from koi.config.load import load
from koi.core.secret import Secret
from koi.credentials.findings import ConsentId
from koi.credentials.refusals import remember_refusal
from koi.credentials.stores.auth_file import AuthFile
from koi.credentials.stores.key_files import write_key_file
from koi.credentials.stores.keyring_names import add_name
from koi.credentials.stores.token_record import TokenRecord
from tests.configurations import paths_in
from tests.credentials.keyrings import Memory

HOUR = 3600.0
KEY = "sk-canary-key-0123456789"
CLAUDE_TOKEN = "sk-ant-oat01-canary-0123456789"
QWEN_TOKEN = "canary-qwen-token-0123456789"


@dataclass
class Home:
    """A person's home and environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    allow: list[str] = field(default_factory=list)
    deny: list[str] = field(default_factory=list)
    keyring: Memory = field(default_factory=Memory)

    def registry(self) -> Registry:
        """The configuration of this home, joined with the catalogue."""
        paths = paths_in(self.folder)
        consents = f"[credentials]\nallow = {json.dumps(self.allow)}\n"
        consents += f"deny = {json.dumps(self.deny)}\n"
        paths.config_file.write_text("\n".join((consents, *self.tables)), encoding="utf-8")
        environment = {"HOME": str(self.folder), "USER": "me", **self.environment}
        return Registry(load(paths=paths, environment=environment), load_catalogue())


Step: TypeAlias = Callable[[Home], object]


def home_with(folder: Path, *steps: Step) -> Home:
    """A home after these steps."""
    home = Home(folder)
    for step in steps:
        step(home)
    return home


def variable(name: str, value: str = KEY) -> Step:
    return lambda home: home.environment.update({name: value})


def table(text: str) -> Step:
    return lambda home: home.tables.append(text)


def yes(consent: ConsentId) -> Step:
    return lambda home: home.allow.append(consent)


def no(consent: ConsentId) -> Step:
    return lambda home: home.deny.append(consent)


def refused(consent: ConsentId) -> Step:
    return lambda home: remember_refusal(paths_in(home.folder), consent, "not for you")


def written(path: str, content: object, mode: int = 0o600) -> Step:
    """A file below the home: bytes as they are, anything else as JSON."""

    def write(home: Home) -> None:
        file = home.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        file.write_bytes(data)
        file.chmod(mode)

    return write


def when_made(step: Callable[[], Step]) -> Step:
    """A step with the time of when it is made: tests are collected minutes before they run."""

    def make(home: Home) -> object:
        return step()(home)

    return make


def linked(path: str, target: str) -> Step:
    """A symlink below the home to another path below it."""

    def link(home: Home) -> None:
        file = home.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(home.folder / target)

    return link


def pipe(path: str) -> Step:
    """A named pipe that nobody writes to: who opens it carelessly waits for ever."""

    def make(home: Home) -> None:
        (home.folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(home.folder / path)

    return make


def folder(path: str) -> Step:
    return lambda home: (home.folder / path).mkdir(parents=True)


def huge(path: str, size: int = 1024**3) -> Step:
    """A file of that many bytes which takes no space."""

    def make(home: Home) -> None:
        file = home.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as opened:
            opened.truncate(size)

    return make


CLAUDE = ".claude/.credentials.json"
CODEX = ".codex/auth.json"
QWEN = ".qwen/oauth_creds.json"


def claude_document(ends_in: float | None = HOUR, **more: object) -> dict[str, object]:
    login = {"accessToken": CLAUDE_TOKEN, "refreshToken": "sk-ant-ort01-canary", **more}
    if ends_in is not None:
        login["expiresAt"] = int((time.time() + ends_in) * 1000)
    return {"claudeAiOauth": login, "mcpOAuth": {}}


def claude(ends_in: float | None = HOUR, mode: int = 0o600, **more: object) -> Step:
    return when_made(lambda: written(CLAUDE, claude_document(ends_in, **more), mode))


def token_saying(**claims: object) -> str:
    """A JSON web token with these claims, signed by nobody."""
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join((*(part.rstrip("=") for part in encoded), "canary-signature"))


def codex_document(ends_in: float = HOUR, key: str | None = None) -> dict[str, object]:
    access = token_saying(exp=int(time.time() + ends_in))
    account = {"chatgpt_account_id": "acc-1", "chatgpt_plan_type": "plus"}
    identity = {"email": "me@example.org", "https://api.openai.com/auth": account}
    tokens = {"access_token": access, "id_token": token_saying(**identity)}
    return {"OPENAI_API_KEY": key, "tokens": tokens, "last_refresh": "2026-01-01T00:00:00Z"}


def codex(ends_in: float = HOUR, key: str | None = None, mode: int = 0o600) -> Step:
    return when_made(lambda: written(CODEX, codex_document(ends_in, key), mode))


def qwen_document(ends_in: float, resource_url: object) -> dict[str, object]:
    return {
        "access_token": QWEN_TOKEN,
        "expiry_date": int((time.time() + ends_in) * 1000),
        "resource_url": resource_url,
    }


def qwen(ends_in: float = HOUR, resource_url: object = "portal.qwen.ai") -> Step:
    return when_made(lambda: written(QWEN, qwen_document(ends_in, resource_url)))


def in_keyring(provider: str, key: str = KEY, *, listed: bool = True) -> Step:
    """A key in the OS keyring; koi's list of names has it, unless it was put there by hand."""

    def put(home: Home) -> None:
        home.keyring.kept["koi", provider] = key
        if listed:
            add_name(paths_in(home.folder).keys, provider)

    return put


def login(provider: str, ends_in: float = HOUR, *, renewed: bool = True) -> Step:
    """One of koi's own logins, in auth.json."""

    def put(home: Home) -> None:
        refresh = Secret("canary-refresh-0123456789") if renewed else None
        record = TokenRecord(Secret("canary-access-0123456789"), refresh, time.time() + ends_in)
        AuthFile(paths_in(home.folder).auth_file).put(provider, record)

    return put


def key_file(provider: str, key: str = KEY) -> Step:
    return lambda home: write_key_file(paths_in(home.folder).keys, provider, Secret(key))
