"""Images for models that see none."""

from __future__ import annotations

from koi.core.messages import Image, Message, ModelRequest, Text, ToolCall, ToolResult
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from koi.providers.images import without_images
from tests.servers.answers import text
from tests.servers.model_server import ModelServer

PNG = Image("image/png", b"\x89PNG" * 300)
NOTE = "[image, image/png, 1,200 bytes: this model does not see images]"


def test_a_note_stands_where_the_image_was() -> None:
    request = ModelRequest("m", (Message("user", (Text("Look:"), PNG, Text("What is it?"))),))
    (message,) = without_images(request).messages
    assert message.parts == (Text("Look:"), Text(NOTE), Text("What is it?"))


def test_the_result_of_a_tool_says_what_it_showed() -> None:
    results = (ToolResult("1", "a.png", images=(PNG,)), ToolResult("2", "", images=(PNG, PNG)))
    (message,) = without_images(ModelRequest("m", (Message("user", results),))).messages
    assert message.parts == (
        ToolResult("1", f"a.png\n{NOTE}"),
        ToolResult("2", f"{NOTE}\n{NOTE}"),
    )


def test_all_else_stays_the_very_same() -> None:
    call = Message("assistant", (ToolCall("1", "read", {}),))
    request = ModelRequest("m", (call, Message("user", (ToolResult("1", "x"),))))
    assert without_images(request) is request
    shown = ModelRequest("m", (call, Message("user", (PNG,))))
    assert without_images(shown).messages[0] is call


async def sent(server: ModelServer, vision: bool | None) -> str:
    """The body of a request with an image to a model of which this is known."""
    server.script(text("A fish."))
    known = ModelInfo(ModelReference("work", "m"), vision=vision)
    endpoint = Endpoint("work", "openai-chat", server.openai_url, known=lambda model: known)
    provider = HttpProvider(endpoint)
    request = ModelRequest("m", (Message("user", (Text("Look:"), PNG)),))
    async for _ in provider.stream(request):
        pass
    await provider.aclose()
    return server.model_requests[-1].raw_body.decode()


async def test_only_a_model_that_is_known_to_see_none_gets_words(model_server: ModelServer) -> None:
    assert NOTE in await sent(model_server, False)
    for vision in (True, None):
        body = await sent(model_server, vision)
        assert "image_url" in body
        assert "does not see" not in body
