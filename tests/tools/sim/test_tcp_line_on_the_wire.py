"""The simulated TCP connections: absent units, silence, refusal, delay, a confused gateway."""

import asyncio
import time

import pytest

READ_LIMIT = bytes.fromhex("00 07 00 00 00 06 01 03 00 64 00 02")  # connector 1, transaction 7


async def connect(bench, bus_id="lan-fast"):
    where = bench.sim.wiring[bus_id]
    return await asyncio.open_connection(where["host"], where["tcp_port"])


async def answer_within(reader, seconds, size=13):
    try:
        return await asyncio.wait_for(reader.readexactly(size), seconds)
    except TimeoutError:
        return None


def test_an_unknown_unit_gets_the_gateway_exception(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        assert (await client.read_holding_registers(100, count=2, device_id=9)).exception_code == 0x0B
        assert not (await client.read_holding_registers(100, count=2, device_id=1)).isError()

    on_bench(body)


def test_two_requests_in_one_segment_are_both_answered_in_order(on_bench):
    async def body(bench):
        reader, writer = await connect(bench)
        second = b"\x00\x08" + READ_LIMIT[2:]
        writer.write(READ_LIMIT + second)
        expected = bytes.fromhex("00 00 00 07 01 03 04 00 00 4E 20")  # 20 kW
        assert await answer_within(reader, 1) == b"\x00\x07" + expected
        assert await answer_within(reader, 1) == b"\x00\x08" + expected
        writer.close()

    on_bench(body)


def test_a_silent_device_accepts_but_never_answers(on_bench):
    async def body(bench):
        bench.sim.silence("gun2")
        reader, writer = await connect(bench)
        writer.write(READ_LIMIT)
        assert await answer_within(reader, 0.2) is None
        assert len(bench.sim.polls("gun2")) == 1
        bench.sim.silence("gun2", False)
        writer.write(READ_LIMIT)
        assert (await answer_within(reader, 1))[:2] == b"\x00\x07"
        writer.close()

    on_bench(body)


def test_a_silent_charger_falls_back_however_often_it_is_asked(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun2"]
        bench.plug("gun2")
        reader, writer = await connect(bench)
        writer.write(bytes.fromhex("00 01 00 00 00 0B 01 10 00 64 00 02 04 00 01 00 00"))
        assert await answer_within(reader, 1, 12)
        bench.sim.silence("gun2")
        for _ in range(5):
            bench.advance(3)
            writer.write(READ_LIMIT)
            await asyncio.sleep(0.01)
        assert gun.power_w == 20_000
        writer.close()

    on_bench(body)


def test_a_refused_bus_hangs_up_and_comes_back_on_the_same_port(on_bench):
    async def body(bench):
        reader, writer = await connect(bench)
        writer.write(READ_LIMIT)
        assert await answer_within(reader, 1)
        await bench.sim.refuse("lan-fast")
        with pytest.raises(ConnectionError):
            if not await asyncio.wait_for(reader.read(100), 1):
                raise ConnectionResetError
        with pytest.raises(ConnectionRefusedError):
            await connect(bench)
        await bench.sim.refuse("lan-fast", False)
        reader, writer = await connect(bench)
        writer.write(READ_LIMIT)
        assert await answer_within(reader, 1)
        assert bench.sim.lines["lan-fast"].connections == 2
        writer.close()

    on_bench(body)


def test_a_slow_device_keeps_its_transaction_ids(on_bench):
    async def body(bench):
        bench.sim.slow("gun2", 120)
        reader, writer = await connect(bench)
        started_s = time.monotonic()
        writer.write(READ_LIMIT + b"\x00\x08" + READ_LIMIT[2:])
        assert (await answer_within(reader, 1))[:2] == b"\x00\x07"
        assert time.monotonic() - started_s >= 0.12
        assert (await answer_within(reader, 1))[:2] == b"\x00\x08"
        assert time.monotonic() - started_s >= 0.24
        bench.sim.slow("gun2", 0)
        started_s = time.monotonic()
        writer.write(READ_LIMIT)
        assert await answer_within(reader, 1)
        assert time.monotonic() - started_s < 0.1
        writer.close()

    on_bench(body)


def test_a_confused_gateway_never_changes_a_value(on_bench):
    async def body(bench):
        bench.sim.noise("lan-fast", 0.4)
        reader, writer = await connect(bench)
        sound = bytes.fromhex("00 07 00 00 00 07 01 03 04 00 00 4E 20")
        right = wrong = lost = 0
        for _ in range(60):
            writer.write(READ_LIMIT)
            answer = await answer_within(reader, 0.03)
            if answer is None:
                lost += 1
            elif answer == sound:
                right += 1
            else:
                wrong += 1
                assert answer[9:] == sound[9:]  # only transaction, unit, function code or byte count
        assert lost > 5 and wrong > 3 and right > 5
        bench.sim.noise("lan-fast", 0.0)
        for _ in range(5):
            writer.write(READ_LIMIT)
            assert await answer_within(reader, 1) == sound
        writer.close()

    on_bench(body)


def test_a_broken_header_ends_the_connection(on_bench):
    async def body(bench):
        reader, writer = await connect(bench)
        writer.write(b"GET / HTTP/1.1\r\n")
        try:
            assert await asyncio.wait_for(reader.read(100), 1) == b""
        except ConnectionResetError:
            pass
        reader, writer = await connect(bench)
        writer.write(READ_LIMIT)
        assert await answer_within(reader, 1)
        writer.close()

    on_bench(body)


def test_polls_belong_to_the_connector_that_was_asked(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        await client.read_input_registers(0, count=6)
        await client.read_input_registers(100, count=10)
        await client.read_input_registers(200, count=10)
        assert [poll[2] for poll in bench.sim.polls("gun2")] == [0, 100]
        assert [poll[2] for poll in bench.sim.polls("gun3")] == [0, 200]

    on_bench(body)
