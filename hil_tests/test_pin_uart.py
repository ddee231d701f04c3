"""A UART with an RS-485 driver: when the driver is on, what is heard, and that no call waits."""

import pytest

from tools.board.emulated import EmulatedBoard
from tools.board.files import image
from tools.board.repl import Repl
from tools.firmware_image import build

pytestmark = [pytest.mark.emulated]

# The port, and what a loop does beside it: `work(ms)` holds the CPU as the cycle does.
SETUP = """
import time, gc
from boards.rpi_pico_w.uart import open_uart
port = open_uart({port!r}, {baud}, {parity!r}, {stop_bits})
buffer = bytearray(300)
def work(ms):
    until = time.ticks_add(time.ticks_us(), 1000 * ms)
    while time.ticks_diff(until, time.ticks_us()) > 0:
        pass
def timed(call, *arguments):
    began = time.ticks_us()
    result = call(*arguments)
    return result, time.ticks_diff(time.ticks_us(), began)
"""


class Echo:
    """Answers each frame with `data`, `after_us` behind its last stop bit."""

    def __init__(self, board, data, after_us, errors=None):
        self.board, self.data, self.after_us, self.errors = board, data, after_us, errors

    def heard(self, frame):
        self.board.send(frame.uart, frame.end_ns + 1000 * self.after_us, self.data, self.errors)


@pytest.fixture(scope="module")
def board(emulator):
    files = build("rpi_pico_w", own_names=True).files
    files = {path: data for path, data in files.items() if path.startswith("boards/")}
    with EmulatedBoard() as board:
        volume = image(files)
        # One that no file is in: where LittleFS begins to put them depends on what they hold.
        board.free_block = next(at for at in range(211, 0, -1) if volume[4096 * at :][:4096].count(255) == 4096)
        board.load(volume)
        yield board


@pytest.fixture
def repl(board):
    """Fresh from power on: the figures of the lines count from here."""
    board.power_on()
    board.peers[:] = [None, None]
    board.frames.clear()
    board.before = board.figures()["lines"]
    return Repl(board)


def opened(repl, port, baud, parity="N", stop_bits=1):
    repl.exec(SETUP.format(port=port, baud=baud, parity=parity, stop_bits=stop_bits))


def grown(board, uart, name):
    return board.figures()["lines"][uart][name] - board.before[uart][name]


@pytest.mark.parametrize(
    ("baud", "parity", "stop_bits", "bits"), [(9600, "E", 1, 11), (19200, "N", 1, 10), (115200, "N", 2, 11)]
)
def test_the_driver_is_on_for_every_bit_and_off_before_an_answer_may_come(repl, baud, parity, stop_bits, bits):
    board = repl.board
    opened(repl, "UART1", baud, parity, stop_bits)
    board.watch(6)
    for length in (1, 8, 256):
        board.edges.clear()
        repl.exec(f"port.write(bytes({length})); work(30); time.sleep_ms({length * 11000 // baud})", 2000)
        frame = board.frames[-1]
        assert len(frame.data) == length
        assert frame.end_ns - frame.start_ns == pytest.approx(length * bits * 1e9 / baud, rel=0.01)
        (on_ns, _, on), (off_ns, _, off) = board.edges
        assert (on, off) == (1, 0)
        assert on_ns <= frame.start_ns and frame.end_ns <= off_ns
        # 1750 us above 19200 baud, else 3.5 characters: the driver is off in a third of that, whatever the loop does.
        assert off_ns - frame.end_ns < (1750e3 if baud > 19200 else 3.5e9 * bits / baud) / 3 + length * 1e3
    assert grown(board, 1, "undriven") == 0


def test_an_answer_at_the_earliest_moment_is_heard_whole_while_the_loop_computes(repl):
    board = repl.board
    opened(repl, "UART1", 115200)
    board.peers[1] = Echo(board, bytes(range(64)), 1750)
    said = repl.exec("port.write(bytes(8)); work(20); n = port.readinto(buffer); print(n, sum(buffer[:n]))")
    assert said == f"64 {sum(range(64))}\n"
    assert grown(board, 1, "deaf") == grown(board, 1, "overruns") == 0


