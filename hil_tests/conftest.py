"""A board through its ports only. `--port unix` is the board that is a process, `--port emulated` the emulated Pico W,
anything else a real board on that port (a serial device, or `socket://host:port`); without it both of the first two.

Tests marked `emulated` are for the emulated board; those of them that use the fixture `any_board` take every board that
has a Python prompt. All others are for the process.
"""

import os

import pytest

from hil_tests.emulated_rig import station
from hil_tests.real_board import RealBoard
from hil_tests.unix_rig import UnixRig
from tools.board.emulated import EmulatedBoard
from tools.board.files import checked, image
from tools.board.parts import Missing, find
from tools.board.repl import Repl
from tools.firmware_image import build


def pytest_addoption(parser):
    parser.addoption("--port", default=None, help="the board under test: unix, emulated, or the port of a real one")
    parser.addoption("--long", action="store_true", help="the long tests of whole boards too (make hil)")


def pytest_collection_modifyitems(config, items):
    """Tests of other boards than the one asked for, and long ones that were not asked for, are left out."""
    port, kept, left_out = config.getoption("--port"), [], []
    for item in items:
        kinds = _kinds(item)
        suits = not kinds or port is None or (port if port in ("unix", "emulated") else "real") in kinds
        if suits and (config.getoption("--long") or not item.get_closest_marker("long")):
            kept.append(item)
        else:
            left_out.append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def _kinds(item):
    """The boards that a test is for; an empty set for tests that are none of this folder's."""
    if item.path.parent != item.config.rootpath / "hil_tests":
        return set()
    if not item.get_closest_marker("emulated"):
        return {"unix"}
    return {"emulated", "real"} if "any_board" in item.fixturenames else {"emulated"}


@pytest.fixture
def rig(tmp_path):
    with UnixRig(tmp_path) as rig:
        yield rig


@pytest.fixture(scope="session")
def emulator():
    """Counts a test as not run where the emulated board's parts are missing; in CI nothing may be missing."""
    try:
        return find()
    except Missing as missing:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"not run: {missing} (CI=true: nothing may be missing)", pytrace=False)
        pytest.skip(f"not run: {missing}")


@pytest.fixture(scope="module")
def any_board(request):
    """`exec(code, ms)` on a board that has the firmware with its own names (`OWN_NAMES=1`) and does not run it."""
    port = request.config.getoption("--port")
    if port not in (None, "unix", "emulated"):
        with RealBoard(port) as board:
            yield board
        return
    request.getfixturevalue("emulator")
    with EmulatedBoard() as board:
        files = build("rpi_pico_w", checked(station(1, 200000)), own_names=True).files
        board.load(image({path: data for path, data in files.items() if path != "main.py"}))
        board.power_on()
        yield Repl(board)
