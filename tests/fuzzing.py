"""`make fuzz`: the property tests of whatever reads foreign bytes, over and over for some time.

They are the Hypothesis tests in the folders below; all of them are marked `fuzz`, and run with
few examples in `make test`.
"""

from __future__ import annotations

import faulthandler
import inspect
import time
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

FOLDERS = {"net", "providers", "config"}
EXAMPLES = 100
"""In one run of a test; then it starts anew, until its share of the time is over."""
HANG_S = 120.0
"""How long a test may go on after its share before it counts as hanging."""

settings.register_profile("fuzz", deadline=5000, max_examples=EXAMPLES)


def pytest_addoption(parser: pytest.Parser) -> None:
    """--fuzz-seconds N."""
    help_text = "run the tests marked fuzz, each again and again, for about N seconds in all"
    parser.addoption("--fuzz-seconds", type=float, metavar="N", default=0.0, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """More examples, and other ones each time, when there is time."""
    if config.getoption("--fuzz-seconds"):
        settings.load_profile("fuzz")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Mark what belongs to it."""
    tests = Path(__file__).parent
    for item in items:
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            folder = item.path.relative_to(tests).parts[0]
            if folder in FOLDERS:
                item.add_marker(pytest.mark.fuzz)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Run a test until its share of the time is over; one that hangs ends the process."""
    share = _share_s(pyfuncitem)
    if not share:
        return (yield)
    end = time.monotonic() + share
    faulthandler.dump_traceback_later(share + HANG_S, exit=True)
    try:
        result = yield
        names = inspect.signature(pyfuncitem.obj).parameters
        while time.monotonic() < end:
            pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    finally:
        faulthandler.cancel_dump_traceback_later()
    return result


def _share_s(item: pytest.Function) -> float:
    """The time for one test, in seconds; 0 for one that runs once."""
    seconds = float(item.config.getoption("--fuzz-seconds"))
    if item.get_closest_marker("fuzz") is None:
        return 0.0
    workers = int(getattr(item.config, "workerinput", {"workercount": 1})["workercount"])
    return seconds * workers / len(item.session.items)
