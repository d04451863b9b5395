"""The joined configuration: typed tables, where each value came from, and values ready to use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from koi.config.interpolation import expand, variables
from koi.config.mistakes import Mistake, dotted, split_key
from koi.config.paths import Paths
from koi.config.schema import ProviderTable, RoleName, RuleTable, Tables

Layer: TypeAlias = Literal["default", "user", "project", "environment", "flag"]
SHARED_ROLES: tuple[RoleName, ...] = ("executor", "evaluator", "planner")
"""The roles that `model` is for."""
RANK: dict[Layer, int] = {"default": 0, "user": 1, "project": 2, "environment": 3, "flag": 4}


class Origin(msgspec.Struct, frozen=True):
    """Which layer set a value, and the file, variable or option it stands in."""

    layer: Layer
    place: str = ""
    original: str = ""
    """The key that stands there, when it is one of another shape."""

    def __str__(self) -> str:
        place = self.place or self.layer
        return f"{place}: {self.original}" if self.original else place


class Config(msgspec.Struct, frozen=True):
    """All settings. `tables` holds strings as written; the methods here put variables in."""

    tables: Tables
    origins: dict[str, Origin]
    paths: Paths
    environment: Mapping[str, str]
    warnings: tuple[Mistake, ...] = ()
    configured_models: tuple[str, ...] = ()
    """What `model` is in the layers below the flags, highest first, variables not put in."""

    def origin(self, key: str) -> Origin:
        """The layer of a dotted key; for a table, the highest layer that set something in it."""
        key = dotted(split_key(key))
        if key in self.origins:
            return self.origins[key]
        inside = [origin for name, origin in self.origins.items() if name.startswith(f"{key}.")]
        return max(inside, key=lambda origin: RANK[origin.layer], default=Origin("default"))

    def text(self, value: str, key: str) -> str:
        """`value` with `${VAR}` put in; `key` says where it stands.

        Raises ConfigurationError that names a variable which is not set.
        """
        if "$" not in value:
            return value
        return expand(value, self.environment, where=self.where(key))

    def where(self, key: str) -> str:
        """Place and key of a value, for messages: the key that the person wrote."""
        origin = self.origin(key)
        if origin.original:
            return str(origin)
        return f"{origin.place}: {key}" if origin.place else key

    def role_model(self, role: RoleName = "executor") -> str | None:
        """The model reference (or bare name) configured for a role, None: its default.

        `model` counts for executor, evaluator and planner; one from a later layer beats a role's
        own from an earlier one, so that `-m` works.
        """
        key = self.role_key(role)
        if key is None:
            return None
        own: str | None = getattr(self.tables.models, role)
        written = self.tables.model if key == "model" else own
        return None if written is None else self.text(written, key)

    def role_key(self, role: RoleName) -> str | None:
        """The dotted key in which a role's model is, None when nothing names one."""
        key = f"models.{role}"
        named = getattr(self.tables.models, role) is not None
        if role not in SHARED_ROLES or self.tables.model is None:
            return key if named else None
        later = RANK[self.origin("model").layer] > RANK[self.origin(key).layer]
        return "model" if later or not named else key

    def provider(self, name: str) -> ProviderTable | None:
        """`[providers.NAME]`, None when it is not configured."""
        return self.tables.providers.get(name)

    def key_variables(self) -> frozenset[str]:
        """The environment variables in which the configuration says that keys are."""
        named: set[str | None] = set()
        written: list[str] = []
        for table in self.tables.providers.values():
            named.add(table.api_key_env)
            written += [table.api_key or "", *table.api_keys, *table.headers.values()]
        for route in self.tables.model_routes:
            named.add(route.api_key_env)
            written.append(route.api_key or "")
        for text in written:
            named.update(variables(text, with_default=True))
        return frozenset(name for name in named if name is not None)

    def rules(self) -> tuple[RuleTable, ...]:
        """The permission rules in order, variables put in. The last match wins."""
        return tuple(
            msgspec.structs.replace(rule, rule=self.text(rule.rule, f"permissions.rules[{index}]"))
            for index, rule in enumerate(self.tables.permissions.rules)
        )
