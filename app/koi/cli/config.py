"""`koi config`: where the configuration is, what is wrong with it, and single values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from koi.cli.options import GlobalOptions, current_options, global_options
from koi.cli.toml_text import toml_text

if TYPE_CHECKING:
    from pathlib import Path

    from koi.config.config import Config
    from koi.config.mistakes import Mistake

EXIT_MISTAKES = 2


@click.group("config")
@global_options
def command() -> None:
    """Show, check and change the configuration."""


@command.command("path")
@global_options
def path_command() -> None:
    """Print where the configuration file is (it need not exist)."""
    _say(str(current_options().paths.config_file))


@command.command("check")
@global_options
def check_command() -> int:
    """Print every mistake, with its file and key. Exit code 2 when there is one."""
    options = current_options()
    found = find_mistakes(options)
    for mistake in found:
        hint = f" {mistake.hint}" if mistake.hint else ""
        _say(f"{mistake.severity}: {mistake.place}: {mistake.message}.{hint}")
    errors = sum(mistake.severity == "error" for mistake in found)
    if errors:
        return EXIT_MISTAKES
    paths = options.paths
    _check_rules()
    _say(f"{paths.config_file}: {_state(paths.config_file, len(found))}")
    return 0


def _state(file: Path, warnings: int) -> str:
    if warnings:
        return f"no errors, {warnings} {'warning' if warnings == 1 else 'warnings'}"
    return "no mistakes" if file.exists() else "no such file, so all is default"


def find_mistakes(options: GlobalOptions) -> list[Mistake]:
    """Every mistake in the layers of the configuration. Raises ConfigurationError for no TOML."""
    from koi.catalogue.catalogue import load_catalogue
    from koi.catalogue.consistency import find_inconsistencies
    from koi.config.load import read_layers
    from koi.net.network_rules import wrong_hosts

    paths = options.paths
    sources = read_layers(
        paths=paths,
        environment=os.environ,
        project_folder=options.workspace,
        trusted=options.trust,
    )
    found: list[Mistake] = []
    for source in sources:
        found += source.mistakes
        found += map(source.under_original, wrong_hosts(source.table, source.place("network")))
        where = source.places.get("") or source.place("model")
        more = find_inconsistencies(
            source.table, where, load_catalogue(), os.environ, paths.config_file.parent
        )
        found += [source.under_original(mistake) for mistake in more]
    if not any(mistake.severity == "error" for mistake in found):
        found += _names_of_models(options)
    return found


def _names_of_models(options: GlobalOptions) -> tuple[Mistake, ...]:
    """What is wrong with fallbacks, routes, roles, tiers and prices."""
    from koi.catalogue.catalogue import load_catalogue
    from koi.catalogue.registry import Registry
    from koi.config.load import load
    from koi.wiring.candidate_check import candidate_mistakes
    from koi.wiring.price_check import price_mistakes

    config = load(
        paths=options.paths,
        environment=os.environ,
        project_folder=options.workspace,
        trusted=options.trust,
    )
    registry = Registry(config, load_catalogue())
    return (*candidate_mistakes(registry), *price_mistakes(registry))


def _check_rules() -> None:
    from koi.safety.rules import check_rules, parse_rule
    from koi.tools.registry import builtin_tools

    config = _load()
    where = f"{config.paths.config_file}: permissions.rules"
    rules = [parse_rule(rule.rule, rule.action, where) for rule in config.rules()]
    check_rules(rules, [tool.name for tool in builtin_tools()])


@command.command("get")
@click.argument("key", required=False)
@click.option("--origin", is_flag=True, help="Also print where each value was set.")
@global_options
def get_command(key: str | None, origin: bool) -> None:
    """Print the value of KEY (as models.executor), or all values that are set.

    Keys of providers are shown by their last four characters.
    """
    from koi.config.keys import value_at

    config = _load()
    if key is None:
        for name, place in config.origins.items():
            after = f"  # {place}" if origin else ""
            _say(f"{name} = {toml_text(value_at(config, name))}{after}")
        return
    value = value_at(config, key)
    after = f"  # {config.origin(key)}" if origin else ""
    _say(f"{'' if value is None else _bare(value)}{after}")


@command.command("set", context_settings={"ignore_unknown_options": True})  # -3 is a value
@click.argument("key")
@click.argument("value")
@global_options
def set_command(key: str, value: str) -> None:
    """Set KEY to VALUE in your file, keeping its comments. VALUE is text or TOML."""
    from koi.cli.failures import print_notes
    from koi.config.edit import set_value
    from koi.files.home import short_path

    paths = current_options().paths
    set_value(paths, key, value)
    _say(f"{key} is set in {short_path(paths.config_file)}")
    if key == "model" or key.startswith("models."):
        said = "warning: it is set, but koi cannot use it as it is"
        unknown = _names_of_models(current_options())
        print_notes(f"{said}: {each.message}. {each.hint}" for each in unknown if each.key == key)


@command.command("import")
@click.argument("file")
@click.option("--yes", is_flag=True, help="Replace values that your file has otherwise.")
@global_options
def import_command(file: str, yes: bool) -> None:
    """Take over the configuration of another program, or koi's own from elsewhere.

    FILE is TOML, YAML or JSON, - for stdin: [provider] or default_provider in a config.toml, a
    providers: map, agents.config.json. Says first what it sets and what has no counterpart.
    """
    from koi.cli.config_import import import_file

    import_file(file, current_options().paths, replace=yes)


def _load() -> Config:
    from koi.config.load import load

    options = current_options()
    return load(
        paths=options.paths,
        environment=os.environ,
        project_folder=options.workspace,
        trusted=options.trust,
    )


def _bare(value: object) -> str:
    return value if isinstance(value, str) else toml_text(value)


def _say(text: str) -> None:
    from koi.view.safe_text import safe

    click.echo(safe(text, keep_newlines=False))
