"""Which model a session starts with, and whether one that was named can be used."""

from __future__ import annotations

import contextlib

import msgspec

from koi.agent.options import SessionOptions
from koi.catalogue.registry import Registry
from koi.config.schema import ROLE_NAMES
from koi.core.errors import CredentialMissing, UsageError
from koi.core.references import ModelReference
from koi.providers.demo.reference import DEMO
from koi.wiring.providers import close_keys, open_keys, open_provider
from koi.wiring.registry import open_registry

NOTHING_FOUND = (
    "Ways in: koi connect (a login, a key, any OpenAI-compatible address); set a key, such as "
    "ANTHROPIC_API_KEY or OPENAI_API_KEY; start Ollama; or try koi --demo, which works offline."
)


class ChosenModel(msgspec.Struct, frozen=True):
    """The model of a session, and what could not be looked into while it was chosen."""

    reference: ModelReference
    notes: tuple[str, ...] = ()


async def choose_model(
    options: SessionOptions, registry: Registry, resumed: ModelReference | None = None
) -> ChosenModel:
    """The model of a new session: said, resumed, configured, or the best one that was found.

    Raises UsageError for a name that means nothing, CredentialMissing when nothing was found.
    """
    from koi.credentials.default_model import find_default_model
    from koi.credentials.discovery import discover
    from koi.wiring.named_models import meant_model

    if options.model_before is not None:
        return ChosenModel(options.model_before)
    said = options.executor or options.model
    if options.demo or said == str(DEMO):
        return ChosenModel(DEMO)
    if resumed is not None and not said and not options.provider:
        return ChosenModel(resumed)
    text = registry.config.role_model() if said or not options.provider else None
    reference, discovery = await meant_model(text, registry, provider=options.provider)
    if reference is None:
        found = discovery or await discover(registry)
        chosen, found = await find_default_model(registry, found)
        reference = chosen.reference
        if reference is None:
            raise CredentialMissing(
                "no credential and no local model was found",
                hint="\n".join((NOTHING_FOUND, *chosen.notes, *found.notes)),
            )
        discovery = found
    return ChosenModel(reference, () if discovery is None else discovery.notes)


def check_role_options(options: SessionOptions, registry: Registry) -> None:
    """Raises UsageError and ConfigurationError for an option of a role that means no model."""
    from koi.wiring.named_models import model_at_once

    for role in ROLE_NAMES:
        text = getattr(options, role)
        if text and text != str(DEMO):
            with contextlib.suppress(CredentialMissing):  # told when the role is asked
                model_at_once(text, registry)


async def usable_model(text: str, options: SessionOptions) -> ModelReference:
    """The reference that `text` means, once it is sure that its provider can be asked.

    Raises UsageError, ConfigurationError, CredentialMissing.
    """
    from koi.credentials.discovery import look_ahead
    from koi.wiring.named_models import meant_model

    if text == str(DEMO):
        return DEMO
    registry = open_registry(
        options.config_flag, workspace=options.workspace, trusted=options.trust
    )
    reference, _ = await meant_model(text, registry)
    if reference is None:
        raise UsageError("no model was named", hint="Write it as provider/model.")
    await look_ahead([registry.get(reference.provider)], registry)
    await close_keys(open_keys(reference, registry))
    await learn(reference, registry)
    remember(reference, registry)
    return reference


def remember(model: ModelReference, registry: Registry) -> None:
    """Put a model that is used before the other recent ones; nobody waits for that."""
    if model == DEMO:
        return
    from koi.catalogue.model_choices import remember_used_aside

    remember_used_aside(registry.config.paths.model_choices, model)


async def learn(model: ModelReference, registry: Registry) -> None:
    """Have a local server say what its model can do, the first time that it is used."""
    if model == DEMO or not registry.get(model.provider).row.company.local:
        return
    from koi.providers.live_models import learn_local

    await learn_local(model, registry, lambda name: open_provider(name, registry))
