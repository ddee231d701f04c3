# runs on: cpython, micropython
import asyncio

from drivers.modbus import rare
from drivers.modbus.clients import rtu_client, rtu_tcp_client, tcp_client
from drivers.modbus.errors import Closed, CrcError, ExceptionReply, ModbusError, ProtocolError, Timeout
from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from tests.drivers.fake_line import FakeLine, FakeUnit


def bench(kind, timeout_ms=40):
    line = FakeLine({1: FakeUnit({10: 111, 11: 222}), 2: FakeUnit({10: 333})}, kind == "rtu", kind == "rtu_tcp")
    if kind == "rtu":
        return line, rtu_client(line, 115200, "N", 1, timeout_ms)
    return line, (tcp_client if kind == "tcp" else rtu_tcp_client)(line, timeout_ms)


def run(scene):
    for kind in ("rtu", "tcp", "rtu_tcp"):
        line, client = bench(kind)

        async def whole(line=line, client=client):
            await client.open()
            await scene(line, client)

        asyncio.run(whole())


async def error_of(awaitable):
    try:
        await awaitable
    except ModbusError as error:
        return error
    raise AssertionError("no error")


def word(client, at):
    return client.rx[at] << 8 | client.rx[at + 1]


def test_a_read_and_a_write_go_through():
    async def scene(line, client):
        at = await client.read("d", 1, 3, 10, 2)
        assert (word(client, at), word(client, at + 2)) == (111, 222)
        await client.write("d", 1, 6, 10, [5], 1)
        await client.write("d", 1, 16, 11, [6, 7], 2)
        assert line.units[1].registers == {10: 5, 11: 6, 12: 7}

    run(scene)


def test_every_function_goes_through():
    async def scene(line, client):
        registers = line.units[1].registers
        await client.write("d", 1, 5, 20, [1], 1)
        await client.write("d", 1, 15, 21, [0, 1, 1, 0, 0, 0, 0, 0, 1, 1], 10)
        for function in (1, 2):
            at = await client.read("d", 1, function, 20, 11)
            assert (client.rx[at], client.rx[at + 1]) == (0x0D, 0x06), function
        await client.write("d", 1, 5, 20, [0], 1)
        assert registers[20] == 0
        registers[10] = 0x12
        await client.write("d", 1, 22, 10, [0xF2, 0x25], 2)
        assert registers[10] == 0x17  # the example of the standard, 6.16
        at = await client.exchange(rare.read_write(client.framer, "d", 1, 10, 2, 11, [77, 88], 2))
        assert (word(client, at), word(client, at + 2), registers[12]) == (0x17, 77, 88)
        at = await client.read("d", 1, 4, 10, 1)
        assert word(client, at) == 0x17

    run(scene)


def test_an_answer_in_pieces_is_put_together():
    async def scene(line, client):
        for chunk in (1, 2, 3, 7):
            line.chunk = chunk
            at = await client.read("d", 1, 3, 10, 2)
            assert word(client, at + 2) == 222

    run(scene)


def test_a_silent_unit_is_a_time_out_and_the_next_one_answers():
    async def scene(line, client):
        line.units[1].silent = True
        started = ticks_ms()
        error = await error_of(client.read("gun4", 1, 3, 10, 1))
        assert isinstance(error, Timeout) and error.device == "gun4"
        assert ticks_diff(ticks_ms(), started) < 400
        if not line.is_open:
            await client.open()
        at = await client.read("d", 2, 3, 10, 1)
        assert word(client, at) == 333

    run(scene)


def test_an_answer_after_the_time_out_is_never_taken_for_the_next_one():
    async def scene(line, client):
        line.units[1].silent = True
        waiting = asyncio.create_task(error_of(client.read("d", 1, 3, 10, 1)))
        await sleep_ms(60)  # RTU: in the drain; TCP: the connection is closed
        if line.is_serial:
            line.stray(b"\x02\x03\x02\xde\xad\x24\xf9")  # what unit 2 will be asked for, but late and wrong
        assert isinstance(await waiting, Timeout)
        assert line.is_open == line.is_serial
        if not line.is_open:
            await client.open()
        at = await client.read("d", 2, 3, 10, 1)
        assert word(client, at) == 333

    run(scene)


