"""The one error tree, named by who must act. Every error has a kind, a title and a hint."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.budgets import BudgetLimit
from koi.core.messages import Part

ErrorKind: TypeAlias = Literal[
    "auth",
    "billing",
    "rate_limit",
    "overloaded",
    "timeout",
    "network",
    "bad_request",
    "context_overflow",
    "tools_unsupported",
    "model_not_found",
    "content_policy",
    "protocol",
    "network_policy",
    "budget",
    "cancelled",
    "internal",
]


class FailedAttempt(msgspec.Struct, frozen=True):
    """One line of the attempt log: which model with which key, why it failed, what it asked for."""

    model: str
    key: str
    """Its last four characters, "" without one."""
    reason: str
    status: int | None = None
    wait_s: float | None = None
    """Seconds after which it may be asked again, None when the server named no time."""


class ErrorReport(msgspec.Struct, frozen=True):
    """An error as data: the `error` object of the machine output, and what a journal keeps."""

    kind: ErrorKind
    message: str
    hint: str = ""
    provider: str | None = None
    model: str | None = None
    status: int | None = None
    retry_after_s: float | None = None
    attempts: tuple[FailedAttempt, ...] = ()
    """The log of a request for which every candidate failed."""


class KoiError(Exception):
    """Base of all expected failures. `title` says what and where, `hint` what to do next."""

    kind: ErrorKind = "internal"
    exit_code: int = 1

    def __init__(self, title: str, *, hint: str = "", kind: ErrorKind | None = None) -> None:
        super().__init__(title)
        self.title = title
        self.hint = hint
        if kind is not None:
            self.kind = kind

    def report(self) -> ErrorReport:
        """This error as plain data."""
        return ErrorReport(self.kind, self.title, self.hint)


class UsageError(KoiError):
    """The person must act: a wrong command line, path or name. Exit code 2."""

    kind: ErrorKind = "bad_request"
    exit_code = 2


class ConfigurationError(UsageError):
    """The person must mend the configuration. `where` names the file (or variable) and the key."""

    def __init__(self, title: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {title}" if where else title, hint=hint)
        self.where = where


class CredentialMissing(KoiError):
    """The person must connect a provider: no usable credential or model. Exit code 3."""

    kind: ErrorKind = "auth"
    exit_code = 3


class ProviderError(KoiError):
    """A provider, or the way to it, failed. The routing layer acts first, then the person."""

    def __init__(
        self,
        title: str,
        *,
        kind: ErrorKind,
        hint: str = "",
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(title, hint=hint, kind=kind)
        self.provider = provider
        self.model = model
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.parameter: str | None = None
        """The field of the request that the provider names as wrong."""
        self.answer_began = False
        """The provider had accepted the request and begun to answer: it will be on the bill."""
        self.unanswered = False
        """The request had left and no answer came: it may be on the bill."""
        self.kept: tuple[Part, ...] = ()
        """Of an answer that broke off, the parts up to its last complete call; () without one."""

    @property
    def billed(self) -> bool:
        """True when the provider had the request and did not refuse it: it counts as paid."""
        return self.answer_began or self.unanswered

    def report(self) -> ErrorReport:
        """This error as plain data, with provider, model and status."""
        return ErrorReport(
            self.kind,
            self.title,
            self.hint,
            self.provider,
            self.model,
            self.status,
            self.retry_after_s,
        )


class AllCandidatesExhausted(ProviderError):
    """Every model and key that could be asked failed, or may not be asked yet.

    `attempts` are the failed exchanges of this step and the candidates that were passed over, in
    order; `kind`, provider, model and status are those of the last failure.
    """

    def __init__(
        self,
        title: str,
        *,
        last: ProviderError,
        attempts: tuple[FailedAttempt, ...],
        hint: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(
            title,
            kind=last.kind,
            hint=hint or last.hint,
            provider=last.provider,
            model=last.model,
            status=last.status,
            code=last.code,
            retry_after_s=retry_after_s,
        )
        self.attempts = attempts

    def report(self) -> ErrorReport:
        """This error as plain data, with its attempts."""
        return msgspec.structs.replace(super().report(), attempts=self.attempts)


class ToolFailure(KoiError):
    """The model must act: a tool could not do what it was asked. Its text goes to the model."""

    kind: ErrorKind = "bad_request"


class LimitReached(KoiError):
    """A limit that the person set was reached: `limit` names it. Exit code 4."""

    kind: ErrorKind = "budget"
    exit_code = 4

    def __init__(
        self,
        title: str,
        *,
        hint: str = "",
        limit: BudgetLimit = "max_turns",
        value: float = 0.0,
        raisable: bool = True,
    ) -> None:
        super().__init__(title, hint=hint)
        self.limit: BudgetLimit = limit
        self.value = value
        self.raisable = raisable
        """False when more would not help."""


class StorageError(KoiError):
    """The machine must be mended: a disk, a permission, a lock, a damaged file."""


class Cancelled(KoiError):
    """The person stopped it. Exit code 130."""

    kind: ErrorKind = "cancelled"
    exit_code = 130
