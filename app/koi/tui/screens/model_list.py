"""Choose a model for a role: favourites, recent ones, all that can be used, and who could be."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from koi.catalogue.model_choices import ModelChoices
from koi.core.errors import KoiError, UsageError
from koi.core.offers import ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.tui.keys import PICKER_KEYS, default_keys, key_label
from koi.tui.line_pane import LinePane
from koi.tui.model_source import ModelChoice, ModelSource
from koi.tui.screens.chooser import Chooser
from koi.view.line import Line
from koi.view.lines.model_details import EXECUTOR, detail_lines, failed_lists, role_lines, row_line
from koi.view.model_rows import Found, Heading, ModelStock, Row, reference_of
from koi.view.safe_text import SafeText, safe

SMALL_COLUMNS, SMALL_ROWS = 76, 20
"""Below this the list takes the whole screen and has shorter words at its edge."""


class ModelList(ModalScreen[ModelChoice | None]):
    """Its result is the model chosen for the session, None when the person went back.

    `current` is the session's model. Models of other roles are kept while the list stays open.
    """

    DEFAULT_CSS = """
    ModelList { align: center middle; }
    ModelList Chooser { height: 90%; }
    ModelList Chooser.small { width: 100%; height: 100%; max-width: 100%; }
    ModelList Chooser.small FilterInput { margin-bottom: 0; }
    ModelList #role { height: 2; }
    ModelList #details { height: 3; }
    ModelList Chooser.small #details { height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(
        self,
        source: ModelSource,
        current: ModelReference,
        *,
        role: str = EXECUTOR,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._source = source
        self._current = current
        self._role = role
        self._keys = keys or default_keys()
        self._actions = {
            key.strip(): each.action
            for each in PICKER_KEYS
            for key in self._keys[each.action].split(",")
        }
        self._roles: Mapping[str, RoleModel] = {role: RoleModel(role)}
        self._choices = ModelChoices()
        self._offers: dict[str, ProviderOffer] = {}
        self._stock = ModelStock(())
        self._found = Found((), 0)
        self._filter = ""
        self._loading = ""
        self._said = ""

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield Chooser(
            "model",
            "part of a name, or provider/model",
            self._draw,
            above=LinePane(self._role_lines, id="role"),
            below=LinePane(self._details, id="details"),
            others=self._actions,
        )

    def on_mount(self) -> None:
        """What is known at once is shown at once; the rest follows."""
        self._choices = self._source.choices()
        self._said = self._choices.note
        self._read_roles()
        self._restock()
        self._ask()

    def on_resize(self, event: events.Resize) -> None:
        """A small terminal is used to its edges."""
        small = event.size.width < SMALL_COLUMNS or event.size.height < SMALL_ROWS
        self.query_one(Chooser).set_class(small, "small")
        self._show_keys(small)

    def on_key(self, event: events.Key) -> None:
        """The keys of this list besides those of every list."""
        action = self._actions.get(event.key)
        if action is None:
            return
        event.stop()
        event.prevent_default()
        match action:
            case "favourite":
                self._toggle_favourite()
            case "keep_default":
                self._choose(self._row, keep=True)
            case "next_role":
                self._step_role(1)
            case "previous_role":
                self._step_role(-1)

    def _show_keys(self, small: bool) -> None:
        favourite, default, role = (
            key_label(self._keys[name]) for name in ("favourite", "keep_default", "next_role")
        )
        enter = "Enter choose" if self._role == EXECUTOR else "Enter keep"
        words = (f"{favourite} favourite", f"{default} default", f"{role} role", "Esc")
        if small:
            enter, words = "Enter", (f"{favourite} ★", f"{default} default", f"{role} role", "Esc")
        self.query_one(Chooser).border_subtitle = " · ".join((enter, *words))

    # What is shown

    def _ask(self) -> None:
        self._loading = "asking the providers …"
        self._refill(self._row)
        self.run_worker(self._load(), exit_on_error=False, exclusive=True, group="lists")

    async def _load(self) -> None:
        try:
            async with aclosing(self._source.offers()) as parts:
                async for part in parts:
                    self._take(part)
        except KoiError as error:
            self._said = _in_a_line(error)
        self._loading = ""
        self._refill(self._row)

    def _take(self, part: tuple[ProviderOffer, ...]) -> None:
        """Offers came; the chosen row stays the same."""
        self._offers |= {offer.provider: offer for offer in part}
        self._restock(self._row)

    def _read_roles(self) -> None:
        try:
            self._roles = self._source.roles()
        except KoiError as error:
            self._said = _in_a_line(error)

    def _restock(self, chosen: Row | None = None) -> None:
        self._stock = ModelStock(
            self._offers.values(),
            favourites=self._choices.favourites,
            recent=self._choices.recent,
            current=self._of_role,
            embeddings=self._role == "embedder",
        )
        self._refill(chosen)

    def _refill(self, chosen: Row | None = None) -> None:
        self._found = self._stock.find(self._filter, chosen)
        rows = self._found.rows
        headings = frozenset(at for at, row in enumerate(rows) if isinstance(row, Heading))
        self.query_one(Chooser).rows.fill(len(rows), self._found.selected, self._note(), headings)

    def _note(self) -> str:
        if self._said:
            return self._said
        if self._found.near:
            return "did you mean one of these?"
        empty = "" if self._found.rows else "no model matches; type provider/model to use any"
        return self._loading or empty or failed_lists(self._offers.values(), self._filter)

    @property
    def _row(self) -> Row | None:
        """The chosen row."""
        at = self.query_one(Chooser).rows.selected
        return self._found.rows[at] if at < len(self._found.rows) else None

    @property
    def _of_role(self) -> ModelReference | None:
        """The model that the role has now."""
        if self._role == EXECUTOR and self._current.model:
            return self._current
        try:
            return ModelReference.parse(self._roles[self._role].reference)
        except (KeyError, UsageError):
            return None

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        return row_line(
            self._found.rows[index],
            self._of_role,
            self._choices.favourites,
            width,
            cell_len,
            selected=selected,
            waiting=not self._offers,
        )

    def _role_lines(self, width: int, height: int) -> list[Line]:
        current = str(self._current) if self._current.model else ""
        return role_lines(self._roles, self._role, current, width, cell_len)[:height]

    def _details(self, width: int, height: int) -> list[Line]:
        return detail_lines(self._row, time.time(), width, height, cell_len)

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        typed = event.text.strip()
        if typed != self._filter:
            self._filter, self._said = typed, ""
            self._refill()

    # What is done

    @on(Chooser.Chosen)
    def _entered(self, event: Chooser.Chosen) -> None:
        self._choose(self._found.rows[event.index], keep=False)

    def _choose(self, row: Row | None, *, keep: bool) -> None:
        """Use a row: its model, or the login of its provider."""
        if row is None or isinstance(row, Heading):
            return
        offer = row.offer
        if offer is not None and offer.reason and not offer.looking:
            if offer.can_connect:
                self.run_worker(self._connect(row, offer, keep), exit_on_error=False, group="act")
            else:
                self._say(f"{offer.provider}: {offer.reason}")
            return
        reference = reference_of(row)
        if reference is not None:
            self._use(reference, keep=keep)
        elif offer is not None:
            looking = f"{offer.title}: {offer.reason}"
            self._say(looking if offer.looking else f"type {offer.provider}/MODEL to use one")

    def _use(self, reference: ModelReference, *, keep: bool) -> None:
        if self._role == EXECUTOR and not keep:
            self.dismiss(ModelChoice(reference))
            return
        self.run_worker(self._keep(reference), exit_on_error=False, group="act")

    async def _keep(self, reference: ModelReference) -> None:
        try:
            said = await self._source.keep(self._role, reference)
        except KoiError as error:
            self._say(_in_a_line(error))
            return
        if self._role == EXECUTOR:
            self.dismiss(ModelChoice(reference, said))
            return
        self._read_roles()
        self._show_role()
        self._restock(self._row)
        self._say(said)

    async def _connect(self, row: Row, offer: ProviderOffer, keep: bool) -> None:
        """Through the login and back: the model is chosen, or the provider's default one stands
        under the cursor. Who goes back finds everything as it was.
        """
        try:
            connected = await self._source.connect(offer.provider)
        except KoiError as error:
            self._say(_in_a_line(error))
            return
        reference = reference_of(row)
        if connected and reference is not None:
            self._use(reference, keep=keep)
            return
        if connected:
            self.query_one(Chooser).clear()
            self._filter = ""
            self._refill(row)
        self._ask()  # also after a no, which is another reason

    def _toggle_favourite(self) -> None:
        row = self._row
        reference = None if row is None else reference_of(row)
        if row is not None and reference is not None:
            self.run_worker(self._mark(row, reference), exit_on_error=False, group="act")
        else:
            self._say("favourites are models: choose one of them")

    async def _mark(self, row: Row, reference: ModelReference) -> None:
        try:
            self._choices = await self._source.toggle_favourite(reference)
        except KoiError as error:
            self._say(_in_a_line(error))
            return
        self._restock(row)
        self._say(self._choices.note)

    def _step_role(self, step: int) -> None:
        names = list(self._roles)
        at = names.index(self._role) if self._role in names else 0
        self._role = names[(at + step) % len(names)]
        self._said = ""
        self._show_role()
        self._restock()

    def _show_role(self) -> None:
        chooser = self.query_one(Chooser)
        self._show_keys(chooser.has_class("small"))
        self.query_one("#role", LinePane).show()

    def _say(self, text: str) -> None:
        self._said = _plain(text)
        self._refill(self._row)


def _in_a_line(error: KoiError) -> str:
    return _plain(f"{error.title}. {error.hint}".strip())


def _plain(text: str) -> SafeText:
    return safe(text, keep_newlines=False)
