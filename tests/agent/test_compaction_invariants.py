"""Whatever is compacted, undone, refused or interrupted: the journal has it, nothing is lost."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koi.agent.normalise import normalise
from koi.core.errors import ErrorKind, KoiError, ProviderError
from koi.core.messages import ToolCall
from koi.core.usage import Usage
from koi.safety.rules import Rule
from koi.store.conversation import branch, conversation, shown, timeline
from koi.store.records import UsageRecord
from koi.store.scan import read_journal
from tests.agent.conftest import Bench, Step, answer, build_bench
from tests.agent.test_session_invariants import check_history

Act: TypeAlias = Literal["prompt", "compact", "undo"]
_answers = st.builds(
    lambda text, call, usage: answer(
        text, *([ToolCall("a", "bash", {"command": "x"})] if call else []), usage=usage
    ),
    st.sampled_from(["", "words", "many words " * 400]),
    st.booleans(),
    st.sampled_from([None, Usage(1000, output_tokens=3)]),
)
_kinds: st.SearchStrategy[ErrorKind] = st.sampled_from(
    ["context_overflow", "context_overflow", "bad_request"]
)
_refusals = _kinds.map(
    lambda kind: [ProviderError("it is too long", kind=kind, provider="scripted", model="one")]
)
_acts = st.tuples(
    st.sampled_from(["prompt", "prompt", "compact", "undo"]),
    st.lists(st.one_of(_answers, _refusals), max_size=4),
    st.one_of(st.none(), st.none(), st.integers(0, 12)),
)


async def act(bench: Bench, what: Act, answers: list[list[Step]], stop_after: int | None) -> None:
    """One act to its end, or interrupted after so many events."""
    bench.provider.answers = [*answers, *[answer("the end")] * 8]
    if what == "undo":
        await bench.session.undo_compaction()
        return
    prompt = f"request {bench.session.state.turns} " + "and more " * 300
    events = bench.session.prompt(prompt) if what == "prompt" else bench.session.compact()
    async with asyncio.timeout(20), aclosing(events) as stream:
        number = 0
        async for _ in stream:
            if number == stop_after:
                bench.session.stop()
            number += 1


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_acts, min_size=1, max_size=7), st.sampled_from([None, 6_000]))
async def test_the_journal_is_the_session_whatever_was_compacted(
    acts: list[tuple[Act, list[list[Step]], int | None]], window: int | None
) -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        bench = build_bench(place, place, window=window, rules=[Rule("bash", "allow")])
        await act(bench, "prompt", [], None)
        for what, answers, stop_after in acts:
            with suppress(KoiError):
                await act(bench, what, answers, stop_after)
        await bench.session.close()
        state = bench.session.state
        check_history(state.history)
        entries = read_journal(bench.journal_path()).entries
        assert normalise(conversation(branch(entries))) == normalise(state.history)
        seen = [each.text for each in shown(timeline(entries)).messages if each.role == "user"]
        asked = [text for text in seen if text.startswith("request ")]
        assert len(asked) == state.turns
        used = [entry.record for entry in entries if isinstance(entry.record, UsageRecord)]
        assert sum((each.usage for each in used), Usage()) == state.account.session_usage
