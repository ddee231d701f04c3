"""The test run as a whole: files that run on both runtimes, end-to-end runs last, and a line for what was not run."""

import shutil

import pytest

from tests.micropython_collector import (  # noqa: F401  (pytest finds hooks by their names in this module)
    not_run,
    pytest_addoption,
    pytest_collect_file,
    pytest_pycollect_makemodule,
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """A cheap test that fails should be seen before minutes of real time are spent."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


@pytest.fixture
def need_tool():
    """`need_tool("mosquitto")` gives the path of a program, or counts the test as not run (a failure when CI=true)."""

    def find(name: str) -> str:
        return shutil.which(name) or not_run(f"{name} is not installed")

    return find


def pytest_terminal_summary(terminalreporter):
    reasons = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _, found, what = reason.partition("not run: ")
        if found:
            reasons[what] = reasons.get(what, 0) + 1
    for what, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not run: {count} tests: {what}")
