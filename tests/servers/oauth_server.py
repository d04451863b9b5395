"""Authorization servers with the habits of real ones, as pages of a model server on loopback.

Each polls through `answers`, one a question; when none is left, the login is granted.
"""

from __future__ import annotations

import json
from typing import TypeAlias, cast
from urllib.parse import parse_qsl, urlencode

from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer, RecordedRequest

Polled: TypeAlias = JsonObject | Answer

CANARY = "canary"
"""Part of every secret that these servers give: no text that people see may hold it."""
DEVICE_CODE = f"{CANARY}-device-code-0123456789"


def form(request: RecordedRequest) -> dict[str, str]:
    """The fields of a form."""
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl(request.raw_body.decode("ascii"), strict_parsing=True))


def page(value: object, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status=status, body=json.dumps(value).encode())


def html(status: int) -> Answer:
    """A page that a proxy shows."""
    body = b"<html>Service Unavailable</html>"
    return Answer(status=status, body=body, headers={"content-type": "text/html"})


class Polls:
    """What the next questions are answered, and when they came."""

    def __init__(self) -> None:
        self.answers: list[Polled] = []
        self.forms: list[dict[str, str]] = []

    def next(self, asked: dict[str, str]) -> Polled | None:
        """The next answer of the script, None when it is over."""
        self.forms.append(asked)
        return self.answers.pop(0) if self.answers else None


class GitHub(Polls):
    """Forms unless JSON is asked for, errors with status 200, a token to be exchanged."""

    token = f"ghu_{CANARY}0123456789abcdef"
    exchanged = f"tid={CANARY};exp=9999999999;sku=x:mac01234567"

    def __init__(self, server: ModelServer) -> None:
        super().__init__()
        self.url = server.url
        self.asked: dict[str, str] = {}
        self.issued: JsonObject = {
            "device_code": DEVICE_CODE,
            "user_code": "ABCD-1234",
            "verification_uri": f"{server.url}/login/device",
            "expires_in": 900,
            "interval": 5,
        }
        self.granted: JsonObject = {
            "access_token": self.token,
            "token_type": "bearer",
            "scope": "read:user",
        }
        self.exchange: Answer = page(
            {"token": self.exchanged, "refresh_in": 1500, "expires_at": 9999999999, "sku": "pro"}
        )
        server.pages |= {
            "/login/device/code": self._code,
            "/login/oauth/access_token": self._token,
            "/copilot_internal/v2/token": lambda request: self.exchange,
            "/user": self._user,
        }

    @property
    def configuration(self) -> str:
        """The tables that send koi here."""
        return (
            f'[oauth.copilot]\ndevice_url = "{self.url}/login/device/code"\n'
            f'token_url = "{self.url}/login/oauth/access_token"\n'
            f'exchange_url = "{self.url}/copilot_internal/v2/token"\n'
        )

    def _said(self, request: RecordedRequest, fields: JsonObject) -> Answer:
        if request.headers.get("accept") == "application/json":
            return page(fields)
        body = urlencode({name: str(value) for name, value in fields.items()}).encode()
        return Answer(body=body, headers={"content-type": "application/x-www-form-urlencoded"})

    def _code(self, request: RecordedRequest) -> Answer:
        asked = form(request)
        assert set(asked) == {"client_id", "scope"}
        self.asked = asked
        return self._said(request, self.issued)

    def _token(self, request: RecordedRequest) -> Answer:
        asked = form(request)
        assert asked["device_code"] == DEVICE_CODE
        answer = self.next(asked)
        if isinstance(answer, Answer):
            return answer
        return self._said(request, self.granted if answer is None else answer)

    def _user(self, request: RecordedRequest) -> Answer:
        token = cast(str, self.granted["access_token"])
        assert request.headers["authorization"] == f"token {token}"
        return page({"login": "octocat"})


class Qwen(Polls):
    """Proof of possession, status 400 while it waits, 429 with slow_down, 401 for an old code."""

    access = f"{CANARY}-qwen-access-0123456789"
    refresh = f"{CANARY}-qwen-refresh-0123456789"

    def __init__(self, server: ModelServer) -> None:
        super().__init__()
        self.url = server.url
        self.asked: dict[str, str] = {}
        self.issued: JsonObject = {
            "device_code": DEVICE_CODE,
            "user_code": "WXYZ9876",
            "verification_uri": f"{server.url}/authorize",
            "verification_uri_complete": f"{server.url}/authorize?user_code=WXYZ9876",
            "expires_in": "600",
        }
        self.granted: JsonObject = {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "token_type": "Bearer",
            "resource_url": "portal.qwen.ai",
            "expires_in": 21600,
        }
        server.pages |= {
            "/api/v1/oauth2/device/code": self._code,
            "/api/v1/oauth2/token": self._token,
        }

    @property
    def configuration(self) -> str:
        """The tables that send koi here."""
        return (
            f'[oauth.qwen]\ndevice_url = "{self.url}/api/v1/oauth2/device/code"\n'
            f'token_url = "{self.url}/api/v1/oauth2/token"\n'
        )

    def _code(self, request: RecordedRequest) -> Answer:
        self.asked = form(request)
        return page(self.issued)

    def _token(self, request: RecordedRequest) -> Answer:
        answer = self.next(form(request))
        if isinstance(answer, Answer):
            return answer
        if answer is not None:
            return page(answer, 429 if answer.get("error") == "slow_down" else 400)
        return page(self.granted)
