"""A login on the screen, from the code to its end; the login itself follows a script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from textual import events

from koi.core.errors import ProviderError
from koi.credentials.logins.events import Connected, LoginFailed, SignInOpened, Waiting
from koi.credentials.logins.login import Clock, Terms
from koi.tui.screens.connect.login import LoginScreen
from tests.configurations import registry_of
from tests.tui.screens.connect.screen_app import shown
from tests.tui.screens.connect.scripted_login import CODE, ScriptedLogin, Step

EXPIRED = LoginFailed("the code was not entered in time", reason="expired", hint="Try again.")
SIGN_IN = SignInOpened("https://auth.example.com/authorize?x=1", "http://127.0.0.1:1455/")


async def three_models(provider: str) -> Sequence[str]:
    return ("m1", "m2", "m3")


async def no_models(provider: str) -> Sequence[str]:
    raise ProviderError("the list is broken", kind="protocol")


def screen(folder: Path, login: ScriptedLogin, clock: Clock | None = None) -> LoginScreen:
    return LoginScreen("Example", login, registry_of(folder), three_models, clock=clock)


def scripted(*steps: Step) -> ScriptedLogin:
    return ScriptedLogin([list(steps)])


async def test_the_code_is_shown_large_with_its_address_and_a_warning(tmp_path: Path) -> None:
    async with shown(screen(tmp_path, scripted(CODE))) as (app, _):
        await app.until("ABCD-EFGH")
        assert "https://github.com/login/device" in app.text
        assert "█████" in app.text
        assert "only if you started this login" in app.text


async def test_a_small_window_shows_the_code_in_spaced_letters(tmp_path: Path) -> None:
    async with shown(screen(tmp_path, scripted(CODE)), (60, 15)) as (app, _):
        await app.until("A B C D - E F G H")
        assert "Esc" in app.text


async def test_success_shows_account_and_models_and_enter_goes_on(tmp_path: Path) -> None:
    login = scripted(CODE, Connected("copilot", "octocat", "Pro"))
    async with shown(screen(tmp_path, login)) as (app, pilot):
        await app.until("3 models: m1, m2, m3")
        assert "octocat, Pro" in app.text
        await pilot.press("enter")
        assert app.results == ["copilot"]


async def test_a_list_of_models_that_fails_is_said_and_the_login_counts(tmp_path: Path) -> None:
    login = scripted(Connected("copilot"))
    page = LoginScreen("Example", login, registry_of(tmp_path), no_models)
    async with shown(page) as (app, pilot):
        await app.until("the list is broken")
        await pilot.press("enter")
        assert app.results == ["copilot"]


async def test_a_code_that_expired_is_followed_by_a_new_one(tmp_path: Path) -> None:
    second = msgspec.structs.replace(CODE, user_code="WXYZ-1234")
    login = ScriptedLogin([[CODE, EXPIRED], [second]])
    async with shown(screen(tmp_path, login)) as (app, pilot):
        await app.until("not entered in time")
        await pilot.press("enter")
        await app.until("WXYZ-1234")
        assert login.closed == 1


async def test_a_failure_is_told_with_what_to_do(tmp_path: Path) -> None:
    failed = LoginFailed("it went wrong", reason="disabled", hint="Do that.")
    async with shown(screen(tmp_path, scripted(failed))) as (app, pilot):
        await app.until("✗ it went wrong")
        assert "Do that." in app.text
        await pilot.press("escape")
        assert app.results == [None]


async def test_a_way_that_is_switched_off_leads_on_to_the_other_by_one_key(tmp_path: Path) -> None:
    off = LoginFailed("codes are switched off", reason="disabled", hint="Switch them on.")
    terms = Terms("Fine with us.", "https://example.com/browser")
    browser = ScriptedLogin([[SIGN_IN]], "browser", "sign in with a browser", terms)
    page = LoginScreen("Example", scripted(off), registry_of(tmp_path), three_models, other=browser)
    async with shown(page) as (app, pilot):
        await app.until("Fine with us.")
        assert "m the other way" in app.text
        await pilot.press("m")
        await app.until("auth.example.com")


async def test_no_other_way_is_offered_after_a_no(tmp_path: Path) -> None:
    no = LoginFailed("the login was declined", reason="denied")
    browser = ScriptedLogin([[SIGN_IN]], "browser")
    page = LoginScreen("Example", scripted(no), registry_of(tmp_path), three_models, other=browser)
    async with shown(page) as (app, pilot):
        await app.until("Enter try again")
        await pilot.press("m")
        assert "auth.example.com" not in app.text


async def test_escape_gives_the_login_up(tmp_path: Path) -> None:
    login = scripted(CODE)
    async with shown(screen(tmp_path, login)) as (app, pilot):
        await app.until("ABCD-EFGH")
        await pilot.press("escape")
        await app.until(lambda: login.closed == 1)
        assert app.results == [None]


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        (Waiting("slow_down", 10), "asking less often"),
        (Waiting("pending", 5, "The server is busy."), "The server is busy."),
    ],
)
async def test_what_holds_it_up_is_said(tmp_path: Path, waiting: Waiting, words: str) -> None:
    async with shown(screen(tmp_path, scripted(CODE, waiting))) as (app, _):
        await app.until(words)
        assert "ABCD-EFGH" in app.text


async def test_the_time_counts_down_by_the_clock_of_the_login(tmp_path: Path) -> None:
    now = [100.0]
    login = scripted(CODE)
    page = screen(tmp_path, login, Clock(monotonic=lambda: now[0]))
    async with shown(page) as (app, pilot):
        await app.until("15:00 left")
        now[0] += 61
        await pilot.press("u")
        await app.until("13:59 left")


async def test_nothing_ticks_once_the_login_has_ended(tmp_path: Path) -> None:
    page = screen(tmp_path, scripted(CODE, EXPIRED))
    async with shown(page) as (app, _):
        await app.until("not entered in time")
        assert page._ticking is None


async def test_the_qr_code_takes_the_place_of_the_page_and_goes_again(tmp_path: Path) -> None:
    async with shown(screen(tmp_path, scripted(CODE))) as (app, pilot):
        await app.until("ABCD-EFGH")
        await pilot.press("r")
        await app.until("▄▄▄▄▄")
        await pilot.press("r")
        await app.until("Open this address")


async def test_a_qr_code_that_fits_no_longer_gives_way_to_the_page(tmp_path: Path) -> None:
    async with shown(screen(tmp_path, scripted(CODE))) as (app, pilot):
        await app.until("ABCD-EFGH")
        await pilot.press("r")
        await app.until("▄▄▄▄▄")
        await pilot.resize_terminal(60, 15)
        await app.until("A B C D - E F G H")


async def test_a_window_that_is_too_small_for_the_qr_code_says_so(tmp_path: Path) -> None:
    async with shown(screen(tmp_path, scripted(CODE)), (60, 15)) as (app, pilot):
        await app.until("A B C D")
        await pilot.press("r")
        await app.until("too small for the QR code")


async def test_a_pasted_address_goes_to_the_login(tmp_path: Path) -> None:
    login = ScriptedLogin([[SIGN_IN]], name="browser")
    async with shown(screen(tmp_path, login)) as (app, _):
        await app.until("auth.example.com")
        app.screen.post_message(events.Paste("http://127.0.0.1:1455/?code=1\n"))
        await app.until("took the pasted address")
        assert login.contexts[0].pasted.get_nowait() == "http://127.0.0.1:1455/?code=1"


async def test_an_address_can_also_be_typed(tmp_path: Path) -> None:
    login = ScriptedLogin([[SIGN_IN]], name="browser")
    async with shown(screen(tmp_path, login)) as (app, pilot):
        await app.until("auth.example.com")
        await pilot.press("p", *"co", "enter")
        await app.until("took the pasted address")
        assert login.contexts[0].pasted.get_nowait() == "co"


async def test_an_address_that_is_not_encrypted_is_not_opened(tmp_path: Path) -> None:
    plain = msgspec.structs.replace(CODE, url="http://evil.example/device")
    async with shown(screen(tmp_path, scripted(plain))) as (app, pilot):
        await app.until("evil.example")
        await pilot.press("o")
        await app.until("is not opened")


async def test_what_the_server_sends_cannot_reach_the_terminal(tmp_path: Path) -> None:
    hostile = msgspec.structs.replace(CODE, user_code="AB\x1b]0;x\x07CD", url="https://e/\x1b[2J")
    async with shown(screen(tmp_path, scripted(hostile))) as (app, _):
        await app.until("ABCD")
        assert "\x1b" not in app.text
