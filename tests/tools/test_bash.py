"""bash shows both ends of any output and how the command ended."""

from __future__ import annotations

import pytest

from koi.core.errors import ToolFailure
from tests.tools.conftest import Bench


async def test_the_exact_command_is_planned(bench: Bench) -> None:
    plan = await bench.plan("bash", command=" echo a\necho b", description="say things")
    assert plan.access == "execute"
    assert plan.command == plan.preview == " echo a\necho b"
    assert plan.preview_kind == "command"
    assert plan.summary == "echo a …  (say things)"


async def test_output_and_summary(bench: Bench) -> None:
    outcome = await bench.call("bash", command="echo one; echo two >&2")
    assert outcome.ok
    assert outcome.content == "one\ntwo\n"
    assert outcome.summary == "exit 0, 2 lines"
    assert "".join(bench.shown) == "one\ntwo\n"


async def test_a_failure_is_not_ok_and_names_its_code(bench: Bench) -> None:
    outcome = await bench.call("bash", command="printf problem; exit 7")
    assert not outcome.ok
    assert outcome.content == "problem\n[exit 7]"
    assert outcome.summary == "exit 7, 1 line"
    assert (await bench.call("bash", command="kill -9 $$")).content == "[ended by signal 9]"
    assert (await bench.call("bash", command="true")).content == "[no output]"


async def test_long_output_keeps_both_ends_and_names_the_file(bench: Bench) -> None:
    outcome = await bench.call("bash", command="seq 1 100000")
    assert outcome.truncated
    assert outcome.content.startswith("1\n2\n3\n")
    assert outcome.content.endswith("99999\n100000\n")
    assert len(outcome.content) < 30_300
    assert outcome.spill_path is not None
    assert outcome.spill_path in outcome.content
    head, _, rest = outcome.content.partition("[")
    gap, _, tail = rest.partition("]\n")
    everything = "".join(f"{number}\n" for number in range(1, 100_001))
    left_out = everything[len(head) : len(everything) - len(tail)]
    assert gap.startswith(f"{len(left_out):,} bytes, {left_out.count(chr(10)):,} line ends")


async def test_binary_output_is_named_and_not_shown(bench: Bench) -> None:
    outcome = await bench.call("bash", command="head -c 1000 /dev/zero")
    assert outcome.content == "[binary output, 1,000 bytes]"
    outcome = await bench.call("bash", command="printf 'file-a\\0file-b\\0caf\\351 name\\n'")
    assert outcome.content == "file-a␀file-b␀caf\ufffd name\n"


async def test_a_timeout_is_told(bench: Bench) -> None:
    outcome = await bench.call("bash", command="echo early; sleep 100", timeout_s=1)
    assert not outcome.ok
    assert outcome.content == "early\n[timed out after 1 s and was ended]"


async def test_ended_background_processes_are_told(bench: Bench) -> None:
    outcome = await bench.call("bash", command="sleep 100 & echo started")
    assert outcome.ok
    assert outcome.content == "started\n[1 background process was ended with the command]"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"command": " "}, "empty"),
        ({"command": "true", "timeout_s": 601}, "timeout_s"),
        ({"command": "true", "timeout_s": 0}, "timeout_s"),
        ({"command": "true\0"}, "NUL"),
    ],
)
async def test_impossible_calls_are_clear_errors(
    bench: Bench, arguments: dict[str, object], problem: str
) -> None:
    with pytest.raises(ToolFailure, match=problem):
        await bench.call("bash", **arguments)
