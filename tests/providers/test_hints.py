"""What an error means where the endpoint is known."""

from __future__ import annotations

import pytest

from koi.catalogue.rows import Profile, Protocol
from koi.core.errors import ErrorKind, ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.providers.hints import sharpen
from koi.providers.http_provider import HttpProvider
from tests.servers.answers import failure
from tests.servers.model_server import ModelServer

URL = "https://llm.example.com/v1"
KEY = Secret("k" * 20)


def sharpened(kind: ErrorKind, endpoint: Endpoint, code: str | None = None) -> tuple[str, str]:
    error = ProviderError("No.", kind=kind, hint="Look.", code=code)
    sharpen(error, endpoint)
    return error.kind, error.hint


def test_only_a_refused_key_is_a_matter_of_regions() -> None:
    regions = Endpoint("qwen", "openai-chat", URL, key=KEY, siblings=("qwen-intl", "qwen-us"))
    assert sharpened("rate_limit", regions) == ("rate_limit", "Look.")
    assert sharpened("auth", Endpoint("work", "openai-chat", URL, key=KEY)) == ("auth", "Look.")
    kind, hint = sharpened("auth", regions)
    assert kind == "auth"
    assert hint == "Look. A key works in its own region only; the others are qwen-intl and qwen-us."


def test_a_rate_limit_that_is_about_the_plan_is_billing() -> None:
    plan = Endpoint("zai", "openai-chat", URL, profile=Profile(billing_codes=("1113",)))
    kind, hint = sharpened("rate_limit", plan, "1113")
    assert kind == "billing"
    assert "plan" in hint
    assert sharpened("rate_limit", plan, "1302") == ("rate_limit", "Look.")


async def test_a_refused_key_names_the_sibling_region(model_server: ModelServer) -> None:
    model_server.script(failure(401, "Incorrect API key provided"))
    endpoint = Endpoint(
        "moonshot",
        "openai-chat",
        model_server.openai_url,
        key=KEY,
        siblings=("moonshot-intl",),
    )
    provider = HttpProvider(endpoint)
    request = ModelRequest("kimi-k2.5", (Message("user", (Text("Hello"),)),))
    try:
        with pytest.raises(ProviderError) as caught:
            async for _ in provider.stream(request):
                pass
    finally:
        await provider.aclose()
    assert caught.value.kind == "auth"
    assert "moonshot-intl" in caught.value.hint


def near(error: ProviderError, *names: str) -> str:
    """The hint of an error when these names are near."""
    error.model = "gtp-5"
    sharpen(error, Endpoint("work", "openai-chat", URL, nearest=lambda model: names))
    return error.hint


def test_a_model_that_is_not_there_is_told_the_near_ones() -> None:
    missing = ProviderError("No.", kind="model_not_found", hint="See koi models.")
    assert near(missing, "gpt-5", "gpt-5.2") == (
        "See koi models. Did you mean work/gpt-5 or work/gpt-5.2?"
    )
    assert near(ProviderError("No.", kind="model_not_found", hint="Look.")) == "Look."
    assert near(ProviderError("No.", kind="timeout"), "gpt-5") == ""


@pytest.mark.parametrize("protocol", ["openai-chat", "anthropic", "openai-responses", "gemini"])
async def test_every_protocol_tells_the_near_models(
    model_server: ModelServer, protocol: Protocol
) -> None:
    missing = failure(404, "The model `gtp-5` does not exist")
    for path in ("/v1/responses", "/v1beta/models/gtp-5:streamGenerateContent"):
        model_server.pages[path] = lambda request: missing
    model_server.script(missing)
    endpoint = Endpoint("work", protocol, model_server.url, nearest=lambda model: ("gpt-5",))
    provider = HttpProvider(endpoint)
    request = ModelRequest("gtp-5", (Message("user", (Text("Hello"),)),))
    with pytest.raises(ProviderError) as caught:
        async for _ in provider.stream(request):
            pass
    await provider.aclose()
    assert caught.value.kind == "model_not_found"
    assert "Did you mean work/gpt-5?" in caught.value.hint


@pytest.mark.parametrize(
    ("endpoint", "sent"),
    [
        (Endpoint("work", "openai-chat", URL, key_advice="Set WORK_API_KEY."), False),
        (Endpoint("work", "openai-chat", URL, auth="none", key_advice="Set WORK_API_KEY."), False),
        (Endpoint("work", "openai-chat", URL, key=KEY), True),
        (Endpoint("work", "openai-chat", URL, headers={"Api-Key": "k" * 20}), True),
    ],
)
def test_a_refusal_without_a_key_says_what_to_set(endpoint: Endpoint, sent: bool) -> None:
    wanted = "Look." if sent else "No key was sent. Set WORK_API_KEY."
    assert sharpened("auth", endpoint) == ("auth", wanted)
