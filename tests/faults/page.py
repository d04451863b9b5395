"""The figures of a run as the table in docs/reliability.md."""

from __future__ import annotations

import datetime
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- begin: written by make test-faults -->", "<!-- end -->"
Row: TypeAlias = Mapping[str, Any]
"""One turn of the matrix, or one load: see judging.facts and loads.Figures."""
_WORDS = {
    None: "odd but whole answers",
    "network": "no connection, or broken off",
    "timeout": "too slow, or silent",
    "protocol": "damaged, or no answer at all",
    "overloaded": "the provider's own trouble",
    "rate_limit": "too many requests",
    "billing": "no credit",
    "auth": "the key is refused",
    "context_overflow": "the conversation is too long",
    "bad_request": "the request is refused",
    "model_not_found": "no such model",
    "network_policy": "sent on to another host",
}


def write(turns: Sequence[Row], loads: Sequence[Row], added: Sequence[Row]) -> None:
    """Put the figures between the two marks of the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    text = "\n\n".join(_paragraphs(turns, loads, added))
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _paragraphs(turns: Sequence[Row], loads: Sequence[Row], added: Sequence[Row]) -> Iterator[str]:
    today = datetime.datetime.now(datetime.UTC).date()
    cells = {(row["wire"], row["name"], row["phase"], row["variant"]) for row in turns}
    seeds = len({row["seed"] for row in turns})
    wires = len({row["wire"] for row in turns})
    yield (
        f"Written on {today.isoformat()} at commit {_commit()}: {len(cells)} cells (fault × phase "
        f"× wire format, {wires} formats) with {seeds} seeds each, {len(turns):,} turns, and "
        f"{sum(row['turns'] for row in (*loads, *added)):,} turns with random faults."
    )
    yield _promises(turns, loads, added)
    yield _by_kind(turns)


def _promises(turns: Sequence[Row], loads: Sequence[Row], added: Sequence[Row]) -> str:
    everything = (*turns, *loads, *added)
    lines = ["| promise | found | goal |", "|---|---|---|"]
    for row in sorted(loads, key=lambda row: float(row["rate"])):
        lines.append(
            f"| turns that succeed at {row['rate']:.0%} faults | {row['success']:.2%} "
            f"({row['succeeded']:,} of {row['turns']:,}; {row['faults']} faults) "
            f"| ≥ {row['least']:.1%} |"
        )
    for row in added:
        lines.append(
            f"| requests per answer at {row['rate']:.0%} faults | {row['amplification']:.3f} "
            f"({row['requests']:,} for {row['turns'] * 2:,} answers) | ≤ {row['most']:.2f} |"
        )
    for name, words in (
        ("truncated", "silent truncations"),
        ("twice", "tools that ran twice"),
        ("early", "early requests"),
    ):
        lines.append(f"| {words} | {sum(row[name] for row in everything)} | 0 |")
    most = max(row["most_requests"] for row in everything)
    lines.append(f"| most requests for one answer | {most} | ≤ 10 |")
    return "\n".join(lines)


def _by_kind(turns: Sequence[Row]) -> str:
    rows: defaultdict[str | None, list[Row]] = defaultdict(list)
    for row in turns:
        rows[row["kind"]].append(row)
    lines = ["| failure | what has to follow, in turns | cells | followed |", "|---|---|---|---|"]
    for kind, words in _WORDS.items():
        found = rows[kind]
        moves = Counter(row["move"] for row in found)
        did = ", ".join(f"{move} {count:,}" for move, count in moves.most_common())
        cells = {(row["wire"], row["name"], row["phase"], row["variant"]) for row in found}
        well = sum(row["ok"] for row in found)
        name = f"{words} (`{kind}`)" if kind else words
        lines.append(f"| {name} | {did} | {len(cells)} | {well:,} of {len(found):,} |")
    return "\n".join(lines)


def _commit() -> str:
    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "app", "tests")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")
