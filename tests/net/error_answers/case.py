"""One error answer and what koi should make of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from koi.core.errors import ErrorKind

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
"""The `date` of every answer that names none: times of the clock count from here."""


@dataclass(frozen=True, slots=True)
class Case:
    """`body` is text, or what becomes JSON. `hint` is part of the advice, `wait_s` in seconds."""

    status: int
    body: object
    kind: ErrorKind
    hint: str = ""
    wait_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def raw_body(self) -> bytes:
        """The body as it is sent."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()

    @property
    def name(self) -> str:
        """What to call it in the report of a test."""
        return f"{self.status} {' '.join(self.raw_body.decode().split())[:60]}"


def openai(message: str, code: object = None, type: str | None = None, **more: object) -> object:
    """The body of OpenAI and those who speak its format."""
    return {"error": {"message": message, "type": type, "param": None, "code": code, **more}}


def anthropic(type: str, message: str) -> object:
    """The body of Anthropic."""
    return {"type": "error", "error": {"type": type, "message": message}, "request_id": "req_1"}


def google(code: int, status: str, message: str, *details: object) -> object:
    """The body of Gemini and Vertex AI."""
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return {"error": error}


def retry_info(delay: str) -> object:
    """The detail in which Google names a wait."""
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(quota_id: str) -> object:
    """The detail in which Google names the quota that is used up."""
    kind = "type.googleapis.com/google.rpc.QuotaFailure"
    return {"@type": kind, "violations": [{"quotaId": quota_id}]}
