"""Which model each role has by the configuration, and how a choice is kept there."""

from __future__ import annotations

from pathlib import Path

from koi.agent.options import SessionOptions
from koi.catalogue.registry import Registry
from koi.config.config import Config
from koi.config.schema import NOT_IN_EFFECT, ROLE_NAMES, RoleName
from koi.core.errors import KoiError, UsageError
from koi.core.offers import EXECUTOR, RoleModel
from koi.core.references import ModelReference
from koi.wiring.registry import open_registry


def configured_roles(options: SessionOptions) -> dict[str, RoleModel]:
    """The model of every role and where it stands. Raises ConfigurationError."""
    config = _registry(options).config
    return {role: _configured(role, config) for role in ROLE_NAMES}


async def named_model(text: str, options: SessionOptions) -> ModelReference:
    """The reference that `text` means, whether or not its provider can be used now.

    Raises UsageError, ConfigurationError, CredentialMissing.
    """
    from koi.wiring.named_models import meant_model

    reference, _ = await meant_model(text, _registry(options))
    if reference is None:
        raise UsageError("no model was named", hint="Write it as provider/model.")
    return reference


def parse_role(text: str) -> RoleName:
    """The role of a name. Raises UsageError for an unknown one."""
    for role in ROLE_NAMES:
        if role == text:
            return role
    raise UsageError(f"there is no role '{text}'", hint=f"Roles: {', '.join(ROLE_NAMES)}.")


def keep_model(role: RoleName, reference: ModelReference, options: SessionOptions) -> str:
    """Write the model of a role into the person's file; returns what was done, in a line.

    Raises UsageError and StorageError; then the file is as it was.
    """
    from koi.config.edit import set_value

    before = _registry(options).config
    key = _key(role, before)
    # A name may hold anything; in the file it means itself, not a variable.
    set_value(before.paths, key, str(reference).replace("${", "$${"))
    after = _registry(options).config
    written = f"{key} = {reference} in {_short(after.paths.config_file)}"
    said = _configured(role, after)
    if said.reference != str(reference):
        return f"Kept, but {said.place} says {said.reference}: {written}"
    if not said.in_effect:
        return f"Kept, without effect in this version: {written}"
    return f"New sessions begin with it: {written}"


def _registry(options: SessionOptions) -> Registry:
    return open_registry(options.config_flag, workspace=options.workspace, trusted=options.trust)


def _configured(role: RoleName, config: Config) -> RoleModel:
    effect = f"models.{role}" not in NOT_IN_EFFECT
    try:
        reference = config.role_model(role)
    except KoiError as error:
        return RoleModel(role, "", error.title, effect)
    if reference is None:
        return RoleModel(role, in_effect=effect)
    return RoleModel(role, reference, place_of(config.role_key(role) or "model", config), effect)


def place_of(key: str, config: Config) -> str:
    """The file, variable or option that sets a dotted key, for people."""
    origin = config.origin(key)
    place = _short(Path(origin.place)) if origin.layer == "user" else origin.place
    return place or origin.layer


def _key(role: RoleName, config: Config) -> str:
    """Where a role's model is written: the executor's is `model`, unless it has a key already."""
    if role != EXECUTOR:
        return f"models.{role}"
    own = config.tables.models.executor
    written = own is not None and config.origin("models.executor").layer == "user"
    return "models.executor" if written else "model"


def _short(path: Path) -> str:
    from koi.files.home import short_path

    return short_path(path)
