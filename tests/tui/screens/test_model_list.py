"""The list of models, used with keys and with the mouse."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec
import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from koi.catalogue.model_choices import ModelChoices
from koi.core.errors import ConfigurationError, KoiError, ProviderError, StorageError
from koi.core.offers import ProviderOffer, RoleModel
from koi.core.references import ModelReference
from koi.core.seams import ModelInfo
from koi.core.secret import Secret
from koi.tui.desk import GivenKey
from koi.tui.keys import default_keys
from koi.tui.line_pane import LinePane
from koi.tui.model_source import ModelChoice
from koi.tui.screens import model_shelf
from koi.tui.screens.chooser import Chooser, FilterInput, Rows
from koi.tui.screens.model_list import ModelList

SONNET = ModelReference("anthropic", "sonnet")
GPT = ModelReference("openai", "gpt-5")
QWEN = ModelReference("qwen", "plus")
LLAMA = ModelReference("ollama", "llama3.3")
NOTHING = ModelReference("", "")
Offers: TypeAlias = tuple[ProviderOffer, ...]


def offer(reference: ModelReference, *more: str, **facts: object) -> ProviderOffer:
    names = (reference.model, *more)
    models = tuple(ModelInfo(ModelReference(reference.provider, name)) for name in names)
    whole = ProviderOffer(reference.provider, reference.provider.title(), models=models)
    return msgspec.structs.replace(whole, **facts)


THREE = (offer(SONNET), offer(GPT), offer(LLAMA))
COPILOT = ProviderOffer(
    "copilot", "GitHub Copilot", reason="no login", default_model="gpt-4o"
)  # fmt: skip
CONNECTED = offer(ModelReference("copilot", "claude"), "gpt-4o", default_model="gpt-4o")
ROLES = ("executor", "evaluator", "planner", "embedder", "small")


@dataclass
class Source:
    """What the list is given, and what it asked for."""

    parts: list[Offers | asyncio.Event | KoiError] = field(default_factory=lambda: [THREE])
    kept: dict[str, str] = field(default_factory=dict)
    choice: ModelChoices = field(default_factory=ModelChoices)
    refusal: KoiError | None = None
    login: Callable[[], str | None] = lambda: None
    connected: list[str | GivenKey] = field(default_factory=list)
    refreshed: list[bool] = field(default_factory=list)

    async def offers(self, *, refresh: bool = False) -> AsyncGenerator[Offers, None]:
        self.refreshed.append(refresh)
        for part in self.parts:
            match part:
                case asyncio.Event():
                    await part.wait()
                case KoiError():
                    raise part
                case offers:
                    yield offers

    def choices(self) -> ModelChoices:
        return self.choice

    async def toggle_favourite(self, reference: ModelReference) -> ModelChoices:
        if self.refusal is not None:
            raise self.refusal
        others = tuple(each for each in self.choice.favourites if each != reference)
        marked = (*others, reference) if others == self.choice.favourites else others
        self.choice = msgspec.structs.replace(self.choice, favourites=marked)
        return self.choice

    def roles(self) -> Mapping[str, RoleModel]:
        return {
            role: RoleModel(role, kept, "config.toml" if kept else "")
            for role in ROLES
            for kept in [self.kept.get(role, "")]
        }

    async def keep(self, role: str, reference: ModelReference) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.kept[role] = str(reference)
        return f"{role} is kept"

    async def connect(self, what: str | GivenKey) -> str | None:
        self.connected.append(what)
        return self.login()


class ListApp(App[None]):
    """The list over an empty screen, and what it was left with."""

    def __init__(self, shown: ModelList) -> None:
        super().__init__()
        self.shown = shown
        self.results: list[ModelChoice | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.shown, self.results.append)

    @property
    def chosen(self) -> ModelReference | None:
        """The model of the only result."""
        [result] = self.results
        return None if result is None else result.reference


@asynccontextmanager
async def shown(
    source: Source,
    current: ModelReference = SONNET,
    size: tuple[int, int] = (100, 30),
    role: str = "executor",
) -> AsyncIterator[tuple[ListApp, Pilot[None]]]:
    app = ListApp(ModelList(source, current, role=role))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def lines(app: App[None], kind: str = "Rows") -> list[str]:
    pane = app.screen.query_one(kind, LinePane)
    found = [pane.line_at(y) for y in range(pane.size.height)]
    return [line.text.rstrip() for line in found if line is not None and line.spans]


def names(app: App[None]) -> list[str]:
    """First words of the rows, without marks."""
    return [line.lstrip("▸●★ ").split("  ")[0] for line in lines(app)]


def choice(app: App[None]) -> str:
    """The first word of the chosen row."""
    [line] = [line for line in lines(app) if line.startswith("▸")]
    return line.lstrip("▸●★ ").split("  ")[0]


# Moving and choosing


async def test_a_model_is_chosen_with_the_arrows_and_enter() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press("down", "enter")
        assert app.chosen == GPT


async def test_the_current_model_is_marked_and_chosen_first() -> None:
    async with shown(Source(), GPT) as (app, pilot):
        assert [line[:2] for line in lines(app)] == [" A", "  ", " O", "▸●", " O", "  "]
        await pilot.press("enter")
        assert app.chosen == GPT


@pytest.mark.parametrize(
    ("keys", "model"),
    [
        (["up"], LLAMA),
        (["down", "down", "down"], SONNET),
        (["pagedown"], LLAMA),
        (["pagedown", "pageup"], SONNET),
        (["ctrl+end"], LLAMA),
        (["ctrl+end", "ctrl+home"], SONNET),
        (["up", "down"], SONNET),
    ],
)
async def test_headings_are_passed_over(keys: list[str], model: ModelReference) -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press(*keys, "enter")
        assert app.chosen == model


async def test_keys_that_come_at_once_keep_their_order() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press(*"gpt")
        for key, letter in [("ctrl+u", "\x15"), ("l", "l"), ("x", "x"), ("backspace", "\x7f")]:
            app.post_message(events.Key(key, letter))
        await pilot.pause()
        assert app.screen.query_one(FilterInput).value == "l"


async def test_escape_goes_back_without_a_choice() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press("escape")
        assert app.results == [None]


async def test_a_click_chooses_a_model_and_nothing_on_a_heading() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.click(Rows, offset=(6, 4))
        assert app.results == []
        await pilot.click(Rows, offset=(6, 5))
        assert app.chosen == LLAMA


async def test_typing_filters_the_models() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press(*"LLAMA oll")
        assert names(app) == ["ollama/llama3.3"]
        await pilot.press("enter")
        assert app.chosen == LLAMA


async def test_a_model_that_is_not_in_the_list_can_be_typed() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press(*"lab/x/y")
        assert "as typed" in lines(app)[0]
        await pilot.press("enter")
        assert app.chosen == ModelReference("lab", "x/y")


async def test_a_misspelt_name_is_asked_back() -> None:
    async with shown(Source()) as (app, pilot):
        await pilot.press(*"sonett")
        first, note = lines(app)
        assert "anthropic/sonnet" in first
        assert "did you mean" in note


async def test_a_paste_into_the_filter_is_one_clean_line() -> None:
    async with shown(Source()) as (app, pilot):
        app.post_message(events.Paste("\x1b[31mgpt\x1b[0m\nmore"))
        await pilot.pause()
        await pilot.press("enter")
        assert app.chosen == GPT


# Lists that arrive


async def test_the_current_model_is_there_before_anything_answers() -> None:
    answer = asyncio.Event()
    async with shown(Source([answer, THREE])) as (app, pilot):
        assert names(app) == ["in use", "anthropic/sonnet", "asking the providers …"]
        answer.set()
        await pilot.pause()
        assert len(lines(app)) == 6


async def test_lists_that_arrive_leave_the_choice_where_it_is() -> None:
    answer = asyncio.Event()
    early = (offer(GPT), offer(LLAMA))
    late = (offer(SONNET, "opus"), offer(GPT, "a", "b"))
    async with shown(Source([early, answer, late]), NOTHING) as (app, pilot):
        await pilot.press("down")
        assert choice(app) == "ollama/llama3.3"
        answer.set()
        await pilot.pause()
        assert choice(app) == "ollama/llama3.3"
        assert "openai/a" in names(app)


async def test_the_end_of_asking_leaves_the_choice_where_it_is() -> None:
    done = asyncio.Event()
    async with shown(Source([THREE, done])) as (app, pilot):
        await pilot.press("down")
        assert lines(app)[-1] == " asking the providers …"
        done.set()
        await pilot.pause()
        assert choice(app) == "openai/gpt-5"
        assert "asking" not in "".join(lines(app))


async def test_a_failure_is_told_and_a_name_can_still_be_typed() -> None:
    failure = ProviderError("p does not answer", kind="network", hint="Is it on?")
    async with shown(Source([failure]), NOTHING) as (app, pilot):
        assert lines(app) == [" p does not answer. Is it on?"]
        await pilot.press(*"a/b", "enter")
        assert app.chosen == ModelReference("a", "b")


async def test_who_gave_no_list_is_named_and_why_once_the_filter_names_it() -> None:
    away = (offer(GPT, failure="127.0.0.1:9 refuses connections " * 4), offer(LLAMA))
    async with shown(Source([away]), NOTHING, (80, 24)) as (app, pilot):
        assert lines(app)[0].startswith(" Openai  no list: 127.0.0.1:9 refuses")
        assert lines(app)[-1] == " no list from openai"
        await pilot.press(*"openai/g")
        assert lines(app)[-1].startswith(" no list from openai: 127.0.0.1:9 refuses")
        await pilot.press("ctrl+u", *"ollama/l")
        assert "no list" not in "".join(lines(app))


async def test_of_two_thousand_models_only_the_visible_rows_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = offer(ModelReference("p", "m"), *(f"model-{number}" for number in range(2_000)))
    counts: Counter[str] = Counter()

    def counted(name: str) -> None:
        real: Callable[..., object] = getattr(model_shelf, name)

        def call(*arguments: object, **options: object) -> object:
            counts[name] += 1
            return real(*arguments, **options)

        monkeypatch.setattr(model_shelf, name, call)

    async with shown(Source([(many,)]), ModelReference("p", "m")) as (app, pilot):
        counted("row_line")
        counted("ModelStock")
        await pilot.press("up")
        assert choice(app) == "p/model-1999"
        visible = app.screen.query_one(Rows).size.height
        assert counts["row_line"] <= 2 * visible
        await pilot.press("9")
        assert counts["row_line"] <= 4 * visible
        assert counts["ModelStock"] == 0


# Favourites


async def test_a_favourite_is_marked_and_comes_first() -> None:
    source = Source()
    async with shown(source) as (app, pilot):
        await pilot.press("ctrl+end", "ctrl+f")
        assert source.choice.favourites == (LLAMA,)
        assert names(app)[:2] == ["favourites", "ollama/llama3.3"]
        assert lines(app)[-1].startswith("▸ ★ ollama/llama3.3")
        await pilot.press("ctrl+f")
        assert names(app)[0] == "Anthropic"
        assert not source.choices().favourites


async def test_a_favourite_that_cannot_be_kept_is_told_in_place() -> None:
    refusal = StorageError("cannot write models.json", hint="Free some space.")
    async with shown(Source(refusal=refusal)) as (app, pilot):
        await pilot.press("ctrl+f")
        assert lines(app)[-1] == " cannot write models.json. Free some space."
        await pilot.press("enter")
        assert app.chosen == SONNET


async def test_recent_models_come_before_the_lists_and_a_damaged_file_is_told() -> None:
    remembered = ModelChoices(recent=(LLAMA,), note="models.json is damaged")
    async with shown(Source(choice=remembered)) as (app, _):
        assert names(app)[:2] == ["recent", "ollama/llama3.3"]
        assert lines(app)[-1] == " models.json is damaged"


# Roles


async def test_tab_goes_through_the_roles_and_the_embedder_sees_its_models_alone() -> None:
    vectors = ModelInfo(ModelReference("openai", "vectors"), embeddings=True)
    openai = offer(GPT)
    openai = msgspec.structs.replace(openai, models=(*openai.models, vectors))
    async with shown(Source([(openai,)]), NOTHING) as (app, pilot):
        assert "openai/vectors" not in names(app)
        await pilot.press("tab", "tab", "tab")
        assert "[embedder]" in lines(app, "#role")[0]
        assert names(app) == ["Openai", "openai/vectors"]
        await pilot.press("shift+tab")
        assert "[planner]" in lines(app, "#role")[0]
        assert "openai/vectors" not in names(app)


async def test_the_model_of_another_role_is_kept_and_the_list_stays_open() -> None:
    source = Source()
    async with shown(source, role="planner") as (app, pilot):
        assert lines(app, "#role")[1].strip() == "none chosen"
        await pilot.press(*"gpt", "enter")
        assert source.kept == {"planner": "openai/gpt-5"}
        assert app.results == []
        assert lines(app)[-1] == " planner is kept"
        assert lines(app, "#role")[1].strip() == "openai/gpt-5 · config.toml"
        assert lines(app)[0].startswith("▸●")
        await pilot.press("escape")
        assert app.results == [None]


async def test_a_model_is_made_the_default_and_chosen() -> None:
    source = Source()
    async with shown(source) as (app, pilot):
        await pilot.press("down", "ctrl+s")
        assert source.kept == {"executor": "openai/gpt-5"}
        assert app.results == [ModelChoice(GPT, "executor is kept")]


async def test_what_the_configuration_refuses_is_told_in_place() -> None:
    refusal = ConfigurationError("model is written as default_model here", hint="Change it.")
    async with shown(Source(refusal=refusal)) as (app, pilot):
        await pilot.press("ctrl+s")
        assert lines(app)[-1] == " model is written as default_model here. Change it."
        await pilot.press("enter")
        assert app.chosen == SONNET


# Providers that cannot be used yet


async def test_every_provider_that_cannot_be_used_says_why() -> None:
    off = ProviderOffer("deepseek", "DeepSeek", reason="switched off", can_connect=False)
    source = Source([(*THREE, COPILOT, off)])
    async with shown(source) as (app, pilot):
        assert lines(app)[-3:] == [
            " not connected",
            lines(app)[-2],
            lines(app)[-1],
        ]
        assert lines(app)[-2].endswith("no login")
        await pilot.press("up", "enter")
        assert lines(app)[-1] == " deepseek: switched off"
        assert source.connected == []


async def test_a_login_comes_back_with_the_default_model_under_the_cursor() -> None:
    source = Source([(*THREE, COPILOT)])

    def log_in() -> str:
        source.parts = [(*THREE, CONNECTED)]
        return "copilot"

    source.login = log_in
    async with shown(source) as (app, pilot):
        await pilot.press(*"copil", "enter")
        await pilot.pause()
        assert source.connected == ["copilot"]
        assert choice(app) == "copilot/gpt-4o"
        assert app.screen.query_one(FilterInput).value == ""
        await pilot.press("enter")
        assert app.chosen == ModelReference("copilot", "gpt-4o")


async def test_the_providers_are_asked_again_on_request() -> None:
    source = Source()
    async with shown(source) as (app, pilot):
        source.parts = [(*THREE, CONNECTED)]
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert source.refreshed == [False, True]
        assert any("copilot/claude" in line for line in lines(app))


async def test_a_login_of_a_sibling_puts_its_default_model_under_the_cursor() -> None:
    key = ProviderOffer("qwen", "Qwen", reason="no key", models=(ModelInfo(QWEN),))
    code = ProviderOffer("qwen-code", "Qwen Code", reason="no login", default_model="coder")
    connected = offer(ModelReference("qwen-code", "other"), "coder", default_model="coder")
    source = Source([(*THREE, key, code)])

    def log_in() -> str:
        source.parts = [(*THREE, key, connected)]
        return "qwen-code"

    source.login = log_in
    async with shown(source) as (app, pilot):
        await pilot.press(*"qwen/plus", "enter")
        await pilot.pause()
        assert source.connected == ["qwen"]
        assert choice(app) == "qwen-code/coder"


async def test_a_login_that_fails_is_told_in_the_list() -> None:
    def log_in() -> str:
        raise ConfigurationError("a table is wrong", where="config.toml", hint="Mend it.")

    source = Source([(*THREE, COPILOT)], login=log_in)
    async with shown(source) as (app, pilot):
        await pilot.press(*"copil", "enter")
        await pilot.pause()
        assert "a table is wrong" in lines(app)[-1]


async def test_who_goes_back_from_the_login_finds_everything_as_it_was() -> None:
    source = Source([(*THREE, COPILOT)])
    async with shown(source) as (app, pilot):
        await pilot.press(*"copil")
        before = lines(app)
        await pilot.press("enter")
        assert source.connected == ["copilot"]
        assert lines(app) == before
        assert app.screen.query_one(FilterInput).value == "copil"


async def test_a_login_for_a_model_that_was_named_ends_with_that_model() -> None:
    source = Source([(*THREE, COPILOT)], login=lambda: "copilot")
    async with shown(source) as (app, pilot):
        await pilot.press(*"copilot/o4", "enter")
        await pilot.pause()
        assert source.connected == ["copilot"]
        assert app.chosen == ModelReference("copilot", "o4")


async def test_a_second_enter_does_not_open_a_second_login() -> None:
    class Slow(Source):
        async def connect(self, what: str | GivenKey) -> str | None:
            self.connected.append(what)
            await done.wait()
            return None

    done = asyncio.Event()
    source = Slow([(COPILOT,)])
    async with shown(source, NOTHING) as (app, pilot):
        await pilot.press("enter", "enter")
        assert source.connected == ["copilot"]
        assert lines(app)[-1] == " connecting GitHub Copilot …"
        done.set()
        await pilot.pause()
        await pilot.press("enter")
        assert source.connected == ["copilot", "copilot"]


async def test_while_credentials_are_looked_for_nobody_is_sent_to_a_login() -> None:
    looking = msgspec.structs.replace(COPILOT, reason="looking …", looking=True)
    source = Source([(looking,), asyncio.Event()])
    async with shown(source, NOTHING) as (app, pilot):
        await pilot.press("enter")
        assert source.connected == []
        assert lines(app)[-1] == " GitHub Copilot: looking …"


# Sizes and keys


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (40, 10)])
async def test_it_is_usable_in_a_small_terminal(size: tuple[int, int]) -> None:
    async with shown(Source(), GPT, size) as (app, pilot):
        assert choice(app) == "openai/gpt-5"
        assert app.screen.query_one(Rows).size.height >= 3
        assert app.screen.query_one(Chooser).region.bottom <= size[1]
        await pilot.press("down", "enter")
        assert app.chosen == LLAMA


async def test_its_keys_are_named_and_can_be_changed() -> None:
    keys = default_keys() | {"favourite": "ctrl+k", "next_role": "f6"}
    source = Source()
    app = ListApp(ModelList(source, SONNET, keys=keys))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert app.screen.query_one(Chooser).border_subtitle == (
            "Enter choose · Ctrl+K favourite · Ctrl+S default · F6 role · Esc"
        )
        await pilot.press(*"gpt", "left", "ctrl+k")
        assert source.choice.favourites == (GPT,)
        assert app.screen.query_one(FilterInput).value == "gpt"
        await pilot.press("f6")
        assert "[evaluator]" in lines(app, "#role")[0]


async def test_a_key_in_the_filter_is_given_to_its_provider_and_not_shown() -> None:
    source = Source()
    async with shown(source) as (app, pilot):
        assert app.screen.focused is not None
        app.screen.focused.post_message(events.Paste("gsk_0123456789abcdefWXYZ"))
        await pilot.pause()
        assert source.connected == [GivenKey(Secret("gsk_0123456789abcdefWXYZ"))]
        assert app.screen.query_one(FilterInput).value == ""
