"""What models are told of the tools is small and true."""

from __future__ import annotations

import msgspec

from koi.tools.registry import builtin_tools


def test_all_schemas_and_descriptions_are_small() -> None:
    assert len(msgspec.json.encode([tool.schema for tool in builtin_tools()])) <= 6_500


def test_each_tool_is_described_under_its_name() -> None:
    names = [tool.name for tool in builtin_tools()]
    assert names == ["read", "write", "edit", "ls", "glob", "grep", "bash"]
    for tool in builtin_tools():
        assert tool.schema.name == tool.name
        assert len(tool.schema.description) > 40
        assert tool.schema.parameters["type"] == "object"
        assert "$ref" not in str(tool.schema.parameters)