def test_bytes_that_came_before_the_request_are_thrown_away():
    async def scene(line, client):
        if line.is_rtu:
            line.stray(b"\x01\x03\x02\x00\x07\xf9\x86")  # a whole good frame, but nobody had asked
        at = await client.read("d", 1, 3, 10, 1)
        assert word(client, at) == 111

    run(scene)


def test_a_damaged_answer_is_refused_and_the_line_recovers():
    def damage(answer):
        return answer[:-3] + bytes((answer[-3] ^ 1,)) + answer[-2:] + b"\x00\x01"

    async def scene(line, client):
        line.mangle = damage
        error = await error_of(client.read("d", 1, 3, 10, 1))
        assert isinstance(error, CrcError if line.is_rtu else ProtocolError), error
        line.mangle = None
        if not line.is_open:
            await client.open()
        at = await client.read("d", 1, 3, 10, 1)
        assert word(client, at) == 111

    run(scene)


def test_an_exception_reply_leaves_the_line_open():
    async def scene(line, client):
        line.units[1].refuse[3, 10] = 2
        error = await error_of(client.read("d", 1, 3, 10, 1))
        assert isinstance(error, ExceptionReply) and error.code == 2
        assert line.is_open
        await client.read("d", 1, 3, 11, 1)

    run(scene)


def test_a_lost_line_is_closed_and_opens_again():
    async def scene(line, client):
        line.lost = True
        if line.is_serial:
            line.lost = False
            line.close()
        error = await error_of(client.read("d", 1, 3, 10, 1))
        assert isinstance(error, Closed) and error.device == "d" and error.register == 10
        assert not line.is_open
        await client.open()
        await client.read("d", 1, 3, 10, 1)

    run(scene)


def test_a_cancelled_request_leaves_nothing_behind():
    async def scene(line, client):
        line.units[1].silent = True
        task = asyncio.create_task(_read(client))
        await sleep_ms(10)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        error = None
        try:
            at = await client.read("d", 2, 3, 10, 1)
        except Closed as closed:  # TCP: the connection of the cancelled request is not used again
            error = closed
            await client.open()
            at = await client.read("d", 2, 3, 10, 1)
        assert line.is_serial or error is not None
        assert word(client, at) == 333

    async def _read(client):
        await client.read("d", 1, 3, 10, 1)

    run(scene)


def test_a_babbling_line_does_not_hold_the_client():
    async def scene(line, client):
        if not line.is_serial:
            return
        line.units[1].silent = True
        line.chunk = 16

        async def babble():
            while True:
                line.stray(b"\x55" * 40)
                await sleep_ms(1)

        task = asyncio.create_task(babble())
        started = ticks_ms()
        error = await error_of(client.read("d", 1, 3, 10, 1))
        assert isinstance(error, ProtocolError), error
        assert ticks_diff(ticks_ms(), started) < 2000 and client.babbled
        task.cancel()

    run(scene)


def test_a_line_that_falls_quiet_after_a_damaged_answer_has_not_babbled():
    async def scene(line, client):
        line.mangle = lambda answer: b"\x55" * 9
        await error_of(client.read("d", 1, 3, 10, 1))
        assert not client.babbled

    run(scene)


def test_the_first_request_waits_for_the_delay_that_the_gateway_needs():
    async def scene(line, client):
        client.connect_delay_ms = 60
        line.close()
        started = ticks_ms()
        await client.open()
        await client.read("d", 1, 3, 10, 1)
        assert 55 <= ticks_diff(ticks_ms(), started) < 400

    run(scene)


def test_the_gap_between_two_frames_is_kept_on_a_serial_line():
    async def scene(line, client):
        if not line.is_serial:
            return
        client = rtu_client(line, 1200, "N", 1, 40)  # 32 ms of silence
        asked = []
        answer = line.units[1].answer
        line.units[1].answer = lambda pdu: asked.append(ticks_ms()) or answer(pdu)
        for _ in range(4):
            await client.read("d", 1, 3, 10, 1)
        # A request and its answer are 15 characters of 10 bits: 125 ms.
        gaps = [ticks_diff(b, a) for a, b in zip(asked, asked[1:])]
        assert all(125 + 31 <= gap for gap in gaps), gaps

    run(scene)
