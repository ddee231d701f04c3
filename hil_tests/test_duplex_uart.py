"""A serial port without RS-485, as a 4G DTU has it: both sides send when they like, and RTS holds the other back."""

import pytest

from tools.board.emulated import EmulatedBoard
from tools.board.files import image
from tools.board.repl import Repl
from tools.firmware_image import build

pytestmark = [pytest.mark.emulated]

# Both sides at once for 60 ms, in pieces, as packets come and go; `got` is what was heard, in its order.
TALK = """
from boards.rpi_pico_w.uart import open_uart
import time
port = open_uart("UART0", {baud}, "N", 1, True)
got, piece, sent = b"", bytearray(64), 0
port.write(b"!")
until = time.ticks_add(time.ticks_ms(), 400)
while time.ticks_diff(until, time.ticks_ms()) > 0:
    if sent < {count} and port.txdone():
        sent += port.write(bytes([sent & 255]) * 37)
    n = port.readinto(piece)
    if n:
        got += piece[:n]
print(sent, len(got), got == bytes([at & 255 for at in range({count})]))
"""
FLASH = """
from boards.rpi_pico_w.uart import open_uart
import rp2, time
flash, port = rp2.Flash(), open_uart("UART0", 115200, "N", 1, True)
port.write(b"!")
time.sleep_ms(5)
flash.ioctl(6, {block})
time.sleep_ms(120)
heard = bytearray(600)
n = port.readinto(heard)
print(n, heard[:n] == bytes([at & 255 for at in range(n)]))
"""


class Talker:
    """Begins to send `count` bytes, without a pause, as soon as it hears the first byte of the board."""

    def __init__(self, board, count):
        self.board, self.count, self.heard_bytes = board, count, bytearray()

    def heard(self, frame):
        if not self.heard_bytes:
            self.board.send(0, self.board.now_ns, bytes(at & 255 for at in range(self.count)))
        self.heard_bytes += frame.data


@pytest.fixture(scope="module")
def volume(emulator):
    files = build("rpi_pico_w", own_names=True).files
    return image({path: data for path, data in files.items() if path.startswith("boards/")})


@pytest.fixture
def board(volume):
    with EmulatedBoard(driver_pins=(None, None)) as board:
        board.free_block = next(at for at in range(211, 0, -1) if volume[4096 * at :][:4096].count(255) == 4096)
        board.load(volume)
        board.power_on()
        yield board


@pytest.mark.parametrize("baud", [9600, 115200])
def test_what_arrives_while_we_send_is_heard(board, baud):
    """It is thrown away on an RS-485 line, where it is our own echo."""
    count = 250 * baud // 115200 + 60
    board.peers[0] = talker = Talker(board, count)
    sent, got, is_right = Repl(board).exec(TALK.format(baud=baud, count=count), 3000).split()
    assert (int(got), is_right) == (count, "True")
    assert len(talker.heard_bytes) == 1 + int(sent) and int(sent) >= count
    assert board.figures()["lines"][0]["overruns"] == 0


@pytest.mark.parametrize("heeds", [True, False])
def test_a_dtu_that_heeds_rts_loses_nothing_while_flash_is_erased(board, heeds):
    """45 ms without an interrupt are 518 bytes at this speed; the FIFO has 32."""
    board.heed_rts(0, heeds)
    board.peers[0] = Talker(board, 500)
    got, is_whole = Repl(board).exec(FLASH.format(block=board.free_block), 3000).split()
    overruns = board.figures()["lines"][0]["overruns"]
    if heeds:
        assert (int(got), is_whole, overruns) == (500, "True", 0)
    else:
        assert overruns > 300 and int(got) == 500 - overruns
