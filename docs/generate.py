"""Writes docs/reference/ and docs/providers.md from the code, so that it cannot say what is not so.

`python -m docs.generate` writes the pages; a test compares them with what is there.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
from msgspec import inspect as types

from docs.provider_page import providers
from koi.cli.options import GlobalOptions

DOCS = Path(__file__).parent
NOTICE = "<!-- Written by `make docs` from {source}; do not edit. -->"


def main() -> None:
    """Write every page that changed."""
    for name in PAGES:
        path, text = DOCS / name, page(name)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(Path.cwd())}\n")


def page(name: str) -> str:
    """The text of one page."""
    source, write = PAGES[name]
    return "\n\n".join([NOTICE.format(source=source), *write()]) + "\n"


def configuration() -> Iterator[str]:
    """Every table and key of config.toml with type, default and meaning."""
    from koi.config import schema
    from koi.config.load import ENVIRONMENT_KEYS

    meanings = field_docstrings(inspect.getsource(schema))
    yield "# Configuration"
    yield (
        "One TOML file; `koi config path` says where it is, `koi config check` finds mistakes in "
        "it, `koi config set KEY VALUE` changes it and keeps your comments."
    )
    yield (
        "Later wins: defaults, your file, `.koi/config.toml` of a trusted project (display "
        "options, `ignore`, rules that deny), environment variables, options of the command line. "
        "Strings may hold `${VAR}` and `${VAR:-default}`; `$${` stands for `${`."
    )
    rows = [f"| `{variable}` | `{key}` |" for variable, key in ENVIRONMENT_KEYS.items()]
    yield "\n".join(["| variable | sets |", "|---|---|", *rows])
    yield "Keys marked *not yet* are read and checked; this version does nothing with them."
    yield from _tables(schema.Tables, "", schema.NOT_IN_EFFECT, meanings)


def _tables(
    struct: type[msgspec.Struct],
    prefix: str,
    not_yet: dict[str, str],
    meanings: dict[str, dict[str, str]],
) -> Iterator[str]:
    title = inspect.getdoc(struct) or struct.__name__
    yield f"## {'Top level' if not prefix else title.partition(':')[0].strip('.')}"
    if prefix and ":" in title:
        meaning = title.partition(":")[2].strip()
        yield meaning[0].upper() + meaning[1:]
    rows, nested = [], []
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    for field in info.fields:
        inner = _struct_inside(field.type)
        key = f"{prefix}{field.name}"
        if inner is not None:
            many = isinstance(field.type, types.DictType)
            nested.append((inner, f"{key}.*." if many else f"{key}."))
            continue
        late = any(key == known or key.startswith(f"{known}.") for known in not_yet)
        meaning = meanings[struct.__name__].get(field.name, "")
        default = "" if field.default in (msgspec.NODEFAULT, None, ()) else _toml(field.default)
        mark = "*not yet* · " if late else ""
        rows.append(f"| `{field.name}` | {_type(field.type)} | {default} | {mark}{meaning} |")
    if rows:
        yield "\n".join(["| key | type | default | |", "|---|---|---|---|", *rows])
    for inner, inner_prefix in nested:
        yield from _tables(inner, inner_prefix, not_yet, meanings)


def _struct_inside(field: types.Type) -> type[msgspec.Struct] | None:
    match field:
        case types.StructType(cls=struct):
            return struct
        case types.DictType(value_type=inner) | types.VarTupleType(item_type=inner):
            return _struct_inside(inner)
    return None


def _type(field: types.Type) -> str:
    match field:
        case types.UnionType(types=members):
            return " or ".join(
                _type(member) for member in members if not isinstance(member, types.NoneType)
            )
        case types.LiteralType(values=values):
            return ", ".join(f"`{value}`" for value in values)
        case types.IntType(ge=least, gt=above) | types.FloatType(ge=least, gt=above):
            name = "integer" if isinstance(field, types.IntType) else "number"
            if above is not None:
                return f"{name} > {above:g}"
            top = f", ≤ {field.le:g}" if field.le is not None else ""
            return name if least is None else f"{name} ≥ {least:g}{top}"
        case types.BoolType():
            return "true or false"
        case types.StrType():
            return "string"
        case types.VarTupleType(item_type=inner):
            return f"list of {_type(inner)}"
        case types.DictType(value_type=inner):
            return f"table of {_type(inner)}"
    raise TypeError(f"the reference has no words for {field}")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    return f"`{list(value)}`" if isinstance(value, tuple) else f"`{value}`"


def field_docstrings(source: str) -> dict[str, dict[str, str]]:
    """Class → field → the string that stands below the field."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        texts = found.setdefault(node.name, {})
        for field, below in zip(node.body, node.body[1:], strict=False):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    texts[name] = " ".join(text.split())
    return found


def command_line() -> Iterator[str]:
    """The help of every command, as the terminal shows it."""
    from koi.cli.dispatch import COMMANDS, root

    yield "# Command line"
    yield (
        "`koi` alone, and `koi PROMPT`, is `koi chat`. The options of this first block may stand "
        "before or after every command."
    )
    yield _help("koi", root)
    for name, (module, _) in COMMANDS.items():
        command = importlib.import_module(module).command
        yield from _helps(f"koi {name}", command)


def _helps(name: str, command: click.Command) -> Iterator[str]:
    yield f"## {name}"
    yield _help(name, _own(command))
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield _help(f"{name} {inner.name}", _own(inner))


def _own(command: click.Command) -> click.Command:
    """The command without the options that all commands have."""
    own = copy.copy(command)
    own.params = [each for each in own.params if each.name not in GlobalOptions.__struct_fields__]
    return own


def _help(name: str, command: click.Command) -> str:
    from koi.cli.dispatch import root

    context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
    context.help_option_names = list(root.context_settings["help_option_names"])
    return f"```text\n{command.get_help(context)}\n```"


def keys() -> Iterator[str]:
    """Keys and slash commands of the screen."""
    from koi.tui.commands import COMMANDS
    from koi.tui.keys import KEYS, KEYS_FILE, PICKER_KEYS, key_label

    yield "# Keys and slash commands"
    yield (
        f'Every key can be changed: lines of `action = "key"` in `{KEYS_FILE}` beside '
        "`config.toml`, several keys with commas between them."
    )
    for title, table in (("", KEYS), ("In the list of models:", PICKER_KEYS)):
        if title:
            yield title
        lines = ["| key | does | action |", "|---|---|---|"]
        for key in table:
            labels = ", ".join(key_label(one) for one in key.keys.split(","))
            lines.append(f"| {labels} | {key.description} | `{key.action}` |")
        yield "\n".join(lines)
    lines = ["| command | does | also |", "|---|---|---|"]
    for command in COMMANDS:
        name = f"`/{command.name} {command.argument}`".replace(" `", "`").replace("|", "\\|")
        also = ", ".join(f"`/{alias}`" for alias in command.aliases)
        lines.append(f"| {name} | {command.description} | {also} |")
    yield "\n".join(lines)


PAGES: dict[str, tuple[str, Callable[[], Iterator[str]]]] = {
    "reference/configuration.md": ("app/koi/config/schema.py", configuration),
    "reference/command-line.md": ("the commands' own help", command_line),
    "providers.md": ("app/koi/catalogue/providers.json", providers),
    "reference/keys.md": ("app/koi/tui/keys.py and commands.py", keys),
}
"""Path below docs/ → where it comes from, and its paragraphs."""

if __name__ == "__main__":
    main()
