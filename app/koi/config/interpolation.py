"""`${VAR}`, `${VAR:-default}` and `$${` in strings of the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping

from koi.core.errors import ConfigurationError

_PATTERN = re.compile(r"\$\$\{|\$\{([^}]*)\}|\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def variables(text: str, *, with_default: bool = False) -> tuple[str, ...]:
    """The names of the variables that `text` needs, in order; or also those with a default."""
    found = [match[1] for match in _PATTERN.finditer(text) if match[1] is not None]
    return tuple(name.partition(":-")[0] for name in found if with_default or ":-" not in name)


def expand(text: str, environment: Mapping[str, str], *, where: str) -> str:
    """`text` with its variables put in. An empty variable counts as unset, as in a shell's `:-`.

    Raises ConfigurationError that names the variable when it is unset and has no default, and
    for a `${` that is not closed. `where` names the file and the key.
    """

    def replace(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        inner = match[1]
        if inner is None:
            raise ConfigurationError(
                "'${' without '}'", where=where, hint="Write $${ for a literal ${."
            )
        name, has_default, default = inner.partition(":-")
        if not _NAME.match(name):
            raise ConfigurationError(
                f"'${{{inner}}}' does not name an environment variable",
                where=where,
                hint="Write ${NAME}, ${NAME:-default}, or $${ for a literal ${.",
            )
        if value := environment.get(name):
            return value
        if has_default:
            return default
        raise ConfigurationError(
            f"the environment variable {name} is not set",
            where=where,
            hint=f"Set {name}, or give a default: ${{{name}:-default}}.",
        )

    return _PATTERN.sub(replace, text)
