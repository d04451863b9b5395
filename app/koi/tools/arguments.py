"""Typed arguments of tools: their JSON Schema for the model, and clear errors for wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar, cast

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject, ToolSchema

Arguments = TypeVar("Arguments", bound=msgspec.Struct)


def parse_arguments(tool: str, arguments: JsonObject, shape: type[Arguments]) -> Arguments:
    """`arguments` as a `shape`; null means absent, and "5" is taken for 5.

    Raises ToolFailure naming the field that is wrong and the fields that exist.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        fields = ", ".join(
            field.name if field.required else f"{field.name} (optional)"
            for field in msgspec.structs.fields(shape)
        )
        problem = (
            str(error)
            .replace("Object missing required field", "it lacks the field")
            .replace("Object contains unknown field", "it has no field")
            .replace("`$.", "`")
        )
        raise ToolFailure(
            f"Wrong arguments for {tool}: {problem}.", hint=f"It takes: {fields}."
        ) from None


def tool_schema(name: str, shape: type[msgspec.Struct], module_file: str) -> ToolSchema:
    """The schema of a tool whose description is the .md file beside its module."""
    _, components = msgspec.json.schema_components([shape])
    parameters = cast("JsonObject", components[shape.__name__])
    for superfluous in ("title", "description", "additionalProperties"):
        parameters.pop(superfluous, None)
    description = Path(module_file).with_suffix(".md").read_text("utf-8").strip()
    return ToolSchema(name, description, parameters)
