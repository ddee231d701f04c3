"""The emulated Pico W against the stock MicroPython that runs on it: arithmetic, files, resets, power cuts, pins."""

import random
import struct

import pytest

from boards.rpi_pico_w.board import UARTS
from tests.micropython_collector import not_run
from tools.board.emulated import (
    DRIVER_PINS,
    FILES_AT,
    RESET_FORCED,
    RESET_POWER,
    RESET_WATCHDOG,
    BoardError,
    EmulatedBoard,
)
from tools.board.files import contents, image
from tools.board.parts import Missing, find
from tools.board.repl import Repl, ReplError

pytestmark = [pytest.mark.usefixtures("emulator")]


@pytest.fixture(scope="module")
def emulator():
    try:
        find()
    except Missing as missing:
        not_run(str(missing))


@pytest.fixture(scope="module")
def repl(emulator):
    with EmulatedBoard() as board:
        board.power_on()
        yield Repl(board)


def test_the_lines_hang_on_the_pins_of_the_boards_own_table():
    assert tuple(UARTS[port][3] for port in ("UART0", "UART1")) == DRIVER_PINS


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def test_float_arithmetic_of_the_boot_rom_is_that_of_ieee_single_precision(repl):
    numbers = random.Random(7)
    pairs = [(float32(numbers.uniform(-1e6, 1e6)), float32(numbers.uniform(1e-3, 1e3))) for _ in range(40)]
    said = repl.exec(
        f"import struct\nfor a, b in {pairs!r}:\n    print(struct.pack('<ffff', a + b, a - b, a * b, a / b).hex())"
    )
    # The board parses the numbers into object representations of 30 bits: the last two bits of a single are its type.
    for (a, b), line in zip(pairs, said.split(), strict=True):
        for found, exact in zip(struct.unpack("<ffff", bytes.fromhex(line)), (a + b, a - b, a * b, a / b), strict=True):
            assert found == pytest.approx(exact, rel=2e-6), (a, b)


def test_a_rom_function_that_nobody_wrote_stops_the_board_by_its_name():
    with EmulatedBoard() as board:
        board.power_on()
        with pytest.raises(BoardError, match="no function usb_boot"):
            Repl(board).exec("import machine; machine.bootloader()")


def test_an_error_on_the_board_is_an_error_here(repl):
    with pytest.raises(ReplError, match="ZeroDivisionError"):
        repl.exec("1 // 0")
    with pytest.raises(ReplError, match="no end after"):
        repl.exec("while True: pass", ms=50)


def test_files_survive_every_kind_of_start_and_the_reason_is_told(repl):
    board = repl.board
    repl.exec("with open('kept', 'w') as file: file.write('twelve bytes')")
    starts = (
        (RESET_FORCED, lambda: repl.start("import machine; machine.reset()"), 3),
        (RESET_WATCHDOG, lambda: repl.start("import machine; machine.WDT(timeout=50)"), 3),
        (RESET_POWER, board.reset, 1),
        (RESET_POWER, lambda: (board.power_off(), board.power_on()), 1),
    )
    for reason, start, cause in starts:
        seen = len(board.resets)
        start()
        assert board.run_until(lambda seen=seen: len(board.resets) > seen, 500), reason
        assert board.resets[-1][1] == reason
        told = repl.exec("import machine; print(open('kept').read(), machine.reset_cause())")
        assert told == f"twelve bytes {cause}\n"


def test_a_volume_made_here_is_read_there_and_back(repl):
    main = b"import time; time.sleep_ms(300); print('started')\n"  # USB is up only after that
    files = {"main.py": main, "a/b/c.txt": bytes(range(256)) * 20, "a/empty": b""}
    with EmulatedBoard() as board:
        board.load(image(files))
        board.power_on()
        repl = Repl(board)
        board.type(b"\n")
        assert board.run_until(lambda: b"started" in board.printed, 2000)
        assert repl.exec("import os; print(os.stat('a/b/c.txt')[6], os.listdir('a'))") == "5120 ['b', 'empty']\n"
        repl.exec("with open('a/new', 'w') as file: file.write('from the board')")
        assert contents(board.flash()[FILES_AT:]) == files | {"a/new": b"from the board"}