def test_collecting_garbage_does_not_hold_the_driver(repl):
    """Even when the memory for a call makes the collection begin; an answer is due 1.75 ms behind the request."""
    board = repl.board
    opened(repl, "UART1", 115200)
    board.watch(6)
    repl.exec("keep = [bytearray(50) for _ in range(900)]\ngc.threshold(64)")
    board.edges.clear()
    board.frames.clear()
    said = repl.exec(
        "frame = bytes(8)\n"
        "for _ in range(8):\n"
        "    port.write(frame)\n"
        "    collecting = timed(gc.collect)[1]\n"
        "print(collecting)"
    )
    assert int(said) > 5000
    offs = [at_ns for at_ns, _, level in board.edges if level == 0]
    assert len(offs) == len(board.frames) == 8
    for frame, off_ns in zip(board.frames, offs, strict=True):
        assert 0 <= off_ns - frame.end_ns < 500e3


def test_no_call_waits_for_the_wire(repl):
    """At 9600 baud a frame of 64 bytes is on the line for 67 ms."""
    board = repl.board
    opened(repl, "UART0", 9600)
    board.peers[0] = Echo(board, bytes(64), 4100)
    said = repl.exec(
        "sent, worst = timed(port.write, bytes(256))\n"
        "while not port.txdone(): pass\n"
        "got = 0\n"
        "for _ in range(400):\n"
        "    n, us = timed(port.readinto, buffer)\n"
        "    got += n or 0\n"
        "    worst = max(worst, us)\n"
        "    time.sleep_us(200)\n"
        "print(sent, got, worst)",
        3000,
    )
    sent, got, worst_us = map(int, said.split())
    assert (sent, got) == (256, 64)
    assert worst_us < 1000


def test_two_longest_frames_wait_until_the_loop_comes(repl):
    board = repl.board
    opened(repl, "UART1", 115200)
    board.peers[1] = Echo(board, bytes(511), 1750)
    assert repl.exec("port.write(b'?'); work(80); print(port.readinto(bytearray(600)))") == "511\n"
    assert grown(board, 1, "overruns") == 0


def test_damaged_characters_come_through_as_bytes_for_the_checksum_to_judge(repl):
    board = repl.board
    opened(repl, "UART0", 19200, "E")
    board.peers[0] = Echo(board, b"\x01\x02\x03\x04\x05", 4000, {1: "parity", 3: "framing"})
    assert repl.exec("port.write(b'?'); work(20); n = port.readinto(buffer); print(n)") == "5\n"


def test_its_own_echo_is_never_heard(repl):
    """A receiver that is always on: an echoed write would pass for its acknowledgement."""
    board = repl.board
    opened(repl, "UART0", 19200)
    board.echo(0)
    try:
        board.peers[0] = Echo(board, b"answer", 4000)
        assert repl.exec("port.write(bytes(100)); work(80); print(port.readinto(buffer), buffer[:6])", 3000) == (
            "6 bytearray(b'answer')\n"
        )
    finally:
        board.echo(0, False)


def test_flash_written_in_the_middle_of_a_frame_costs_its_bytes(repl):
    """Why the firmware must not: on RP2040 all interrupts are off meanwhile, and the FIFO holds 32 bytes."""
    board = repl.board
    opened(repl, "UART1", 115200)
    board.peers[1] = Echo(board, bytes(400), 2000)
    said = repl.exec(
        "import rp2; flash = rp2.Flash()\n"
        f"port.write(b'?'); work(5); flash.ioctl(6, {board.free_block}); work(50); print(port.readinto(bytearray(600)))"
    )
    assert grown(board, 1, "overruns") > 200
    assert int(said) == 400 - grown(board, 1, "overruns")


def test_flash_written_in_the_middle_of_a_request_leaves_the_driver_on_until_the_last_bit(repl):
    board = repl.board
    opened(repl, "UART0", 19200)
    repl.exec(
        f"import rp2; flash = rp2.Flash()\nport.write(bytes(60)); flash.ioctl(6, {board.free_block}); work(50)"
    )
    assert sum(len(frame.data) for frame in board.frames) == 60
    assert grown(board, 0, "undriven") == 0
    board.before = board.figures()["lines"]
    assert repl.exec("port.write(b'?'); work(10); print(port.txdone())") == "True\n"
    assert board.figures()["lines"][0]["undriven"] == 0


def test_nothing_is_allocated_by_sending_and_receiving(repl):
    board = repl.board
    opened(repl, "UART1", 115200)
    board.peers[1] = Echo(board, bytes(16), 2000)
    said = repl.exec(
        "import micropython\nframe = bytes(8)\n"
        "def exchange():\n"
        "    micropython.heap_lock()\n"
        "    try:\n"
        "        port.write(frame)\n"
        "        work(8)\n"
        "        return port.readinto(buffer)\n"
        "    finally:\n"
        "        micropython.heap_unlock()\n"
        "print(exchange())"
    )
    assert said == "16\n"
