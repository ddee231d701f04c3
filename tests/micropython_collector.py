"""Collects test files a second time, as tests that run on MicroPython with a board-sized heap.

A file says in its first line where it runs:

    # runs on: cpython, micropython     the same file on both
    # runs on: micropython              only there (what CPython has no part for, such as a LittleFS volume)

Each file gets one fresh MicroPython process that runs `run_on_micropython.py`; each test function becomes one pytest
item. A test passed only when its own `ok` line came, the closing count agrees and the process ended with 0: a crash,
a time-out, an early exit or a test that was never reached is a failure. Where MicroPython is not installed the items
are counted as "not run", and they fail when the environment says CI=true.
"""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
RUNNER = Path(__file__).resolve().with_name("run_on_micropython.py")
# Word-scaled: the same number of objects fits as in 190 kB on a 32-bit board.
HEAP = "heapsize=190wK"
MARKER = re.compile(r"#\s*runs on:\s*(?P<runtimes>[a-z, ]+?)\s*$")
RUNTIMES = {"cpython", "micropython"}
COUNT_LINE = re.compile(r"^== ran (\d+) failed (\d+)$")


def pytest_addoption(parser):
    parser.addini("micropython_timeout_s", "longest time for one test file on MicroPython, in seconds", default="120")


def pytest_collect_file(file_path, parent):
    if "micropython" in runtimes_of(file_path) and "cpython" in runtimes_of(file_path):
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_pycollect_makemodule(module_path, parent):
    """A file for MicroPython alone takes the place of the module that CPython would import."""
    if runtimes_of(module_path) == {"micropython"}:
        return MicroPythonFile.from_parent(parent, path=module_path)
    return None


def runtimes_of(path: Path) -> set:
    """What the first line of a test file asks for; an empty set for an ordinary pytest file."""
    if path.suffix != ".py" or not path.name.startswith("test_"):
        return set()
    with open(path, encoding="utf-8") as file:
        marker = MARKER.match(file.readline())
    if not marker:
        return set()
    named = {name.strip() for name in marker["runtimes"].split(",")}
    if not named <= RUNTIMES:
        raise pytest.UsageError(f"{path}: line 1 names {sorted(named - RUNTIMES)}; known: {sorted(RUNTIMES)}")
    return named


def find_micropython() -> str | None:
    """The interpreter of this environment, else the one on PATH."""
    beside = Path(sys.executable).with_name("micropython")
    return str(beside) if beside.exists() else shutil.which("micropython")


class MicroPythonFailure(Exception):
    """A test did not pass on MicroPython; the text says what was seen."""


class MicroPythonFile(pytest.File):
    """One test file: runs once, on the first of its tests that is asked for."""

    outcome = None

    def collect(self):
        tree = ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))
        self.names = [node.name for node in tree.body
                      if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]
        for name in self.names or ["no_test_in_this_file"]:
            yield MicroPythonItem.from_parent(self, name=f"{name}[micropython]", test=name)

    def result_of(self, name: str) -> str | None:
        """None when the test passed, else what went wrong."""
        if self.outcome is None:
            self.outcome = self.run()
        return self.outcome[name]

    def run(self) -> dict:
        micropython = find_micropython()
        if micropython is None:
            not_run("micropython is not installed")
        timeout_s = float(self.config.getini("micropython_timeout_s"))
        environment = dict(os.environ, MICROPYPATH=f"{REPOSITORY}:.frozen", PYTHONDONTWRITEBYTECODE="1")
        command = [micropython, "-X", HEAP, str(RUNNER), str(self.path), *self.names]
        process = subprocess.Popen(command, cwd=self.path.parent, env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=timeout_s)
            ending = f"the process ended with {process.returncode}"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            ending = f"no end within {timeout_s:g} s"
        return judge(self.names, output.decode(errors="replace"), process.returncode, ending)


class MicroPythonItem(pytest.Item):
    def __init__(self, *, test: str, **arguments):
        super().__init__(**arguments)
        self.test = test

    def runtest(self):
        problem = self.parent.result_of(self.test)
        if problem is not None:
            raise MicroPythonFailure(problem)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, MicroPythonFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, f"{self.test} on MicroPython"


def judge(names: list, output: str, status: int, ending: str) -> dict:
    """Each test's problem (None: passed) from what the runner printed and how its process ended."""
    outcome, details, counts, current = {}, {}, None, None
    for line in output.splitlines():
        word, _, name = line.partition(" ")
        if word in ("ok", "FAIL") and name in names:
            current = name
            repeated = name in outcome
            outcome[name] = None if word == "ok" and not repeated else "reported twice" if repeated else "failed"
            details[name] = []
        elif count := COUNT_LINE.match(line):
            counts = int(count[1]), int(count[2])
        elif current is not None:
            details[current].append(line)
    failed = sum(problem is not None for problem in outcome.values())
    sound = counts == (len(names), failed) and status == (1 if failed else 0) and bool(names)
    for name in names or ["no_test_in_this_file"]:
        if outcome.get(name, "missing") is None and not sound:
            outcome[name] = f"unsound run: {ending}, closing count {counts}, expected {(len(names), failed)}\n{output}"
        elif name not in outcome:
            outcome[name] = f"no result on MicroPython: {ending}; everything it printed:\n{output}"
        elif outcome[name] is not None:
            outcome[name] = f"{outcome[name]} on MicroPython\n" + "\n".join(details[name])
    return outcome


def not_run(reason: str):
    """Counts this test as not run because a tool is missing; in CI nothing may be missing, so there it fails."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"not run: {reason} (CI=true: nothing may be missing)", pytrace=False)
    pytest.skip(f"not run: {reason}")
