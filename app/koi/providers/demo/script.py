"""Decide the demo's next answer from a request alone, so that it also works after a resume."""

from __future__ import annotations

from koi.core.messages import ModelRequest
from koi.providers.demo.changing import replace_text, write_file
from koi.providers.demo.clauses import parse
from koi.providers.demo.conversation import Conversation
from koi.providers.demo.intents import (
    FindFiles,
    Intent,
    ListFiles,
    LongAnswer,
    ReadFile,
    Replace,
    RunCommand,
    RunTests,
    SearchText,
    Topic,
    Tour,
    Unknown,
    Wish,
    WriteFile,
)
from koi.providers.demo.looking import find_files, list_files, read_file, search_text
from koi.providers.demo.plays import Play, Step, in_order, side_by_side
from koi.providers.demo.running import run_command, run_tests
from koi.providers.demo.talking import long_answer, topic, tour, unknown
from koi.providers.demo.texts import text

_TALK = (Tour, Topic, LongAnswer, Unknown)


def decide(request: ModelRequest) -> Step:
    """The next answer: a pure function of the request. Without calls it ends the turn."""
    conversation = Conversation(request)
    wish = parse(conversation.prompt)
    if not conversation.tools and not all(isinstance(intent, _TALK) for intent in wish.intents):
        return Step(text("no_tools"), reasoning="This needs tools, and none are offered.")
    play = _play(wish)
    try:
        step = next(play)
        while True:
            outcomes = [conversation.take(call) for call in step.calls]
            done = [outcome for outcome in outcomes if outcome is not None]
            if len(done) < len(outcomes):
                waiting = (
                    call
                    for call, outcome in zip(step.calls, outcomes, strict=True)
                    if outcome is None
                )
                return Step(step.text, step.reasoning, tuple(waiting))
            step = play.send(done)
    except StopIteration as end:
        last: Step = end.value
        return last


def _play(wish: Wish) -> Play:
    plays = [_one(intent) for intent in wish.intents]
    if len(plays) == 1:
        return plays[0]
    return in_order(plays) if wish.ordered else side_by_side(plays)


def _one(intent: Intent) -> Play:
    play: Play
    match intent:
        case Tour():
            play = tour(intent)
        case ListFiles():
            play = list_files(intent)
        case ReadFile():
            play = read_file(intent)
        case SearchText():
            play = search_text(intent)
        case FindFiles():
            play = find_files(intent)
        case RunTests():
            play = run_tests(intent)
        case RunCommand():
            play = run_command(intent)
        case Replace():
            play = replace_text(intent)
        case WriteFile():
            play = write_file(intent)
        case Topic():
            play = _say(topic(intent))
        case LongAnswer():
            play = _say(long_answer(intent))
        case Unknown():
            play = _say(unknown(intent))
    return play


def _say(step: Step) -> Play:
    """A play of one step without calls."""
    yield from ()
    return step
