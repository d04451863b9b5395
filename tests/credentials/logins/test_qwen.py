"""The login of Qwen against a server with its habits."""

from __future__ import annotations

from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.credentials.logins.events import CodeIssued, Connected
from koi.credentials.oauth.pkce import Proof
from tests.credentials.logins.conversation import Conversation
from tests.servers.answers import Answer, JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import Qwen, page

PENDING: JsonObject = {"error": "authorization_pending"}


@pytest.fixture
def qwen(model_server: ModelServer) -> Qwen:
    return Qwen(model_server)


@pytest.fixture
def login(qwen: Qwen, tmp_path: Path) -> Conversation:
    return Conversation(tmp_path, qwen.configuration)


async def test_the_proof_of_the_first_request_comes_with_every_question(
    qwen: Qwen, login: Conversation
) -> None:
    qwen.answers = [PENDING]
    assert await login.run("qwen") == Connected("qwen-code")
    page_of_code = f"{qwen.url}/authorize"
    assert login.events[0] == CodeIssued(
        "WXYZ9876", page_of_code, f"{page_of_code}?user_code=WXYZ9876", 600
    )
    assert qwen.asked["code_challenge_method"] == "S256"
    verifiers = {form["code_verifier"] for form in qwen.forms}
    [verifier] = verifiers
    assert Proof(Secret(verifier)).challenge == qwen.asked["code_challenge"]


async def test_the_tokens_are_kept_with_their_place_and_end(
    qwen: Qwen, login: Conversation
) -> None:
    await login.run("qwen")
    record = login.records["qwen-code"]
    assert record.access_token == Secret(qwen.access)
    assert record.refresh_token == Secret(qwen.refresh)
    assert record.expires_at == pytest.approx(login.time.wall + 21600, abs=0.01)
    assert record.extra["resource_url"] == "https://portal.qwen.ai"


async def test_too_many_requests_slow_it_down_by_half(qwen: Qwen, login: Conversation) -> None:
    qwen.answers = [{"error": "slow_down"}, {"error": "slow_down"}, PENDING]
    await login.run("qwen")
    assert login.time.slept == [5, 7.5, 10, 10]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page({"error": "invalid_grant"}, 401), "expired"),
        (page({}, 401), "expired"),
        (page({"error": "access_denied"}, 400), "denied"),
        (page({"error": "invalid_request"}, 400), "refused"),
    ],
)
async def test_endings(qwen: Qwen, login: Conversation, answer: Answer, reason: str) -> None:
    qwen.answers = [answer]
    assert (await login.fails("qwen")).reason == reason


def test_a_proof_is_not_printed() -> None:
    proof = Proof()
    assert proof.verifier.reveal() not in repr(proof)
    assert len(proof.verifier.reveal()) == len(proof.challenge) == 43


def test_the_challenge_is_the_one_of_the_standard() -> None:
    proof = Proof(Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
    assert proof.challenge == ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
