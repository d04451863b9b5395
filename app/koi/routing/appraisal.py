"""What a request will cost: the most of it for a budget, the likely for people."""

from __future__ import annotations

from collections.abc import Callable

from koi.core.messages import ModelRequest
from koi.core.references import ModelReference
from koi.core.request_events import Estimate
from koi.core.seams import ModelInfo, PriceLookup
from koi.core.usage import Price, Usage
from koi.routing.estimates import Estimates, RequestSize, most_input_usd
from koi.routing.limits import Ask

UNKNOWN_OUTPUT, CAREFUL_OUTPUT = 32_768, 8_192
"""Tokens: what is reserved for the answer of a model whose output limit is not known; and what it
is asked for at most when less than that is left, because too high a limit is refused."""


class Appraisal:
    """Joins prices, limits of models, and what was learnt of their tokens."""

    def __init__(self, price: PriceLookup, info: Callable[[ModelReference], ModelInfo]) -> None:
        self._price = price
        self._info = info
        self._priced: set[ModelReference] = set()
        self.estimates = Estimates()

    async def price(self, model: ModelReference) -> Price | None:
        """The price of a model; the first time it may take 0.2 s."""
        price = await self._price(model)
        self._priced.add(model)
        return price

    def is_priced(self, model: ModelReference) -> bool:
        """True when its price has been asked for, and is there at once."""
        return model in self._priced

    def ask(
        self,
        model: ModelReference,
        role: str,
        request: ModelRequest,
        size: RequestSize,
        price: Price | None,
    ) -> Ask:
        """The most that a request costs: what a budget reserves. Without a price only tokens."""
        guess, window = self.estimates.tokens(model, role, size), self._info(model).context_window
        # What is longer than the window is refused, and a refusal costs nothing.
        tokens = guess.most if window is None else min(guess.most, window)
        output, careful = self._output(model, request), None
        if output is None:
            room = UNKNOWN_OUTPUT if window is None else max(1, window - guess.likely)
            output, careful = min(UNKNOWN_OUTPUT, room), CAREFUL_OUTPUT
        price = price or Price(0.0, 0.0)
        each = price.output_per_mtok / 1_000_000
        return Ask(tokens, output, most_input_usd(price, tokens), each, careful)

    def likely(
        self,
        model: ModelReference,
        role: str,
        request: ModelRequest,
        size: RequestSize,
        price: Price | None,
    ) -> Estimate:
        """The best guess, for people: nothing is reserved by it."""
        tokens = self.estimates.tokens(model, role, size).likely
        output = self._output(model, request)
        if price is None:
            return Estimate(tokens, output)
        usd = price.cost(Usage(tokens))
        most = None if output is None else price.cost(Usage(tokens, output_tokens=output))
        return Estimate(tokens, output, usd, most)

    def _output(self, model: ModelReference, request: ModelRequest) -> int | None:
        return request.max_tokens or self._info(model).max_output_tokens
