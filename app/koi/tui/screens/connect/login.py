"""A login on the screen: the code large, where to enter it, how long it is valid, how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widgets import Input

from koi.catalogue.registry import Registry
from koi.core.errors import KoiError
from koi.credentials.logins.events import (
    CodeIssued,
    Connected,
    LoginEvent,
    LoginFailed,
    SignInOpened,
    Waiting,
)
from koi.credentials.logins.login import Clock, LoginContext, LoginMethod
from koi.tui.browser import open_page
from koi.tui.clipboard import copy
from koi.tui.screens.chooser import FilterInput
from koi.tui.screens.connect.box import FRAME_ROWS, Box
from koi.tui.screens.modal import Modal
from koi.view.connecting import countdown, models_text, waiting_text
from koi.view.line import Line, cells
from koi.view.lines.login import LoginPage, login_lines
from koi.view.qr import qr_lines
from koi.view.safe_text import safe

Models = Callable[[str], Awaitable[Sequence[str]]]
"""The models of a provider that has just been connected. Raises KoiError."""
KEYS = {
    "starting": "Esc cancel",
    "code": "c copy code · u copy URL · o open · r QR · Esc",
    "browser": "o open · u copy URL · p paste · Esc cancel",
    "failed": "Enter try again · Esc back",
    "other": "m the other way · Enter try again · Esc back",
    "connected": "Enter go on",
}


class LoginScreen(Modal[str | None]):
    """Its result is the provider that was connected, None when it was not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,ctrl+c", "leave", "Cancel"),
        ("enter", "go_on", "Go on"),
        ("c", "copy_code", "Copy the code"),
        ("u", "copy_address", "Copy the address"),
        ("o", "open_browser", "Open a browser"),
        ("r,q", "qr", "QR code"),
        ("p", "paste", "Paste the address"),
        ("m", "other_way", "The other way to log in"),
    ]

    def __init__(
        self,
        title: str,
        method: LoginMethod,
        registry: Registry,
        models: Models,
        *,
        domain: str = "",
        other: LoginMethod | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self._method = method
        self._other = other
        """The way that is offered when this one is switched off for the account."""
        self._registry = registry
        self._models = models
        self._domain = domain
        self._clock = clock or Clock()
        self._shown = LoginPage(title)
        self._login_context = LoginContext(registry, domain, clock=self._clock)
        self._ends_at = 0.0
        self._filled_in = ""
        """The address to open, with the code in it where the server gives that."""
        self._qr: list[Line] = []
        self._shows_qr = False
        self._provider: str | None = None
        self._keys = "starting"
        """Which of KEYS are shown."""
        self._ticking: Timer | None = None
        self._field = FilterInput(placeholder="the pasted address")
        self._field.cursor_blink = False
        self._field.takes_keys = True  # an address with a code in it
        self._field.display = False
        self._box = Box(title, KEYS["starting"], self._lines, self._field)

    def compose(self) -> ComposeResult:
        """One page, and a field for a pasted address while it may be needed."""
        yield self._box

    def on_mount(self) -> None:
        """Begin at once: the terms were read before."""
        self._box.page.focus()
        self._begin()

    def _begin(self) -> None:
        self._login_context = LoginContext(self._registry, self._domain, clock=self._clock)
        self._show(LoginPage(self._shown.title))
        self.run_worker(self._log_in(), group="login", exclusive=True)

    async def _log_in(self) -> None:
        try:
            async with aclosing(self._method.start(self._login_context)) as login:
                async for event in login:
                    self._take(event)
                    if isinstance(event, Connected):
                        break
        except LoginFailed as error:
            if error.reason == "disabled" and self._other is not None:
                self._offer(error, self._other)
            else:
                self._fail(error)
        except KoiError as error:
            self._fail(error)
        if self._provider is not None:
            await self._tell_models(self._provider)

    def _take(self, event: LoginEvent) -> None:
        page = self._shown
        match event:
            case CodeIssued(user_code=code, url=url, complete_url=complete, expires_in_s=seconds):
                self._qr = _qr_of(complete or url)
                self._count_down(seconds)
                self._filled_in = complete or url
                page = LoginPage(page.title, "code", code, url, waiting=waiting_text("pending"))
            case SignInOpened(url=url, expires_in_s=seconds):
                self._count_down(seconds)
                self._filled_in = url
                page = LoginPage(page.title, "browser", url=url, waiting=waiting_text("pending"))
            case Waiting(reason=reason, note=note):
                page = msgspec.structs.replace(page, waiting=waiting_text(reason, note))
            case Connected(provider=provider, account=account, plan=plan):
                self._provider = provider
                who = ", ".join(part for part in (account, plan) if part)
                models = "Asking which models there are …"
                page = LoginPage(page.title, "connected", account=who, models=models)
        self._show(page)

    def _fail(self, error: KoiError) -> None:
        self._show(LoginPage(self._shown.title, "failed", problem=error.title, advice=error.hint))

    def _offer(self, error: LoginFailed, other: LoginMethod) -> None:
        """Lead on to the other way, whose terms are read first."""
        terms = f"{other.terms.sentence} {other.terms.link}"
        advice = f"{error.hint}\n\nThe other way, m: {other.title}. {terms}"
        page = LoginPage(self._shown.title, "failed", problem=error.title, advice=advice)
        self._show(page, "other")

    async def _tell_models(self, provider: str) -> None:
        try:
            said = f"It has {models_text(await self._models(provider))}."
        except KoiError as error:
            said = f"Its list of models could not be read: {error.title}"
        self._show(msgspec.structs.replace(self._shown, models=said))

    @property
    def address(self) -> str:
        """Where the person must go, "" while nobody knows."""
        return self._shown.url

    # What is shown.

    def _show(self, page: LoginPage, keys: str = "") -> None:
        if page.stage != self._shown.stage:
            self._shows_qr = False
            self._field.display = page.stage == "browser"
            if page.stage != "browser" and self._field.has_focus:
                self._box.page.focus()
        if page.stage not in ("code", "browser") and self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        self._shown = page
        self._keys = keys or page.stage
        self._box.update(KEYS[self._keys])

    def _count_down(self, seconds: float) -> None:
        """Once a second, as long as a code is on the screen and no longer."""
        self._ends_at = self._clock.monotonic() + seconds
        if self._ticking is None:
            self._ticking = self.set_interval(1.0, self._box.update)

    def _lines(self, width: int) -> list[Line]:
        rows = self.size.height - FRAME_ROWS - (1 if self._field.display else 0)
        left_s = max(0.0, self._ends_at - self._clock.monotonic())
        page = msgspec.structs.replace(self._shown, left_s=left_s)
        if self._shows_qr and self._qr_fits(width):
            code = safe(page.code, keep_newlines=False)
            waiting = f"{page.waiting} {countdown(left_s)} left"
            below = LoginPage(page.title, waiting=waiting, note=code)
            return [*self._qr, *login_lines(below, width, rows, cell_len)]
        return list(login_lines(page, width, rows, cell_len))

    def _note(self, said: str) -> None:
        self._show(msgspec.structs.replace(self._shown, note=said))

    # Keys.

    def action_leave(self) -> None:
        """Esc: out of the field, else out of the login; what had begun is given up."""
        if self._field.has_focus:
            self._box.page.focus()
            return
        self.workers.cancel_group(self, "login")
        self.dismiss(self._provider)

    def action_go_on(self) -> None:
        """Enter: done, or once more."""
        match self._shown.stage:
            case "connected":
                self.dismiss(self._provider)
            case "failed":
                self._begin()
            case _:
                pass

    def action_other_way(self) -> None:
        """The other way to log in, once this one turned out to be switched off."""
        if self._keys == "other" and self._other is not None:
            self._method, self._other = self._other, self._method
            self._begin()

    def action_copy_code(self) -> None:
        """Copy the code."""
        if self._shown.code:
            self._note(copy(self.app, self._shown.code, "the code"))

    def action_copy_address(self) -> None:
        """Copy the address."""
        if self._shown.url:
            self._note(copy(self.app, self._shown.url, "the address"))

    def action_open_browser(self) -> None:
        """Open the address in a browser."""
        if self._shown.url:
            self._note(open_page(self._filled_in))

    def action_qr(self) -> None:
        """The QR code instead of the page, and back."""
        if self._shown.stage != "code":
            return
        fits = self._qr_fits(self._box.page.size.width)
        self._shows_qr = fits and not self._shows_qr
        if fits:
            self._box.update()
        else:
            self._note("this window is too small for the QR code")

    def _qr_fits(self, width: int) -> bool:
        height = self.size.height - FRAME_ROWS - 2
        return bool(self._qr) and len(self._qr) <= height and _columns(self._qr) <= width

    def action_paste(self) -> None:
        """Type or paste into the field."""
        if self._field.display:
            self._field.focus()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted while a browser signs in is the address that it ended at."""
        if self._shown.stage == "browser":
            event.stop()
            self._take_pasted(event.text)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self._field.value = ""
        self._box.page.focus()
        self._take_pasted(event.value)

    def _take_pasted(self, pasted: str) -> None:
        if pasted.strip():
            self._login_context.pasted.put_nowait(pasted.strip())
            self._note("took the pasted address")


def _columns(lines: Sequence[Line]) -> int:
    return cells(lines[0].spans, cell_len)


def _qr_of(url: str) -> list[Line]:
    """The QR code of an address; empty for one that is too long for any screen."""
    import segno

    try:
        code = segno.make(url, micro=False, error="l", boost_error=False)
    except ValueError:
        return []
    return qr_lines([[bool(module) for module in row] for row in code.matrix])
