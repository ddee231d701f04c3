"""The simulated SunSpec inverter as a Modbus client sees it."""

import asyncio

POINT_PERCENT, POINT_REVERT, POINT_ENABLE = 5, 7, 9


async def walk(client):
    """{model id: address} by the lengths found on the wire, as the standard wants it."""
    assert (await client.read_holding_registers(40000, count=2)).registers == [0x5375, 0x6E53]
    models, address = {}, 40002
    while True:
        model, length = (await client.read_holding_registers(address, count=2)).registers
        models[model] = address
        if model == 0xFFFF:
            assert length == 0
            return models
        address += 2 + length


def signed(word):
    return word - 0x10000 if word & 0x8000 else word


def test_the_models_are_found_by_walking(on_bench):
    async def body(bench):
        client = await bench.client("lan-pv")
        assert await walk(client) == {1: 40002, 103: 40070, 120: 40122, 121: 40150, 123: 40182, 0xFFFF: 40208}

    on_bench(body)


def test_power_needs_its_scale_factor(on_bench):
    async def body(bench):
        client = await bench.client("lan-pv")
        bench.plant.pv["pv1"].available_w = 128_340.0
        bench.advance(0.1)
        inverter = (await client.read_holding_registers(40070, count=52)).registers
        assert inverter[:2] == [103, 50]
        assert (inverter[14], signed(inverter[15])) == (12834, 1)
        assert (inverter[16], signed(inverter[17])) == (5000, -2)
        assert inverter[38] == 4  # MPPT

    on_bench(body)


def test_the_rating_is_in_both_settings_models(on_bench):
    async def body(bench):
        client = await bench.client("lan-pv")
        assert (await client.read_holding_registers(40122 + 3, count=2)).registers == [16000, 1]
        settings = (await client.read_holding_registers(40150, count=32)).registers
        assert (settings[2], settings[22]) == (16000, 1)

    on_bench(body)


def test_a_limit_acts_only_once_it_is_enabled(on_bench):
    async def body(bench):
        pv = bench.plant.pv["pv1"]
        pv.available_w = 150e3
        client = await bench.client("lan-pv")
        assert signed((await client.read_holding_registers(40182 + 23, count=1)).registers[0]) == -2
        assert not (await client.write_register(40182 + POINT_PERCENT, 2500)).isError()
        bench.advance(2)
        assert pv.power_w == 150e3
        assert not (await client.write_register(40182 + POINT_ENABLE, 1)).isError()
        bench.advance(2)
        assert pv.power_w == 40e3
        assert (await client.read_holding_registers(40070 + 38, count=1)).registers == [5]  # throttled
        assert not (await client.write_register(40182 + POINT_ENABLE, 0)).isError()
        bench.advance(2)
        assert pv.power_w == 150e3

    on_bench(body)


def test_a_limit_that_is_not_refreshed_reverts(on_bench):
    async def body(bench):
        pv = bench.plant.pv["pv1"]
        pv.available_w = 150e3
        client = await bench.client("lan-pv")
        # WMaxLimPct 50 %, WinTms, RvrtTms 5 s, RmpTms, Ena in one write
        assert not (await client.write_registers(40182 + POINT_PERCENT, [5000, 0, 5, 0, 1])).isError()
        bench.advance(4)
        assert not (await client.write_registers(40182 + POINT_PERCENT, [5000, 0, 5, 0, 1])).isError()
        bench.advance(4)
        await asyncio.sleep(0.12)
        assert pv.power_w == 80e3  # refreshed after 4 s
        bench.advance(1.1)
        await asyncio.sleep(0.12)
        bench.advance(1)
        assert pv.power_w == 150e3
        assert (await client.read_holding_registers(40182 + POINT_ENABLE, count=1)).registers == [0]

    on_bench(body)


def test_bad_values_and_places_are_refused(on_bench):
    async def body(bench):
        client = await bench.client("lan-pv")
        assert (await client.write_register(40182 + POINT_PERCENT, 10001)).exception_code == 3
        assert (await client.write_register(40182 + POINT_ENABLE, 2)).exception_code == 3
        assert (await client.write_register(40070 + 14, 1)).exception_code == 2  # a measurement
        assert (await client.read_holding_registers(40200, count=20)).exception_code == 2  # across the end
        assert (await client.read_input_registers(40000, count=2)).exception_code == 1

    on_bench(body)


def test_the_golden_marker_frame_is_answered_on_a_serial_line(on_bench, one_device):
    async def body(bench):
        answer, _ = await bench.exchange("line", bytes.fromhex("01 03 9C 40 00 02 EB 8F"))
        assert answer[:7] == bytes.fromhex("01 03 04 53 75 6E 53")

    on_bench(body, one_device({"id": "pv", "role": "pv", "profile": "sunspec_inverter", "rated_w": 20000}))
