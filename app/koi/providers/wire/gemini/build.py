"""A neutral request as Gemini generateContent. https://ai.google.dev/api/generate-content"""

from __future__ import annotations

from koi.core.messages import JsonObject, ModelRequest, ToolSchema
from koi.providers.wire.gemini.contents import contents
from koi.providers.wire.gemini.names import model_path, shows_thoughts
from koi.providers.wire.history import with_system
from koi.providers.wire.request import WireOptions, WireRequest

VERSION = "/v1beta"


def build(request: ModelRequest, options: WireOptions) -> WireRequest:
    """The request in this format. What is not set is not sent."""
    profile = options.profile
    model = profile.model_names.get(request.model, request.model)
    messages, system = request.messages, request.system
    if system and profile.system_in_first_message:
        messages, system = with_system(system, messages), ""
    body: JsonObject = {**profile.extra_body}
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    body["contents"] = contents(messages, options.family, model)
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in request.tools]}]
        if request.tool_choice:
            body["toolConfig"] = {"functionCallingConfig": _calling(request.tool_choice)}
    if generation := _generation(request, model):
        body["generationConfig"] = generation
    method = "streamGenerateContent?alt=sse" if options.stream else "generateContent"
    return WireRequest(f"{model_path(model)}:{method}", {}, body)


def _generation(request: ModelRequest, model: str) -> JsonObject:
    generation: JsonObject = {}
    if request.max_tokens is not None:
        generation["maxOutputTokens"] = request.max_tokens
    if request.temperature is not None:
        generation["temperature"] = request.temperature
    if request.stop:
        generation["stopSequences"] = list(request.stop)
    if shows_thoughts(model):
        generation["thinkingConfig"] = {"includeThoughts": True}
    return generation


def _declaration(tool: ToolSchema) -> JsonObject:
    """A tool. `parametersJsonSchema` takes JSON Schema as it is; the older `parameters` refuses
    additionalProperties, $ref and lists of types, and whole requests with them.

    https://ai.google.dev/api/caching#FunctionDeclaration
    """
    declaration: JsonObject = {"name": tool.name, "description": tool.description}
    if tool.parameters.get("properties"):
        schema = {key: value for key, value in tool.parameters.items() if key != "$schema"}
        declaration["parametersJsonSchema"] = schema
    return declaration


def _calling(choice: str) -> JsonObject:
    match choice:
        case "auto" | "none":
            return {"mode": choice.upper()}
        case "required":
            return {"mode": "ANY"}
    return {"mode": "ANY", "allowedFunctionNames": [choice]}
