"""The simulated RS-485 line: byte times, absent units, noise, delay."""

import asyncio
import os
import time

import pytest

from tools.sim.serial_line import SerialLine, crc16

READ_POWER = bytes.fromhex("01 03 01 6A 00 02")


def framed(body):
    return body + crc16(body).to_bytes(2, "little")


def pcs(unit, name):
    return {"id": name, "unit": unit, "role": "pcs", "profile": "sinexcel_pws2", "rated_w": 30000}


def test_the_checksum_of_a_known_frame():
    assert crc16(bytes.fromhex("01 03 00 61 00 06")) == 0x1694  # low byte first on the wire: 94 16


@pytest.mark.parametrize(
    ("baud", "parity", "stop_bits", "character_ms"),
    [(9600, "N", 1, 10 / 9.6), (9600, "E", 1, 11 / 9.6), (9600, "N", 2, 11 / 9.6), (19200, "N", 1, 10 / 19.2)],
)
def test_an_answer_takes_at_least_its_byte_times(on_bench, one_device, baud, parity, stop_bits, character_ms):
    """Request, 3.5 characters of 11 bits, answer: less is impossible on a real line."""

    async def body(bench):
        request = framed(bytes.fromhex("01 03 00 65 00 2F"))  # 47 registers
        answer, first_s = await bench.exchange("line", request)
        assert len(answer) == 5 + 2 * 47
        least_ms = (len(request) + len(answer)) * character_ms + 3.5 * 11 / (baud / 1000)
        assert first_s * 1000 >= least_ms
        assert first_s * 1000 < least_ms + 100

    on_bench(body, one_device(pcs(1, "pcs"), baud=baud, parity=parity, stop_bits=stop_bits))


def test_an_unknown_unit_is_silent(on_bench, one_device):
    async def body(bench):
        for unit in (0, 2, 247):
            answer, _ = await bench.exchange("line", framed(bytes([unit, 3, 0, 122, 0, 1])), wait_s=0.15)
            assert answer == b""
        answer, _ = await bench.exchange("line", framed(bytes([1, 3, 0, 122, 0, 1])))
        assert len(answer) == 7
        assert len(bench.sim.lines["line"].polls(247, 3, 122)) == 1  # it was on the wire all the same

    on_bench(body, one_device(pcs(1, "pcs")))


def test_two_units_share_a_line(on_bench, one_device):
    async def body(bench):
        client = await bench.client("line")
        assert not (await client.write_register(135, 100, device_id=1)).isError()
        assert not (await client.write_register(135, 200, device_id=7)).isError()
        assert bench.plant.storage["a"].setpoint_w == -10e3
        assert bench.plant.storage["b"].setpoint_w == -20e3
        assert [poll[1:] for poll in bench.sim.polls("b")] == [(6, 135, 1)]

    on_bench(body, one_device(pcs(1, "a"), pcs(7, "b")))


def test_a_frame_with_a_wrong_checksum_is_not_answered_and_the_next_one_is(on_bench, one_device):
    async def body(bench):
        good = framed(READ_POWER[:2] + bytes([0, 122, 0, 1]))
        for bad in (good[:-1] + bytes([good[-1] ^ 1]), b"\xff" + good, good[:5], good + b"\x55"):
            answer, _ = await bench.exchange("line", bad, wait_s=0.1)
            assert answer == b"", bad.hex(" ")
            answer, _ = await bench.exchange("line", good)
            assert len(answer) == 7
        assert bench.sim.lines["line"].discarded == 4

    on_bench(body, one_device(pcs(1, "pcs")))


