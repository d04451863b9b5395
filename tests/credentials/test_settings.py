"""What a provider needs to be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.catalogue.models import fast_model_info
from koi.core.errors import ConfigurationError, CredentialMissing, ProviderError, UsageError
from koi.core.references import ModelReference
from koi.credentials.endpoint import Endpoint
from koi.credentials.settings import provider_endpoint
from koi.net.timeouts import Timeouts
from tests.configurations import keys_in, registry_of

K = "k" * 20
WORK = '[providers.work]\nbase_url = "https://llm.example.com/v1"\n'


def endpoint(
    folder: Path, name: str, text: str = "", environment: dict[str, str] | None = None
) -> Endpoint:
    return provider_endpoint(name, registry_of(folder, text, environment))


def test_a_row_and_its_variable_are_enough(tmp_path: Path) -> None:
    found = endpoint(tmp_path, "anthropic", environment={"ANTHROPIC_API_KEY": K})
    assert (found.protocol, found.base_url) == ("anthropic", "https://api.anthropic.com")
    assert found.auth == "x-api-key"
    assert found.key is not None
    assert found.key.reveal() == K
    assert found.headers == {}
    assert found.policy.hosts == {"api.anthropic.com": "catalogue"}
    assert K not in repr(found)


def test_everything_can_be_configured(tmp_path: Path) -> None:
    text = """