def test_power_goes_in_the_middle_of_a_flash_write(repl):
    """The page of the cut is half written, nothing after it is, and the board runs again from what is there."""
    board = repl.board
    for operations in (1, 3):
        before = board.figures()["flash"]["operations"]
        board.cut(operations)
        repl.start("with open('torn', 'w') as file: file.write('x' * 9000)")
        board.run(3000)
        assert not board.is_on
        assert board.figures()["flash"]["operations"] == before + operations
        board.power_on()
        assert repl.exec("import os; print('torn' in os.listdir() and os.stat('torn')[6])") in ("False\n", "0\n")
    board.cut(0)


def test_a_sector_wears_by_one_for_each_erase(repl):
    wear = dict(repl.board.figures()["flash"]["erases"])
    # The last block of the file system, below littlefs: erased by hand.
    repl.exec("import rp2; f = rp2.Flash(); f.ioctl(6, 211); f.ioctl(6, 211)")
    after = dict(repl.board.figures()["flash"]["erases"])
    worn = {sector: count - wear.get(sector, 0) for sector, count in after.items() if count != wear.get(sector)}
    assert worn == {511: 2}


class Answering:
    """Answers each frame with `data`, 2 ms behind its last stop bit."""

    def __init__(self, board, data):
        self.board, self.data = board, data

    def heard(self, frame):
        self.board.send(frame.uart, frame.end_ns + 2_000_000, self.data)


def test_characters_that_are_on_the_line_while_flash_is_written_are_counted(repl):
    board = repl.board
    repl.exec(
        "import rp2, time\nfrom machine import Pin, UART\n"
        "flash, driver = rp2.Flash(), Pin(6, Pin.OUT, value=0)\n"
        "uart = UART(1, 115200, tx=Pin(4), rx=Pin(5))\n"
        "def ask():\n    driver(1); uart.write(bytes(8)); time.sleep_us(900); driver(0)"
    )

    def counted(program):
        before = board.figures()["lines"][1]
        repl.exec(program)
        after = board.figures()["lines"][1]
        return {name: after[name] - before[name] for name in ("during_flash", "erased", "overruns")}

    erase = "flash.ioctl(6, 211)"
    assert counted(erase) == {"during_flash": 0, "erased": 0, "overruns": 0}
    # The erase begins before the request's end is heard, and is not over when the answer is. The FIFO keeps 32.
    board.peers[1] = Answering(board, bytes(50))
    assert counted(f"ask(); {erase}") == {"during_flash": 50, "erased": 1, "overruns": 18}
    # 45 ms without a pause; how much of the FIFO was free before depends on where the erase falls.
    board.peers[1] = None
    board.send(1, board.now_ns, bytes(1500))
    steady = counted(erase)
    assert 518 <= steady["during_flash"] <= 520 and 518 - 33 <= steady["overruns"] <= 520
    board.run(200)
    assert counted(erase)["during_flash"] == 0


def test_pins_have_edges_outside_and_levels_inside(repl):
    board = repl.board
    board.watch(15)
    board.set_input(10, 1)
    said = repl.exec(
        "from machine import Pin\nimport time\n"
        "out, inside, pulled = Pin(15, Pin.OUT, value=0), Pin(10, Pin.IN), Pin(12, Pin.IN, Pin.PULL_UP)\n"
        "out(1); time.sleep_us(500); out(0)\n"
        "print(inside(), pulled(), out())\n"
        "seen = []\ninside.irq(lambda pin: seen.append(pin()), Pin.IRQ_FALLING)\n"
    )
    assert said == "1 1 0\n"
    levels = [level for _, pin, level in board.edges if pin == 15]
    assert levels[-2:] == [1, 0]
    assert 500e3 <= board.edges[-1][0] - board.edges[-2][0] <= 600e3
    board.set_input(10, 0)
    assert repl.exec("print(seen)") == "[0]\n"


def test_the_same_calls_give_the_same_run():
    def run():
        with EmulatedBoard() as board:
            board.power_on()
            said = Repl(board).exec("import time, random; print(time.ticks_us(), random.getrandbits(30))")
            return said, board.now_ns, board.figures()["instructions"]

    assert run() == run()
