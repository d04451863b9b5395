"""`koi sessions`: list, show, export and delete the journals."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from koi.cli.options import current_options, global_options
from koi.core.errors import UsageError

if TYPE_CHECKING:
    from koi.store.lines import Entry


@click.group(name="sessions")
@global_options
def command() -> None:
    """List, show, export and delete sessions.

    A session is named by its id, the beginning of it, or the beginning of its last part.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@global_options
def list_command(as_json: bool) -> None:
    """The sessions of all folders, the one used last first."""
    from koi.cli.table import print_table
    from koi.store.sessions import list_sessions
    from koi.view.units import total

    summaries = list_sessions(current_options().paths.sessions)
    if as_json:
        rows = [
            {
                "id": summary.id,
                "title": summary.title,
                "cwd": summary.cwd,
                "model": str(summary.model) if summary.model else None,
                "mode": summary.mode,
                "started": summary.started,
                "updated": summary.updated,
                "turns": summary.turns,
                "cost_usd": summary.cost.usd,
                "bytes": summary.size,
                "damaged_lines": summary.damaged_lines,
            }
            for summary in summaries
        ]
        click.echo(json.dumps(rows))
        return
    if not summaries:
        click.echo("No sessions yet. Start one with: koi", err=True)
        return
    table = [("ID", "USED", "TURNS", "COST", "FOLDER", "TITLE")]
    for summary in summaries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(summary.updated))
        damaged = f" ({summary.damaged_lines} damaged lines)" if summary.damaged_lines else ""
        cost, turns = total(summary.cost), str(summary.turns)
        folder, title = _short_folder(summary.cwd), summary.title[:60]
        table.append((summary.id, used, turns, cost, folder, title + damaged))
    print_table(table)


def _short_folder(folder: str) -> str:
    from koi.files.home import short_path

    shown = short_path(Path(folder))
    return shown if len(shown) <= 40 else "…" + shown[-39:]


@command.command("show")
@click.argument("session")
@global_options
def show_command(session: str) -> None:
    """Print a session to read it."""
    from koi.cli.transcript_output import blocks, plain
    from koi.store.conversation import timeline
    from koi.store.scan import read_journal
    from koi.store.sessions import find_session, summarise
    from koi.view.safe_text import safe
    from koi.view.units import total

    path = find_session(current_options().paths.sessions, session)
    contents = read_journal(path)
    if summary := summarise(path):
        facts = (summary.id, summary.cwd, str(summary.model or ""), total(summary.cost))
        click.echo(safe(" · ".join(fact for fact in facts if fact), keep_newlines=False))
    for line in plain(list(blocks(timeline(contents.entries)))):
        click.echo(line)
    if contents.damage:
        lines = ", ".join(str(damage.line) for damage in contents.damage)
        click.echo(f"koi: unreadable lines of {safe(str(path))}: {lines}", err=True)


@command.command("export")
@click.argument("session")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "json", "jsonl"]),
    default="markdown",
    show_default=True,
    help="jsonl is the journal itself; json is its readable records in one object.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to a new file, not to stdout.")
@global_options
def export_command(
    session: str, form: Literal["markdown", "json", "jsonl"], output: str | None
) -> None:
    """Write a session in another format."""
    from koi.files.atomic import write_atomic
    from koi.store.sessions import find_session

    path = find_session(current_options().paths.sessions, session)
    target = Path(output).expanduser() if output else None
    if target is not None and target.exists():
        raise UsageError(f"{target} exists already", hint="Name another file, or remove it first.")
    data = _exported(path, form)
    if target is not None:
        write_atomic(target, data, mode=0o600)
        return
    if form == "jsonl" and sys.stdout.isatty():
        from koi.view.safe_text import safe

        data = safe(data.decode(errors="replace")).encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _exported(path: Path, form: Literal["markdown", "json", "jsonl"]) -> bytes:
    from koi.cli.transcript_output import blocks, markdown
    from koi.store.conversation import timeline
    from koi.store.scan import read_journal
    from koi.store.sessions import summarise
    from koi.view.units import total

    contents, summary = read_journal(path), summarise(path)
    match form:
        case "jsonl":
            return path.read_bytes()
        case "json":
            document = {
                "type": "koi_session",
                "v": 1,
                "id": path.stem,
                "damaged_lines": [damage.line for damage in contents.damage],
                "records": [_as_object(entry) for entry in contents.entries],
            }
            return json.dumps(document, indent=1).encode() + b"\n"
        case "markdown":
            facts = [f"session {path.stem}"]
            if summary is not None:
                started = time.strftime("%Y-%m-%d %H:%M", time.localtime(summary.started))
                facts += [summary.cwd, str(summary.model or ""), started, total(summary.cost)]
            entries = timeline(contents.entries)
            title = summary.title if summary else ""
            lines = markdown(title, [fact for fact in facts if fact], list(blocks(entries)))
            return "\n".join((*lines, "")).encode()


def _as_object(entry: Entry) -> dict[str, object]:
    """An entry as a JSON object: its place, then its record."""
    import msgspec

    from koi.store.records import UnknownRecord

    place = {"v": entry.v, "id": entry.id, "parent": entry.parent, "ts": entry.ts}
    if isinstance(entry.record, UnknownRecord):
        fields: dict[str, object] = json.loads(entry.record.line)
        fields.pop("crc")
    else:
        fields = msgspec.to_builtins(entry.record)
    return place | fields


@command.command("delete")
@click.argument("session", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
def delete_command(session: tuple[str, ...], yes: bool) -> None:
    """Delete sessions for good, with their large outputs. The ledger keeps what they cost."""
    from koi.store.sessions import delete_session, find_session, summarise
    from koi.view.safe_text import safe

    paths = current_options().paths
    found = list(dict.fromkeys(find_session(paths.sessions, wanted) for wanted in session))
    if not yes:
        for path in found:
            summary = summarise(path)
            title = summary.title if summary else ""
            click.echo(safe(f"{path.stem}  {title}", keep_newlines=False), err=True)
        many = f"these {len(found)} sessions" if len(found) > 1 else "this session"
        if not click.confirm(f"Delete {many}?", err=True):
            click.echo("Nothing was deleted.", err=True)
            return
    for path in found:
        delete_session(path, spill=paths.spill / path.stem)
        click.echo(f"Deleted {safe(path.stem)}.")
