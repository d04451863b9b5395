"""Records of every kind, for the tests of the store."""

from __future__ import annotations

from koi.core.agent_events import Compacted
from koi.core.errors import ErrorReport
from koi.core.messages import (
    Image,
    Message,
    Opaque,
    ProviderData,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)
from koi.core.references import ModelReference
from koi.core.usage import Usage
from koi.store.records import (
    ApprovalRecord,
    AssistantRecord,
    CompactionRecord,
    ErrorRecord,
    KnownRecord,
    ModelRecord,
    ModeRecord,
    PromptRecord,
    SessionRecord,
    TitleRecord,
    ToolIntentRecord,
    ToolResultRecord,
    TurnEndRecord,
    UsageRecord,
)

MODEL = ModelReference("anthropic", "claude-sonnet-4-6")
OTHER = ModelReference("openrouter", "qwen/qwen3-coder")
SESSION = SessionRecord(MODEL, "/home/ann/app", "0.1.0", "ask")


def prompt(text: str) -> PromptRecord:
    """A person's prompt."""
    return PromptRecord(Message("user", (Text(text),)), "t1")


def answer(text: str, *calls: ToolCall, complete: bool = True) -> AssistantRecord:
    """A model's answer: text, then calls."""
    parts = ((Text(text),) if text else ()) + calls
    return AssistantRecord(Message("assistant", parts), MODEL, complete=complete)


def call(call_id: str, name: str = "bash") -> ToolCall:
    """A tool call."""
    return ToolCall(call_id, name, {"command": "ls"}, '{"command": "ls"}')


def result(call_id: str, content: str = "done") -> ToolResultRecord:
    """The result of a call."""
    return ToolResultRecord(ToolResult(call_id, content), "bash")


def usage(cost_usd: float | None = 0.25) -> UsageRecord:
    """What a request used."""
    return UsageRecord(MODEL, "executor", Usage(10, 20, 30, 40, 5), cost_usd, "r1")


EVERY_KIND: tuple[KnownRecord, ...] = (
    SESSION,
    TitleRecord("A name"),
    ModeRecord("edit"),
    ModelRecord("executor", OTHER),
    PromptRecord(
        Message(
            "user", (Text("Look: é 🐟 \u2028 \x1b[31m \udcff"), Image("image/png", b"\x89\x00"))
        ),
        "t1",
    ),
    AssistantRecord(
        Message(
            "assistant",
            (
                Reasoning("", ProviderData("anthropic", {"signature": "EqQB==", "n": 2**70})),
                Text("I see"),
                Opaque(ProviderData("openai", {"type": "web_search", "x": [None, 1.5, True]})),
                ToolCall("c1", "bash", {"v": 1, "id": "x", "crc": "00000000"}, "{…}"),
                ToolCall("c2", "bash", None, "{not json"),
            ),
        ),
        OTHER,
        "evaluator",
        "tool_calls",
        "tool_use",
        False,
        "r1",
    ),
    ToolIntentRecord(call("c1"), "ls"),
    ApprovalRecord("c1", "always", "bash(ls*)"),
    ToolResultRecord(
        ToolResult("c1", "a\nb\n", False, (Image("image/png", b"\xff"),)),
        "bash",
        True,
        1.25,
        "2 files",
        "+a\n-b",
        "/state/spill/x",
    ),
    usage(None),
    ErrorRecord(ErrorReport("rate_limit", "slow down", "wait", "anthropic", "m", 429, 1.5)),
    CompactionRecord(
        (prompt("what was said since").message,),
        "abcd7",
        Compacted("undone", 100, 900, 3, 12, OTHER),
    ),
    TurnEndRecord("failed", "t1", "error", 2.5),
)
