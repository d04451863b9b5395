"""What the list of models shows now: who offers what, for which role, with which filter."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.cells import cell_len

from koi.catalogue.model_choices import ModelChoices
from koi.core.errors import KoiError, UsageError
from koi.core.offers import EXECUTOR, ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.view.line import Line
from koi.view.lines.model_details import detail_lines, failed_lists, role_lines, row_line
from koi.view.model_rows import Found, Heading, ModelStock, ProviderRow, Row
from koi.view.safe_text import safe


class ModelShelf:
    """Changes by what arrives and by what is typed; its lines are drawn from what it is then.

    `current` is the model of the session, with empty names when there is none.
    """

    def __init__(self, current: ModelReference, role: str) -> None:
        self.current = current
        self.role = role
        self.roles: Mapping[str, RoleModel] = {role: RoleModel(role)}
        self.choices = ModelChoices()
        self.loading = ""
        """Said below the rows while lists are still to come."""
        self.said = ""
        """Said there in the first place: what was done, or why it was not."""
        self.typed = ""
        self.found = Found((), 0)
        self._offers: dict[str, ProviderOffer] = {}
        self._stock = ModelStock(())

    def take(self, part: tuple[ProviderOffer, ...], chosen: Row | None) -> None:
        """Offers came; the chosen row stays the same."""
        self._offers |= {offer.provider: offer for offer in part}
        self.restock(chosen)

    def restock(self, chosen: Row | None = None) -> None:
        """Choices, the role or its model are others now."""
        self._stock = ModelStock(
            self._offers.values(),
            favourites=self.choices.favourites,
            recent=self.choices.recent,
            current=self._of_role,
            embeddings=self.role == "embedder",
        )
        self.find(chosen)

    def find(self, chosen: Row | None = None) -> None:
        """The rows for what is typed."""
        self.found = self._stock.find(self.typed, chosen)

    def step_role(self, step: int) -> None:
        """Choose for another role."""
        names = list(self.roles)
        at = names.index(self.role) if self.role in names else 0
        self.role = names[(at + step) % len(names)]
        self.said = ""
        self.restock()

    def say(self, text: str) -> None:
        """Something that a person may have to read."""
        self.said = safe(text, keep_newlines=False)

    def say_error(self, error: KoiError) -> None:
        """What failed and what to do, in a line."""
        self.say(f"{error.title}. {error.hint}".strip())

    def row(self, index: int) -> Row | None:
        """A row, None where there is none."""
        return self.found.rows[index] if index < len(self.found.rows) else None

    def row_of(self, provider: str) -> Row | None:
        """The row of a provider that cannot be used yet, None for an unknown one."""
        offer = self._offers.get(provider)
        return None if offer is None else ProviderRow(offer)

    @property
    def headings(self) -> frozenset[int]:
        """The rows that cannot be chosen."""
        rows = enumerate(self.found.rows)
        return frozenset(at for at, row in rows if isinstance(row, Heading))

    @property
    def note(self) -> str:
        """What is said below the rows."""
        if self.said:
            return self.said
        if self.found.near:
            return "did you mean one of these?"
        empty = "" if self.found.rows else "no model matches; type provider/model to use any"
        return self.loading or empty or failed_lists(self._offers.values(), self.typed)

    def row_line(self, index: int, width: int, selected: bool) -> Line:
        """One row as it is drawn."""
        return row_line(
            self.found.rows[index],
            self._of_role,
            self.choices.favourites,
            width,
            cell_len,
            selected=selected,
            waiting=not self._offers,
        )

    def role_lines(self, width: int, height: int) -> list[Line]:
        """The roles, and the model of the chosen one."""
        current = str(self.current) if self.current.model else ""
        return role_lines(self.roles, self.role, current, width, cell_len)[:height]

    def detail_lines(self, index: int, width: int, height: int) -> list[Line]:
        """All that is known of a row."""
        return detail_lines(self.row(index), time.time(), width, height, cell_len)

    @property
    def _of_role(self) -> ModelReference | None:
        """The model that the role has now."""
        if self.role == EXECUTOR and self.current.model:
            return self.current
        try:
            return ModelReference.parse(self.roles[self.role].reference)
        except (KeyError, UsageError):
            return None
