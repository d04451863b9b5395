"""`koi sessions`, run as a command."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from koi.cli.transcript_output import blocks, markdown, plain
from koi.core.agent_events import Compacted
from koi.core.errors import ErrorReport
from koi.core.messages import Message, Reasoning, Text, ToolResult
from koi.store.conversation import branch
from koi.store.journal import Journal
from koi.store.records import (
    ApprovalRecord,
    AssistantRecord,
    CompactionRecord,
    ErrorRecord,
    ToolIntentRecord,
    ToolResultRecord,
    TurnEndRecord,
)
from koi.store.scan import read_journal
from tests.conftest import RunKoi
from tests.store.samples import MODEL, SESSION, answer, call, prompt, result, usage

EVIL = "\x1b]0;owned\x07\x9b31m\u202egnp.exe"


def record(folder: Path) -> Path:
    """A session with something of everything."""
    journal = Journal.create(folder, SESSION)
    thinking = (Reasoning("hmm"), Text(f"Listing {EVIL}"), call("c1"), call("c2"))
    for one in (
        prompt("List the files\nnow"),
        AssistantRecord(Message("assistant", thinking), MODEL),
        ToolIntentRecord(call("c1"), "ls -l"),
        result("c1", f"a.txt\n{EVIL}\n```\n" + "line\n" * 100),
        ApprovalRecord("c2", "deny", ""),
        ToolResultRecord(ToolResult("c2", "denied", ok=False), "bash"),
        usage(0.004),
        ErrorRecord(ErrorReport("network", "the line broke", "try again")),
        answer("It is", complete=False),
        TurnEndRecord("cancelled"),
    ):
        journal.append(one)
    journal.close()
    return journal.path


@pytest.fixture
def session(koi_home: Path) -> Path:
    return record(koi_home / "data" / "sessions")


def test_an_empty_list_says_how_to_begin(run_koi: RunKoi) -> None:
    done = run_koi("sessions", "list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No sessions yet" in done.stderr
    assert json.loads(run_koi("sessions", "list", "--json").stdout) == []


def test_the_list_shows_id_title_and_cost(run_koi: RunKoi, session: Path) -> None:
    _, line = run_koi("sessions", "list").stdout.splitlines()
    assert session.stem in line
    assert "List the files" in line
    assert "$0.0040" in line


def test_the_list_as_json(run_koi: RunKoi, session: Path) -> None:
    (row,) = json.loads(run_koi("sessions", "list", "--json").stdout)
    assert row["id"] == session.stem
    assert row["model"] == "anthropic/claude-sonnet-4-6"
    assert (row["turns"], row["cost_usd"], row["bytes"]) == (1, 0.004, session.stat().st_size)


def test_show_prints_a_transcript_that_cannot_touch_the_terminal(
    run_koi: RunKoi, session: Path
) -> None:
    done = run_koi("sessions", "show", session.stem[-4:])
    assert done.returncode == 0
    for shown in ("List the files", "hmm", "→ bash ls -l", "✓ bash", "✗ bash", "a.txt", "denied",
                  "the line broke", "this answer was cut off", "stopped by you"):  # fmt: skip
        assert shown in done.stdout
    assert not set(done.stdout) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_show_reports_damaged_lines(run_koi: RunKoi, session: Path) -> None:
    session.write_bytes(session.read_bytes().replace(b"the line broke", b"the lin3 broke"))
    done = run_koi("sessions", "show", session.stem)
    assert done.returncode == 0
    assert "stopped by you" in done.stdout
    assert "unreadable lines" in done.stderr


def test_export_as_markdown_has_everything_in_safe_fences(run_koi: RunKoi, session: Path) -> None:
    text = run_koi("sessions", "export", session.stem).stdout
    assert text.startswith("# List the files\n")
    assert text.count("line\n") >= 100
    assert "\n````\n" in text
    assert "\x1b" not in text


def test_export_as_json_keeps_every_record(run_koi: RunKoi, session: Path) -> None:
    document = json.loads(run_koi("sessions", "export", session.stem, "--format", "json").stdout)
    assert [one["kind"] for one in document["records"]][:3] == ["session", "prompt", "assistant"]
    assert EVIL in document["records"][2]["message"]["parts"][1]["text"]


def test_export_as_jsonl_is_the_journal_itself(
    run_koi: RunKoi, session: Path, workspace: Path
) -> None:
    done = run_koi("sessions", "export", session.stem, "--format", "jsonl", "-o", "out.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    target = workspace / "out.jsonl"
    assert target.read_bytes() == session.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_export_does_not_replace_a_file(run_koi: RunKoi, session: Path, workspace: Path) -> None:
    (workspace / "mine").write_text("precious")
    done = run_koi("sessions", "export", session.stem, "-o", "mine")
    assert done.returncode == 2
    assert (workspace / "mine").read_text() == "precious"


@pytest.mark.parametrize("verb", ["show", "export", "delete"])
def test_an_unknown_session_is_wrong_usage(run_koi: RunKoi, session: Path, verb: str) -> None:
    done = run_koi("sessions", verb, "nope")
    assert done.returncode == 2
    assert "there is no session 'nope'" in done.stderr


def test_delete_asks_first(run_koi: RunKoi, session: Path) -> None:
    done = run_koi("sessions", "delete", session.stem, stdin="n\n")
    assert "List the files" in done.stderr
    assert session.exists()


def test_delete_removes_the_session_and_its_large_outputs(
    run_koi: RunKoi, session: Path, koi_home: Path
) -> None:
    spill = koi_home / "state" / "spill" / session.stem
    spill.mkdir(parents=True)
    done = run_koi("sessions", "delete", session.stem, "--yes")
    assert done.returncode == 0
    assert not session.exists()
    assert not spill.exists()


def test_long_results_are_cut_in_plain_lines_only(session: Path) -> None:
    parts = list(blocks(branch(read_journal(session).entries)))
    assert any("more lines" in line for line in plain(parts))
    assert not any("more lines" in line for line in markdown("t", [], parts))


def compact(path: Path) -> None:
    """A summary in the place of everything so far, and a prompt after it."""
    journal = Journal.open(path)
    assert journal.head is not None
    told = Compacted("asked", 900, 90, messages_summarised=4, model=MODEL)
    summary = prompt("what it was about").message
    journal.append(CompactionRecord((summary,), journal.head, told), after=journal.root)
    journal.append(prompt("And then?"))
    journal.close()


def test_a_compacted_session_is_shown_whole_with_its_summary(
    run_koi: RunKoi, session: Path
) -> None:
    compact(session)
    shown = run_koi("sessions", "show", session.stem).stdout
    order = ["List the files", "made shorter for the model", "what it was about", "And then?"]
    places = [shown.index(text) for text in order]
    assert places == sorted(places)
    written = run_koi("sessions", "export", session.stem).stdout
    assert all(text in written for text in order)


def test_a_compaction_is_in_the_records_of_an_export(run_koi: RunKoi, session: Path) -> None:
    compact(session)
    document = json.loads(run_koi("sessions", "export", session.stem, "--format", "json").stdout)
    (record,) = [each for each in document["records"] if each["kind"] == "compaction"]
    assert record["v"] == 2
    assert record["compacted"]["messages_summarised"] == 4