def test_a_request_that_arrives_in_two_pieces_is_one_request(on_bench, one_device):
    async def body(bench):
        request = framed(bytes.fromhex("01 10 00 87 00 01 02 00 64"))  # this PCS answers 01 to function code 16
        fd = os.open(bench.sim.wiring["line"]["port"], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        os.write(fd, request[:4])
        await asyncio.sleep(0.001)
        os.write(fd, request[4:])
        await asyncio.sleep(0.1)
        assert os.read(fd, 100) == framed(bytes.fromhex("01 90 01"))
        os.close(fd)

    on_bench(body, one_device(pcs(1, "pcs")))


def test_a_silent_device_does_not_even_hear(on_bench, one_device):
    async def body(bench):
        client = await bench.client("line", timeout_s=0.1)
        bench.sim.silence("pcs")
        with pytest.raises(Exception, match="No response"):
            await client.write_register(135, 100)
        assert bench.plant.storage["pcs"].setpoint_w == 0.0
        bench.sim.silence("pcs", False)
        assert not (await client.write_register(135, 100)).isError()
        assert len(bench.sim.polls("pcs")) == 2

    on_bench(body, one_device(pcs(1, "pcs")))


def test_a_mute_device_acts_although_its_answer_is_lost(on_bench, one_device):
    async def body(bench):
        client = await bench.client("line", timeout_s=0.1)
        bench.sim.mute("pcs")
        with pytest.raises(Exception, match="No response"):
            await client.write_register(135, 100)
        assert bench.plant.storage["pcs"].setpoint_w == -10e3
        bench.sim.mute("pcs", False)
        assert not (await client.write_register(135, 0)).isError()

    on_bench(body, one_device(pcs(1, "pcs")))


def test_a_slow_device_answers_later_and_then_in_time_again(on_bench, one_device):
    async def body(bench):
        client = await bench.client("line")
        for delay_ms, least_s, most_s in ((150, 0.15, 0.45), (0, 0.0, 0.14)):
            bench.sim.slow("pcs", delay_ms)
            started_s = time.monotonic()
            assert not (await client.read_holding_registers(122, count=1)).isError()
            assert least_s <= time.monotonic() - started_s < most_s

    on_bench(body, one_device(pcs(1, "pcs")))


def test_noise_costs_about_its_share_of_frames_and_no_wrong_value(on_bench, one_device):
    async def body(bench):
        request = framed(bytes.fromhex("01 03 00 87 00 01"))
        bench.plant.storage["pcs"].write_setpoint(-12_300)
        good = framed(bytes.fromhex("01 03 02 00 7B"))
        bench.sim.noise("line", 0.3)
        whole = 0
        for _ in range(60):
            answer, _ = await bench.exchange("line", request, wait_s=0.04)
            whole += answer == good
        assert 18 <= whole <= 41  # 0.7 x 0.7 x 60 = 29 expected; 3 sigma is 12
        assert bench.sim.lines["line"].damaged > 5
        bench.sim.noise("line", 0.0)
        for _ in range(10):
            answer, _ = await bench.exchange("line", request)
            assert answer == good

    on_bench(body, one_device(pcs(1, "pcs")))


def test_the_same_seed_damages_the_same_frames(on_bench, one_device):
    seen = []

    def run(seed):
        async def body(bench):
            bench.sim.noise("line", 0.5)
            request = framed(bytes.fromhex("01 03 00 7A 00 01"))
            # Longer than a busy machine stands still: what counts is which frames were damaged.
            answers = [(await bench.exchange("line", request, wait_s=0.15))[0] for _ in range(8)]
            seen.append(answers)

        on_bench(body, one_device(pcs(1, "pcs")), seed=seed)

    for seed in (5, 5, 6):
        run(seed)
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_requests_are_stamped_in_order(on_bench, one_device):
    async def body(bench):
        client = await bench.client("line")
        before_s = time.monotonic()
        for _ in range(3):
            await client.read_holding_registers(122, count=4)
        await client.read_holding_registers(32, count=1)
        stamps = bench.sim.lines["line"].polls(1, 3, 122)
        assert len(stamps) == 3
        assert before_s <= stamps[0] < stamps[1] < stamps[2] <= time.monotonic()
        assert [poll[1:] for poll in bench.sim.polls("pcs")] == [(3, 122, 4)] * 3 + [(3, 32, 1)]

    on_bench(body, one_device(pcs(1, "pcs")))


def test_the_line_outlives_a_controller_that_closes_it(on_bench, one_device):
    async def body(bench):
        for _ in range(3):
            client = await bench.client("line")
            assert not (await client.read_holding_registers(122, count=1)).isError()
            client.close()
            await asyncio.sleep(0.02)

    on_bench(body, one_device(pcs(1, "pcs")))


def test_a_stopped_line_frees_its_terminals():
    async def body():
        line = SerialLine({1})
        before = len(os.listdir("/proc/self/fd"))
        await line.start()
        assert len(os.listdir("/proc/self/fd")) == before + 4
        await line.stop()
        await line.stop()
        assert len(os.listdir("/proc/self/fd")) == before

    asyncio.run(body())
