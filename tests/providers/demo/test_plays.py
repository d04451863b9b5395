"""Plays in a row and side by side: who is asked when, and what is said in the end."""

from __future__ import annotations

from koi.providers.demo.plays import Call, Outcome, Play, Step, in_order, side_by_side


def asking(name: str, times: int = 1, *, well: bool = True) -> Play:
    heard = []
    for number in range(times):
        [outcome] = yield Step(f"{name} asks", calls=(Call(name, {"number": number}),))
        heard.append(outcome.content)
    return Step(f"{name} heard {'+'.join(heard)}", well=well)


def play_out(play: Play) -> list[Step]:
    """All steps, with each call answered by its tool's name and number."""
    steps = []
    try:
        step = next(play)
        while True:
            steps.append(step)
            step = play.send(
                [
                    Outcome(call, "ok", f"{call.tool}{call.arguments['number']}")
                    for call in step.calls
                ]
            )
    except StopIteration as end:
        return [*steps, end.value]


def test_plays_in_order_say_what_the_one_before_found() -> None:
    steps = play_out(in_order([asking("a"), asking("b", 2)]))
    assert [step.text for step in steps] == [
        "a asks",
        "a heard a0\n\nb asks",
        "b asks",
        "b heard b0+b1",
    ]


def test_a_failed_play_ends_the_row() -> None:
    steps = play_out(in_order([asking("a", well=False), asking("b")]))
    assert [len(step.calls) for step in steps] == [1, 0]
    assert "I stop here" in steps[-1].text
    assert not steps[-1].well


def test_plays_side_by_side_share_each_round() -> None:
    steps = play_out(side_by_side([asking("a", 2), asking("b"), asking("c", 2)]))
    assert [[call.tool for call in step.calls] for step in steps] == [
        ["a", "b", "c"],
        ["a", "c"],
        [],
    ]
    assert steps[-1].text == "a heard a0+a1\n\nb heard b0\n\nc heard c0+c1"


def test_no_plays_say_nothing() -> None:
    assert play_out(in_order([])) == [Step()]
    assert play_out(side_by_side([])) == [Step()]
