"""What must be so after every run, and after a run of each kind: told by the effects alone."""

from __future__ import annotations

from itertools import pairwise

from koi.core.agent_events import Compacted, RequestStarted, TurnFailed, TurnFinished
from koi.core.messages import Message
from koi.core.request_events import AttemptEnded
from tests.faults.expectations import Expected
from tests.faults.runs import Run
from tests.servers.fault_server.scripts import PLAN, REPORT
from tests.servers.fault_server.server import Logged
from tests.servers.fault_server.staging import SEPARATOR

MOST_REQUESTS = 10
_ODD = {"surrogates": "\ufffd", "separators": SEPARATOR}


def judge(run: Run, expected: Expected) -> None:
    """Fail unless the run kept all promises and went as expected."""
    _check_promises(run)
    if run.cell.name == "reset" and run.asked(run.first)[0] == run.cell.lead(run.seed) + 2:
        # A reset destroys what is still on its way, the complete call too.
        expected = Expected("recovers", expected.kind)
    _check_move(run, expected)
    _check_text(run, expected)
    _check_next_turn(run)


def facts(run: Run, expected: Expected) -> dict[str, object]:
    """The run as one row of the page: what was tried, what was expected, what must never be."""
    cell, end = run.cell, run.events[-1]
    requests = run.asked(run.first) + run.asked(run.second)
    cut = isinstance(end, TurnFinished) and end.text != "".join(_answers(run))
    return {
        "wire": cell.wire,
        "name": cell.name,
        "phase": cell.phase,
        "variant": cell.variant,
        "seed": run.seed,
        "move": expected.move,
        "kind": expected.kind,
        "ok": False,
        "truncated": int(cut),
        "twice": int(run.lines > _most_lines(run)),
        "early": sum(early(log) for log in run.logs),
        "most_requests": max(requests.values(), default=0),
    }


def _most_lines(run: Run) -> int:
    """How often the command was called for."""
    return 2 if run.cell.phase == "after-call" else 1


def _answers(run: Run) -> list[str]:
    """What the model says in a turn."""
    return [_said(run, PLAN, 0), _said(run, REPORT, 1)]


def _check_promises(run: Run) -> None:
    """What holds whatever fails."""
    started = [event for event in run.events if isinstance(event, RequestStarted)]
    ended = [event for event in run.events if isinstance(event, AttemptEnded)]
    assert len(started) == len(ended)
    assert not run.elsewhere
    for log in run.logs:
        assert not any(logged.asked.repeated for logged in log)
        assert early(log) == 0
    requests = run.asked(run.first) + run.asked(run.second)
    assert max(requests.values(), default=0) <= MOST_REQUESTS
    assert run.lines <= _most_lines(run), "a tool ran twice"


def early(log: list[Logged]) -> int:
    """Requests that came before the time that the server had named to this key."""
    found = 0
    for key in {logged.asked.key for logged in log}:
        own = [logged for logged in log if logged.asked.key == key]
        found += sum(after.at < before.not_before for before, after in pairwise(own))
    return found


def _check_move(run: Run, expected: Expected) -> None:
    cell, seed = run.cell, run.seed
    step, lead = cell.step(seed), cell.lead(seed)
    first, second = run.asked(run.first)[step], run.asked(run.second)[step]
    end = run.events[-1]
    kinds = [event.kind for event in run.events if isinstance(event, AttemptEnded) and event.kind]
    assert expected.kind in kinds[lead:] if expected.kind else not kinds[lead:]
    if expected.move == "stops":
        assert isinstance(end, TurnFailed)
        assert (end.error.kind, bool(end.error.hint)) == (expected.kind, True)
        assert (first, second) == (lead + 1, 0)
        return
    assert isinstance(end, TurnFinished), end
    match expected.move:
        case "completes":
            assert (first, second) == (lead + 1, 0)
        case "recovers":
            reached = 0 if cell.phase == "connect" else 1
            assert (first, second) == (lead + reached + 1, 0)
        case "rotates":
            keys = [one.asked.key for one in run.first if len(one.asked.results) == step]
            assert keys[:2] == ["0001", "0002"]
            assert (first, second) == (2, 0)
        case "compacts":
            assert (first, second) == (lead + 2, 0)
            assert sum(isinstance(event, Compacted) for event in run.events) == 1
        case "keeps calls":
            assert (first, second) == (lead + 1, 0)
            assert run.lines == 1
        case "falls back":
            attempts = 3 if cell.variant == "always" else lead + 1
            assert (first, second) == (0 if cell.phase == "connect" else attempts, 1)


def _check_text(run: Run, expected: Expected) -> None:
    """An answer that counts as whole is whole: on screen, in the history, in the journal."""
    step = run.cell.step(run.seed)
    end = run.events[-1]
    if isinstance(end, TurnFailed):
        assert end.text == ("" if step == 0 else _said(run, PLAN, 0))
        return
    assert isinstance(end, TurnFinished)
    assert end.finish_reason == "stop"
    answers = _answers(run)
    assert end.text == "".join(answers)
    if expected.move == "compacts":
        assert _texts(run.history)[-1] == answers[-1]
        return
    assert _texts(run.history) == answers
    assert _texts(run.journaled)[:2] == answers


def _said(run: Run, text: str, step: int) -> str:
    """What the model said, with the odd character that some faults put into its middle."""
    odd = _ODD.get(run.cell.name) if step == run.cell.step(run.seed) else None
    middle = len(text) // 2
    return text if odd is None else text[:middle] + odd + text[middle:]


def _texts(messages: tuple[Message, ...]) -> list[str]:
    return [message.text for message in messages if message.role == "assistant"]


def _check_next_turn(run: Run) -> None:
    end = run.again[-1]
    assert isinstance(end, TurnFinished), end
    assert end.text == PLAN + REPORT
    assert run.lines_again == 1
