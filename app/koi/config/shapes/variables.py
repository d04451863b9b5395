"""Variables as other programs write them (`$NAME`), in koi's form (`${NAME}`)."""

from __future__ import annotations

import re

_SHORT = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def with_braces(value: object) -> object:
    """Text with `$NAME` as `${NAME}`; what has braces, and what is no text, stays."""
    return _SHORT.sub(r"${\1}", value) if isinstance(value, str) else value
