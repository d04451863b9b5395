"""Choose a model for a role: favourites, recent ones, all that can be used, and who could be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.core.errors import KoiError
from koi.core.offers import EXECUTOR, ProviderOffer
from koi.core.references import ModelReference
from koi.tui.desk import GivenKey
from koi.tui.keys import PICKER_KEYS, default_keys, key_label
from koi.tui.line_pane import LinePane
from koi.tui.model_source import ModelChoice, ModelSource
from koi.tui.screens.chooser import Chooser, FilterInput
from koi.tui.screens.modal import Modal
from koi.tui.screens.model_shelf import ModelShelf
from koi.view.line import Line
from koi.view.model_rows import Heading, Row, reference_of

WIDE = 110
"""From so many columns on there is room for all keys."""
SMALL_COLUMNS, SMALL_ROWS = 76, 20
"""Below this the list takes the whole screen and has shorter words at its edge."""


class ModelList(Modal[ModelChoice | None]):
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
        self._shelf = ModelShelf(current, role)
        self._keys = keys or default_keys()
        self._actions = {
            key.strip(): each.action
            for each in PICKER_KEYS
            for key in self._keys[each.action].split(",")
        }
        self._connecting = False
        self._role_pane = LinePane(self._shelf.role_lines, id="role")
        self._chooser = Chooser(
            "model",
            "part of a name, or provider/model",
            self._shelf.row_line,
            above=self._role_pane,
            below=LinePane(self._details, id="details"),
            others=self._actions,
        )

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield self._chooser

    def on_mount(self) -> None:
        """What is known at once is shown at once; the rest follows."""
        self._shelf.choices = self._source.choices()
        self._shelf.say(self._shelf.choices.note)
        self._read_roles()
        self._shelf.restock()
        self._show()
        self._ask()

    def on_resize(self, event: events.Resize) -> None:
        """A small terminal is used to its edges."""
        small = event.size.width < SMALL_COLUMNS or event.size.height < SMALL_ROWS
        self._chooser.set_class(small, "small")
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
            case "ask_again":
                self._shelf.said = ""
                self._ask(refresh=True)
            case "next_role":
                self._step_role(1)
            case "previous_role":
                self._step_role(-1)

    def _show_keys(self, small: bool) -> None:
        favourite, default, role = (
            key_label(self._keys[name]) for name in ("favourite", "keep_default", "next_role")
        )
        enter = "Enter choose" if self._shelf.role == EXECUTOR else "Enter keep"
        more = (
            (f"{key_label(self._keys['ask_again'])} ask again",) if self.size.width >= WIDE else ()
        )
        words = (f"{favourite} favourite", f"{default} default", f"{role} role", *more, "Esc")
        if small:
            enter, words = "Enter", (f"{favourite} ★", f"{default} default", f"{role} role", "Esc")
        self._chooser.border_subtitle = " · ".join((enter, *words))

    # What is shown

    def _show(self) -> None:
        shelf = self._shelf
        rows = self._chooser.rows
        rows.fill(len(shelf.found.rows), shelf.found.selected, shelf.note, shelf.headings)

    def _tell(self) -> None:
        self._chooser.rows.tell(self._shelf.note)

    def _ask(self, *, refresh: bool = False) -> None:
        self._shelf.loading = "asking the providers …"
        self._tell()
        self.run_worker(self._load(refresh), exit_on_error=False, exclusive=True, group="lists")

    async def _load(self, refresh: bool) -> None:
        try:
            async with aclosing(self._source.offers(refresh=refresh)) as parts:
                async for part in parts:
                    self._shelf.take(part, self._row)
                    self._show()
        except KoiError as error:
            self._shelf.say_error(error)
        self._shelf.loading = ""
        self._tell()

    def _read_roles(self) -> None:
        try:
            self._shelf.roles = self._source.roles()
        except KoiError as error:
            self._shelf.say_error(error)

    @property
    def _row(self) -> Row | None:
        """The chosen row."""
        return self._shelf.row(self._chooser.rows.selected)

    def _details(self, width: int, height: int) -> list[Line]:
        at = self._chooser.rows.selected
        return self._shelf.detail_lines(at, width, height)

    @on(FilterInput.KeyGiven)
    def _key_given(self, event: FilterInput.KeyGiven) -> None:
        event.stop()
        work = self._lead_through(GivenKey(event.key), "this is a key: connecting …")
        self.run_worker(work, exit_on_error=False, group="act")

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        typed = event.text.strip()
        if typed != self._shelf.typed:
            self._shelf.typed, self._shelf.said = typed, ""
            self._shelf.find()
            self._show()

    # What is done

    @on(Chooser.Chosen)
    def _entered(self) -> None:
        self._choose(self._row, keep=False)

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
        role = self._shelf.role
        if role == EXECUTOR and not keep:
            self.dismiss(ModelChoice(reference))
            return
        self.run_worker(self._keep(role, reference), exit_on_error=False, group="act")

    async def _keep(self, role: str, reference: ModelReference) -> None:
        try:
            said = await self._source.keep(role, reference)
        except KoiError as error:
            self._say(error)
            return
        if role == EXECUTOR:
            self.dismiss(ModelChoice(reference, said))
            return
        self._read_roles()
        self._shelf.restock(self._row)
        self._show()
        self._show_role()
        self._say(said)

    async def _connect(self, row: Row, offer: ProviderOffer, keep: bool) -> None:
        """Through the login and back: the model is chosen, or the provider's default one stands
        under the cursor. Who goes back finds everything as it was.
        """
        reference = reference_of(row)

        def use(connected: str) -> bool:
            if connected != offer.provider or reference is None:
                return False
            self._use(reference, keep=keep)
            return True

        await self._lead_through(offer.provider, f"connecting {offer.title} …", use, row)

    async def _lead_through(
        self,
        what: str | GivenKey,
        said: str,
        use: Callable[[str], bool] = lambda _: False,
        row: Row | None = None,
    ) -> None:
        """Connect a provider, or what a key is for; `use` is True when that is all."""
        if self._connecting:
            return
        self._connecting = True
        self._say(said)
        try:
            connected = await self._source.connect(what)
        except KoiError as error:
            self._say(error)
            return
        finally:
            self._connecting = False
        self._shelf.said = ""
        if connected is not None:
            if use(connected):
                return
            self._chooser.clear()
            self._shelf.typed = ""
            self._shelf.find(self._shelf.row_of(connected) or row)
            self._show()
        self._ask()  # also after a no, which is another reason

    def _toggle_favourite(self) -> None:
        reference = None if self._row is None else reference_of(self._row)
        if reference is None:
            self._say("favourites are models: choose one of them")
        else:
            self.run_worker(self._mark(reference), exit_on_error=False, group="act")

    async def _mark(self, reference: ModelReference) -> None:
        try:
            self._shelf.choices = await self._source.toggle_favourite(reference)
        except KoiError as error:
            self._say(error)
            return
        self._shelf.restock(self._row)
        self._show()
        self._say(self._shelf.choices.note)

    def _step_role(self, step: int) -> None:
        self._shelf.step_role(step)
        self._show_role()
        self._show()

    def _show_role(self) -> None:
        chooser = self._chooser
        self._show_keys(chooser.has_class("small"))
        self._role_pane.show()

    def _say(self, what: str | KoiError) -> None:
        """Tell below the rows what was done, or why it was not."""
        if isinstance(what, KoiError):
            self._shelf.say_error(what)
        else:
            self._shelf.say(what)
        self._tell()
