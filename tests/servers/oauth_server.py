"""Authorization servers with the habits of real ones, as pages of a model server on loopback.

Each polls through `answers`, one a question; when none is left, the login is granted.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
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
        if asked["grant_type"] != "refresh_token":
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


def web_token(**claims: object) -> str:
    """A token that tells about its account; nobody signed it."""
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return f"{encoded[0].rstrip('=')}.{encoded[1].rstrip('=')}.{CANARY}signature"


class Codex(Polls):
    """JSON; 404 and 403 while it waits; a proof of its own making; tokens that tell the account."""

    verifier = f"{CANARY}-verifier-0123456789"

    def __init__(self, server: ModelServer) -> None:
        super().__init__()
        self.url = server.url
        self.issued: JsonObject = {
            "device_auth_id": f"{CANARY}-device-auth-id",
            "user_code": "WXYZ-12345",
            "interval": "5",
        }
        self.grant: JsonObject = {
            "authorization_code": f"{CANARY}-code-0123456789",
            "code_challenge": "challenge",
            "code_verifier": self.verifier,
        }
        self.claims: JsonObject = {
            "email": "me@example.com",
            "https://api.openai.com/auth": {
                "chatgpt_account_id": "acc-1",
                "chatgpt_plan_type": "plus",
            },
        }
        self.exchanges: list[dict[str, str]] = []
        self.exchange_answers: list[Answer] = []
        self.refreshes: list[JsonObject] = []
        server.pages |= {
            "/api/accounts/deviceauth/usercode": self._code,
            "/api/accounts/deviceauth/token": self._poll,
            "/oauth/token": self._token,
        }
        self.start_answer: Answer | None = None

    @property
    def configuration(self) -> str:
        """The tables that send koi here."""
        return (
            f'[oauth.chatgpt]\ndevice_url = "{self.url}/api/accounts/deviceauth/usercode"\n'
            f'token_url = "{self.url}/oauth/token"\n'
        )

    def _code(self, request: RecordedRequest) -> Answer:
        assert set(request.body) == {"client_id"}
        return self.start_answer or page(self.issued)

    def _poll(self, request: RecordedRequest) -> Answer:
        assert request.body == {
            "device_auth_id": f"{CANARY}-device-auth-id",
            "user_code": "WXYZ-12345",
        }
        answer = self.next({})
        if isinstance(answer, Answer):
            return answer
        return page(self.grant if answer is None else answer)

    def _token(self, request: RecordedRequest) -> Answer:
        if request.headers["content-type"] == "application/json":
            self.refreshes.append(request.body)
        else:
            self.exchanges.append(form(request))
        if self.exchange_answers:
            return self.exchange_answers.pop(0)
        number = len(self.exchanges) + len(self.refreshes)
        tokens: JsonObject = {
            "access_token": f"{CANARY}-chatgpt-{number:04}-0123456789",
            "refresh_token": f"{CANARY}-chatgpt-refresh-{number:04}",
            "id_token": web_token(**self.claims),
            "expires_in": 3600,
        }
        return page(tokens)


class MiniMax(Polls):
    """Milliseconds, a state that comes back, and `status` in place of errors."""

    access = f"{CANARY}-minimax-access-0123456789"
    refresh = f"{CANARY}-minimax-refresh-0123456789"

    def __init__(self, server: ModelServer, region: str = "minimax") -> None:
        super().__init__()
        self.url = server.url
        self.region = region
        self.asked: dict[str, str] = {}
        self.issued: JsonObject = {
            "user_code": "MM12-34",
            "verification_uri": f"{server.url}/oauth-authorize?user_code=MM12-34",
            "interval": 2000,
            "expired_in": int((time.time() + 300) * 1000),
        }
        self.granted: JsonObject = {
            "status": "success",
            "access_token": self.access,
            "refresh_token": self.refresh,
            "expired_in": 86400,
            "base_resp": {"status_code": 0, "status_msg": "success"},
        }
        server.pages |= {"/oauth2/device/code": self._code, "/oauth2/token": self._token}

    @property
    def configuration(self) -> str:
        """The tables that send koi here."""
        return (
            f'[oauth.{self.region}]\ndevice_url = "{self.url}/oauth2/device/code"\n'
            f'token_url = "{self.url}/oauth2/token"\n'
        )

    def _code(self, request: RecordedRequest) -> Answer:
        self.asked = form(request)
        return page({"state": self.asked["state"], **self.issued})

    def _token(self, request: RecordedRequest) -> Answer:
        answer = self.next(form(request))
        if isinstance(answer, Answer):
            return answer
        return page(self.granted if answer is None else answer)


class Rotating:
    """A token endpoint whose refresh tokens work once; a second use revokes the whole login.

    `/v1/chat/completions` wants an access token that has not ended, and answers "ok".
    """

    def __init__(
        self, server: ModelServer, *, lasts_s: float = 3600, forgiving: bool = False
    ) -> None:
        """`forgiving`: as long as a new access token was not used, asking again gives it again."""
        self.url = server.url
        self.lasts_s = lasts_s
        self.forgiving = forgiving
        self.forgiven = 0
        """Refresh tokens that were used twice, and forgiven."""
        self.answered = 0
        """Requests that the model answered."""
        self.number = 0
        self.revoked = False
        self.refreshes: list[dict[str, str]] = []
        self.answers: list[Answer] = []
        """Given instead, as long as there are any."""
        self.more: JsonObject = {}
        self.left_out: set[str] = set()
        self.hold = threading.Event()
        """Cleared: nothing is answered, and nothing is used up."""
        self.hold.set()
        self.arrived = threading.Event()
        self.on_refresh: Callable[[], None] = lambda: None
        """Happens while koi waits for the answer."""
        self.refused = 0
        """Requests with a token that had ended."""
        self.early = 0
        """Refreshes in the first half of a token's life."""
        self._forgotten = 0
        self._before, self._used = "", False
        """The refresh token that was exchanged last; whether what came for it was used."""
        self._ends: dict[str, float] = {}
        self._closing = server.closing
        self._lock = threading.Lock()
        server.pages["/token"] = self._token
        server.pages["/v1/chat/completions"] = self._model

    def forget(self) -> None:
        """Drop the requests that wait, as if they had never come, and go on."""
        with self._lock:
            self._forgotten += 1
        self.hold.set()

    @property
    def configuration(self) -> str:
        """The tables that send koi's login of Qwen, and its requests, here."""
        return (
            f'[oauth.qwen]\ntoken_url = "{self.url}/token"\ndevice_url = "{self.url}/device"\n'
            f'[providers.qwen-code]\nbase_url = "{self.url}/v1"\n'
        )

    @property
    def access(self) -> str:
        """The newest access token."""
        return f"{CANARY}-access-{self.number:04}-0123456789"

    @property
    def refresh(self) -> str:
        """The newest refresh token."""
        return f"{CANARY}-refresh-{self.number:04}-0123456789"

    def _token(self, request: RecordedRequest) -> Answer:
        asked = form(request)
        self.arrived.set()
        forgotten = self._forgotten
        while not self.hold.wait(0.02) and not self._closing.is_set():
            pass
        with self._lock:
            if forgotten != self._forgotten:
                return page({})
            self.refreshes.append(asked)
            self.on_refresh()
            if self.answers:
                return self.answers.pop(0)
            if self._may_ask_again(asked["refresh_token"]):
                self.forgiven += 1
                self._ends[self.access] = time.monotonic() + self.lasts_s
                return page(self._said())
            if self.revoked or asked["refresh_token"] != self.refresh:
                self.revoked = True
                return page({"error": "invalid_grant"}, 400)
            now = time.monotonic()
            if self._ends.get(self.access, 0.0) - now > self.lasts_s / 2:
                self.early += 1
            self.number += 1
            self._ends[self.access] = now + self.lasts_s
            self._before, self._used = asked["refresh_token"], False
            return page(self._said())

    def _may_ask_again(self, refresh: str) -> bool:
        return self.forgiving and refresh == self._before and not self._used

    def _said(self) -> JsonObject:
        said: JsonObject = {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "expires_in": self.lasts_s,
            **self.more,
        }
        return {name: said[name] for name in said if name not in self.left_out}

    def _model(self, request: RecordedRequest) -> Answer:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._ends.get(token, 0.0) < time.monotonic():
            self.refused += 1
            return page({"error": {"message": "invalid token"}}, 401)
        self._used = self._used or token == self.access
        self.answered += 1
        said = {"role": "assistant", "content": "ok"}
        choice = {"index": 0, "message": said, "finish_reason": "stop"}
        return page({"object": "chat.completion", "model": "m", "choices": [choice]})
