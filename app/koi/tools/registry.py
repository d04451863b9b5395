"""The built-in tools, in the order in which models are told of them."""

from __future__ import annotations

from koi.core.seams import Tool
from koi.tools.bash import BashTool
from koi.tools.edit import EditTool
from koi.tools.glob import GlobTool
from koi.tools.grep import GrepTool
from koi.tools.ls import LsTool
from koi.tools.read import ReadTool
from koi.tools.write import WriteTool


def builtin_tools() -> tuple[Tool, ...]:
    """One of each; tools keep nothing between calls."""
    return ReadTool(), WriteTool(), EditTool(), LsTool(), GlobTool(), GrepTool(), BashTool()
