"""Model references: which model, served by whom."""

from __future__ import annotations

import msgspec

from koi.core.errors import UsageError


class ModelReference(msgspec.Struct, frozen=True):
    """`provider/model`. The model's own name may hold further slashes."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"

    @classmethod
    def parse(cls, text: str) -> ModelReference:
        """Split at the FIRST slash. Raises UsageError when a half is missing."""
        provider, slash, model = text.strip().partition("/")
        if not (provider and slash and model):
            from koi.core.redaction import without_key

            raise UsageError(
                f"'{without_key(text)}' is not a model reference",
                hint="Write it as provider/model, for example anthropic/claude-sonnet-4-6.",
            )
        return cls(provider, model)
