"""The login of Copilot against a server with GitHub's habits."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from koi.core.secret import Secret
from koi.credentials.logins.copilot import usual_application
from koi.credentials.logins.domains import enterprise_domain
from koi.credentials.logins.events import CodeIssued, Connected, LoginEvent, LoginFailed
from koi.credentials.logins.table import LOGINS, find_login, login_of
from tests.credentials.logins.conversation import Conversation
from tests.servers.answers import JsonObject
from tests.servers.model_server import ModelServer
from tests.servers.oauth_server import GitHub, html, page
from tests.servers.relay import Relay

PENDING: JsonObject = {"error": "authorization_pending"}


@pytest.fixture
def github(model_server: ModelServer) -> GitHub:
    return GitHub(model_server)


@pytest.fixture
def login(github: GitHub, tmp_path: Path) -> Conversation:
    return Conversation(tmp_path, github.configuration)


async def test_the_code_is_shown_and_the_token_is_kept(github: GitHub, login: Conversation) -> None:
    github.answers = [PENDING, PENDING]
    last = await login.run("copilot")
    assert login.events[0] == CodeIssued("ABCD-1234", f"{github.url}/login/device")
    assert login.waits == [("pending", 5.0)] * 3 + [("finishing", 0.0)]
    assert last == Connected("copilot", "octocat", "pro")
    record = login.records["copilot"]
    assert record.access_token == Secret(github.token)
    assert (record.account, record.plan, record.expires_at) == ("octocat", "pro", 0)


async def test_it_waits_before_it_asks(github: GitHub, login: Conversation) -> None:
    await login.run("copilot")
    assert login.time.slept == [5.0]
    assert github.asked == {"client_id": "Iv1.b507a08c87ecfe98", "scope": "read:user"}


async def test_slow_down_is_obeyed(github: GitHub, login: Conversation) -> None:
    github.answers = [{"error": "slow_down", "interval": "11"}, PENDING]
    await login.run("copilot")
    assert login.time.slept == [5, 11, 11]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"error": "expired_token"}, "expired"),
        ({"error": "token_expired"}, "expired"),
        ({"error": "access_denied"}, "denied"),
        ({"error": "authorization_denied"}, "denied"),
        ({"error": "incorrect_client_credentials"}, "refused"),
        ({"error": "incorrect_device_code"}, "refused"),
        ({"error": "device_flow_disabled"}, "disabled"),
        ({"error": "\x1b[31mnew\x07_error\u202e"}, "refused"),
        ({"error": {"code": "nested"}}, "refused"),
        ({}, "protocol"),
        ({"access_token": "two words"}, "protocol"),
        ({"access_token": ""}, "protocol"),
    ],
)
async def test_endings_are_told_apart(
    github: GitHub, login: Conversation, said: JsonObject, reason: str
) -> None:
    github.answers = [said]
    failed = await login.fails("copilot")
    assert failed.reason == reason
    assert failed.hint
    assert failed.title.isprintable()


async def test_an_unknown_error_is_named(github: GitHub, login: Conversation) -> None:
    github.answers = [{"error": "\x1b[31mnew_error"}]
    assert "[31mnew_error" in (await login.fails("copilot")).title


async def test_a_server_in_trouble_is_asked_on(github: GitHub, login: Conversation) -> None:
    github.answers = [html(503), html(502), page({}, 500), PENDING]
    last = await login.run("copilot")
    assert isinstance(last, Connected)
    assert login.waits[1:5] == [("offline", 5), ("offline", 10), ("offline", 20), ("pending", 5)]


async def test_a_network_that_is_lost_is_waited_for(github: GitHub, tmp_path: Path) -> None:
    github.answers = [PENDING]
    async with Relay(github.url).running() as relay:
        login = Conversation(tmp_path, github.configuration.replace(github.url, relay.url))

        async def pull(event: LoginEvent) -> None:
            relay.plug(into_socket=len(login.events) not in (3, 4))

        login.on_event = pull
        assert isinstance(await login.run("copilot"), Connected)
    kinds = [reason for reason, _ in login.waits]
    assert kinds == ["pending", "pending", "offline", "offline", "finishing"]


async def test_the_code_ends_when_nobody_enters_it(github: GitHub, login: Conversation) -> None:
    github.issued["expires_in"] = 12
    github.answers = [PENDING] * 20
    assert (await login.fails("copilot")).reason == "expired"
    assert len(github.forms) == 3


async def test_a_machine_that_slept_past_the_end_asks_once_more(
    github: GitHub, login: Conversation
) -> None:
    github.answers = [PENDING] * 20
    login.time.machine_sleeps_s = 3600
    assert (await login.fails("copilot")).reason == "expired"
    assert len(github.forms) == 1


async def test_closing_it_cancels_it(github: GitHub, login: Conversation) -> None:
    github.answers = [PENDING] * 20
    copilot = find_login("copilot")
    assert copilot is not None
    async with contextlib.aclosing(copilot.methods[0].start(login.context)) as events:
        assert isinstance(await anext(events), CodeIssued)
        await anext(events)
        await anext(events)
    assert len(github.forms) == 1
    assert login.records == {}


@pytest.mark.parametrize(
    "change",
    [
        {"verification_uri": "http://github.com/login/device"},
        {"verification_uri": "https://github.com.evil.example/login"},
        {"verification_uri": "https://evilgithub.com/login"},
        {"verification_uri": "https://github.com@evil.example/"},
        {"verification_uri": "https://github.com:8443/"},
        {"verification_uri": "https://github.com/\x1b[31m"},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": 5},
        {"user_code": "\x1b[2J"},
        {"user_code": "A" * 41},
        {"user_code": ""},
        {"device_code": None},
    ],
)
async def test_pages_and_codes_that_are_none_of_githubs_are_not_shown(
    github: GitHub, login: Conversation, change: JsonObject
) -> None:
    github.issued |= change
    assert (await login.fails("copilot")).reason == "protocol"
    assert login.events == []


async def test_a_code_page_of_github_itself_is_fine(github: GitHub, login: Conversation) -> None:
    github.issued["verification_uri"] = "https://github.com/login/device"
    assert isinstance(await login.run("copilot"), Connected)


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (200, {"error": "device_flow_disabled"}, "disabled"),
        (404, {"error": "Not Found"}, "refused"),
        (429, {}, "offline"),
        (503, {}, "offline"),
        (200, {}, "protocol"),
        (307, {}, "refused"),
    ],
)
async def test_no_code_is_told(
    model_server: ModelServer,
    github: GitHub,
    login: Conversation,
    status: int,
    said: JsonObject,
    reason: str,
) -> None:
    model_server.pages["/login/device/code"] = lambda request: page(said, status)
    assert (await login.fails("copilot")).reason == reason


async def test_no_server_is_told(tmp_path: Path) -> None:
    login = Conversation(tmp_path, '[oauth.copilot]\ndevice_url = "http://127.0.0.1:1/"\n')
    assert (await login.fails("copilot")).reason == "offline"


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "refused"), (403, "refused"), (404, "refused"), (429, "offline")]
)
async def test_an_account_without_copilot_is_told_at_once(
    github: GitHub, login: Conversation, status: int, reason: str
) -> None:
    github.exchange = page({"message": "No Copilot for you"}, status)
    failed = await login.fails("copilot")
    assert failed.reason == reason


async def test_an_own_application_needs_no_exchange(github: GitHub, tmp_path: Path) -> None:
    github.granted["access_token"] = "gho_canary0123456789"
    github.exchange = page({}, 500)
    login = Conversation(tmp_path, f'{github.configuration}client_id = "Iv1.mine"\n')
    assert await login.run("copilot") == Connected("copilot", "octocat")
    assert github.asked["client_id"] == "Iv1.mine"


async def test_tokens_that_cannot_be_kept_are_used_until_koi_ends(
    github: GitHub, login: Conversation
) -> None:
    async def a_newer_koi_writes(event: LoginEvent) -> None:
        if isinstance(event, CodeIssued):
            (login.folder / "data/auth.json").write_text('{"version": 2}')

    login.on_event = a_newer_koi_writes
    failed = await login.fails("copilot")
    assert failed.reason == "storage"
    assert login.records["copilot"].access_token == Secret(github.token)


async def test_nobody_enters_a_code_for_a_login_that_cannot_be_kept(
    github: GitHub, login: Conversation
) -> None:
    (login.folder / "data").mkdir()
    (login.folder / "data/auth.json").write_text('{"version": 2}')
    assert (await login.fails("copilot")).reason == "storage"
    assert (login.events, github.asked) == ([], {})


async def test_default_deny_holds_for_logins(tmp_path: Path) -> None:
    login = Conversation(tmp_path, "[network]\ndefault_deny = true\n")
    failed = await login.fails("copilot")
    assert failed.reason == "refused"
    assert "github.com" in failed.title


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("", ""),
        ("github.com", ""),
        (" https://Corp.GHE.com/ ", "corp.ghe.com"),
        ("corp.ghe.com/login", "corp.ghe.com"),
    ],
)
def test_domains_as_people_type_them(typed: str, domain: str) -> None:
    assert enterprise_domain(typed) == domain


@pytest.mark.parametrize(
    "typed",
    ["corp", "127.0.0.1", "a b.com", "u@evil.com", "x..com", "evil.com:80", "-x.com", "é.com"],
)
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(LoginFailed):
        enterprise_domain(typed)


def test_an_enterprise_has_its_own_places() -> None:
    application = usual_application("corp.ghe.com")
    assert application.device_url == "https://corp.ghe.com/login/device/code"
    assert application.token_url == "https://corp.ghe.com/login/oauth/access_token"
    assert application.exchange_url == "https://api.corp.ghe.com/copilot_internal/v2/token"
    assert application.page_domains == ("corp.ghe.com",)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("copilot", "copilot"),
        ("GitHub-Copilot", "copilot"),
        ("github_copilot", "copilot"),
        ("qwen-code", "qwen"),
        ("qwen_oauth", "qwen"),
    ],
)
def test_logins_are_found_by_many_names(typed: str, name: str) -> None:
    login = find_login(typed)
    assert login is not None
    assert login.name == name


def test_every_login_tells_the_terms_and_is_found_by_its_provider() -> None:
    for login in LOGINS:
        assert login_of(login.provider) == login
        for method in login.methods:
            assert method.terms.sentence
            assert method.terms.link.startswith("https://")
