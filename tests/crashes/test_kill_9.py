"""`kill -9` at any moment: what koi had told is there, it opens again, and nothing runs twice.

KOI_TEST_KILLS sets the number of kills over all phases (32 unless told otherwise). Who decides is
the model server's count, the file that commands write to, and what the killed koi had printed.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import get_args

import pytest

from koi.agent.normalise import normalise
from koi.cli.machine import event_object
from koi.core.messages import JsonObject, Message, ToolResult
from koi.store.conversation import branch, conversation, shown, timeline
from koi.store.journal import Journal
from koi.store.ledger import read_ledger
from koi.store.records import (
    CompactionRecord,
    Record,
    ToolIntentRecord,
    ToolResultRecord,
    UsageRecord,
)
from koi.store.scan import Contents, read_journal
from tests.crashes.world import Lives, Phase, World, world
from tests.servers.oauth_server import Rotating

PHASES: tuple[Phase, ...] = get_args(Phase)
KILLS = max(1, int(os.environ.get("KOI_TEST_KILLS", "32")) // len(PHASES))
KILLS_IN_A_WORLD = 20
LINES = 40
"""That a koi had printed at most when its end is near: two or three turns."""
LONGEST_S = 0.05


@pytest.mark.parametrize("phase", PHASES)
def test_nothing_that_was_told_is_lost_and_nothing_runs_twice(phase: Phase, tmp_path: Path) -> None:
    chance = random.Random(f"{phase} 20261128")
    moments = Counter[str]()
    with Lives() as lives:
        for first in range(0, KILLS, KILLS_IN_A_WORLD):
            with world(phase, tmp_path / str(first)) as place:
                for _ in range(min(KILLS_IN_A_WORLD, KILLS - first)):
                    lines = chance.choice((0, *[chance.randint(1, LINES)] * 9))
                    lives.live(place, lines, chance.uniform(0, LONGEST_S))
                    check(place)
                    moments[str(place.told[-1]["type"]) if place.told else "nothing"] += 1
                if isinstance(place.answered, Rotating):
                    moments["token that came and was not kept"] += place.answered.forgiven
    sys.stdout.write(f"{phase}: {KILLS} kills, by what was told last: {moments}\n")


def check(place: World) -> None:
    """Everything that must be so after each kill."""
    if place.phase == "refresh":
        assert place.auth_file.get("qwen-code") is not None, "the login is lost"
    if place.session is None:
        assert place.told == []
        return
    contents = read_journal(place.session)
    check_opening(place.session, contents)
    check_told(place.told, [entry.record for entry in contents.entries])
    check_conversation(place.told, contents)
    check_commands(place, contents)
    check_ledger(place, contents)


def check_opening(session: Path, contents: Contents) -> None:
    """The next koi can write on; at most the line that was being written is not whole."""
    assert [damage.line for damage in contents.damage][1:] == []
    journal = Journal.open(session)
    assert not journal.read_only
    assert journal.contents.entries == contents.entries
    journal.close()


def check_told(told: Iterable[JsonObject], records: Sequence[Record]) -> None:
    """Each line that was printed has its record."""
    results = Counter(r.result.call_id for r in records if isinstance(r, ToolResultRecord))
    compactions = [event_object(r.compacted) for r in records if isinstance(r, CompactionRecord)]
    counted = sum(isinstance(record, UsageRecord) for record in records)
    printed = Counter[str]()
    for line in told:
        match line["type"]:
            case "tool_result":
                printed["result"] += 1
                assert results[str(line["id"])] > 0
            case "usage":
                printed["usage"] += 1
            case "compacted":
                assert line in compactions
            case "error":
                raise AssertionError(line)
            case _:
                pass
    assert printed["result"] <= results.total()
    assert printed["usage"] <= counted


def check_conversation(told: Iterable[JsonObject], contents: Contents) -> None:
    """Finished answers are what people see, in order; the model's conversation is sound."""
    seen = "".join(message.text for message in shown(timeline(contents.entries)).messages)
    place = 0
    for line in told:
        if line["type"] == "result" and line["ok"]:
            place = seen.find(str(line["text"]), place)
            assert place >= 0, "an answer is lost"
    messages = conversation(branch(contents.entries))
    check_answered(messages)
    check_answered(normalise(messages))


def check_answered(messages: Sequence[Message]) -> None:
    """Each call has its result in the message after it."""
    for at, message in enumerate(messages):
        wanted = [call.id for call in message.tool_calls]
        following = messages[at + 1].parts if at + 1 < len(messages) else ()
        assert [part.call_id for part in following if isinstance(part, ToolResult)] == wanted


def check_commands(place: World, contents: Contents) -> None:
    """No command ran twice, and none before its intent was in the journal."""
    file = place.workspace / "ran.txt"
    ran = Counter(file.read_text().split() if file.exists() else ())
    assert [number for number, times in ran.items() if times > 1] == []
    meant = {
        str(entry.record.call.arguments)
        for entry in contents.entries
        if isinstance(entry.record, ToolIntentRecord)
    }
    for number in ran:
        assert any(f"echo {number} " in command for command in meant)


def check_ledger(place: World, contents: Contents) -> None:
    """Each kill costs the ledger at most the one request that was on its way."""
    entries = read_ledger(place.home / "data" / "ledger.jsonl").entries
    assert 0 <= place.answered.answered - len(entries) <= place.kills
    journaled = sum(isinstance(entry.record, UsageRecord) for entry in contents.entries)
    assert 0 <= len(entries) - journaled <= place.kills
