"""The transparent gateway of a `rtu_tcp` bus: RTU frames over TCP, with the byte times and the faults of its line."""

import asyncio
import time

from tools.sim.serial_line import crc16


def framed(text):
    body = bytes.fromhex(text)
    return body + crc16(body).to_bytes(2, "little")


READ_POWER = framed("01 03 00 7A 00 01")  # total power of the PCS
READ_MANY = framed("01 03 00 65 00 2F")  # 47 registers


def station(**bus):
    pcs = {"id": "pcs", "unit": 1, "role": "pcs", "profile": "sinexcel_pws2", "rated_w": 30000, "bus": "gateway"}
    return {"buses": [{"id": "gateway", "kind": "rtu_tcp", **bus}], "devices": [pcs]}


async def connect(bench):
    where = bench.sim.wiring["gateway"]
    return await asyncio.open_connection(where["host"], where["tcp_port"])


async def ask(ends, frame, count, wait_s=2.0):
    """The answer of `count` bytes, b"" when none comes."""
    reader, writer = ends
    writer.write(frame)
    try:
        return await asyncio.wait_for(reader.readexactly(count), wait_s)
    except TimeoutError:
        return b""


def test_frames_pass_with_their_checksum_and_the_byte_times_of_the_line(on_bench):
    async def body(bench):
        ends = await connect(bench)
        assert await ask(ends, READ_POWER, 7) == framed("01 03 02 00 00")
        started_s = time.monotonic()
        answer = await ask(ends, READ_MANY, 99)
        took_ms = 1000 * (time.monotonic() - started_s)
        assert answer[:3] == b"\x01\x03\x5e" and crc16(answer[:-2]) == answer[-2] | answer[-1] << 8
        assert took_ms >= (8 + 99) * 10 / 9.6 + 4, "9600 baud where the station file does not say"
        assert [poll[1:] for poll in bench.sim.polls("pcs")] == [(3, 122, 1), (3, 101, 47)]

    on_bench(body, station())


def test_a_faster_line_behind_it_is_faster(on_bench):
    async def body(bench):
        ends = await connect(bench)
        await ask(ends, READ_POWER, 7)
        times_ms = []
        for _ in range(5):
            started_s = time.monotonic()
            assert len(await ask(ends, READ_MANY, 99)) == 99
            times_ms.append(1000 * (time.monotonic() - started_s))
        assert min(times_ms) < (8 + 99) * 10 / 9.6, "not at 9600"

    on_bench(body, station(baud=115200))


def test_nobody_answers_for_a_unit_that_is_not_there_or_a_damaged_request(on_bench):
    async def body(bench):
        ends = await connect(bench)
        assert await ask(ends, framed("05 03 00 7A 00 01"), 1, 0.2) == b""
        assert await ask(ends, READ_POWER[:-1] + b"\x00", 1, 0.2) == b""
        assert await ask(ends, READ_POWER, 7) == framed("01 03 02 00 00")
        bench.sim.silence("pcs")
        assert await ask(ends, READ_POWER, 1, 0.2) == b""

    on_bench(body, station())


def test_the_newest_connection_has_the_line_and_a_box_that_is_off_takes_none(on_bench):
    async def body(bench):
        first = await connect(bench)
        await ask(first, READ_POWER, 7)
        second = await connect(bench)
        assert len(await ask(second, READ_POWER, 7)) == 7
        try:
            assert await asyncio.wait_for(first[0].read(1), 2.0) == b""
        except ConnectionResetError:
            pass
        await bench.sim.refuse("gateway")
        try:
            await connect(bench)
        except ConnectionRefusedError:
            pass
        else:
            raise AssertionError("the box is off")
        await bench.sim.refuse("gateway", False)
        assert len(await ask(await connect(bench), READ_POWER, 7)) == 7, "on the same port"

    on_bench(body, station())