[providers.work]
base_url = "${BASE}/v1/"
api_key = "${MY_KEY}"
headers = { "X-Team" = "${TEAM:-none}" }
connect_s = 1
first_byte_s = 2
idle_s = 3.5
context_window = 1000
max_output_tokens = 100
"""
    environment = {"BASE": "http://llm.example.com:8080", "MY_KEY": K}
    found = endpoint(tmp_path, "work", text, environment)
    assert found.base_url == "http://llm.example.com:8080/v1"
    assert (found.auth, found.headers) == ("bearer", {"X-Team": "none"})
    assert found.timeouts == Timeouts(1, 2, 3.5)
    assert (found.context_window("any-model"), found.output_limit("any-model")) == (1000, 100)
    assert found.policy.hosts == {"llm.example.com": "configuration"}


@pytest.mark.parametrize("name", ["lmstudio", "ollama", "custom:http://localhost:1/v1"])
def test_what_needs_no_key_sends_none(tmp_path: Path, name: str) -> None:
    found = endpoint(tmp_path, name)
    assert (found.auth, found.key) == ("none", None)


def test_a_local_server_with_a_key_gets_it(tmp_path: Path) -> None:
    found = endpoint(tmp_path, "vllm", environment={"VLLM_API_KEY": K})
    assert found.auth == "bearer"


def test_local_servers_may_take_longer(tmp_path: Path) -> None:
    assert endpoint(tmp_path, "ollama").timeouts.first_byte_s == 600
    assert endpoint(tmp_path, "custom:https://h.example").timeouts.first_byte_s == 120


@pytest.mark.parametrize(
    ("environment", "text", "base_url"),
    [
        ({}, "", "http://127.0.0.1:11434"),
        ({"OLLAMA_HOST": "lan:1"}, "", "http://lan:1"),
        ({"OLLAMA_HOST": "lan:1"}, 'base_url = "http://other:2/api/"', "http://other:2"),
        ({"OLLAMA_HOST": "lan:1"}, 'base_url = "http://other:2/v1"', "http://other:2"),
    ],
)
def test_the_address_of_ollama_comes_in_many_forms(
    tmp_path: Path, environment: dict[str, str], text: str, base_url: str
) -> None:
    found = endpoint(tmp_path, "ollama", f"[providers.ollama]\n{text}\n", environment)
    assert (found.protocol, found.base_url) == ("ollama", base_url)


def test_the_chat_completions_of_ollama_are_at_v1(tmp_path: Path) -> None:
    text = '[providers.ollama]\nprotocol = "openai-chat"\n'
    found = endpoint(tmp_path, "ollama", text, {"OLLAMA_HOST": "lan:1"})
    assert (found.protocol, found.base_url) == ("openai-chat", "http://lan:1/v1")


def test_another_protocol_of_a_row_brings_its_address(tmp_path: Path) -> None:
    text = '[providers.minimax]\nprotocol = "anthropic"\n'
    found = endpoint(tmp_path, "minimax", text, {"MINIMAX_API_KEY": K})
    assert (found.base_url, found.auth) == ("https://api.minimax.io/anthropic", "x-api-key")


def test_a_missing_key_names_the_variables_and_the_file(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing) as caught:
        endpoint(
            tmp_path,
            "gemini",
            '[providers.gemini]\nbase_url = "https://h.example"\nprotocol = "openai-chat"\n',
        )
    assert "GEMINI_API_KEY or GOOGLE_API_KEY" in caught.value.hint
    assert str(tmp_path / "config.toml") in caught.value.hint
    assert caught.value.exit_code == 3


def test_a_missing_key_says_what_was_not_used(tmp_path: Path) -> None:
    with pytest.raises(CredentialMissing) as caught:
        endpoint(tmp_path, "anthropic", environment={"ANTHROPIC_OAUTH_TOKEN": f"sk-ant-oat01-{K}"})
    assert "ANTHROPIC_OAUTH_TOKEN" in caught.value.hint
    assert K not in caught.value.hint


def test_an_unset_variable_in_the_configured_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="UNSET"):
        endpoint(tmp_path, "openai", '[providers.openai]\napi_key = "${UNSET}"\n')


def test_a_provider_that_is_switched_off_says_where(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="switched off") as caught:
        endpoint(tmp_path, "openai", "[providers.openai]\nenabled = false\n")
    assert str(tmp_path / "config.toml") in caught.value.hint


def test_cloudflare_asks_for_its_account(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CLOUDFLARE_ACCOUNT_ID"):
        endpoint(tmp_path, "cloudflare", environment={"CLOUDFLARE_API_TOKEN": K})


@pytest.mark.parametrize("base_url", ["llm.example.com", "ftp://x", "http://", "http://x:port"])
def test_a_base_url_that_is_none_is_refused(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"providers\.work\.base_url"):
        endpoint(tmp_path, "work", f'[providers.work]\nbase_url = "{base_url}"\n')


def test_a_header_with_a_line_break_is_refused(tmp_path: Path) -> None:
    text = '[providers.work]\nbase_url = "https://h.example"\nheaders = { A = "x\\r\\nB: y" }\n'
    with pytest.raises(ConfigurationError, match=r"headers\.A"):
        endpoint(tmp_path, "work", text)


DENY = "[network]\ndefault_deny = true\n"


def test_default_deny_refuses_hosts_that_nobody_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as caught:
        endpoint(tmp_path, "openai", DENY, {"OPENAI_API_KEY": K})
    assert caught.value.kind == "network_policy"
    assert "api.openai.com" in caught.value.title


def test_default_deny_refuses_an_address_that_only_an_option_names(tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as caught:
        endpoint(tmp_path, "custom:http://llm.example.com/v1", DENY)
    assert "llm.example.com" in caught.value.title
    assert "network.provider_allowed_hosts" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        DENY + 'provider_allowed_hosts = ["api.openai.com"]\n',
        DENY + '[providers.openai]\nbase_url = "https://api.openai.com/v1"\n',
        DENY + '[models.fallback]\nexecutor = ["custom:https://api.openai.com/v1/m"]\n',
    ],
)
def test_default_deny_lets_named_hosts_through(tmp_path: Path, text: str) -> None:
    found = endpoint(tmp_path, "openai", text, {"OPENAI_API_KEY": K})
    assert "api.openai.com" in found.base_url


@pytest.mark.parametrize(
    ("written", "base_url"),
    [
        ("portal.qwen.ai", "https://portal.qwen.ai/v1"),
        ("https://portal.qwen.ai/v1/", "https://portal.qwen.ai/v1"),
    ],
)
def test_a_variable_can_say_where_a_provider_is(
    tmp_path: Path, written: str, base_url: str
) -> None:
    environment = {"QWEN_OAUTH_TOKEN": K, "QWEN_OAUTH_RESOURCE_URL": written}
    assert endpoint(tmp_path, "qwen-code", environment=environment).base_url == base_url


def test_the_way_to_send_a_key_follows_from_the_protocol_or_the_configuration(
    tmp_path: Path,
) -> None:
    text = f'[providers.work]\nbase_url = "https://h.example"\napi_key = "{K}"\nprotocol = '
    assert set(endpoint(tmp_path, "work", f'{text}"gemini"').auth_headers()) == {"x-goog-api-key"}
    found = endpoint(tmp_path, "work", f'{text}"gemini"\nauth = "bearer"')
    assert set(found.auth_headers()) == {"Authorization"}
    assert endpoint(tmp_path, "work", f'{text}"bedrock"').auth == "bearer"


def test_an_address_that_needs_ids_names_all_of_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_GATEWAY_ID"):
        endpoint(tmp_path, "cloudflare", environment={"CLOUDFLARE_API_TOKEN": K})


def test_siblings_are_known_unless_the_address_is_the_persons_own(tmp_path: Path) -> None:
    environment = {"MOONSHOT_API_KEY": K}
    assert endpoint(tmp_path, "kimi", environment=environment).siblings == ("moonshot-intl",)
    text = '[providers.moonshot]\nbase_url = "https://h.example/v1"\n'
    assert endpoint(tmp_path, "kimi", text, environment).siblings == ()


def test_habits_of_one_protocol_do_not_hold_in_another(tmp_path: Path) -> None:
    environment = {"ZAI_API_KEY": K}
    assert endpoint(tmp_path, "zai", environment=environment).profile.extra_body
    text = '[providers.zai]\nprotocol = "anthropic"\n'
    profile = endpoint(tmp_path, "zai", text, environment).profile
    assert not profile.extra_body
    assert profile.default_model == "glm-5"


def test_without_authentication_no_key_is_sent_even_when_there_is_one(tmp_path: Path) -> None:
    found = endpoint(tmp_path, "groq", '[providers.groq]\nauth = "none"\n', {"GROQ_API_KEY": K})
    assert (found.key, found.auth_headers()) == (None, {})
    without = registry_of(tmp_path, '[providers.groq]\nauth = "none"\n', {"GROQ_API_KEY": K})
    assert keys_in(without).of("groq") == ()


def test_what_is_said_of_one_model_beats_what_is_said_of_all(tmp_path: Path) -> None:
    text = """
