"""OpenAI's sign-in for apps, and the person at its page: it registers apps, and signs who it is."""

from __future__ import annotations

import base64
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from koi.core.secret import Secret
from koi.credentials.oauth.pkce import Proof
from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer, RecordedRequest
from tests.servers.oauth_server import CANARY, form, page

SCOPE = "openid profile email offline_access resource.invoke chatgpt.tokens.use.direct"


def new_key() -> RSAPrivateKey:
    """A key to sign with."""
    return generate_private_key(public_exponent=65537, key_size=2048)


class SignIn:
    """`visit(url)` is the person who signs in: it gives the address the browser is sent back to."""

    def __init__(self, server: ModelServer, key: RSAPrivateKey) -> None:
        self.url = server.url
        self.key = key
        self.signing_key = key
        """Another one: the signature is not the server's."""
        self.issued = "oaiapp_1"
        self.subject = "user-1"
        self.scope: str | None = SCOPE
        self.earliest: object = None
        self.claims: JsonObject = {}
        """Put over those of the id token."""
        self.callback: dict[str, str | None] = {}
        """Put over what the browser is sent back with; None leaves it out."""
        self.visits: list[dict[str, str]] = []
        self.forms: list[dict[str, str]] = []
        self.answers: list[Answer] = []
        self._code = f"{CANARY}-code-0123456789"
        server.pages |= {
            "/api/accounts/oauth/token": self._token,
            "/.well-known/openid-configuration": lambda request: page(
                {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
            ),
            "/jwks": lambda request: page({"keys": [self._public()]}),
        }

    @property
    def configuration(self) -> str:
        """The tables that send koi here."""
        return (
            f'[oauth.chatgpt-browser]\nauthorize_url = "{self.url}/api/accounts/authorize"\n'
            f'token_url = "{self.url}/api/accounts/oauth/token"\n'
        )

    def visit(self, url: str) -> str:
        """Sign in and say yes."""
        parts = urlsplit(url)
        assert parts.path == "/api/accounts/authorize"
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        self.visits.append(asked)
        fields: dict[str, str | None] = {"code": self._code, "state": asked["state"]}
        fields |= {"scope": self.scope}
        if asked["client_id"] == "dynamic_agent_client":
            fields["client_id"] = self.issued
        fields |= self.callback
        said = {name: value for name, value in fields.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def _token(self, request: RecordedRequest) -> Answer:
        asked = form(request)
        self.forms.append(asked)
        if self.answers:
            return self.answers.pop(0)
        assert asked["resource"] == "https://api.openai.com/v1"
        assert asked["client_id"] == self.issued
        if asked["grant_type"] == "authorization_code":
            assert asked["code"] == self._code
            assert asked["redirect_uri"] == self.visits[-1]["redirect_uri"]
            proof = Proof(Secret(asked["code_verifier"]))
            assert proof.challenge == self.visits[-1]["code_challenge"]
        number = len(self.forms)
        tokens: JsonObject = {
            "access_token": self._signed(
                {"aud": "https://api.openai.com/v1", "jti": f"{CANARY}{number}"}
            ),
            "refresh_token": f"{CANARY}-sign-in-refresh-{number:04}",
            "id_token": self._signed({"nonce": self.visits[-1]["nonce"]} | self.claims),
            "expires_in": 3600,
            "scope": self.scope,
            "earliest_refresh_at": self.earliest,
        }
        return page({name: value for name, value in tokens.items() if value is not None})

    def _signed(self, claims: JsonObject) -> str:
        now = int(time.time())
        usual: JsonObject = {
            "iss": self.url,
            "aud": self.issued,
            "sub": self.subject,
            "email": "me@example.com",
            "iat": now,
            "exp": now + 3600,
            "https://api.openai.com/auth": {"chatgpt_plan_type": "pro"},
        }
        return jwt.encode(usual | claims, self.signing_key, "RS256", headers={"kid": "k1"})

    def _public(self) -> JsonObject:
        numbers = self.key.public_key().public_numbers()
        encoded = {
            name: base64.urlsafe_b64encode(
                value.to_bytes((value.bit_length() + 7) // 8, "big")
            ).decode()
            for name, value in (("n", numbers.n), ("e", numbers.e))
        }
        return {"kty": "RSA", "kid": "k1", "alg": "RS256", **encoded}
