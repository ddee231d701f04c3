"""Simulated Modbus devices on a UART of an emulated board: they answer in the board's time.

Register maps and writes are those of `tools/sim/devices`, requests and answers are coded by pymodbus: nothing of our
own drivers is used, so that one mistake cannot hide on both sides.
"""

from pymodbus.exceptions import ModbusIOException
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.simulator.simcore import SimCore

from tools.board.emulated import MS
from tools.sim.line_faults import LineFaults, request_fields

_TURNAROUND_MS = 2  # beyond the 3.5 characters of silence that end a request


class SlaveLine(LineFaults):
    """The devices of one bus. images: unit -> register image. See LineFaults for silent, mute, delay_ms and noise.

    dead: nobody hears or answers. unwritable: units that hear no write. lost: share of answers that lose one byte.
    impostor: units whose answers come under another unit id. flipped: units in whose answers one bit of the data is
    wrong. discarded: requests with a wrong checksum, as a device on copper sees them.
    """

    def __init__(self, board, uart, images, seed=1):
        super().__init__(seed)
        self.board, self.uart, self.images = board, uart, images
        self.dead = False
        self.unwritable = set()
        self.lost = 0.0
        self.impostor = set()
        self.flipped = set()
        self.discarded = 0
        self._framer = FramerRTU(DecodePDU(True))
        self._devices = SimCore([image.sim_device() for image in images.values()])
        board.peers[uart] = self

    def heard(self, frame):
        data = frame.data
        if len(data) < 4 or FramerRTU.compute_CRC(data[:-2]) != data[-2] << 8 | data[-1]:
            self.discarded += 1
            return
        unit = data[0]
        self.record(unit, *request_fields(data[1:-2]), seen_s=frame.start_ns / 1e9)
        if self.dead or unit not in self.images or unit in self.silent or self.hit():
            return
        if unit in self.unwritable and data[1] in (5, 6, 15, 16):
            return
        answer = self._answer(data)
        if answer is None or unit in self.mute:
            return
        if unit in self.impostor:
            answer = self._framer.encode(answer[1:-2], unit % 247 + 1, 0)
        if unit in self.flipped:
            answer = self._with_a_wrong_bit(answer)
        at_ns = self.board.now_ns + (_TURNAROUND_MS + self.delay_ms.get(unit, 0)) * MS
        self.board.send(self.uart, at_ns, *self._damaged(answer))

    def _answer(self, data):
        try:
            request = self._framer.handleFrame(data, 0, 0)[1]
        except ModbusIOException:
            return None
        if request is None:
            return None
        response = _at_once(request.datastore_update(self._devices, request.dev_id))
        response.dev_id = request.dev_id
        return self._framer.buildFrame(response)

    def _with_a_wrong_bit(self, answer):
        wrong = bytearray(answer)
        wrong[self._random.randrange(3, len(answer) - 2)] ^= 1 << self._random.randrange(8)
        return bytes(wrong)

    def _damaged(self, answer):
        """(bytes, errors) as they arrive: a byte short, with noise bytes in front, or with a byte the UART refuses."""
        random = self._random
        if self.lost and random.random() < self.lost:
            gone = random.randrange(len(answer))
            return answer[:gone] + answer[gone + 1 :], {}
        if not self.hit():
            return answer, {}
        if random.random() < 0.5:
            return bytes(random.randrange(256) for _ in range(random.randint(1, 3))) + answer, {}
        damaged = bytearray(answer)
        at = random.randrange(len(answer))
        damaged[at] ^= 1 << random.randrange(8)
        return bytes(damaged), {at: "framing"}


def _at_once(coroutine):
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a simulated device waits for something")
