"""The grep tool: lines of files, through ripgrep or a search of koi's own with the same output."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from koi.core.errors import ToolFailure
from koi.core.messages import JsonObject
from koi.core.seams import ToolContext, ToolOutcome, ToolPlan
from koi.files.paths import WorkspacePath, missing, resolve
from koi.files.ring import OutputRing
from koi.safety.process import CommandResult, find_program, run_program
from koi.tools.arguments import parse_arguments, tool_schema
from koi.tools.glob import name_pattern
from koi.tools.searcher import LINE_BYTES, Search

LINE_CHARACTERS = 500
SHOWN_BYTES = 50_000
_SECONDS = 30.0
_OUTPUT_BYTES = 4_000_000
_BOOT = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); "
    "from koi.tools.searcher import main; main()"
)


class GrepArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What grep takes."""

    pattern: str
    path: str = "."
    include: Annotated[str, msgspec.Meta(description="only files named so, e.g. *.py")] = ""
    literal: bool = False
    ignore_case: bool = False
    context: Annotated[int, msgspec.Meta(ge=0, le=20, description="lines around a match")] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000, description="matches")] = 100


class _Line(msgspec.Struct, frozen=True):
    text: str
    is_match: bool


class GrepTool:
    """Searches for at most 30 s; neither a huge tree nor a costly expression holds koi up."""

    name = "grep"
    schema = tool_schema(name, GrepArguments, __file__)

    async def plan(self, arguments: JsonObject, context: ToolContext) -> ToolPlan:
        """Raises ToolFailure for an empty pattern, a wrong include, or a missing path."""
        wanted = parse_arguments(self.name, arguments, GrepArguments)
        if not wanted.pattern or "\n" in wanted.pattern or "\0" in wanted.pattern:
            raise ToolFailure("The pattern must be one line of text, and not empty.")
        target = resolve(wanted.path, context.workspace)
        _require_searchable(target)
        if wanted.include:
            name_pattern(wanted.include)
        where = "" if target.name == "." else f" in {target.name}"
        return ToolPlan("read", f"{wanted.pattern}{where}", paths=(target.path,))

    async def run(self, arguments: JsonObject, plan: ToolPlan, context: ToolContext) -> ToolOutcome:
        """The matching lines. Raises ToolFailure for a wrong regular expression."""
        wanted = parse_arguments(self.name, arguments, GrepArguments)
        search = _search(wanted, plan.paths[0], context.workspace)
        ripgrep = find_program("rg")
        result: CommandResult | None = None
        if ripgrep is not None and _ripgrep_can(search):
            result = await _execute(_ripgrep(ripgrep, search), context.workspace)
        if result is None or (result.exit_code == 2 and not any(_lines(result))):
            # Look-around and other things that only Python's expressions know.
            result = await _execute(_python(search), context.workspace)
        return _outcome(result, wanted)


def _require_searchable(target: WorkspacePath) -> None:
    try:
        mode = target.path.stat().st_mode
    except OSError:
        raise missing(target) from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ToolFailure(f"{target.name} is neither a file nor a folder; it is never opened.")


def _search(wanted: GrepArguments, start: Path, workspace: Path) -> Search:
    inside = start.is_relative_to(workspace)
    shown = str(start.relative_to(workspace)) if inside else str(start)
    if start.is_dir():
        shown = "" if shown == "." else f"{shown.rstrip('/')}/"
    return Search(
        wanted.pattern,
        str(start),
        shown,
        str(workspace),
        wanted.include,
        wanted.literal,
        wanted.ignore_case,
        wanted.context,
    )


def _ripgrep_can(search: Search) -> bool:
    """False for what ripgrep does otherwise: .gitignore above the start, includes with folders.

    It would also wait for ever on a .gitignore that is a FIFO.
    """
    start, top = Path(search.start), Path(search.top)
    above = start.parents if start.is_relative_to(top) and start != top else ()
    ignored_above = any(
        folder.is_relative_to(top) and (folder / ".gitignore").exists() for folder in above
    )
    own = start / ".gitignore"
    return "/" not in search.include and not ignored_above and (own.is_file() or not own.exists())


def _ripgrep(program: str, search: Search) -> list[str]:
    """https://github.com/BurntSushi/ripgrep/blob/master/GUIDE.md; the user's own files are out."""
    flags = (
        "--no-config --null --line-number --with-filename --no-heading --color=never --crlf "
        "--hidden --no-messages --no-require-git --no-ignore-global --no-ignore-exclude "
        f"--no-ignore-dot --no-ignore-parent --glob=!.git --max-columns={LINE_BYTES} "
        "--max-columns-preview --sort=path"
    ).split()
    if search.include:
        flags += ["--type-add", f"koi:{search.include}", "--type", "koi"]
    if search.literal:
        flags.append("--fixed-strings")
    if search.ignore_case:
        flags.append("--ignore-case")
    if search.context:
        flags.append(f"--context={search.context}")
    return [program, *flags, f"--regexp={search.pattern}", "--", search.shown or "./"]


def _python(search: Search) -> list[str]:
    request = msgspec.json.encode(search).decode()
    # Never the current folder, which is the workspace.
    folders = "\n".join(path for path in sys.path if Path(path).is_absolute())
    return [sys.executable, "-I", "-S", "-c", _BOOT, folders, request]


async def _execute(argv: list[str], workspace: Path) -> CommandResult:
    return await run_program(
        argv,
        cwd=workspace,
        timeout_s=_SECONDS,
        output=OutputRing(kept_bytes=4 * _OUTPUT_BYTES),
        output_limit=_OUTPUT_BYTES,
    )


def _lines(result: CommandResult) -> Iterator[_Line]:
    data = result.output.excerpt(4 * _OUTPUT_BYTES).head
    end = len(data) if result.end == "exited" else data.rfind(b"\n") + 1
    for raw in data[:end].decode("utf-8", "replace").split("\n"):
        if raw.rstrip("\r") == "--":
            yield _Line("--", False)
        name, found, rest = raw.partition("\0")
        digits = len(rest) - len(rest.lstrip("0123456789"))
        mark = rest[digits : digits + 1]
        if not found or not digits or mark not in (":", "-"):
            continue
        text = rest[digits + 1 :].removesuffix("\r")
        if len(text) > LINE_CHARACTERS:
            text = f"{text[:LINE_CHARACTERS]}…"
        name = name.removeprefix("./")
        yield _Line(f"{name}{mark}{rest[:digits]}{mark}{text}", mark == ":")


def _outcome(result: CommandResult, wanted: GrepArguments) -> ToolOutcome:
    shown: list[str] = []
    matches, room = 0, SHOWN_BYTES
    more = result.end == "runaway"
    for line in _lines(result):
        room -= len(line.text.encode()) + 1
        if room < 0 or (line.is_match and matches == wanted.limit):
            more = True
            break
        matches += line.is_match
        shown.append(line.text)
    if not shown and result.exit_code == 2:
        message = result.output.excerpt().head.decode("utf-8", "replace").strip()
        raise ToolFailure(
            f"{message.splitlines()[-1][:300] if message else 'The search failed'}.",
            hint="Set literal to search for the text as it stands.",
        )
    if more:
        shown.append(f"[more than {matches} matches; narrow the search or raise limit]")
    if result.end == "timeout":
        shown.append(f"[stopped after {_SECONDS:.0f} s; search in a smaller folder]")
    count = "1 match" if matches == 1 else f"{matches}{'+' if more else ''} matches"
    return ToolOutcome(
        "\n".join(shown) or "No match.",
        truncated=more or result.end == "timeout",
        summary=count,
    )
