"""Emergency stop and reset on the pins of the chip: an opened contact counts at the next look, a closed one when it has
been closed for 50 ms without a break."""

import pytest

from tools.board.emulated import EmulatedBoard
from tools.board.files import image
from tools.board.repl import Repl
from tools.firmware_image import build

pytestmark = [pytest.mark.emulated]

ESTOP, RESET = 10, 11  # GP numbers
# A line of 0, 1 and - (not known) for each contact: what 40 looks showed, 10 ms apart.
WATCH = """
import time
from boards.rpi_pico_w.inputs import Inputs
inputs, shown = Inputs(("ESTOP", "RESET")), ["", ""]
print("looking")
for look in range(40):
    inputs.poll(time.ticks_ms())
    for at in (0, 1):
        shown[at] += "01-"[inputs.level(inputs.names[at])]
    time.sleep_ms(10)
print(shown[0], shown[1])
"""


@pytest.fixture(scope="module")
def board(emulator):
    files = build("rpi_pico_w", own_names=True).files
    files = {path: data for path, data in files.items() if path.startswith("boards/")}
    with EmulatedBoard() as board:
        board.load(image(files))
        yield board


def watched(board, edges, closed=()):
    """(ESTOP, RESET) as the board saw them while `edges` [(ms, pin, level), ...] came. closed: pins at 1 before."""
    for pin in (ESTOP, RESET):
        board.set_input(pin, int(pin in closed))
    board.power_on()
    repl = Repl(board)
    repl.start(WATCH)
    assert board.run_until(lambda: b"looking" in board.printed, 3000)
    began_ns = board.now_ns
    for at_ms, pin, level in edges:
        board.run(at_ms - (board.now_ns - began_ns) / 1e6)
        board.set_input(pin, level)
    return repl.result(2000).split()[-2:]


def test_a_closed_contact_counts_after_50_ms_and_an_open_one_at_once(board):
    stop, reset = watched(board, [(200, ESTOP, 0), (205, RESET, 1)], closed=(ESTOP,))
    assert stop[:5] == "-----" and 5 <= stop.index("1") <= 7  # nobody has seen it closed for 50 ms yet
    assert "10" in stop and stop.rstrip("0").rstrip("1").rstrip("-") == "", stop
    assert 18 <= stop.index("10") <= 21
    # The reset button was open from the first look on.
    assert reset.rstrip("1").rstrip("0") == "" and 4 <= reset.index("1") - stop.index("10") <= 8, reset


def test_a_contact_that_bounces_stays_open_until_it_rests(board):
    bounces = [(100 + 15 * n, RESET, 1 - n % 2) for n in range(11)]  # the last one closes it, at 250 ms
    _, reset = watched(board, bounces)
    assert reset[:29].count("1") == 0 and "1" in reset and "10" not in reset, reset


def test_a_broken_wire_is_an_open_contact(board):
    """Nothing outside drives the pin: its own resistor pulls it down."""
    stop, _ = watched(board, [(150, ESTOP, 0)], closed=(ESTOP,))
    assert stop.endswith("0")
    free = Repl(board).exec("from machine import Pin\nprint(Pin(12, Pin.IN, Pin.PULL_DOWN).value())")
    assert free == "0\n"
