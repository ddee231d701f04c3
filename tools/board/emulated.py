"""An emulated Pico W in lock-step: it lives only while `run()` is called, and its time is its own.

What is connected to it runs in this process, in the board's time: nothing depends on how fast this machine is, and the
same calls give the same run. Emulated RP2040 at 125 MHz: right for order and ratios, optimistic in absolute times.
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from tools.board.parts import HERE, find

MS = 1_000_000  # ns
# The GP numbers by which the station file's UART0 and UART1 switch their RS-485 drivers on this board.
DRIVER_PINS = (2, 6)
# MicroPython 1.27 for the Pico W keeps its file system there.
FILES_AT = 0x12C000
RESET_POWER, RESET_WATCHDOG, RESET_FORCED = 0, 1, 2
_SLICE_MS = 10


class BoardError(Exception):
    """The emulated board cannot go on; the text says why."""


class Frame(NamedTuple):
    """What the board sent between two silences of 3.5 characters."""

    uart: int
    start_ns: int
    end_ns: int
    data: bytes


class EmulatedBoard:
    """Leaving the context ends it. driver_pins: of both UARTs, None for a line without a driver.

    peers: for each UART an object with `heard(frame)`, called 3.5 characters after each frame; it answers by `send()`.
    printed: all that came over USB. resets: (ns, reason) of each start. cuts, flash_log: see `cut()`, `figures()`.
    """

    def __init__(self, driver_pins=DRIVER_PINS):
        node, uf2 = find()
        options = json.dumps({"uf2": str(uf2), "driver_pins": driver_pins})
        self._process = subprocess.Popen(
            [node, HERE / "lockstep.mjs", options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.peers = [None, None]
        self.printed = bytearray()
        self.resets = []
        self.edges = []  # (ns, pin, level) of watched pins
        self.flash_log = []  # (ns, "erase" or "program", offset)
        self.frames = []
        self.now_ns = 0
        self.is_on = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    # -- power, time --
    def power_on(self):
        self._do("power_on")

    def power_off(self):
        self._do("power_off")

    def reset(self):
        """The RUN pin: everything but the flash starts again."""
        self._do("reset")

    def hang(self):
        """The CPU stops for good, as after a fault; UARTs, timers and the watchdog go on."""
        self._do("hang")

    def run(self, ms):
        """Let the board live for `ms` of its own time. Returns early when its power goes."""
        until_ns = self.now_ns + int(ms * MS)
        while self.now_ns < until_ns and self.is_on:
            if self._do("run", until_ns=until_ns)["why"] == "budget":
                raise BoardError("the board computed for minutes without an end")

    def run_until(self, seen, ms) -> bool:
        """Run until seen() is true, looked at every 10 ms of board time; False when it is not within `ms`."""
        until_ns = self.now_ns + int(ms * MS)
        while not seen():
            if self.now_ns >= until_ns or not self.is_on:
                return False
            self.run(_SLICE_MS)
        return True

    # -- flash --
    def load(self, image: bytes, offset=FILES_AT):
        """Put bytes into the flash chip, as a programmer would."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "image"
            path.write_bytes(image)
            self._do("load", path=str(path), offset=offset)

    def flash(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "image"
            self._do("save", path=str(path))
            return path.read_bytes()

    def cut(self, operations):
        """The power goes in the middle of the n-th flash erase or program from now on; 0 takes that back."""
        self._do("cut", operations=operations)

    def flash_times(self, erase_ms=45.0, program_ms=0.4):
        """How long a sector's erase and a page take: typical ones as a start, at most 400 and 3 (data sheet)."""
        self._do("flash_times", erase_us=erase_ms * 1000, program_us=program_ms * 1000)

    def figures(self) -> dict:
        """instructions; flash: operations, programs, erases [[sector, times], ...]; lines: what was seen on each wire
        (see tools/board/line.mjs)."""
        return self._do("figures")

    # -- ports --
    def type(self, data: bytes):
        """Bytes into the USB serial port. The board prints nothing there before the first one has come."""
        self._do("usb", hex=data.hex())

    def send(self, uart, at_ns, data: bytes, errors=None):
        """Bytes onto the line of a UART, the first start bit at `at_ns`. errors: {index: "parity", "framing" or
        "break"}."""
        errors = errors or {}
        characters = [[byte, errors.get(index)] for index, byte in enumerate(data)]
        self._do("send", uart=uart, at_ns=at_ns, characters=characters)

    def echo(self, uart, on=True):
        """The transceiver's receiver listens while its driver sends (its enable pin is not wired)."""
        self._do("echo", uart=uart, on=on)

    def heed_rts(self, uart, on=True):
        """Who sends to this UART waits while its RTS pin says so."""
        self._do("heeds_rts", uart=uart, on=on)

    def set_input(self, pin, level):
        self._do("input", pin=pin, level=level)

    def watch(self, pin):
        """From now on `edges` has what the board does to this pin."""
        self._do("watch", pin=pin)

    # -- the pipe --
    def _do(self, command, **what):
        line = json.dumps({"do": command, **what}) + "\n"
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
            reply = json.loads(self._process.stdout.readline())
        except (BrokenPipeError, ValueError):
            raise BoardError(f"the emulator ended with {self._process.poll()}") from None
        if "failed" in reply:
            raise BoardError(reply["failed"])
        self.now_ns, self.is_on = reply["now_ns"], reply["is_on"]
        for event in reply["events"]:
            self._took(*event)
        return reply

    def _took(self, what, at_ns, *rest):
        if what == "usb":
            self.printed += bytes.fromhex(rest[0])
        elif what == "frame":
            frame = Frame(rest[0], int(rest[1]), int(rest[2]), bytes.fromhex(rest[3]))
            self.frames.append(frame)
            if self.peers[frame.uart] is not None:
                self.peers[frame.uart].heard(frame)
        elif what == "pin":
            self.edges.append((int(at_ns), *rest))
        elif what == "reset":
            self.resets.append((int(at_ns), rest[0]))
        elif what == "flash":
            self.flash_log.append((int(at_ns), *rest))
