"""The simulated alpitronic charger and the Chinese DC pile as a Modbus client sees them."""

import pytest

FRAMES = {
    "read 13": "01 03 00 00 00 0D 84 0F",
    "limit 60.0 kW": "01 06 20 00 02 58 82 90",
    "start charge": "01 06 30 00 01 AA 07 25",
    "start discharge": "01 06 30 00 02 AA 07 D5",
    "stop charge": "01 06 30 00 01 55 47 65",
}


def signed(word):
    return word - 0x10000 if word & 0x8000 else word


def u32(words):
    return words[0] << 16 | words[1]


# -- alpitronic --
def test_both_banks_of_a_connector_have_their_own_contents(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        assert not (await client.write_registers(200, [1, 34464])).isError()  # 100 kW on connector 2
        bench.plug("gun3", soc=0.431)
        bench.advance(6)
        limits = (await client.read_holding_registers(200, count=4)).registers
        assert u32(limits) == 100_000
        values = (await client.read_input_registers(200, count=40)).registers
        assert values[0] == 3  # charging
        assert u32(values[36:38]) == 100_000  # AC side
        assert u32(values[4:6]) == 95_000  # DC side, 95 % of it
        assert 4310 <= values[8] <= 4330
        assert values[9] == 5  # GB/T
        assert u32(values[10:12]) == 171_000  # 180 kW at 95 %
        volts = u32(values[1:3]) / 100
        assert volts * values[3] / 100 == pytest.approx(95_000, rel=0.001)
        gun = bench.plant.guns["gun3"]
        assert values[7] == round(gun.session_wh / 10) > 0
        assert u32(values[34:36]) == round(gun.total_wh)
        assert bench.plant.guns["gun2"].limit_w == 20_000  # the neighbour is untouched

    on_bench(body)


def test_the_station_block_counts_its_connectors(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        station = (await client.read_input_registers(0, count=6)).registers
        assert station[2:4] == [2, 0]
        bench.plug("gun2")
        bench.plug("gun3")
        bench.advance(3)
        assert u32((await client.read_input_registers(4, count=2)).registers) == 40_000  # twice the fall-back
        super_client = await bench.client("lan-super")
        assert (await super_client.read_input_registers(2, count=1)).registers == [1]
        assert (await super_client.read_input_registers(200, count=1)).exception_code == 2

    on_bench(body)


def test_half_a_limit_and_a_read_only_bank_are_refused(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        assert (await client.write_registers(100, [1])).exception_code == 2
        assert (await client.write_registers(101, [1])).exception_code == 2
        assert (await client.write_register(101, 1)).exception_code == 1
        assert (await client.write_registers(104, [1, 1])).exception_code == 2
        assert (await client.read_coils(0, count=1)).exception_code == 1
        assert bench.plant.guns["gun2"].limit_w == 20_000

    on_bench(body)


def test_zero_watts_makes_the_connector_unavailable(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        bench.plug("gun2")
        bench.advance(3)
        assert (await client.read_input_registers(100, count=1)).registers == [3]
        await client.write_registers(100, [0, 0])
        bench.advance(3)
        assert (await client.read_input_registers(100, count=1)).registers == [8]
        await client.write_registers(100, [0, 50_000])
        bench.advance(3)
        assert bench.plant.guns["gun2"].power_w == 0.0  # the session is over

    on_bench(body)


def test_an_inhibited_connector_keeps_its_session(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        bench.plug("gun2")
        bench.advance(3)
        await client.write_registers(100, [0, 1547])
        bench.advance(3)
        assert bench.plant.guns["gun2"].power_w == 0.0
        assert (await client.read_input_registers(100, count=1)).registers == [5]  # suspended by the charger
        await client.write_registers(100, [0, 50_000])
        bench.advance(3)
        assert bench.plant.guns["gun2"].power_w == 50_000

    on_bench(body)


def test_an_unpolled_station_falls_back(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun2"]
        client = await bench.client("lan-fast")
        bench.plug("gun2")
        await client.write_registers(100, [2, 0])  # 131.072 kW
        for _ in range(4):
            bench.advance(5)
            await client.read_input_registers(0, count=6)  # polling the station block is enough
        assert gun.power_w == 131_072
        bench.advance(14)  # 10 s of its watchdog, then its ramp
        assert gun.power_w == 20_000
        assert u32((await client.read_holding_registers(100, count=2)).registers) == 20_000

    on_bench(body)


def test_one_connector_freezes_alone(on_bench):
    async def body(bench):
        client = await bench.client("lan-fast")
        bench.plug("gun2")
        bench.plug("gun3")
        bench.advance(3)
        await client.read_input_registers(100, count=40)
        bench.sim.freeze("gun2")
        await client.write_registers(100, [0, 10_000])
        await client.write_registers(200, [0, 10_000])
        bench.advance(3)
        assert u32((await client.read_input_registers(136, count=2)).registers) == 20_000  # its last value
        assert u32((await client.read_input_registers(236, count=2)).registers) == 10_000
        assert bench.plant.guns["gun2"].power_w == 10_000  # it did obey
        bench.sim.freeze("gun2", False)
        assert u32((await client.read_input_registers(136, count=2)).registers) == 10_000

    on_bench(body)


# -- Chinese pile --
def test_the_pile_answers_exactly_thirteen_registers(on_bench):
    async def body(bench):
        client = await bench.client("rs485-pile")
        bench.plug("gun4", soc=0.5)
        await client.read_holding_registers(0, count=13)
        bench.advance(4)
        words = (await client.read_holding_registers(0, count=13)).registers
        assert words[:6] == [1, 1, 2, 1, 50, 1]
        assert words[6] == 4000  # 400 V at half charge
        assert signed(words[7]) == 1425  # 57 kW DC / 400 V
        assert words[8] == 570
        assert words[9] == 4
        for start, count in ((0, 12), (0, 14), (1, 12), (0, 1), (0x2000, 1)):
            assert (await client.read_holding_registers(start, count=count)).exception_code == 2

    on_bench(body)


def test_the_pile_knows_two_function_codes(on_bench):
    async def body(bench):
        client = await bench.client("rs485-pile")
        assert (await client.read_input_registers(0, count=13)).exception_code == 1
        assert (await client.read_coils(0, count=13)).exception_code == 1
        assert (await client.write_registers(0x2000, [300])).exception_code == 1
        assert (await client.write_coil(5, True)).exception_code == 1
        assert bench.plant.guns["gun4"].limit_w == 60_000

    on_bench(body)


def test_the_pile_refuses_bad_values_and_places(on_bench):
    async def body(bench):
        client = await bench.client("rs485-pile")
        assert (await client.write_register(0x2000, 601)).exception_code == 3
        assert (await client.write_register(0x3000, 0x01AB)).exception_code == 3
        assert (await client.write_register(0x2001, 1)).exception_code == 2
        assert bench.plant.guns["gun4"].limit_w == 60_000

    on_bench(body)


def test_the_pile_obeys_a_limit_and_charges_and_discharges(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun4"]
        bench.plug("gun4", soc=0.5)
        client = await bench.client("rs485-pile")
        assert not (await client.write_register(0x2000, 300)).isError()
        bench.advance(2)
        assert gun.power_w == 30_000
        assert not (await client.write_register(0x3000, 0x02AA)).isError()
        bench.advance(2)
        assert gun.power_w == -30_000
        words = (await client.read_holding_registers(0, count=13)).registers
        assert words[2] == 2 and signed(words[7]) < 0
        assert words[8] == 316  # without sign: 30 kW / 95 % at the DC side
        assert not (await client.write_register(0x3000, 0x0255)).isError()
        bench.advance(2)
        assert gun.power_w == 0.0
        assert (await client.read_holding_registers(0, count=13)).registers[2] == 3
        assert not (await client.write_register(0x3000, 0x01AA)).isError()
        bench.advance(2)
        assert gun.power_w == 30_000

    on_bench(body)


def test_the_pile_holds_its_limit_for_ever(on_bench):
    async def body(bench):
        bench.plug("gun4", soc=0.1, pack_wh=1e6)
        client = await bench.client("rs485-pile")
        await client.write_register(0x2000, 600)
        bench.advance(120)
        assert bench.plant.guns["gun4"].power_w == 60_000

    on_bench(body)


def test_the_meter_of_the_pile_wraps(on_bench):
    async def body(bench):
        client = await bench.client("rs485-pile")
        bench.plant.guns["gun4"].total_wh = 6_553_500.0
        assert (await client.read_holding_registers(0, count=13)).registers[12] == 65535
        bench.plant.guns["gun4"].total_wh = 6_553_800.0
        assert (await client.read_holding_registers(0, count=13)).registers[12] == 2

    on_bench(body)


def test_the_golden_frames_of_the_pile(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun4"]
        answer, _ = await bench.exchange("rs485-pile", bytes.fromhex(FRAMES["read 13"]))
        assert answer[:3] == bytes.fromhex("01 03 1A") and len(answer) == 31
        await bench.exchange("rs485-pile", bytes.fromhex("01 06 20 00 00 64 83 E1"))  # 10.0 kW
        expected_w = {"limit 60.0 kW": 60e3, "start discharge": -60e3, "stop charge": 0.0, "start charge": 60e3}
        for name, limit_w in expected_w.items():
            frame = bytes.fromhex(FRAMES[name])
            answer, _ = await bench.exchange("rs485-pile", frame)
            assert answer == frame, name
            assert gun.limit_w == limit_w, name

    on_bench(body)
