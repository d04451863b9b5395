"""How many tokens of context Ollama is asked to make room for (`options.num_ctx`).

Without it the server takes a few thousand, and what does not fit is lost. Changing it reloads the
model. docs/decisions/ollama-context.md has the reasons.
"""

from __future__ import annotations

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import JsonObject
from koi.net.json_text import encode_json
from koi.providers.wire.ollama.models import OllamaModel

FLOOR = 8_192
CEILING = 32_768
"""What is taken without being told; a longer context may need more memory than there is."""
ANSWER_ROOM = 4_096
THINKING_ROOM = 8_192
IMAGE_TOKENS = 768
"""What the server itself counts for an image."""


class PromptSize(msgspec.Struct, frozen=True):
    """Tokens of a request. Between `low` and `high` is where the true count must be."""

    low: int
    high: int


def prompt_size(messages: list[JsonObject], tools: list[JsonObject]) -> PromptSize:
    """The size of a request by its bytes: three to five for a token; pictures are not text."""
    texts = [{**message, "images": ()} for message in messages]
    size = len(encode_json((texts, tools)))
    pictures = 0
    for message in messages:
        images = message.get("images")
        pictures += len(images) if isinstance(images, list) else 0
    return PromptSize(size // 5, size // 3 + pictures * IMAGE_TOKENS)


def context_window(model: OllamaModel, configured: int | None) -> int:
    """The most tokens that are asked for: what was chosen, else what is likely to fit."""
    if chosen := configured or model.num_ctx:
        return chosen
    likely = max(CEILING, model.loaded_context or 0)
    return min(likely, model.context_length or likely)


def num_ctx(
    size: PromptSize, model: OllamaModel, configured: int | None, max_tokens: int | None
) -> int:
    """Tokens of context for a request of `size` that is answered with up to `max_tokens`.

    What was chosen is sent as it is. Else a model that is loaded with enough stays as it is, and
    all others get the next power of two, so that a session reloads its model at most twice.
    """
    if chosen := configured or model.num_ctx:
        return chosen
    most = context_window(model, None)
    room = max_tokens or (THINKING_ROOM if model.can("thinking") else ANSWER_ROOM)
    need = min(most, size.high + room)
    loaded = model.loaded_context or 0
    if loaded >= need:
        return loaded
    return min(most, max(FLOOR, 1 << (need - 1).bit_length()))


def check_room(size: PromptSize, model: OllamaModel, configured: int | None) -> None:
    """Raise ProviderError (context_overflow) for a request that cannot fit, before it is sent.

    Servers before 0.12.6 would shorten it and say nothing.
    """
    most = context_window(model, configured)
    if model.known and size.low >= most:
        raise ProviderError(
            f"The request has more than {size.low:,} tokens, and the context holds {most:,}",
            kind="context_overflow",
        )
