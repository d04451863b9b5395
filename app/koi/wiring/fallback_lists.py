"""Writes the fallbacks of a role into the person's configuration."""

from __future__ import annotations

from collections.abc import Sequence

from koi.agent.options import SessionOptions
from koi.config.schema import RoleName
from koi.core.errors import UsageError
from koi.core.references import ModelReference
from koi.files.home import short_path
from koi.wiring.role_models import named_model
from koi.wiring.session import registry_of


async def keep_fallbacks(
    role: RoleName, texts: Sequence[str], options: SessionOptions, model: ModelReference
) -> str:
    """Write the models that follow `model`, the one of a role; none takes the list away.

    Returns what was done, in a line. Raises UsageError, ConfigurationError, CredentialMissing for
    a name that means nothing or `model` itself, and StorageError; then the file is as it was.
    """
    from koi.config.edit import set_values

    config = registry_of(options).config
    for text in texts:
        if await named_model(text, options) == model:
            raise UsageError(
                f"{model} is the model itself, and cannot take over from itself",
                hint="Name the models that follow it. The list is as it was.",
            )
    # A name may hold anything; in the file it means itself, not a variable.
    written = [text.replace("${", "$${") for text in texts]
    set_values(config.paths, {("models", "fallback", role): written or None})
    key, where = f"models.fallback.{role}", short_path(config.paths.config_file)
    kept = tuple(getattr(registry_of(options).config.tables.models.fallback, role))
    if kept != tuple(written):
        place = registry_of(options).config.origin(key).place
        raise UsageError(
            f"{key} is written, but {place} says something else", hint=f"Change it in {place}."
        )
    if not texts:
        return f"The {role} has no fallbacks of its own any more ({key} in {where})."
    return f"{key} = {', '.join(texts)} in {where}"
