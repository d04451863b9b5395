"""The first words of koi: what it found and chose, in one line each, or the ways in."""

from __future__ import annotations

import msgspec

from koi.catalogue.registry import Registry
from koi.core.references import ModelReference
from koi.credentials.default_model import DefaultModel, find_default_model
from koi.credentials.discovery import discover
from koi.credentials.findings import Finding
from koi.credentials.targets import Way, foreign_ways


class Surroundings(msgspec.Struct, frozen=True):
    """What koi found around itself."""

    model: str
    """"" when there is none."""
    lines: tuple[str, ...]
    """What was found and chosen; what is there and waits for a yes; what is wrong with the rest."""
    waiting: tuple[Way, ...] = ()
    """The logins of other programs that wait for a yes."""


async def look_around(registry: Registry) -> Surroundings:
    """Look for credentials and models, and say what a session would begin with."""
    discovery = await discover(registry)
    configured = registry.config.role_model()
    chosen = DefaultModel(None)
    if configured is None:
        chosen, discovery = await find_default_model(registry, discovery)
    lines: list[str] = []
    ways = foreign_ways(discovery)
    waiting = tuple(way for way in ways if way.hint == "needs your yes")
    if configured is not None:
        lines.append(f"Using {configured}, as configured.")
    elif chosen.reference is not None:
        lines.append(using(chosen.reference, chosen.finding))
    if not lines:
        return Surroundings("", chosen.notes, waiting)
    lines += [
        f"Found: {way.title.removeprefix('use ')} ({way.hint}: koi connect {way.name})"
        for way in waiting
    ]
    return Surroundings(configured or str(chosen.reference), tuple(lines), waiting)


def using(model: ModelReference, finding: Finding | None) -> str:
    """Which model was chosen, and because of what."""
    if finding is None:
        return f"Using {model}."
    match finding.source:
        case "environment" | "configuration" | "local probe":
            return f"Using {model} from {finding.detail}."
        case _:
            account = f" ({finding.account})" if finding.account else ""
            return f"Using {model} from {_place(finding)}{account}."


def _place(finding: Finding) -> str:
    match finding.source:
        case "koi login":
            return "koi's login"
        case "key file":
            return "a saved key"
        case "OS keyring":
            return "the OS keyring"
        case source:
            return f"the login of {source}" if finding.subscription else f"{source}'s API key"


def was_welcomed(registry: Registry) -> bool:
    """True when the first line was said once, in this or an earlier start."""
    return (registry.config.paths.state / "welcomed").exists()


def remember_welcome(registry: Registry) -> None:
    """Never again. Raises StorageError when it cannot be written down."""
    from koi.files.atomic import create_private_folder, write_atomic

    folder = registry.config.paths.state
    create_private_folder(folder)
    write_atomic(folder / "welcomed", b"", mode=0o600)
