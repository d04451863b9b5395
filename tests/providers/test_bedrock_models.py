"""The models of Bedrock come from two lists beside the runtime."""

from __future__ import annotations

import json

from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from tests.net.raw_server import RawServer

ANSWER = json.dumps(
    {
        "modelSummaries": [
            {
                "modelId": "amazon.nova-pro-v1:0",
                "outputModalities": ["TEXT"],
                "inferenceTypesSupported": ["ON_DEMAND"],
            }
        ],
        "inferenceProfileSummaries": [{"inferenceProfileId": "eu.amazon.nova-pro-v1:0"}],
    }
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


async def test_models_and_profiles_are_asked_for_at_the_control_plane() -> None:
    async with RawServer([HEAD % len(ANSWER), ANSWER]).running() as server:
        listing = f"{server.url}/foundation-models"
        runtime = "https://bedrock-runtime.eu-north-1.amazonaws.com"
        endpoint = Endpoint("bedrock", "bedrock", runtime, auth="none", models_url=listing)
        provider = HttpProvider(endpoint)
        found = [info.reference.model for info in await provider.list_models()]
        await provider.aclose()
    asked = [head.split(b" ")[1] for head in server.heads]
    assert asked == [b"/foundation-models", b"/inference-profiles?maxResults=1000"]
    assert found == ["amazon.nova-pro-v1:0", "eu.amazon.nova-pro-v1:0"]
