"""What a login says while it goes on; a screen, plain lines and tests are its consumers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from koi.core.errors import ErrorKind, KoiError


class CodeIssued(msgspec.Struct, frozen=True):
    """The person must enter a code at an address."""

    user_code: str
    url: str
    """As the server gave it, checked to be https on an expected host (loopback may be http)."""
    complete_url: str = ""
    """The same with the code in it, "" when the server gives none."""
    expires_in_s: float = 900.0


class SignInOpened(msgspec.Struct, frozen=True):
    """The person must sign in at an address; koi listens for the answer on loopback."""

    url: str
    redirect_url: str
    """How the address begins that the browser is sent to, and that may be pasted instead."""
    expires_in_s: float = 900.0


WaitReason: TypeAlias = Literal["pending", "slow_down", "offline", "finishing"]


class Waiting(msgspec.Struct, frozen=True):
    """Nothing is decided yet; the server is asked again in `wait_s` seconds."""

    reason: WaitReason
    wait_s: float
    note: str = ""
    """In words, what is in the way; "" when nothing is."""


class Connected(msgspec.Struct, frozen=True):
    """The tokens are in koi's store. Always the last event."""

    provider: str
    account: str = ""
    """Name or address of the account, when the server tells."""
    plan: str = ""


LoginEvent: TypeAlias = CodeIssued | SignInOpened | Waiting | Connected

FailureReason: TypeAlias = Literal[
    "denied",  # the person, or their organisation, said no
    "expired",  # the code was not entered in time
    "disabled",  # this way to log in is switched off for the account
    "refused",  # the server refuses the request itself: client id, scope, plan
    "protocol",  # the server answered something that is no answer
    "offline",  # the server could not be reached at all
    "storage",  # the tokens came, but could not be kept
]


class LoginFailed(KoiError):
    """A login ended without tokens. `reason` says how, title and hint say what to do."""

    kind: ErrorKind = "auth"

    def __init__(self, title: str, *, reason: FailureReason, hint: str = "") -> None:
        super().__init__(title, hint=hint)
        self.reason = reason
