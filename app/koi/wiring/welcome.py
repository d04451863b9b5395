"""The first words of koi: what it found and chose, in one line each, or the ways in."""

from __future__ import annotations

import msgspec

from koi.catalogue.registry import Registry
from koi.core.errors import CredentialMissing, KoiError, UsageError
from koi.core.references import ModelReference
from koi.credentials.default_model import find_default_model, passed_over
from koi.credentials.discovery import discover, look_ahead
from koi.credentials.findings import Discovery, Finding
from koi.credentials.targets import Way, foreign_ways
from koi.providers.demo.reference import DEMO
from koi.wiring.named_models import meant_model
from koi.wiring.providers import close_keys, open_keys


class Surroundings(msgspec.Struct, frozen=True):
    """What koi found around itself."""

    model: str
    """What a session begins with, or could begin with when there is a `problem`; "" for none."""
    lines: tuple[str, ...]
    """What was found and chosen, and what is wrong with the rest."""
    waiting: tuple[Way, ...] = ()
    """The logins of other programs that wait for a yes."""
    problem: KoiError | None = None
    """Why the model that was named cannot be used; `lines` say it, too."""
    wanted: str = ""
    """The provider to connect for it."""

    @property
    def said(self) -> tuple[str, ...]:
        """The lines, for those who are not shown the waiting logins in another form."""
        return (*self.lines, *(_found(way) for way in self.waiting))


async def look_around(registry: Registry, provider: str | None = None) -> Surroundings:
    """Look for credentials and models, and say what a session would begin with.

    The model is the one of the configuration, or of a `provider` that was named.
    """
    discovery = await discover(registry)
    named = provider or registry.config.role_model()
    ways = foreign_ways(discovery)
    waiting = tuple(way for way in ways if way.hint == "needs your yes")
    if named is None:
        return await _look_for_any(registry, discovery, waiting)
    slug, problem = await _problem_of(registry, provider, discovery)
    if problem is None:
        return Surroundings(named, (f"Using {named}, as configured.",), waiting)
    chosen, _ = await find_default_model(registry, discovery)
    lines = (f"{named} was named, and cannot be used: {problem.title}.", problem.hint)
    return Surroundings(str(chosen.reference or ""), lines, waiting, problem, slug)


async def _look_for_any(
    registry: Registry, discovery: Discovery, waiting: tuple[Way, ...]
) -> Surroundings:
    chosen, discovery = await find_default_model(registry, discovery)
    if chosen.reference is not None:
        line = using(chosen.reference, chosen.finding)
        return Surroundings(str(chosen.reference), (line,), waiting)
    shown = {way.name for way in waiting}
    told = {
        passed_over(name, finding)
        for name, findings in discovery.findings.items()
        for finding in findings
        if finding.consent in shown and finding.state == "needs_yes"
    }
    return Surroundings("", tuple(note for note in chosen.notes if note not in told), waiting)


async def _problem_of(
    registry: Registry, provider: str | None, discovery: Discovery
) -> tuple[str, KoiError | None]:
    """The provider that was named, and why it cannot be asked.

    What is wrong with a name itself is told when the session is opened.
    """
    text = None if provider else registry.config.role_model()
    try:
        reference, _ = await meant_model(text, registry, provider=provider, discovery=discovery)
        if reference is None or reference == DEMO:
            return "", None
        await look_ahead([registry.get(reference.provider)], registry)
    except UsageError:
        return "", None
    except CredentialMissing as error:
        return "", error
    try:
        await close_keys(open_keys(reference, registry))
    except CredentialMissing as error:
        return reference.provider, error
    return "", None


def _found(way: Way) -> str:
    return f"Found: {way.title.removeprefix('use ')} ({way.hint}: koi connect {way.name})"


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
