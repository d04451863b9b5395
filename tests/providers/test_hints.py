"""Hints that only make sense where the endpoint is known."""

from __future__ import annotations

import pytest

from koi.core.errors import ProviderError
from koi.core.messages import Message, ModelRequest, Text
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.providers.hints import with_region_hint
from koi.providers.http_provider import HttpProvider
from tests.servers.answers import failure
from tests.servers.model_server import ModelServer


def test_only_a_refused_key_is_a_matter_of_regions() -> None:
    assert with_region_hint("rate_limit", "Wait.", ("qwen-intl",)) == "Wait."
    assert with_region_hint("auth", "Look.", ()) == "Look."
    hint = with_region_hint("auth", "", ("qwen-intl", "qwen-us"))
    assert hint == "A key works in its own region only; the others are qwen-intl and qwen-us."


async def test_a_refused_key_names_the_sibling_region(model_server: ModelServer) -> None:
    model_server.script(failure(401, "Incorrect API key provided"))
    provider = HttpProvider(
        Endpoint(
            "moonshot",
            "openai-chat",
            model_server.openai_url,
            key=Secret("k" * 20),
            siblings=("moonshot-intl",),
        )
    )
    request = ModelRequest("kimi-k2.5", (Message("user", (Text("Hello"),)),))
    try:
        with pytest.raises(ProviderError) as caught:
            async for _ in provider.stream(request):
                pass
    finally:
        await provider.aclose()
    assert caught.value.kind == "auth"
    assert "moonshot-intl" in caught.value.hint
