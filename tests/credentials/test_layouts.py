"""Layouts of credentials, and which one is chosen: every source in every state that it can have."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from koi.credentials.discovery import SOURCES, discover, find_credentials
from koi.credentials.findings import Discovery
from koi.credentials.sources import keychain
from koi.credentials.stores import keyring_store
from tests.credentials.keyrings import keyring_with
from tests.credentials.layouts import (
    CLAUDE,
    CLAUDE_TOKEN,
    CODEX,
    HOUR,
    KEY,
    QWEN,
    Step,
    claude,
    claude_document,
    codex,
    codex_document,
    folder,
    home_with,
    huge,
    in_keyring,
    key_file,
    linked,
    login,
    no,
    pipe,
    qwen,
    refused,
    table,
    variable,
    written,
    yes,
)

CLAUDE_YES, CODEX_YES, QWEN_YES = yes("claude-cli"), yes("codex-cli"), yes("qwen-cli")
GATEWAY = '[providers.anthropic]\nbase_url = "https://gateway.example.com"\n'
KEYRING_MODE = written(".codex/config.toml", b'cli_auth_credentials_store = "keyring"\n')
AUTO_MODE = written(".codex/config.toml", b'cli_auth_credentials_store = "auto"\n')
STALE = -HOUR
LATELY = -60.0
"""Over, by a clock that may be wrong."""

Layout = tuple[str, str, tuple[Step, ...], tuple[str, ...]]
LAYOUTS: tuple[Layout, ...] = (
    # Nothing, and one thing.
    ("nothing at all", "anthropic", (), ()),
    ("a variable", "openai", (variable("OPENAI_API_KEY"),), ("environment: usable",)),
    ("an empty variable", "openai", (variable("OPENAI_API_KEY", " \n"),), ()),
    (
        "a variable with a line break in it",
        "openai",
        (variable("OPENAI_API_KEY", "sk-\n0123456789"),),
        ("environment: unreadable",),
    ),
    (
        "the key of another vendor",
        "openai",
        (variable("OPENAI_API_KEY", "sk-ant-api03-0123456789"),),
        ("environment: unreadable",),
    ),
    (
        "the configuration before a variable",
        "openai",
        (table('[providers.openai]\napi_key = "${MINE}"\n'), variable("MINE"),
         variable("OPENAI_API_KEY")),
        ("configuration: usable", "environment: shadowed"),
    ),
    (
        "a configured variable that is not set",
        "openai",
        (table('[providers.openai]\napi_key_env = "MINE"\n'), variable("OPENAI_API_KEY"),
         key_file("openai")),
        ("configuration: unreadable", "environment: shadowed", "key file: shadowed"),
    ),
    ("a provider that wants no key", "openai",
     (table('[providers.openai]\nauth = "none"\n'), variable("OPENAI_API_KEY"),
      key_file("openai"), codex(key=KEY)), ()),
    ("a provider that is switched off", "anthropic",
     (table("[providers.anthropic]\nenabled = false\n"), claude(), key_file("anthropic")), ()),
    # koi's own logins.
    ("a login of koi's own", "qwen-code", (login("qwen-code"),), ("koi login: usable",)),
    ("a login that is over and will be renewed", "qwen-code",
     (login("qwen-code", STALE),), ("koi login: usable",)),
    ("a login that is over for good", "qwen-code",
     (login("qwen-code", STALE, renewed=False),), ("koi login: expired",)),
    ("a login between a variable and Qwen Code", "qwen-code",
     (login("qwen-code"), variable("QWEN_OAUTH_TOKEN"), qwen(), QWEN_YES),
     ("environment: usable", "koi login: shadowed", "Qwen Code: shadowed")),
    ("a login of koi's own that is over, above Qwen Code", "qwen-code",
     (login("qwen-code", STALE, renewed=False), qwen(), QWEN_YES),
     ("koi login: expired", "Qwen Code: usable")),
    ("a login where another host is configured", "qwen-code",
     (login("qwen-code"), table('[providers.qwen-code]\nbase_url = "http://localhost:1"\n')),
     ("koi login: unreadable",)),
    # Claude Code.
    ("Claude Code, nobody asked", "anthropic", (claude(),), ("Claude Code: needs_yes",)),
    ("Claude Code, yes", "anthropic", (claude(), CLAUDE_YES), ("Claude Code: usable",)),
    ("Claude Code, no", "anthropic", (claude(), no("claude-cli")), ("Claude Code: declined",)),
    ("Claude Code, yes and no", "anthropic",
     (claude(), CLAUDE_YES, no("claude-cli")), ("Claude Code: declined",)),
    ("Claude Code, a yes to something else", "anthropic",
     (claude(), CODEX_YES), ("Claude Code: needs_yes",)),
    ("Claude Code, refused by the server", "anthropic",
     (claude(), CLAUDE_YES, refused("claude-cli")), ("Claude Code: refused",)),
    ("Claude Code, over", "anthropic", (claude(STALE), CLAUDE_YES), ("Claude Code: expired",)),
    ("Claude Code, over, nobody asked", "anthropic", (claude(STALE),), ("Claude Code: expired",)),
    ("Claude Code, over by a minute", "anthropic",
     (claude(LATELY), CLAUDE_YES), ("Claude Code: usable",)),
    ("Claude Code, without an end", "anthropic",
     (claude(None), CLAUDE_YES), ("Claude Code: usable",)),
    ("Claude Code, an end that is no number", "anthropic",
     (written(CLAUDE, {"claudeAiOauth": {"accessToken": CLAUDE_TOKEN, "expiresAt": "soon"}}),
      CLAUDE_YES), ("Claude Code: usable",)),
    ("Claude Code with logins of tools only", "anthropic",
     (written(CLAUDE, {"mcpOAuth": {"x": {"accessToken": "y"}}}), CLAUDE_YES), ()),
    ("Claude Code with an empty login", "anthropic",
     (written(CLAUDE, {"claudeAiOauth": {"accessToken": ""}}), CLAUDE_YES), ()),
    ("Claude Code with a list", "anthropic",
     (written(CLAUDE, [1, 2]), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, cut off", "anthropic",
     (written(CLAUDE, b'{"claudeAiOauth": {"acc'), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, empty file", "anthropic",
     (written(CLAUDE, b""), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, not UTF-8", "anthropic",
     (written(CLAUDE, b'{"a": "\xff\xfe"}'), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, nested a thousandfold", "anthropic",
     (written(CLAUDE, b"[" * 100_000), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, a token with a line break", "anthropic",
     (written(CLAUDE, {"claudeAiOauth": {"accessToken": "a\r\nX-Evil: b"}}), CLAUDE_YES),
     ("Claude Code: unreadable",)),
    ("Claude Code, with a byte order mark", "anthropic",
     (written(CLAUDE, b"\xef\xbb\xbf" + json.dumps(claude_document()).encode()), CLAUDE_YES),
     ("Claude Code: usable",)),
    ("Claude Code, a gigabyte", "anthropic",
     (huge(CLAUDE), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, a byte too large", "anthropic",
     (huge(CLAUDE, 1024**2 + 1), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, a folder", "anthropic",
     (folder(CLAUDE), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, a pipe", "anthropic",
     (pipe(CLAUDE), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, a device", "anthropic",
     (lambda home: (home.folder / ".claude").mkdir(),
      lambda home: (home.folder / CLAUDE).symlink_to("/dev/zero"), CLAUDE_YES),
     ("Claude Code: unreadable",)),
    ("Claude Code, writable by all", "anthropic",
     (claude(mode=0o666), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, writable by the group", "anthropic",
     (claude(mode=0o660), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, readable by all", "anthropic",
     (claude(mode=0o644), CLAUDE_YES), ("Claude Code: usable",)),
    ("Claude Code, a link of a dotfile manager", "anthropic",
     (written("dotfiles/claude", claude_document()), linked(CLAUDE, "dotfiles/claude"),
      CLAUDE_YES), ("Claude Code: usable",)),
    ("Claude Code, a link to a file that all may write", "anthropic",
     (written("dotfiles/claude", claude_document(), 0o666), linked(CLAUDE, "dotfiles/claude"),
      CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code, a dangling link", "anthropic",
     (linked(CLAUDE, "dotfiles/none"), CLAUDE_YES), ()),
    ("Claude Code, a link to itself", "anthropic",
     (linked(CLAUDE, CLAUDE), CLAUDE_YES), ("Claude Code: unreadable",)),
    ("Claude Code in a folder of its own", "anthropic",
     (written("elsewhere/.credentials.json", claude_document()), CLAUDE_YES,
      lambda home: home.environment.update(CLAUDE_CONFIG_DIR=str(home.folder / "elsewhere"))),
     ("Claude Code: usable",)),
    ("Claude Code's folder is a file", "anthropic", (written(".claude", b""), CLAUDE_YES), ()),
    ("Claude Code below a key", "anthropic",
     (claude(), CLAUDE_YES, variable("ANTHROPIC_API_KEY")),
     ("environment: usable", "Claude Code: shadowed")),
    ("Claude Code that needs a yes below a key", "anthropic",
     (claude(), variable("ANTHROPIC_API_KEY")),
     ("environment: usable", "Claude Code: needs_yes")),
    ("Claude Code above a saved key", "anthropic",
     (claude(), CLAUDE_YES, key_file("anthropic")),
     ("Claude Code: usable", "key file: shadowed")),
    ("Claude Code without a yes above a saved key", "anthropic",
     (claude(), key_file("anthropic")), ("Claude Code: needs_yes", "key file: usable")),
    ("Claude Code, over, above a saved key", "anthropic",
     (claude(STALE), CLAUDE_YES, key_file("anthropic")),
     ("Claude Code: expired", "key file: usable")),
    ("Claude Code where a gateway is configured", "anthropic",
     (claude(), CLAUDE_YES, table(GATEWAY)), ("Claude Code: unreadable",)),
    # Tokens of a Claude subscription in the person's own places.
    ("a token in a variable", "anthropic",
     (variable("CLAUDE_CODE_OAUTH_TOKEN", CLAUDE_TOKEN),), ("environment: needs_yes",)),
    ("a token in a variable, yes", "anthropic",
     (variable("ANTHROPIC_OAUTH_TOKEN", CLAUDE_TOKEN), yes("claude-token")),
     ("environment: usable",)),
    ("a token where a key belongs", "anthropic",
     (variable("ANTHROPIC_API_KEY", CLAUDE_TOKEN), CLAUDE_YES), ("environment: needs_yes",)),
    ("a token beside a key", "anthropic",
     (variable("ANTHROPIC_OAUTH_TOKEN", CLAUDE_TOKEN), variable("ANTHROPIC_API_KEY"),
      yes("claude-token")), ("environment: usable", "environment: shadowed")),
    ("a token where a gateway is configured", "anthropic",
     (variable("ANTHROPIC_OAUTH_TOKEN", CLAUDE_TOKEN), yes("claude-token"), table(GATEWAY)),
     ("environment: unreadable",)),
    ("a saved token", "anthropic",
     (key_file("anthropic", CLAUDE_TOKEN),), ("key file: needs_yes",)),
    # Codex CLI.
    ("Codex, nobody asked", "openai-codex", (codex(),), ("Codex CLI: needs_yes",)),
    ("Codex, yes", "openai-codex", (codex(), CODEX_YES), ("Codex CLI: usable",)),
    ("Codex, no", "openai-codex", (codex(), no("codex-cli")), ("Codex CLI: declined",)),
    ("Codex, over", "openai-codex", (codex(STALE), CODEX_YES), ("Codex CLI: expired",)),
    ("Codex, refused", "openai-codex",
     (codex(), CODEX_YES, refused("codex-cli")), ("Codex CLI: refused",)),
    ("Codex's API key needs no yes", "openai", (codex(key=KEY),), ("Codex CLI: usable",)),
    ("Codex's API key below a variable", "openai",
     (codex(key=KEY), variable("OPENAI_API_KEY")),
     ("environment: usable", "Codex CLI: shadowed")),
    ("Codex's API key where a gateway is configured", "openai",
     (codex(key=KEY), table('[providers.openai]\nbase_url = "https://gateway.example.com/v1"\n')),
     ("Codex CLI: unreadable",)),
    ("Codex without an API key", "openai", (codex(),), ()),
    ("Codex, logged out", "openai-codex",
     (written(CODEX, {"OPENAI_API_KEY": None, "tokens": None}), CODEX_YES), ()),
    ("Codex, cut off", "openai-codex",
     (written(CODEX, b'{"tokens": {"acc'), CODEX_YES), ("Codex CLI: unreadable",)),
    ("Codex, a token that says nothing", "openai-codex",
     (written(CODEX, {"tokens": {"access_token": "opaque-0123456789"}}), CODEX_YES),
     ("Codex CLI: usable",)),
    ("Codex, writable by all", "openai-codex",
     (codex(mode=0o606), CODEX_YES), ("Codex CLI: unreadable",)),
    ("Codex in a folder of its own", "openai-codex",
     (written("own/auth.json", codex_document()), CODEX_YES,
      lambda home: home.environment.update(CODEX_HOME=str(home.folder / "own"))),
     ("Codex CLI: usable",)),
    ("Codex, a gigabyte", "openai-codex", (huge(CODEX),), ("Codex CLI: unreadable",)),
    ("Codex in the keyring is not looked for without a yes", "openai-codex",
     (KEYRING_MODE, codex()), ()),
    ("Codex whose keyring may be asked, and has nothing", "openai-codex",
     (KEYRING_MODE, CODEX_YES, key_file("openai-codex")), ("key file: usable",)),
    ("Codex that uses the keyring if it can, and a file", "openai-codex",
     (AUTO_MODE, codex()), ("Codex CLI: needs_yes",)),
    ("a configured token of a subscription is not replaced by a key", "anthropic",
     (table(f'[providers.anthropic]\napi_key = "{CLAUDE_TOKEN}"\n'),
      variable("ANTHROPIC_API_KEY")),
     ("configuration: needs_yes", "environment: shadowed")),
    ("Codex whose settings are broken", "openai-codex",
     (written(".codex/config.toml", b"= ="), codex()), ("Codex CLI: needs_yes",)),
    ("Codex where another host is configured", "openai-codex",
     (codex(), CODEX_YES, table('[providers.openai-codex]\nbase_url = "http://localhost:1"\n')),
     ("Codex CLI: unreadable",)),
    # Qwen Code.
    ("Qwen, nobody asked", "qwen-code", (qwen(),), ("Qwen Code: needs_yes",)),
    ("Qwen, yes", "qwen-code", (qwen(), QWEN_YES), ("Qwen Code: usable",)),
    ("Qwen, no", "qwen-code", (qwen(), no("qwen-cli")), ("Qwen Code: declined",)),
    ("Qwen, over", "qwen-code", (qwen(STALE), QWEN_YES), ("Qwen Code: expired",)),
    ("Qwen without a place", "qwen-code",
     (qwen(resource_url=None), QWEN_YES), ("Qwen Code: usable",)),
    ("Qwen at somebody else's place", "qwen-code",
     (qwen(resource_url="evil.example.com"), QWEN_YES), ("Qwen Code: unreadable",)),
    ("Qwen at a place that only looks right", "qwen-code",
     (qwen(resource_url="https://evil-qwen.ai/v1"), QWEN_YES), ("Qwen Code: unreadable",)),
    ("Qwen in the clear", "qwen-code",
     (qwen(resource_url="http://portal.qwen.ai"), QWEN_YES), ("Qwen Code: unreadable",)),
    ("Qwen with a name before the host", "qwen-code",
     (qwen(resource_url="https://me:pw@portal.qwen.ai"), QWEN_YES), ("Qwen Code: unreadable",)),
    ("Qwen, cut off", "qwen-code", (written(QWEN, b"{"), QWEN_YES), ("Qwen Code: unreadable",)),
    ("Qwen below a variable", "qwen-code",
     (qwen(), QWEN_YES, variable("QWEN_OAUTH_TOKEN")),
     ("environment: usable", "Qwen Code: shadowed")),
    # Saved keys.
    ("a key in the keyring", "groq", (in_keyring("groq"),), ("OS keyring: usable",)),
    ("a key in a file", "groq", (key_file("groq"),), ("key file: usable",)),
    ("a key in both", "groq",
     (in_keyring("groq"), key_file("groq")), ("OS keyring: usable", "key file: shadowed")),
    ("a key in the keyring below a variable", "groq",
     (in_keyring("groq"), variable("GROQ_API_KEY")),
     ("environment: usable", "OS keyring: shadowed")),
    ("a key file of another vendor", "groq",
     (key_file("groq", "sk-or-0123456789"),), ("key file: unreadable",)),
    ("a key file that is empty", "groq",
     (written("data/keys/groq.key", b"\n"),), ("key file: unreadable",)),
    ("a key file that is a folder", "groq",
     (folder("data/keys/groq.key"),), ("key file: unreadable",)),
    ("a key file that is a pipe", "groq",
     (pipe("data/keys/groq.key"),), ("key file: unreadable",)),
    ("a list of names that is damaged", "groq",
     (written("data/keys/keyring.json", b"{{"), key_file("groq")), ("key file: usable",)),
    ("a saved key for an endpoint of one's own", "work",
     (table('[providers.work]\nbase_url = "https://llm.example.com/v1"\n'), key_file("work")),
     ("key file: usable",)),
    ("a saved key for Bedrock", "bedrock", (key_file("bedrock"),), ("key file: usable",)),
    ("a saved token for Copilot", "copilot",
     (key_file("copilot", "ghu_0123456789"),), ("key file: usable",)),
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keychain, "ON_MAC", False)


def in_words(discovery: Discovery, provider: str) -> tuple[str, ...]:
    return tuple(f"{found.source}: {found.state}" for found in discovery.of(provider))


@pytest.mark.parametrize(
    ("provider", "steps", "expected"),
    [pytest.param(*layout[1:], id=layout[0]) for layout in LAYOUTS],
)
async def test_a_layout(
    provider: str,
    steps: tuple[Step, ...],
    expected: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = home_with(tmp_path, *steps)
    keyring = keyring_with(home.keyring)
    monkeypatch.setattr(keyring_store, "_the_keyring", keyring)
    registry = home.registry()
    found = await discover(registry, sources=SOURCES)
    assert (in_words(found, provider), found.notes) == (expected, ())
    assert [place for place in home.keyring.asked if place[0] == "koi"] == []
    alone = find_credentials(registry.get(provider), registry)
    chosen, expected_choice = alone.usable(provider), found.usable(provider)
    assert (chosen and chosen.source) == (expected_choice and expected_choice.source)
    unused = [each for each in (*found.of(provider), *alone.of(provider)) if each.state != "usable"]
    assert [each for each in unused if each.secret is not None] == []


def test_there_are_enough_layouts() -> None:
    assert len(LAYOUTS) == len({name for name, *_ in LAYOUTS})
    assert len(LAYOUTS) >= 60


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    registry = home_with(tmp_path, claude(mode=0o000), CLAUDE_YES).registry()
    found = find_credentials(registry.get("anthropic"), registry)
    assert in_words(found, "anthropic") == ("Claude Code: unreadable",)
