"""The state file on the board's own flash: power cut in the middle of each flash operation of a save."""

import pytest

from hil_tests.power import cut_during
from tools.board.emulated import FILES_AT, EmulatedBoard
from tools.board.files import contents, image
from tools.board.repl import Repl
from tools.firmware_image import build

pytestmark = pytest.mark.emulated

SAVE = """
from firmware.state import State
state = State("state", {"boots": 0, "estop": False})
state.load()
state.values["boots"] += 1
state.values["estop"] = not state.values["estop"]
state.save()
print("saved")
"""
LOAD = """
from firmware.state import State
state = State("state", {"boots": 0, "estop": False})
state.load()
print(state.problem, state.values["boots"], state.values["estop"])
"""


@pytest.fixture(scope="module")
def volume():
    files = build("rpi_pico_w", own_names=True).files
    return image({path: data for path, data in files.items() if path.startswith("firmware/state.")})


@pytest.fixture
def board(emulator, volume):
    """The state of a first save is on the flash."""
    with EmulatedBoard() as board:
        board.load(volume)
        board.power_on()
        assert Repl(board).exec(SAVE) == "saved\n"
        yield board


def test_a_power_cut_at_any_flash_operation_leaves_the_old_or_the_new_state(board):
    saved = board.flash()[FILES_AT:]
    before = board.figures()["flash"]["operations"]
    assert Repl(board).exec(SAVE) == "saved\n"
    operations = board.figures()["flash"]["operations"] - before
    assert operations >= 3
    outcomes = []
    for cut in range(1, operations + 1):
        cut_during(board, saved, cut, SAVE, 3000)
        board.power_on()
        outcomes.append(Repl(board).exec(LOAD))
        assert outcomes[-1] in ("None 1 True\n", "None 2 False\n"), cut
        # The board writes on: what a cut left behind is no obstacle.
        assert Repl(board).exec(SAVE) == "saved\n"
        assert "state" in contents(board.flash()[FILES_AT:])
    # The first cuts keep the old state; from the operation that makes the rename true on, the new one is there.
    assert outcomes[0] == "None 1 True\n"
    assert outcomes == sorted(outcomes)
