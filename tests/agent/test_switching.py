"""A session that goes from provider to provider keeps everything, and tells nobody's secrets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing

import msgspec
import pytest

from koi.catalogue.rows import Profile, Protocol
from koi.core.agent_events import TurnFinished
from koi.core.messages import JsonObject
from koi.core.references import ModelReference
from koi.core.secret import Secret
from koi.credentials.endpoint import Endpoint
from koi.providers.http_provider import HttpProvider
from koi.store.conversation import branch, conversation
from koi.store.journal import Journal
from tests.agent.conftest import MakeBench
from tests.servers.answers import Answer
from tests.servers.model_server import ModelServer, RecordedRequest

MODELS: dict[Protocol, str] = {
    "anthropic": "claude-sonnet-4-6",
    "openai-chat": "deepseek-chat",
    "gemini": "gemini-3-pro",
    "openai-responses": "gpt-5",
    "ollama": "qwen3",
    "bedrock": "amazon.nova-pro-v1:0",
}
PATHS: dict[Protocol, str] = {
    "anthropic": "/v1/messages",
    "openai-chat": "/v1/chat/completions",
    "gemini": "/v1beta/models/gemini-3-pro:streamGenerateContent",
    "openai-responses": "/v1/responses",
    "ollama": "/api/chat",
    "bedrock": "/model/amazon.nova-pro-v1%3A0/converse-stream",
}
PROFILES: dict[Protocol, Profile] = {
    "openai-chat": Profile(reasoning_echo="reasoning_content", call_id_form="alphanumeric-9"),
}


def called(protocol: Protocol, turn: int) -> JsonObject:
    """An answer that thinks, says something, and calls a tool, as the protocol has it."""
    thought, words = f"{protocol} thinks {turn}", f"{protocol} looks {turn}"
    arguments: JsonObject = {"tag": f"{protocol}{turn}"}
    secret = signature(protocol)
    match protocol:
        case "anthropic":
            return {
                "type": "message",
                "content": [
                    {"type": "thinking", "thinking": thought, "signature": secret},
                    {"type": "text", "text": words},
                    {"type": "tool_use", "id": "toolu_1", "name": "look", "input": arguments},
                ],
                "stop_reason": "tool_use",
            }
        case "openai-chat":
            function = {"name": "look", "arguments": json.dumps(arguments)}
            message: JsonObject = {"reasoning_content": f"{thought} {secret}", "content": words}
            message["tool_calls"] = [{"id": "functions.look:0", "function": function}]
            return {"choices": [{"message": message, "finish_reason": "tool_calls"}]}
        case "gemini":
            call = {"name": "look", "args": arguments}
            parts = [
                {"text": thought, "thought": True},
                {"text": words},
                {"functionCall": call, "thoughtSignature": secret},
            ]
            return {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}
        case "openai-responses":
            call = {"call_id": "call_1", "name": "look", "arguments": json.dumps(arguments)}
            summary = [{"type": "summary_text", "text": thought}]
            return response(
                {"type": "reasoning", "summary": summary, "encrypted_content": secret},
                {"type": "message", "content": [{"type": "output_text", "text": words}]},
                {"type": "function_call", **call},
            )
        case "ollama":
            call = {"function": {"name": "look", "arguments": arguments}}
            return {"message": {"content": words, "tool_calls": [call]}, **DONE}
        case _:
            use = {"toolUseId": "tooluse_1", "name": "look", "input": arguments}
            reasoning = {"reasoningText": {"text": thought, "signature": secret}}
            content = [{"reasoningContent": reasoning}, {"text": words}, {"toolUse": use}]
            return {"output": {"message": {"content": content}}, "stopReason": "tool_use"}


def told(protocol: Protocol, turn: int) -> JsonObject:
    """An answer in words."""
    words = f"{protocol} says {turn}"
    match protocol:
        case "anthropic":
            text = {"type": "text", "text": words}
            return {"type": "message", "content": [text], "stop_reason": "end_turn"}
        case "openai-chat":
            return {"choices": [{"message": {"content": words}, "finish_reason": "stop"}]}
        case "gemini":
            content = {"parts": [{"text": words}]}
            return {"candidates": [{"content": content, "finishReason": "STOP"}]}
        case "openai-responses":
            return response(
                {"type": "message", "content": [{"type": "output_text", "text": words}]}
            )
        case "ollama":
            return {"message": {"content": words}, **DONE}
        case _:
            content = {"content": [{"text": words}]}
            return {"output": {"message": content}, "stopReason": "end_turn"}


DONE: JsonObject = {"done": True, "done_reason": "stop"}


def response(*items: JsonObject) -> JsonObject:
    return {"object": "response", "status": "completed", "output": list(items)}


def signature(protocol: Protocol) -> str:
    """What only this protocol's provider may see again."""
    return f"c2lnbmF0dXJl{protocol.replace('-', '')}"


def scripted(protocol: Protocol) -> Callable[[RecordedRequest], Answer]:
    """A call, then words, and so on."""
    asked = 0

    def answer(request: RecordedRequest) -> Answer:
        nonlocal asked
        turn, second = divmod(asked, 2)
        asked += 1
        body = (told if second else called)(protocol, turn)
        return Answer(body=json.dumps(body).encode())

    return answer


@pytest.fixture
async def providers(model_server: ModelServer) -> AsyncIterator[dict[str, HttpProvider]]:
    opened: dict[str, HttpProvider] = {}
    async with AsyncExitStack() as stack:
        for protocol in MODELS:
            model_server.pages[PATHS[protocol]] = scripted(protocol)
            profile = PROFILES.get(protocol, Profile())
            endpoint = Endpoint(
                protocol, protocol, model_server.url, key=Secret("key-12345"), profile=profile
            )
            opened[protocol] = HttpProvider(endpoint)
            stack.push_async_callback(opened[protocol].aclose)
        yield opened


async def test_everything_goes_along_and_signatures_stay_where_they_belong(
    make_bench: MakeBench, model_server: ModelServer, providers: dict[str, HttpProvider]
) -> None:
    bench = make_bench(provider_of=lambda model: providers[model.provider])
    said: list[str] = []
    for turn in range(2):
        for protocol, model in MODELS.items():
            bench.session.state.model = ModelReference(protocol, model)
            prompt = f"prompt {turn} for {protocol}"
            async with aclosing(bench.session.prompt(prompt)) as stream:
                events = [event async for event in stream]
            assert isinstance(events[-1], TurnFinished)
            assert events[-1].text.endswith(f"{protocol} says {turn}")
            sent = _sent(model_server, protocol)
            assert [line for line in (*said, prompt) if line not in sent] == []
            for other in MODELS:
                if other != protocol:
                    assert signature(other) not in sent
            if turn and protocol != "ollama":
                assert signature(protocol) in sent
            said += [prompt, f"{protocol} looks {turn}", f"result of look:{protocol}{turn}"]
            said.append(f"{protocol} says {turn}")
    await bench.session.close()
    entries = Journal.open(bench.journal_path(), read_only=True).contents.entries
    assert list(conversation(branch(entries))) == bench.session.state.history


def _sent(server: ModelServer, protocol: Protocol) -> str:
    """The last request to a provider, its text as it reads."""
    path = PATHS[protocol]
    requests = [each for each in server.requests if each.path.partition("?")[0] == path]
    return msgspec.json.encode(requests[-1].body).decode()
