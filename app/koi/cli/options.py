"""Options that every command takes, before or after its name."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click
import msgspec

if TYPE_CHECKING:
    from koi.config.paths import Paths

P = ParamSpec("P")
R = TypeVar("R")


class GlobalOptions(msgspec.Struct, frozen=True):
    """What was said before and after the command's name; after it wins."""

    config: str | None = None
    cwd: str | None = None
    trust: bool = False
    plain: bool = False
    debug: bool = False

    def merge(self, later: GlobalOptions) -> GlobalOptions:
        """These options, overridden by `later` where it says something."""
        return GlobalOptions(
            later.config or self.config,
            later.cwd or self.cwd,
            later.trust or self.trust,
            later.plain or self.plain,
            later.debug or self.debug,
        )

    @property
    def workspace(self) -> Path:
        """The folder to work in, absolute and resolved. Raises UsageError when it is none."""
        from koi.core.errors import UsageError

        path = Path(self.cwd or ".").expanduser()
        try:
            path = path.resolve(strict=True)
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror}", hint="Name a folder that exists, after -C."
            ) from error
        if not path.is_dir():
            raise UsageError(f"{path} is not a folder", hint="Name a folder after -C.")
        if not os.access(path, os.R_OK | os.X_OK):
            raise UsageError(
                f"{path} cannot be read: permission denied",
                hint="Work in a folder that you may read and enter, or change its permissions.",
            )
        return path

    @property
    def paths(self) -> Paths:
        """Where the configuration and the data are."""
        from koi.config.paths import find_paths

        return find_paths(config_flag=self.config)


def global_options(function: Callable[P, R]) -> Callable[P, R]:
    """Add the global options to a click command; read them with `current_options`."""

    @click.option("--config", metavar="FILE", help="Use this configuration file.")
    @click.option("-C", "--cwd", metavar="DIR", help="Work in this folder.")
    @click.option("--trust", is_flag=True, help="Trust this folder for this run.")
    @click.option("--plain", is_flag=True, help="No full screen.")
    @click.option("--debug", is_flag=True, help="Log more, to koi.log.")
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        said = {name: kwargs.pop(name) for name in GlobalOptions.__struct_fields__}
        context = click.get_current_context()
        later = msgspec.convert(said, GlobalOptions)
        earlier = context.parent.obj if context.parent is not None else None
        context.obj = earlier.merge(later) if isinstance(earlier, GlobalOptions) else later
        return function(*args, **kwargs)

    return wrapper


def current_options() -> GlobalOptions:
    """The global options of the command that runs now."""
    options = click.get_current_context().obj
    assert isinstance(options, GlobalOptions)
    return options
