"""The collector must fail when a test fails on MicroPython: each case is a pytest run of its own over one file."""

import os
import subprocess
import sys

import pytest

from tests.micropython_collector import REPOSITORY, find_micropython, not_run

BOTH = "# runs on: cpython, micropython\n"
ONLY_THERE = "# runs on: micropython\n"
GOOD = "def test_good():\n    assert 1 + 1 == 2\n"


@pytest.fixture
def run_pytest(tmp_path):
    if find_micropython() is None:
        not_run("micropython is not installed")

    def run(text, *options, **environment):
        (tmp_path / "test_case.py").write_text(text, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        command = [sys.executable, "-m", "pytest", "-p", "tests.micropython_collector", "-p", "no:cacheprovider",
                   "-rA", "--import-mode=importlib", *options, str(tmp_path)]
        plain = {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        clean = {key: value for key, value in os.environ.items() if key not in ("CI", "PYTEST_ADDOPTS")}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60,
                              env=clean | plain | environment)
        return done.returncode, done.stdout + done.stderr

    return run


def test_a_good_file_passes_once_on_each_runtime(run_pytest):
    status, output = run_pytest(BOTH + GOOD)
    assert status == 0 and "2 passed" in output, output
    assert "PASSED test_case.py::test_good[micropython]" in output, output


def test_a_file_without_the_marker_runs_on_cpython_only(run_pytest):
    status, output = run_pytest(GOOD)
    assert status == 0 and "1 passed" in output and "[micropython]" not in output, output


def test_a_file_for_micropython_alone_is_not_imported_by_cpython(run_pytest):
    status, output = run_pytest(ONLY_THERE + "import vfs\n" + GOOD)
    assert status == 0 and "1 passed" in output and "test_good[micropython]" in output, output


def test_the_process_has_the_heap_of_a_board(run_pytest):
    status, output = run_pytest(ONLY_THERE + "import gc\ndef test_heap():\n"
                                "    assert 300_000 < gc.mem_free() + gc.mem_alloc() < 400_000\n")
    assert status == 0 and "1 passed" in output, output


def test_a_test_that_fails_on_micropython_fails_the_run(run_pytest):
    text = BOTH + GOOD + "import sys\ndef test_bad():\n    assert sys.implementation.name == 'cpython'\n"
    status, output = run_pytest(text)
    assert status == 1 and "1 failed, 3 passed" in output, output
    assert "FAILED test_case.py::test_bad[micropython]" in output, output
    assert "AssertionError" in output and "line 6, in test_bad" in output, output


def test_a_file_that_raises_at_import_fails_each_of_its_tests(run_pytest):
    status, output = run_pytest(ONLY_THERE + GOOD + "def test_other():\n    pass\nraise ValueError('at import')\n")
    assert status == 1 and "2 failed" in output and "ValueError: at import" in output, output


def test_a_module_that_exits_with_0_at_import_fails(run_pytest):
    status, output = run_pytest(ONLY_THERE + GOOD + "import sys\nsys.exit(0)\n")
    assert status == 1 and "1 failed" in output and "the process ended with 0" in output, output


def test_a_test_that_exits_with_0_in_the_middle_fails(run_pytest):
    status, output = run_pytest(ONLY_THERE + GOOD + "import sys\ndef test_leaves():\n    sys.exit(0)\n"
                                "def test_after():\n    pass\n")
    assert status == 1 and "FAILED test_case.py::test_leaves[micropython]" in output, output
    assert "1 failed, 2 passed" in output and "SystemExit" in output, output


def test_a_process_that_dies_in_the_middle_fails_every_test_of_the_file(run_pytest):
    # The runner never comes to its closing count: what passed before is not trusted either.
    text = ONLY_THERE + GOOD + ("import os\ndef test_dies():\n    os.system('kill -9 $PPID')\n"
                                "def test_after():\n    pass\n")
    status, output = run_pytest(text)
    assert status == 1 and "3 failed" in output and "the process ended with -9" in output, output


def test_a_test_that_hangs_fails_after_the_time_out(run_pytest):
    text = ONLY_THERE + GOOD + "def test_hangs():\n    while True:\n        pass\n"
    status, output = run_pytest(text, "-o", "micropython_timeout_s=1")
    assert status == 1 and "FAILED test_case.py::test_hangs[micropython]" in output, output
    assert "no end within 1 s" in output, output


def test_a_test_that_prints_a_result_line_itself_is_not_believed(run_pytest):
    text = ONLY_THERE + "def test_liar():\n    print('ok test_liar')\n    assert False\n"
    status, output = run_pytest(text)
    assert status == 1 and "reported twice" in output, output


def test_output_without_a_line_end_does_not_hide_the_result(run_pytest):
    status, output = run_pytest(ONLY_THERE + "def test_talks():\n    print('no line end', end='')\n")
    assert status == 0 and "1 passed" in output, output


def test_a_test_that_cpython_sees_and_micropython_does_not_fails(run_pytest):
    status, output = run_pytest(ONLY_THERE + GOOD + "del test_good\n")
    assert status == 1 and "KeyError: test_good" in output, output


def test_a_marked_file_without_a_test_fails(run_pytest):
    status, output = run_pytest(ONLY_THERE + "def helper():\n    pass\n")
    assert status == 1 and "1 failed" in output, output


def test_a_runtime_that_nobody_knows_is_refused(run_pytest):
    status, output = run_pytest("# runs on: cpython, mycropython\n" + GOOD)
    assert status != 0 and "mycropython" in output and "known: ['cpython', 'micropython']" in output, output


@pytest.mark.parametrize("in_ci, status, counted", [("", 0, "1 skipped"), ("true", 1, "1 failed")])
def test_a_missing_micropython_is_counted_as_not_run_and_fails_in_ci(run_pytest, tmp_path, in_ci, status, counted):
    (tmp_path / "conftest.py").write_text("import tests.micropython_collector as collector\n"
                                          "collector.find_micropython = lambda: None\n")
    found, output = run_pytest(ONLY_THERE + GOOD, CI=in_ci)
    assert found == status and counted in output, output
    assert "not run: micropython is not installed" in output, output
