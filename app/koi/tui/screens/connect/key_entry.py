"""Entering a key: masked, recognised, tried at its vendor, and kept where koi says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar, Literal, TypeAlias

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from koi.catalogue.registry import Registry
from koi.core.errors import KoiError
from koi.core.secret import Secret
from koi.credentials.key_check import KeyCheck, KeyProblem, cleaned, problem_of
from koi.credentials.target_table import Target
from koi.credentials.targets import target_of
from koi.tui.screens.connect.box import ERROR, OK, WARN, Box, link, muted, text
from koi.tui.screens.connect.secret_field import SecretField
from koi.tui.screens.modal import Modal
from koi.view.connecting import models_text
from koi.view.line import BLANK, Line
from koi.wiring.precedence import NextRequest

Stage: TypeAlias = Literal[
    "entering", "wrong", "other", "checking", "refused", "unsure", "keeping", "kept"
]
Check: TypeAlias = Callable[[str, Secret], Awaitable[KeyCheck]]
Keep: TypeAlias = Callable[[str, Secret], str]
"""Keeps the key of a provider; says where, "" when that is decided later. Raises KoiError."""
Next: TypeAlias = Callable[[str], Awaitable[NextRequest]]
"""What the next request to a provider uses, now that its key is kept."""
KEYS: dict[Stage, str] = {
    "entering": "Enter check · Esc back",
    "wrong": "Enter check · Esc back",
    "other": "Enter connect that one · Esc back",
    "checking": "Esc cancel",
    "refused": "Enter check · Esc back",
    "unsure": "Enter keep it · Esc back",
    "keeping": "",
    "kept": "Enter go on",
}


class KeyEntry(Modal[str | None]):
    """Its result is the provider that is connected now, None when none is.

    One that wants no key is connected without one, too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,ctrl+c", "leave", "Back"),
        ("enter", "go_on", "Go on"),
    ]

    def __init__(
        self,
        target: Target,
        registry: Registry,
        check: Check,
        keep: Keep,
        next_request: Next | None = None,
        given: Secret | None = None,
    ) -> None:
        super().__init__()
        self._target = target
        self._registry = registry
        self._check = check
        self._keep = keep
        self._next_request = next_request
        self._used = NextRequest(True)
        self._stage: Stage = "entering"
        self._key: Secret | None = None
        """Between the question and its answer only."""
        self._problem: KeyProblem | None = None
        self._answer = KeyCheck("works")
        self._kept = ""
        self._field = SecretField(given)
        self._box = Box(
            target.title, KEYS["entering"], lambda width: list(self._lines(width)), self._field
        )

    def compose(self) -> ComposeResult:
        """The words above the field."""
        yield self._box

    @on(SecretField.Submitted)
    def _submitted(self, event: SecretField.Submitted) -> None:
        event.stop()
        key = cleaned(event.secret.reveal())
        if self._stage in ("checking", "keeping"):
            return
        if not key and self._stage == "entering" and self._optional:
            self.dismiss(self._target.provider)
            return
        if self._stage == "kept" or (not key and self._stage in ("wrong", "other", "unsure")):
            self.action_go_on()
            return
        provider = self._registry.get(self._target.provider)
        self._problem = problem_of(key, provider, self._registry.catalogue)
        self._key = Secret(key)
        if self._problem is None:
            self._ask()
        elif self._problem.owner is not None:
            self._to("other")
        else:
            self._key = None
            self._to("wrong")

    def action_go_on(self) -> None:
        """Enter, where it is not about what was typed."""
        match self._stage:
            case "other" if self._problem is not None and self._problem.owner is not None:
                self._target = target_of(self._registry.get(self._problem.owner))
                self._box.border_title = self._target.title
                self._ask()
            case "unsure":
                self._save()
            case "kept":
                self.dismiss(self._connected)
            case _:
                pass

    @property
    def _optional(self) -> bool:
        return self._registry.get(self._target.provider).wants_no_key

    @property
    def _connected(self) -> str | None:
        return self._target.provider if self._used.usable else None

    def action_leave(self) -> None:
        """Esc: one step back, then out. What is being kept is not left half-way."""
        if self._stage == "keeping":
            return
        self.workers.cancel_group(self, "check")
        self._key = None
        if self._stage in ("other", "checking", "unsure"):
            self._to("entering")
        else:
            self.dismiss(self._connected if self._stage == "kept" else None)

    def _ask(self) -> None:
        if self._key is None:
            return
        self._to("checking")
        self.run_worker(self._look(self._key), group="check", exclusive=True)

    async def _look(self, key: Secret) -> None:
        self._answer = await self._check(self._target.provider, key)
        match self._answer.outcome:
            case "refused":
                self._to("refused")
                self._key = None
            case "unreachable":
                self._to("unsure")
            case _:
                self._key = None
                await self._store(key)

    def _save(self) -> None:
        """Keep the key, once: a second Enter finds none."""
        key, self._key = self._key, None
        if key is not None:
            self.run_worker(self._store(key), group="check", exclusive=True)

    async def _store(self, key: Secret) -> None:
        self._to("keeping")
        try:
            self._kept = await asyncio.to_thread(self._keep, self._target.provider, key)
        except KoiError as error:
            self._problem = KeyProblem(error.title, error.hint)
            self._to("wrong")
            return
        if not self._kept:
            self.dismiss(self._target.provider)
            return
        if self._next_request is not None:
            self._used = await self._next_request(self._target.provider)
        self._to("kept")

    def _to(self, stage: Stage) -> None:
        self._stage = stage
        self._field.display = stage not in ("checking", "keeping", "kept")
        if self._field.display:
            self._field.focus()
        else:
            self._box.page.focus()
        self._box.update(KEYS[stage])

    def _lines(self, width: int) -> Iterator[Line]:
        label = self._key.label if self._key is not None else ""
        match self._stage:
            case "entering":
                yield from self._request(width)
            case "wrong" | "other" if self._problem is not None:
                yield from text(self._problem.title, width, WARN)
                yield from text(self._problem.hint, width)
                if self._stage == "other" and self._problem.owner is not None:
                    title = target_of(self._registry.get(self._problem.owner)).title
                    yield from text(f"Enter connects {title} with it.", width)
            case "checking":
                asked = f"Asking {self._target.title} whether it takes the key {label} …"
                yield from text(asked, width)
            case "keeping":
                yield from text("Keeping the key …", width)
            case "refused":
                yield from text(f"✗ {self._target.title} refused this key.", width, ERROR)
                yield from text(self._answer.detail, width)
            case "unsure":
                yield from text("The key could not be checked:", width, WARN)
                yield from text(self._answer.detail, width)
                yield from text(f"Enter keeps the key {label} all the same.", width)
            case "kept":
                yield from self._outcome(width)
            case _:
                pass
        if self._field.display:
            yield BLANK

    def _request(self, width: int) -> Iterator[Line]:
        title = self._target.title
        if self._optional:
            yield from text(f"{title} works without a key: just press Enter.", width)
            yield from text("A key that you give is sent to it all the same.", width)
        else:
            yield from text(f"koi needs a key of {title}.", width)
        if self._target.key_page:
            yield from muted("Keys are made at", width)
            yield from link(self._target.key_page, width)
        yield from muted("It is kept in the OS keyring, else in a private file.", width)

    def _outcome(self, width: int) -> Iterator[Line]:
        if self._used.words:
            if self._used.usable:
                yield from text("The key is kept, but koi uses another one.", width, WARN)
            else:
                yield from text("✗ The key is kept, but is not used.", width, ERROR)
            yield from text(self._used.words, width)
            yield from muted(self._kept, width)
            return
        yield from text(f"✓ {self._target.title} is connected.", width, OK)
        yield from text(self._kept, width)
        match self._answer.outcome:
            case "works":
                yield from text(f"It has {models_text(self._answer.models)}.", width)
            case "unproven":
                said = "Its list of models is public: the first request shows whether "
                yield from text(f"{said}the key works.", width)
            case _:
                yield from text("It was not checked.", width, WARN)
