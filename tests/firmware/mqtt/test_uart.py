# runs on: cpython, micropython
"""The serial link byte by byte: what of a DTU's stream reaches the client."""

import asyncio

from drivers.ticks import sleep_ms
from firmware.mqtt.uart import UartLink

CONNACK = b"\x20\x02\x00\x00"


class Port:
    """A serial port that gives `pieces`, one a call, and takes `room` bytes a call."""

    def __init__(self, room=1000):
        self.pieces, self.room, self.sent, self.closed, self.gone = [], room, b"", False, False

    def readinto(self, buffer):
        if self.gone:
            raise OSError(5)
        if not self.pieces:
            return None
        piece = self.pieces.pop(0)
        buffer[: len(piece)] = piece
        return len(piece)

    def write(self, data):
        taken = bytes(data[: self.room])
        self.sent += taken
        return len(taken) or None

    def txdone(self):
        return True

    def close(self):
        self.closed = True


def taken(*streams, most=256):
    """What the client gets of each stream, a list of pieces that come after CONNECT was sent."""

    async def play():
        found = []
        for pieces in streams:
            found.append(await one(pieces))
        return found

    async def one(pieces):
        port, found = Port(), []
        link = UartLink(lambda *settings: port, "UART1", 115200)
        await link.open()
        port.pieces = [bytes(each) for each in pieces]
        buffer = bytearray(most)

        async def read():
            while True:
                count = await link.read_some(buffer)
                found.append(bytes(buffer[:count]))

        task = asyncio.create_task(read())
        while port.pieces:
            await sleep_ms(1)
        await sleep_ms(5)
        task.cancel()
        while not task.done():
            await sleep_ms(0)
        return b"".join(found)

    return asyncio.run(play())


def test_bytes_of_an_older_connection_are_dropped_until_the_connack():
    stale = b'{"w": 300000}  \xd0\x00@\x02\x00\x07 \x02 '
    assert taken([stale + CONNACK + b"\x90\x03"]) == [CONNACK + b"\x90\x03"]


def test_a_connack_is_found_wherever_the_stream_is_cut():
    stream = b" \x02 \x20\x02\x01\x00\xd0\x00"
    cuts = [(first, second) for first in range(1, 8) for second in range(first + 1, 9)]
    found = taken(*[(stream[:first], stream[first:second], stream[second:]) for first, second in cuts])
    assert found == [stream[3:]] * len(cuts)


def test_a_refusal_is_handed_on():
    assert taken([b"\x20\x02\x00\x05"]) == [b"\x20\x02\x00\x05"]


def test_what_only_looks_like_a_connack_is_dropped():
    assert taken([b"\x20\x02\x02\x00", b"\x20\x02\x00\x06", b"\x20\x03\x00\x00"]) == [b""]


def test_behind_the_connack_everything_passes():
    assert taken([CONNACK, b" \x02 ", CONNACK]) == [CONNACK + b" \x02 " + CONNACK]


def test_a_buffer_has_room_for_a_connack_that_came_in_pieces():
    rest = b"x" * 60
    assert taken([CONNACK[:3], CONNACK[3:] + rest[:59], rest[59:]], most=64) == [CONNACK + rest]


def test_a_packet_that_does_not_fit_the_port_goes_in_pieces():
    port = Port(room=7)

    async def play():
        link = UartLink(lambda *settings: port, "UART1", 115200)
        await link.open()
        await link.write_all(bytearray(range(100)))

    asyncio.run(play())
    assert port.sent == bytes(range(100))


def test_a_port_that_was_pulled_out_is_opened_again():
    ports = [Port(), Port()]
    opened = []

    def open_port(name, baud, *settings):
        opened.append((name, baud))
        return ports[len(opened) - 1]

    async def play():
        link = UartLink(open_port, "/dev/dtu", 9600)
        await link.open()
        link.close()
        await link.open()  # a new connection is no reason to touch the port
        assert len(opened) == 1
        ports[0].gone = True
        try:
            await link.open()
            raise AssertionError("opened")
        except OSError:
            pass
        await link.open()

    asyncio.run(play())
    assert opened == [("/dev/dtu", 9600)] * 2 and ports[0].closed and not ports[1].closed
