"""Choose a model: those that can be used now, or any other by its full name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from koi.core.errors import KoiError, UsageError
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.providers.live_models import ListsFailed
from koi.tui.screens.chooser import Chooser
from koi.view.line import MUTED, PLAIN, Face, Line, Span
from koi.view.lines.models import model_line
from koi.view.lines.row import row
from koi.view.model_search import matching_models, nearest_models
from koi.view.safe_text import SafeText, safe

Models = Callable[[], AsyncGenerator[tuple[ModelInfo, ...], None]]
"""What is known at once, then what the providers say; a KoiError at the end is a note below."""


class ModelList(ModalScreen[ModelReference | None]):
    """Its result is the chosen model, None when the person went back."""

    DEFAULT_CSS = "ModelList { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(self, models: Models, current: ModelReference) -> None:
        super().__init__()
        self._ask = models
        self._current = current
        self._known: tuple[ModelInfo, ...] = (ModelInfo(current),) if current.model else ()
        self._shown: tuple[ModelInfo, ...] = ()
        self._typed: ModelReference | None = None
        self._filter = ""
        self._note = "asking the providers …"
        self._failed: Mapping[str, str] = {}

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield Chooser("model", "part of a name, or provider/model", self._draw)

    def on_mount(self) -> None:
        """What is known at once is shown at once; the rest follows."""
        self._refill()
        self.run_worker(self._load(), exit_on_error=False)

    async def _load(self) -> None:
        try:
            async with aclosing(self._ask()) as lists:
                async for found in lists:
                    self._take(found)
        except ListsFailed as error:
            self._failed, self._note = error.reasons, ""
        except KoiError as error:
            self._note = _one_line(f"{error.title}. {error.hint}")
        else:
            self._note = "" if self._known else "no provider says which models it has"
        self._refill()

    def _take(self, found: tuple[ModelInfo, ...]) -> None:
        """A list came; the chosen row stays the same model."""
        chosen = self._reference(self.query_one(Chooser).rows.selected)
        found = tuple(model for model in found if not model.embeddings)
        if self._current.model and self._current not in [model.reference for model in found]:
            known = [model for model in self._known if model.reference == self._current]
            found = (*known, *found)
        self._known = found
        self._refill(chosen)

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        self._filter = event.text.strip()
        self._refill()

    @on(Chooser.Chosen)
    def _chosen(self, event: Chooser.Chosen) -> None:
        self.dismiss(self._reference(event.index))

    def _refill(self, chosen: ModelReference | None = None) -> None:
        self._shown = matching_models(self._filter, self._known)
        near = not self._shown and bool(self._filter)
        if near:
            self._shown = nearest_models(self._filter, self._known)
        self._typed = self._parse(self._filter)
        references = [model.reference for model in self._shown]
        if chosen in references:
            selected = references.index(chosen)
        elif self._typed in references:
            selected, self._typed = references.index(self._typed), None
        elif not self._filter and self._current in references:
            selected = references.index(self._current)
        else:
            selected = 0
        count = len(references) + (self._typed is not None)
        note = ("did you mean one of these?" if near and self._shown else "") or self._note
        note = note or self._failures()
        note = note or ("" if count else "no model matches; type provider/model to use any")
        self.query_one(Chooser).rows.fill(count, selected, note)

    def _failures(self) -> str:
        """Who gave no list; why, once the filter names the provider."""
        provider, slash, _ = self._filter.partition("/")
        if not slash:
            return f"no list from {', '.join(self._failed)}" if self._failed else ""
        reason = self._failed.get(provider)
        return "" if reason is None else _one_line(f"no list from {provider}: {reason}")

    @staticmethod
    def _parse(text: str) -> ModelReference | None:
        try:
            return ModelReference.parse(text)
        except UsageError:
            return None

    def _reference(self, index: int) -> ModelReference | None:
        return self._shown[index].reference if 0 <= index < len(self._shown) else self._typed

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        if index < len(self._shown):
            model = self._shown[index]
            current = model.reference == self._current
            return model_line(model, width, cell_len, selected=selected, current=current)
        name = _one_line(str(self._typed))
        left: list[Span] = [
            ("▸  " if selected else "   ", Face("accent", "b")),
            (name, Face("selected", "r") if selected else PLAIN),
        ]
        return row(left, [("  not in the list: as typed ", MUTED)], width, cell_len)


def _one_line(text: str) -> SafeText:
    return safe(text, keep_newlines=False)
