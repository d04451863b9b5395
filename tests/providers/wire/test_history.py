"""What goes back to a model, and in which order."""

from __future__ import annotations

from koi.core.messages import JsonObject, Message, ProviderData, Text, ToolCall
from koi.providers.wire.history import echoed, sent_arguments, turns, with_system

MADE = ProviderData("a/claude", {"signature": "s"})


def test_opaque_data_goes_back_to_its_own_family_only() -> None:
    assert echoed(MADE, "a/claude") == {"signature": "s"}
    assert echoed(MADE, "b/claude") == {}
    assert echoed(None, "a/claude") == {}


def test_what_goes_back_is_a_copy() -> None:
    echoed(MADE, "a/claude")["more"] = 1

    assert MADE.data == {"signature": "s"}


def test_arguments_that_are_no_object_are_wrapped() -> None:
    assert sent_arguments(ToolCall("1", "read", {"path": "a"})) == {"path": "a"}
    assert sent_arguments(ToolCall("1", "read", None, "{oops")) == {"arguments_raw": "{oops"}


def test_neighbours_of_one_role_become_one_with_results_first() -> None:
    said: list[tuple[str, list[JsonObject]]] = [
        ("user", [{"text": 1}]),
        ("assistant", []),
        ("user", [{"result": 2}, {"text": 3}]),
        ("assistant", [{"text": 4}, {"result": 5}]),
    ]

    assert turns(said, lambda block: "result" in block) == [
        ("user", [{"result": 2}, {"text": 1}, {"text": 3}]),
        ("assistant", [{"text": 4}, {"result": 5}]),
    ]
    assert said[0][1] == [{"text": 1}]


def test_the_system_prompt_begins_the_first_message_of_the_user() -> None:
    asked, answered = Message("user", (Text("b"),)), Message("assistant", (Text("c"),))
    alone = Message("user", (Text("a"),))

    assert with_system("a", (asked, answered)) == (
        Message("user", (Text("a"), Text("b"))),
        answered,
    )
    assert with_system("a", (answered,)) == (alone, answered)
    assert with_system("a", ()) == (alone,)
