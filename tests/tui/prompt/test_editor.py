"""The prompt under a person's fingers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual import events, on
from textual.app import App, ComposeResult
from textual.screen import Screen

from koi.tui.keys import default_keys
from koi.tui.prompt.completion import CompletionList
from koi.tui.prompt.editor import PromptEditor
from koi.tui.prompt.history import Entry, PromptHistory
from tests.tui.settling import settled

MANY_LINES = "\n".join(f"line {number}" for number in range(120))


class PromptApp(App[None]):
    """A prompt and its completion alone."""

    def __init__(
        self, history: PromptHistory | None = None, keys: dict[str, str] | None = None
    ) -> None:
        super().__init__()
        self.completion = CompletionList(cell_len, lambda: ["anthropic/opus", "openai/gpt"])
        self.editor = PromptEditor(history=history, keys=keys, completion=self.completion)
        self.sent: list[str] = []
        self.asked_to_quit = 0
        self.escapes = 0

    def compose(self) -> ComposeResult:
        yield self.completion
        yield self.editor

    def on_mount(self) -> None:
        self.editor.focus()

    def on_key(self, event: events.Key) -> None:
        self.escapes += event.key == "escape"

    @on(PromptEditor.Submitted)
    def _sent(self, event: PromptEditor.Submitted) -> None:
        self.sent.append(event.text)

    @on(PromptEditor.QuitRequested)
    def _quit(self) -> None:
        self.asked_to_quit += 1


async def test_enter_sends_and_empties_the_prompt() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"hi koi", "enter")
        assert app.sent == ["hi koi"]
        assert app.editor.is_empty


async def test_enter_on_an_empty_prompt_does_nothing() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("enter", "space", "enter")
        assert app.sent == []


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_a_newline_key_begins_a_new_line(key: str) -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        assert app.sent == ["a\nb"]


async def test_a_backslash_at_the_end_makes_enter_a_new_line() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "\\", "enter", "b", "enter")
        assert app.sent == ["a\nb"]


async def test_ctrl_d_asks_to_quit_only_when_the_prompt_is_empty() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "ctrl+d")
        assert app.asked_to_quit == 0
        await pilot.press("backspace", "ctrl+d")
        assert app.asked_to_quit == 1


async def test_keys_in_quick_succession_are_done_in_their_order() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        for key in ("a", "b", "backspace", "c", "left", "d"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert app.editor.text == "adc"


async def test_the_persons_own_keys_are_used() -> None:
    keys = default_keys() | {"send": "ctrl+enter", "newline": "enter", "help": "ctrl+k"}
    app = PromptApp(keys=keys)
    async with app.run_test() as pilot:
        await pilot.press("a", "enter", "b", "ctrl+k", "home", "ctrl+k", "ctrl+enter")
        assert app.sent == ["a\nb"]


async def test_escape_goes_on_to_the_application() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a", "escape")
        assert app.escapes == 1


async def test_the_prompt_grows_to_eight_rows_and_shrinks_again() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:

        async def is_high(rows: int) -> None:
            await settled(pilot, lambda: app.editor.content_size.height == rows)

        for rows in (2, 3, 4, 5, 6, 7, 8, 8, 8, 8):
            await pilot.press("ctrl+j")
            await is_high(rows)
        app.editor.clear()
        await is_high(1)


async def test_typing_within_a_row_causes_no_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a")
        for _ in range(5):  # layouts of the start may come late
            await pilot.pause()
        layouts = 0
        refresh_layout = Screen._refresh_layout

        def counted(screen: Screen[None], *arguments: object, **named: object) -> None:
            nonlocal layouts
            layouts += 1
            refresh_layout(screen, *arguments, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(Screen, "_refresh_layout", counted)
        await pilot.press(*"typing on and on", "left", "backspace")
        assert layouts == 0
        await pilot.press("ctrl+j")
        await settled(pilot, lambda: layouts >= 1)


# History


async def test_up_and_down_walk_the_history_and_keep_the_draft(tmp_path: Path) -> None:
    history = PromptHistory(tmp_path / "history.jsonl")
    for text in ("first", "second"):
        history.save(Entry(text))
    app = PromptApp(PromptHistory(tmp_path / "history.jsonl"))
    async with app.run_test() as pilot:
        shown = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            shown.append(app.editor.text)
        assert shown == ["second", "first", "first", "second", "", ""]


async def test_the_history_is_filtered_by_what_was_typed() -> None:
    history = PromptHistory()
    for text in ("fix a", "say b"):
        history.remember(Entry(text))
    app = PromptApp(history)
    async with app.run_test() as pilot:
        await pilot.press("f", "up")
        assert app.editor.text == "fix a"
        await pilot.press("down")
        assert app.editor.text == "f"


async def test_up_moves_within_a_prompt_before_it_walks() -> None:
    history = PromptHistory()
    history.remember(Entry("old"))
    app = PromptApp(history)
    async with app.run_test() as pilot:
        await pilot.press("ctrl+j", "up")
        assert app.editor.text == "\n"
        assert app.editor.cursor_location == (0, 0)


async def test_a_sent_prompt_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    app = PromptApp(PromptHistory(path))
    async with app.run_test() as pilot:
        await pilot.press(*"hello", "enter")
        await app.workers.wait_for_complete()
    assert list(PromptHistory(path).entries()) == [Entry("hello")]


async def test_a_recalled_prompt_brings_its_pastes_back() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        app.editor.paste(MANY_LINES)
        await pilot.press("enter", "up")
        assert app.editor.text == "[Pasted text 1: 120 lines]"
        await pilot.press("enter")
        assert app.sent == [MANY_LINES, MANY_LINES]


# Pastes


async def paste(app: PromptApp, text: str) -> None:
    await app.editor.on_paste(events.Paste(text))


async def test_a_small_paste_is_typed_text() -> None:
    app = PromptApp()
    async with app.run_test():
        await paste(app, "two\r\nlines\r")
        assert app.editor.text == "two\nlines\n"
        assert app.sent == []


async def test_control_characters_do_not_survive_a_paste() -> None:
    app = PromptApp()
    async with app.run_test():
        await paste(app, "a\x1b[31mred\x1b[0m\tb\x07\x00")
        assert app.editor.text == "ared\tb␇␀"


async def test_a_large_paste_is_a_chip_and_is_sent_whole() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"see ")
        await paste(app, MANY_LINES)
        await pilot.press(*" ok")
        assert app.editor.text == "see [Pasted text 1: 120 lines] ok"
        await pilot.press("enter")
        assert app.sent == [f"see {MANY_LINES} ok"]


@pytest.mark.parametrize("keys", [["backspace"], ["left", "delete"], ["ctrl+w"]])
async def test_a_chip_is_deleted_as_a_whole(keys: list[str]) -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("a")
        await paste(app, MANY_LINES)
        await pilot.press(*keys)
        assert app.editor.text == "a"
        await pilot.press("ctrl+underscore")
        assert app.editor.text == "a[Pasted text 1: 120 lines]"


async def test_the_cursor_jumps_over_a_chip() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await paste(app, MANY_LINES)
        await pilot.press("left", "x", "right", "y")
        assert app.editor.text == "x[Pasted text 1: 120 lines]y"


KEYS = ["left", "right", "home", "end", "backspace", "delete", "ctrl+w", "ctrl+left", "x", "]", "["]
STEPS = st.lists(
    st.sampled_from([*KEYS, "shift+left", "ctrl+underscore", "up", "ctrl+j", "PASTE"]), max_size=25
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_no_editing_leaves_half_a_chip(steps: list[str]) -> None:
    app = PromptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        pastes: list[str] = []
        for step in ["PASTE", *steps]:
            if step == "PASTE":
                pastes.append(f"<{len(pastes)}>\n" * 11)
                await paste(app, pastes[-1])
            else:
                await pilot.press(step)
        left = app.editor.text
        await pilot.press("z", "enter")
        for text in pastes:
            app.sent[0] = app.sent[0].replace(text, "")
        assert "Pasted" not in app.sent[0], left
        assert "<" not in app.sent[0], left


# Completion


async def test_a_slash_lists_the_commands_and_tab_completes() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("/", "h", "e")
        assert app.completion.display
        await pilot.press("tab")
        assert app.editor.text == "/help"
        await pilot.press("enter")
        assert app.sent == ["/help"]
        assert not app.completion.display


async def test_enter_completes_a_part_and_sends_a_whole_command() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("/", "c", "o", "s", "enter")
        assert (app.editor.text, app.sent) == ("/cost", [])
        await pilot.press("enter")
        assert app.sent == ["/cost"]


async def test_a_whole_command_is_sent_though_a_longer_one_begins_like_it() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"/mode", "enter")
        assert app.sent == ["/mode"]


async def test_down_chooses_another_command() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"/mode", "down", "enter")
        assert app.editor.text == "/model "


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("/model gpt", "/model openai/gpt"),
        ("/mode p", "/mode plan"),
        ("/model pla", "/model planner"),
    ],
)
async def test_enter_completes_an_argument_and_sends_it(typed: str, sent: str) -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*typed, "enter")
        assert (app.sent, app.editor.text) == ([sent], "")


async def test_the_argument_of_mode_is_completed() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"/mode p", "tab", "enter")
        assert app.sent == ["/mode plan"]


async def test_a_model_is_found_by_any_part_of_its_name() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"/model gpt", "tab", "enter")
        assert app.sent == ["/model openai/gpt"]


async def test_a_command_with_an_optional_argument_is_sent_without_one() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"/model ", "enter")
        assert app.sent == ["/model "]


async def test_escape_closes_the_list_only() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press("/", "escape")
        assert app.escapes == 0
        assert not app.completion.display
        assert app.editor.text == "/"
        await pilot.press("h")
        assert app.completion.display


async def test_keys_typed_ahead_complete_what_is_typed_by_then() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        for key in ("/", "h", "e", "tab"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        assert app.editor.text == "/help"


async def test_a_path_is_no_command() -> None:
    app = PromptApp()
    async with app.run_test() as pilot:
        await pilot.press(*"/etc/hosts", "enter")
        assert app.sent == ["/etc/hosts"]


SECRET = "sk-proj-0123456789abcdefWXYZ"


@pytest.mark.parametrize("draft", ["/connect ", "/connect openai ", ""])
async def test_a_key_behind_a_command_is_neither_shown_nor_kept(tmp_path: Path, draft: str) -> None:
    history = PromptHistory(tmp_path / "history.jsonl")
    app = PromptApp(history)
    async with app.run_test() as pilot:
        await pilot.press(*draft)
        app.editor.post_message(events.Paste(SECRET if draft else f"/connect {SECRET}"))
        await pilot.pause()
        assert app.sent == [f"{draft or '/connect '}{SECRET}"]
        assert app.editor.text == ""
        assert SECRET not in app.export_screenshot()
    assert list(history.entries()) == []
    assert not (tmp_path / "history.jsonl").exists()


async def test_a_command_with_a_key_that_was_typed_is_not_kept(tmp_path: Path) -> None:
    history = PromptHistory(tmp_path / "history.jsonl")
    app = PromptApp(history)
    async with app.run_test() as pilot:
        app.editor.set_draft(f"/connect {SECRET}")
        await pilot.press("enter")
        assert app.sent == [f"/connect {SECRET}"]
    assert list(history.entries()) == []
