"""The table of commands, and how words on the command line find theirs."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from koi import __version__
from koi.cli.failures import inside_koi, open_log, print_error, print_traceback
from koi.cli.options import global_options
from koi.core.errors import KoiError, UsageError

log = logging.getLogger(__name__)

CHAT = "chat"
COMMANDS: dict[str, tuple[str, str]] = {
    CHAT: ("koi.cli.chat", "Full-screen chat in this folder (what `koi` alone does)."),
    "run": ("koi.cli.run", "One turn without a screen."),
    "connect": ("koi.cli.connect", "Logins and keys; connect status lists them."),
    "disconnect": ("koi.cli.disconnect", "Give up logins and saved keys."),
    "init": ("koi.cli.init", "First-run set-up: what was found, and the ways in."),
    "probe": ("koi.cli.probe", "One request to one provider, as normalised events."),
    "providers": ("koi.cli.providers", "Providers, and where their credentials come from."),
    "models": ("koi.cli.models", "Models with price and context."),
    "status": ("koi.cli.status", "The model of each role, and the models and keys behind it."),
    "sessions": ("koi.cli.sessions", "List, show, export, delete sessions."),
    "config": ("koi.cli.config", "Show, check and change the configuration."),
    "doctor": ("koi.cli.doctor.command", "Look at all that koi stands on, and say what to do."),
}
"""name → module (it has a click command called `command`) and its line in the help."""


class Commands(click.Group):
    """Imports a command's module when it is called; what is no command is a prompt."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if name != CHAT]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help needs no command's module."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its own options, those of the chat, and the commands."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        records = []
        chat = self.get_command(ctx, CHAT)
        assert chat is not None
        for parameter in chat.get_params(ctx):
            record = parameter.get_help_record(ctx)
            is_own = bool(own & set(parameter.opts))
            if record is not None and isinstance(parameter, click.Option) and not is_own:
                records.append(record)
        click.Command.format_options(self, ctx, formatter)
        with formatter.section("Options of the chat"):
            formatter.write_dl(records)
        self.format_commands(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        index = self._first_word(ctx, args)
        if index is not None:
            args = self._named(ctx, args, index)
        return super().parse_args(ctx, args)

    def _named(self, ctx: click.Context, args: list[str], index: int) -> list[str]:
        """The arguments with `chat` before `index`, or with the command that stands behind options
        of its own (`koi --demo run …`) before them."""
        end = index
        if index < len(args) and args[index].startswith("-") and args[index] != "--":
            chat = self.get_command(ctx, CHAT)
            assert chat is not None
            end = _skip_options(chat.get_params(ctx), args, index)
        if index < end < len(args) and args[end] in COMMANDS and args[end] != CHAT:
            return [*args[:index], args[end], *args[index:end], *args[end + 1 :]]
        return [*args[:index], CHAT, *args[index:]]

    def _first_word(self, ctx: click.Context, args: list[str]) -> int | None:
        """Where `chat` must be put in, or None when a command is named or help is asked for."""
        index = _skip_options(self.get_params(ctx), args, 0)
        if any(word in ("--help", "-h", "--version") for word in args[:index]):
            return None
        if index > len(args):
            return None  # the last option lacks its value, which click says
        if index == len(args):
            return index
        word = args[index]
        if word in COMMANDS and word != CHAT:
            return None
        _refuse_misspelt_command(args[index:])
        return index


def _skip_options(known: Sequence[click.Parameter], args: Sequence[str], index: int) -> int:
    """Where the first word stands that is neither one of these options nor the value of one."""
    values = {
        name: 0 if getattr(parameter, "is_flag", False) else parameter.nargs
        for parameter in known
        for name in parameter.opts
        if name.startswith("-")
    }
    while index < len(args):
        name, joined = _option_name(args[index])
        if name not in values:
            break
        index += 1 if joined else 1 + values[name]
    return index


def _option_name(word: str) -> tuple[str, bool]:
    """The option that `word` gives, and whether its value is in the same word."""
    if word.startswith("--"):
        name, equals, _ = word.partition("=")
        return name, bool(equals)
    return word[:2], len(word) > 2


def _refuse_misspelt_command(words: Sequence[str]) -> None:
    if len(words) != 1 or not words[0].isascii() or not words[0].isalpha():
        return
    names = [name for name in COMMANDS if name != CHAT]
    from difflib import get_close_matches

    near = get_close_matches(words[0].lower(), names, n=1, cutoff=0.7)
    if near:
        raise UsageError(
            f"'{words[0]}' is not a command",
            hint=f"Did you mean {near[0]}? To send it as a prompt: koi -- {words[0]}",
        )


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="[COMMAND | PROMPT] [OPTIONS]",
)
@click.version_option(__version__, message="koi %(version)s")
@global_options
def root() -> None:
    """koi: a terminal coding agent for every model you already have.

    Without a command it opens the chat, with PROMPT as its first message.
    """


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit code. Errors are printed, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows only some characters
    try:
        result = root.main(arguments, prog_name="koi", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except KoiError as error:
        print_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader went away; what Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        open_log()
        log.exception("a command failed inside koi")
        failed = inside_koi(error)
        print_error(failed)
        if "--debug" in arguments:
            print_traceback(error)
        return failed.exit_code
    return result if isinstance(result, int) else 0
