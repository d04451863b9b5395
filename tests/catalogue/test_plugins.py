"""Manifests of provider plugins, and whose keys they may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from koi.catalogue.plugins import MAX_MANIFEST, Manifest, read_plugin
from koi.catalogue.registry import Registry
from koi.core.errors import ConfigurationError, CredentialMissing, ProviderError
from koi.credentials.settings import provider_endpoint
from tests.configurations import registry_of

KEY = "k" * 24
MANIFEST = """protocol_version = 1
name = "Example"
base_url = "https://llm.example.com/v1/"
allowed_hosts = ["llm.example.com", "eu.example.com"]
framing = "sse"
"""
TABLE = '[providers.mine]\nprotocol = "wasm"\nplugin = "mine.wasm"\n'


def write(folder: Path, more: str = "", old: str = "", new: str = "") -> Path:
    (folder / "mine.toml").write_text(MANIFEST.replace(old, new) + more, encoding="utf-8")
    return folder


def registered(
    folder: Path, more: str = "", table: str = TABLE, environment: dict[str, str] | None = None
) -> Registry:
    write(folder, more)
    return registry_of(folder, table, environment or {"MINE_API_KEY": KEY})


def test_a_manifest_with_what_must_be_there(tmp_path: Path) -> None:
    plugin = read_plugin("mine.wasm", write(tmp_path))
    assert plugin.module == tmp_path / "mine.wasm"
    assert plugin.manifest == Manifest(
        1, "Example", "https://llm.example.com/v1", ("llm.example.com", "eu.example.com"), "sse"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("protocol_version = 1", "protocol_version = 2", "protocol_version is 2, this koi knows 1"),
        ("protocol_version = 1", "", "protocol_version is None"),
        ('name = "Example"', "", "missing required field `name`"),
        ('"Example"', '""', "name must be a short text"),
        ('"Example"', '"two\\nlines"', "name must be a short text"),
        ('"Example"', "7", "Expected `str`, got `int` - at `$.name`"),
        ('"sse"', '"websocket"', "Invalid enum value 'websocket' - at `$.framing`"),
        ('"sse"', '"sse"\nnetwork = "all"', "unknown field `network`"),
        ('"sse"', '"sse', "Illegal character"),
        ("https://llm", "ftp://llm", "base_url is not a plain http or https URL"),
        ("https://llm", "https://me@llm", "base_url is not a plain http or https URL"),
        ("/v1/", "/v1?key=1", "base_url is not a plain http or https URL"),
        ("/v1/", "/v1\\n", "base_url is not a plain http or https URL"),
        ('"llm.example.com"', '"*"', "'*' is not a host name"),
        ('"llm.example.com"', '"https://llm.example.com"', "is not a host name"),
        ('"llm.example.com"', '"LLM.example.com"', "is not a host name in lower case"),
        ("https://llm.", "https://api.", "goes to api.example.com, which is not in allowed_hosts"),
        ('"sse"', '"sse"\nauth = "query"', "auth is 'query'"),
        ('"sse"', '"sse"\nauth = "header Host"', "auth is 'header Host'"),
        ('"sse"', '"sse"\nauth = "header A: b"', "auth is 'header A: b'"),
        ('"sse"', '"sse"\napi_key_env = "AWS_SECRET_ACCESS_KEY"', "must end in _API_KEY"),
        ('"sse"', '"sse"\napi_key_env = "GITHUB_TOKEN"', "must end in _API_KEY"),
        ('"sse"', '"sse"\nsha256 = "abc"', "sha256 must be 64"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_plugin("mine.wasm", write(tmp_path, old=old, new=new))
    assert problem in raised.value.title
    assert str(tmp_path / "mine.toml") in raised.value.title


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0", b"[" * 30_000, b"x" * (MAX_MANIFEST + 1)])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"mine\.toml"):
        read_plugin("mine.wasm", tmp_path)


def test_a_pipe_in_the_place_of_a_manifest_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "mine.toml")
    with pytest.raises(ConfigurationError, match="is not a file"):
        read_plugin("mine.wasm", tmp_path)


@pytest.mark.parametrize("written", ["mine.py", "mine", "", "mine.wasm/"[:-6]])
def test_a_plugin_is_a_wasm_file(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not the path of a \.wasm file"):
        read_plugin(written, tmp_path)


def test_a_plugin_may_be_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(write(tmp_path)))
    assert read_plugin("~/mine.wasm", Path("/")).module == tmp_path / "mine.wasm"
    with pytest.raises(ConfigurationError, match=r"cannot be read|no such home"):
        read_plugin("~nobody-of-this-name/mine.wasm", Path("/"))


def test_the_endpoint_follows_from_the_manifest(tmp_path: Path) -> None:
    registry = registered(tmp_path, 'default_model = "some-model"')
    endpoint = provider_endpoint("mine", registry)
    assert endpoint.base_url == "https://llm.example.com/v1"
    assert endpoint.auth_headers() == {"Authorization": f"Bearer {KEY}"}
    assert endpoint.policy.hosts == {"llm.example.com": "catalogue"}
    assert registry.get("mine").default_model == "some-model"


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        ("bearer", {"Authorization": f"Bearer {KEY}"}),
        ("x-api-key", {"x-api-key": KEY}),
        ("header X-Special-Key", {"X-Special-Key": KEY}),
        ("none", {}),
    ],
)
def test_the_key_goes_where_the_manifest_says(
    tmp_path: Path, auth: str, headers: dict[str, str]
) -> None:
    endpoint = provider_endpoint("mine", registered(tmp_path, f'auth = "{auth}"'))
    assert endpoint.auth_headers() == headers
    table = f'{TABLE}auth = "bearer"\napi_key = "{KEY}"'
    own = provider_endpoint("mine", registered(tmp_path, f'auth = "{auth}"', table))
    assert own.auth_headers() == {"Authorization": f"Bearer {KEY}"}


def test_the_variable_of_the_manifest_holds_the_key(tmp_path: Path) -> None:
    more = 'api_key_env = "PLUGIN_TEST_API_KEY"'
    environment = {"PLUGIN_TEST_API_KEY": KEY, "MINE_API_KEY": "other-key-0123456789"}
    endpoint = provider_endpoint("mine", registered(tmp_path, more, environment=environment))
    assert endpoint.auth_headers() == {"Authorization": f"Bearer {KEY}"}
    with pytest.raises(CredentialMissing, match="no key for Example"):
        provider_endpoint("mine", registered(tmp_path, more))


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "COHERE_API_KEY"])
def test_a_manifest_gets_no_key_of_a_company_with_other_hosts(
    tmp_path: Path, variable: str
) -> None:
    registry = registered(
        tmp_path, f'api_key_env = "{variable}"', environment={variable: "key-0123456789"}
    )
    with pytest.raises(ConfigurationError, match=f"may not use {variable}, the key of"):
        registry.get("mine")
    assert "mine" not in [provider.name for provider in registry.all]


def test_nor_by_the_name_of_its_table(tmp_path: Path) -> None:
    registry = registered(tmp_path, table=TABLE.replace("mine]", "openai]"))
    with pytest.raises(ConfigurationError, match="may not use OPENAI_API_KEY"):
        registry.get("openai")


def test_the_person_may_give_it_any_key(tmp_path: Path) -> None:
    table = f'{TABLE}api_key_env = "WORK_TOKEN"'
    registry = registered(tmp_path, 'api_key_env = "OPENAI_API_KEY"', table, {"WORK_TOKEN": KEY})
    assert provider_endpoint("mine", registry).auth_headers() == {"Authorization": f"Bearer {KEY}"}


def test_a_company_s_key_goes_to_that_company(tmp_path: Path) -> None:
    write(tmp_path)
    manifest = MANIFEST.replace("llm.example.com", "api.cohere.com").replace("eu.example.com", "")
    manifest = manifest.replace(', ""', "") + 'api_key_env = "COHERE_API_KEY"'
    (tmp_path / "mine.toml").write_text(manifest)
    registry = registry_of(tmp_path, TABLE, {"COHERE_API_KEY": KEY})
    assert provider_endpoint("mine", registry).auth_headers() == {"Authorization": f"Bearer {KEY}"}


def test_another_base_url_must_be_a_declared_host(tmp_path: Path) -> None:
    table = f'{TABLE}base_url = "https://eu.example.com/v2"'
    endpoint = provider_endpoint("mine", registered(tmp_path, table=table))
    assert endpoint.base_url == "https://eu.example.com/v2"
    table = table.replace("eu.example.com", "evil.example.org")
    with pytest.raises(ProviderError, match="does not declare the host evil") as raised:
        provider_endpoint("mine", registered(tmp_path, table=table))
    assert raised.value.kind == "network_policy"
    assert "It may go to llm.example.com, eu.example.com" in raised.value.hint


def test_with_default_deny_the_manifest_is_not_enough(tmp_path: Path) -> None:
    table = f"{TABLE}[network]\ndefault_deny = true"
    with pytest.raises(ProviderError, match=r"llm\.example\.com is not allowed"):
        provider_endpoint("mine", registered(tmp_path, table=table))


@pytest.mark.parametrize("name", ["mine", "cohere"])
def test_a_table_without_a_plugin_says_so(tmp_path: Path, name: str) -> None:
    registry = registry_of(tmp_path, f'[providers.{name}]\nprotocol = "wasm"')
    with pytest.raises(ConfigurationError, match="needs a plugin"):
        registry.get(name)
    assert registry.all


def test_a_plugin_may_take_the_name_of_a_provider(tmp_path: Path) -> None:
    registry = registered(
        tmp_path, 'api_key_env = "PLUGIN_TEST_API_KEY"', TABLE.replace("mine]", "groq]")
    )
    assert registry.get("groq").plugin is not None
    assert [provider.name for provider in registry.all].count("groq") == 1


def test_a_project_s_file_brings_no_plugin(tmp_path: Path) -> None:
    from koi.catalogue.catalogue import load_catalogue
    from koi.config.load import load
    from tests.configurations import paths_in

    project = tmp_path / "project"
    (project / ".koi").mkdir(parents=True)
    write(project / ".koi")
    (project / ".koi/config.toml").write_text(TABLE)
    config = load(paths=paths_in(tmp_path), environment={}, project_folder=project, trusted=True)
    assert Registry(config, load_catalogue()).find("mine") is None
    assert [warning.key for warning in config.warnings] == ["providers"]