[providers.work]
base_url = "https://h.example/v1"
context_window = 1000
max_output_tokens = 100
tools = "native"
[providers.work.models."small:1b"]
context_window = 500
max_output_tokens = 50
tools = "off"
vision = true
reasoning = false
streaming = false
embeddings = true
"""
    registry = registry_of(tmp_path, text)
    small = fast_model_info(ModelReference("work", "small:1b"), registry)
    assert (small.context_window, small.max_output_tokens, small.tools) == (500, 50, False)
    assert (small.vision, small.reasoning) == (True, False)
    assert (small.streaming, small.embeddings) == (False, True)
    other = fast_model_info(ModelReference("work", "other"), registry)
    assert (other.context_window, other.max_output_tokens, other.tools) == (1000, 100, True)
    assert endpoint(tmp_path, "work", text).output_limit("small:1b") == 50


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "work",
            WORK,
            "Set WORK_API_KEY in the environment, or api_key_env in [providers.work] of ",
        ),
        ("work", f'{WORK}auth = "none"\n', 'Remove auth = "none" from [providers.work] of '),
        ("custom:https://h.example/v1", "", "Give this address a table [providers.NAME] with "),
    ],
)
def test_an_endpoint_without_a_key_knows_how_to_get_one(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    found = endpoint(tmp_path, name, text)
    assert found.key is None
    assert found.key_advice.startswith(said)
    assert str(tmp_path / "config.toml") in found.key_advice


def test_an_empty_key_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="api_key is empty") as caught:
        endpoint(tmp_path, "work", f'{WORK}api_key = ""\n')
    assert 'api_key = "${VARIABLE}"' in caught.value.hint
    assert "remove the line" in caught.value.hint
