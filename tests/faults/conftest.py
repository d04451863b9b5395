"""The figures of the matrix: kept by its tests, and written into docs/reliability.md."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.faults import recording
from tests.faults.recording import Record

pytest.register_assert_rewrite("tests.faults.judging")


def pytest_addoption(parser: pytest.Parser) -> None:
    """--write-figures"""
    help_text = "write the figures of this run into docs/reliability.md"
    parser.addoption("--write-figures", action="store_true", help=help_text)


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Keeps figures of this test for the page."""

    def keep(name: str, figures: Mapping[str, object]) -> dict[str, object]:
        return recording.keep(request.node, name, figures)

    return keep


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write the page, in the process that has all reports."""
    if not config.getoption("--write-figures", default=False):
        return
    from tests.faults import page

    stats = terminalreporter.stats
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in stats.get(outcome, [])
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    turns, loads, added = (
        recording.kept(reports, name) for name in ("turn", "success", "amplification")
    )
    if not (turns and loads and added):
        terminalreporter.write_line("no figures written: this was not the whole of the matrix")
        return
    page.write(turns, loads, added)
    terminalreporter.write_line(f"figures written to {page.PAGE}")
