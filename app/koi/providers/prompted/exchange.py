"""One request in the prompted form: tools go out as words, calls come back out of the text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from koi.core.errors import ProviderError
from koi.core.messages import ModelRequest, ToolMode
from koi.core.provider_events import ProviderEvent
from koi.providers.prompted.answer import PromptedAnswer
from koi.providers.prompted.history import ends_with_results, has_calls, in_text
from koi.providers.prompted.instructions import instructions


def without_tools(request: ModelRequest) -> ModelRequest:
    """The request for a model that is offered no tools; earlier calls are told in text."""
    messages = request.messages
    return msgspec.structs.replace(
        request,
        messages=in_text(messages) if has_calls(messages) else messages,
        tools=(),
        tool_choice=None,
        follows_tools=ends_with_results(messages),
    )


def with_words(request: ModelRequest) -> ModelRequest:
    """The request with its tools described at the end of the system prompt."""
    told = instructions(request.tools, request.tool_choice)
    return msgspec.structs.replace(
        without_tools(request),
        messages=in_text(request.messages),
        system=f"{request.system}\n\n{told}" if request.system else told,
    )


def without_native_tools(
    request: ModelRequest,
    mode: ToolMode,
    ask: Callable[[ModelRequest], AsyncGenerator[ProviderEvent, None]],
) -> AsyncGenerator[ProviderEvent, None]:
    """The events of an answer to a model that has no tools of its own, or is offered none."""
    if mode == "prompt" and request.tools and request.tool_choice != "none":
        return prompted(request, ask)
    return ask(without_tools(request))


async def prompted(
    request: ModelRequest, ask: Callable[[ModelRequest], AsyncGenerator[ProviderEvent, None]]
) -> AsyncGenerator[ProviderEvent, None]:
    """The events of an answer whose calls are text. `ask` is the native exchange."""
    answer = PromptedAnswer(request)
    async with aclosing(ask(with_words(request))) as events:
        try:
            async for event in events:
                for meant in answer.take(event):
                    yield meant
        except ProviderError as error:
            error.kept = answer.kept()
            raise
