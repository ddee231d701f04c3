"""A simulated RS-485 line: two pseudo-terminals joined by a pump that keeps the byte times of the line.

The controller opens `port`, the device servers open `device_port`. A frame reaches the far end when its last byte
would, and a device answers no earlier than 3.5 characters after the request. As on copper, a device discards a
request with a wrong checksum, and nobody answers for a unit that is not there.
"""

import asyncio
import os
import time
import tty

from tools.sim.line_faults import LineFaults, request_fields

GRACE_S = 0.005  # a frame that is not whole yet gets this much longer: the host may have been late, not the controller


def crc16(data):
    """Modbus CRC of `data`, as a number: low byte goes first on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


class SerialLine(LineFaults):
    """One line. `units`: the unit ids that are connected."""

    def __init__(self, units, baud=9600, parity="N", stop_bits=1, seed=1):
        super().__init__(seed)
        self.units = set(units)
        bits = 9 + stop_bits + (parity != "N")
        self.character_s = bits / baud
        self.gap_s = 3.5 * 11 / baud if baud <= 19200 else 0.00175
        self.port = self.device_port = None
        self.collisions = 0
        self.discarded = 0
        self._free_at_s = 0.0
        self._request = b""
        self._asked_unit = None
        self._asked_s = 0.0
        self._silence = None  # timer: the request is over when the line has been quiet long enough
        self._fds = []
        self._timers = set()
        self._loop = None

    async def start(self):
        self._loop = asyncio.get_running_loop()
        self._device_fd, self.device_port = self._open_pair()
        self._loop.add_reader(self._device_fd, self._from_device)
        await self._start_controller_end()

    async def _start_controller_end(self):
        self._controller_fd, self.port = self._open_pair()
        self._loop.add_reader(self._controller_fd, lambda: self._from_controller(self._read(self._controller_fd)))

    def _to_controller(self, data):
        self._write(self._controller_fd, data)

    def _open_pair(self):
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        # The slave stays open here too, so that the line outlives a controller that is restarted.
        self._fds += [master, slave]
        return master, os.ttyname(slave)

    async def stop(self):
        if not self._fds:
            return
        for fd in self._fds:
            self._loop.remove_reader(fd)
        for timer in (*self._timers, self._silence):
            if timer is not None:
                timer.cancel()
        self._timers.clear()
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()

    # -- controller to devices --
    def _from_controller(self, data):
        if not data:
            return
        now_s = self._loop.time()
        if not self._request:
            self._asked_s = time.monotonic()
            self.collisions += now_s < self._free_at_s
        self._request += data
        self._free_at_s = max(now_s, self._free_at_s) + len(data) * self.character_s
        self._wait_for_silence(self.gap_s)

    def _wait_for_silence(self, seconds):
        if self._silence:
            self._silence.cancel()
        self._silence = self._loop.call_at(self._free_at_s + seconds, self._request_over, seconds)

    def _request_over(self, waited_s):
        """3.5 characters of silence end a frame, as on a real line."""
        frame = self._request
        whole = len(frame) >= 4 and crc16(frame[:-2]) == frame[-2] | frame[-1] << 8
        if not whole and waited_s < GRACE_S:
            self._wait_for_silence(max(GRACE_S, 2 * waited_s))
            return
        self._silence, self._request = None, b""
        if not whole:
            self.discarded += 1
            return
        self.record(frame[0], *request_fields(frame[1:-2]), seen_s=self._asked_s)
        if self.hit():
            self.discarded += 1
        elif frame[0] in self.units and frame[0] not in self.silent:
            self._hand_to_device(frame)

    def _hand_to_device(self, frame):
        self._asked_unit = frame[0]
        self._write(self._device_fd, frame)

    # -- devices to controller --
    def _from_device(self):
        data = self._read(self._device_fd)
        unit = self._asked_unit
        if not data or unit in self.silent or unit in self.mute:
            return
        start_s = max(self._loop.time() + self.delay_ms.get(unit, 0) / 1000.0, self._free_at_s)
        if not self.delay_ms.get(unit):
            self._free_at_s = start_s + len(data) * self.character_s
        self._later(start_s + len(data) * self.character_s, self._to_controller, self._damage(data))

    def _damage(self, frame):
        """The answer as it arrives: now and then with one bit flipped, or with one to three noise bytes in front."""
        if not self.hit():
            return frame
        if self._random.random() < 0.5:
            return bytes(self._random.randrange(256) for _ in range(self._random.randint(1, 3))) + frame
        flipped = bytearray(frame)
        flipped[self._random.randrange(len(frame))] ^= 1 << self._random.randrange(8)
        return bytes(flipped)

    # -- plumbing --
    def _later(self, when_s, action, *arguments):
        def fire():
            self._timers.discard(timer)
            action(*arguments)

        timer = self._loop.call_at(when_s, fire)
        self._timers.add(timer)

    @staticmethod
    def _read(fd):
        try:
            return os.read(fd, 4096)
        except (BlockingIOError, OSError):
            return b""

    @staticmethod
    def _write(fd, data):
        """Bytes that nobody reads are lost once the terminal's buffer is full, as in a UART."""
        try:
            os.write(fd, data)
        except BlockingIOError:
            pass
