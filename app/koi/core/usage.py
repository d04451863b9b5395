"""Counted tokens, normalised over all providers."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Tokens of one request. `input_tokens` is fresh only; `output_tokens` includes reasoning."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False
    """True when koi counted itself because the provider did not say."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.output_tokens + other.output_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.estimated or other.estimated,
        )

    @property
    def context_tokens(self) -> int:
        """Tokens of the context window that this request and its answer took."""
        return (
            self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_tokens
            + self.output_tokens
        )


class Price(msgspec.Struct, frozen=True):
    """USD per million tokens. None for a cache price means: billed as fresh input."""

    input_per_mtok: float
    output_per_mtok: float
    cache_read_per_mtok: float | None = None
    cache_write_per_mtok: float | None = None

    @property
    def is_free(self) -> bool:
        """True when nothing costs anything."""
        cached = (self.cache_read_per_mtok, self.cache_write_per_mtok)
        return not (self.input_per_mtok or self.output_per_mtok or any(cached))

    def cost(self, usage: Usage) -> float:
        """USD that `usage` costs."""
        read = self.input_per_mtok if self.cache_read_per_mtok is None else self.cache_read_per_mtok
        write = (
            self.input_per_mtok if self.cache_write_per_mtok is None else self.cache_write_per_mtok
        )
        total = (
            usage.input_tokens * self.input_per_mtok
            + usage.cache_read_tokens * read
            + usage.cache_write_tokens * write
            + usage.output_tokens * self.output_per_mtok
        )
        return total / 1_000_000


class Cost(msgspec.Struct, frozen=True):
    """USD so far: what is known, and whether requests of unknown price come on top."""

    known_usd: float = 0.0
    incomplete: bool = False

    def add(self, usd: float | None) -> Cost:
        """This cost and one more amount; None is an unknown price."""
        if usd is None:
            return Cost(self.known_usd, True)
        return Cost(self.known_usd + usd, self.incomplete)

    @property
    def usd(self) -> float | None:
        """The sum, or None when a part of it is unknown."""
        return None if self.incomplete else self.known_usd
