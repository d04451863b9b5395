"""A neutral request as Bedrock Converse, with prompt caching where the model has it."""

from __future__ import annotations

from koi.core.messages import JsonObject, ModelRequest, ToolSchema
from koi.providers.wire.bedrock.content import messages_of
from koi.providers.wire.bedrock.model_ids import caches_prompts, model_path
from koi.providers.wire.request import WireOptions, WireRequest
from koi.providers.wire.tool_names import called_tools, tool_name

_CACHE: JsonObject = {"cachePoint": {"type": "default"}}


def build(request: ModelRequest, options: WireOptions) -> WireRequest:
    """The request in this format. Raises ProviderError (bad_request) for unusable images.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
    """
    profile = options.profile
    model = profile.model_names.get(request.model, request.model)
    cached = caches_prompts(model)
    messages = messages_of(request.messages, model, options)
    body: JsonObject = {**profile.extra_body, "messages": messages}
    if request.system.strip():
        system: list[JsonObject] = [{"text": request.system}]
        body["system"] = [*system, _CACHE] if cached else system
    if inference := _inference(request):
        body["inferenceConfig"] = inference
    if tools := _tools(request):
        # Tools come before the system prompt: what is marked there covers them too.
        alone = cached and "system" not in body
        body["toolConfig"] = {"tools": [*tools, _CACHE] if alone else tools} | _choice(request)
    content = messages[-1]["content"] if messages else None
    if cached and isinstance(content, list):
        content.append(_CACHE)
    operation = "converse-stream" if options.stream else "converse"
    return WireRequest(model_path(model, operation), {}, body)


def _inference(request: ModelRequest) -> JsonObject:
    config: JsonObject = {}
    if request.max_tokens is not None:
        config["maxTokens"] = request.max_tokens
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.stop:
        config["stopSequences"] = list(request.stop)
    return config


def _tools(request: ModelRequest) -> list[JsonObject]:
    """The tools; those of earlier calls when there are none now: calls are refused without."""
    tools = request.tools or tuple(
        ToolSchema(name, "", {"type": "object"}) for name in called_tools(request.messages)
    )
    return [_tool(tool) for tool in tools]


def _tool(tool: ToolSchema) -> JsonObject:
    spec: JsonObject = {"name": tool_name(tool.name), "inputSchema": {"json": tool.parameters}}
    if tool.description.strip():
        spec["description"] = tool.description
    return {"toolSpec": spec}


def _choice(request: ModelRequest) -> JsonObject:
    """There is no word for "none": the tools are told, and the model may choose."""
    match request.tool_choice if request.tools else None:
        case None | "none":
            return {}
        case "auto":
            return {"toolChoice": {"auto": {}}}
        case "required":
            return {"toolChoice": {"any": {}}}
        case str() as name:
            return {"toolChoice": {"tool": {"name": tool_name(name)}}}
