"""Choose what to connect: logins found elsewhere first, the well-known, then every provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.catalogue.catalogue import checked_url
from koi.catalogue.registry import Registry
from koi.credentials.findings import Discovery
from koi.credentials.target_table import TARGETS, Target, WayKind
from koi.credentials.targets import all_targets, as_address, foreign_ways
from koi.tui.desk import GivenKey
from koi.tui.screens.chooser import Chooser, FilterInput, matches
from koi.tui.screens.modal import Modal
from koi.view.line import MUTED, PLAIN, Face, Line, Span
from koi.view.lines.row import row
from koi.view.safe_text import safe

Discover = Callable[[], Awaitable[Discovery]]
LOOKING = "looking at what is there …"


class Row(NamedTuple):
    """One row: a target, or the login of another program."""

    name: str
    title: str
    hint: str
    state: str


class TargetList(Modal[str | GivenKey | None]):
    """Its result is the name of a target or of another program's login, an address, or a key that
    was pasted; None: the person went back. With `kinds`, only targets whose usual way is one of
    them.
    """

    DEFAULT_CSS = "TargetList Chooser { height: 90%; }"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,ctrl+c", "dismiss(None)", "Back")]

    def __init__(
        self,
        registry: Registry,
        discover: Discover,
        *,
        title: str = "connect",
        kinds: Sequence[WayKind] = (),
    ) -> None:
        super().__init__()
        self._title = title
        self._discover = discover
        self._discovery: Discovery | None = None
        targets = [each for each in all_targets(registry) if not kinds or each.kind in kinds]
        self._targets = tuple(targets)
        self._kinds = kinds
        self._filter = ""
        self._shown: tuple[Row, ...] = ()
        self._chooser = Chooser(self._title, "a name: copilot, openai, mistral, …", self._draw)

    def compose(self) -> ComposeResult:
        """The list in the middle of the screen."""
        yield self._chooser

    def on_mount(self) -> None:
        """The list is there at once; what is connected already follows."""
        self._refill()
        self.run_worker(self._load(), exit_on_error=False)

    async def _load(self) -> None:
        self._discovery = await self._discover()
        self._refill()

    @on(Chooser.Filtered)
    def _filtered(self, event: Chooser.Filtered) -> None:
        self._filter = event.text.strip()
        self._refill()

    @on(Chooser.Chosen)
    def _chosen(self) -> None:
        index = self._chooser.chosen
        if index is not None:
            self.dismiss(self._shown[index].name)

    @on(FilterInput.KeyGiven)
    def _key_given(self, event: FilterInput.KeyGiven) -> None:
        event.stop()
        self.dismiss(GivenKey(event.key))

    def _refill(self) -> None:
        rows = self._chooser.rows
        before = self._shown[rows.selected].name if self._shown else None
        named = (
            entry
            for entry in (*self._foreign(), *map(self._entry, self._candidates()))
            if matches(" ".join(entry), self._filter)
        )
        self._shown = (*named, *self._address())
        names = [entry.name for entry in self._shown]
        selected = names.index(before) if before in names else 0
        note = LOOKING if self._discovery is None else self._advice(len(names))
        rows.fill(len(names), selected, note)

    def _advice(self, count: int) -> str:
        if not count:
            return "nothing matches; the address of any endpoint works, too"
        hidden = len(self._targets) - len(TARGETS)
        return "" if self._filter or self._kinds or hidden < 1 else f"{hidden} more: type a name"

    def _candidates(self) -> tuple[Target, ...]:
        if self._filter or self._kinds:
            return self._targets
        return tuple(target for target in self._targets if target in TARGETS)

    def _address(self) -> tuple[Row, ...]:
        """What is typed, when it is an address of one's own."""
        url = as_address(self._filter)
        if url is None or checked_url(url) is None:
            return ()
        return (Row(url, url, "an OpenAI-compatible address", ""),)

    def _foreign(self) -> tuple[Row, ...]:
        if self._discovery is None or (self._kinds and "login" not in self._kinds):
            return ()
        found = foreign_ways(self._discovery)
        return tuple(Row(way.name, way.title, "", way.hint) for way in found)

    def _entry(self, target: Target) -> Row:
        usable = self._discovery is not None and target.provider in self._discovery.providers
        return Row(target.name, target.title, target.hint, "connected" if usable else "")

    def _draw(self, index: int, width: int, selected: bool) -> Line:
        _, title, hint, state = (safe(part, keep_newlines=False) for part in self._shown[index])
        face = Face("selected", "r") if selected else PLAIN
        left: list[Span] = [
            ("▸ " if selected else "  ", Face("accent", "b")),
            (title, face),
            (f"  {hint}" if hint else "", MUTED),
        ]
        return row(left, [(f"  {state} ", PLAIN)] if state else [], width, cell_len)
