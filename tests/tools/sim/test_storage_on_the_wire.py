"""The simulated battery control unit and the Sinexcel PCS as a Modbus client sees them."""

import asyncio

PCS = {"id": "pcs", "role": "pcs", "profile": "sinexcel_pws2", "rated_w": 200000, "watchdog_s": 60}


def signed(word):
    return word - 0x10000 if word & 0x8000 else word


def test_the_battery_shows_charge_limits_and_temperatures(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        storage.soc = 0.6
        client = await bench.client("lan-bms")
        assert (await client.read_holding_registers(0x0227, count=2)).registers == [600, 1000]
        assert (await client.read_holding_registers(0x0270, count=3)).registers == [2000, 2000, 600]
        rack_dv = (await client.read_holding_registers(0x0231, count=1)).registers[0]
        assert rack_dv == 7824  # 240 cells at 3.05 V + 0.35 V x SOC
        assert (await client.read_holding_registers(0x0225, count=2)).registers == [2556, 2556]  # 200 kW / 782.4 V
        cells = (await client.read_holding_registers(0x1401, count=120)).registers
        assert min(cells) >= 3250 and max(cells) <= 3270
        assert (await client.read_input_registers(0x0227, count=1)).registers == [600]  # both function codes

    on_bench(body)


def test_a_derated_and_a_full_battery_lower_the_limits(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        client = await bench.client("lan-bms")
        storage.derating = 0.25
        assert (await client.read_holding_registers(0x0270, count=2)).registers == [500, 500]
        storage.soc = 1.0
        assert (await client.read_holding_registers(0x0270, count=2)).registers == [0, 500]
        assert (await client.read_holding_registers(0x0019, count=1)).registers == [1]  # charging forbidden

    on_bench(body)


def test_alarm_emergency_stop_and_fire_have_their_bits(on_bench):
    async def body(bench):
        client = await bench.client("lan-bms")
        assert (await client.read_holding_registers(0x0012, count=3)).registers == [0, 0, 0]
        assert (await client.read_holding_registers(0x0044, count=1)).registers == [0]
        assert (await client.read_holding_registers(0x001F, count=1)).registers == [0b01101]
        bench.plant.storage["pcs1"].alarm = True
        bench.sim.emergency_stop("bms1")
        bench.sim.image("bms1").fire_level = 2
        assert (await client.read_holding_registers(0x0012, count=3)).registers == [1 << 6] * 3
        assert (await client.read_holding_registers(0x0044, count=1)).registers == [1 << 9 | 1 << 7]
        assert (await client.read_holding_registers(0x001F, count=1)).registers == [0b01000]  # relays open
        assert (await client.read_holding_registers(0x0A40, count=1)).registers == [2]
        bench.sim.emergency_stop("bms1", False)
        assert (await client.read_holding_registers(0x0044, count=1)).registers == [1 << 7]

    on_bench(body)


def test_the_heartbeat_counts_seconds_and_stops_when_frozen(on_bench):
    async def body(bench):
        client = await bench.client("lan-bms")
        bench.advance(3)
        assert (await client.read_holding_registers(0x001A, count=1)).registers == [3]
        bench.sim.freeze("bms1")
        bench.advance(5)
        assert (await client.read_holding_registers(0x001A, count=1)).registers == [3]
        bench.sim.freeze("bms1", False)
        assert (await client.read_holding_registers(0x001A, count=1)).registers == [8]

    on_bench(body)


def test_the_battery_refuses_a_read_of_more_than_120(on_bench):
    async def body(bench):
        client = await bench.client("lan-bms")
        assert not (await client.read_holding_registers(0x1401, count=120)).isError()
        assert (await client.read_holding_registers(0x1401, count=121)).exception_code == 3
        assert (await client.write_register(0x0402, 2)).exception_code == 3
        assert (await client.write_register(0x0900, 1)).exception_code == 2  # half of a 32-bit time
        assert not (await client.write_registers(0x0900, [0x6553, 0xF100])).isError()

    on_bench(body)


def test_high_voltage_off_and_on_again(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        client = await bench.client("lan-bms")
        storage.write_setpoint(-50e3)
        bench.advance(0.5)
        assert storage.power_w == -50e3
        assert not (await client.write_register(0x0402, 1)).isError()
        bench.advance(0.5)
        assert storage.power_w == 0.0
        assert not (await client.write_register(0x0403, 1)).isError()
        bench.advance(0.5)
        assert storage.power_w == -50e3

    on_bench(body)


def test_an_emergency_stop_of_the_battery_ends_its_power_whatever_the_pcs_is_told(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        client = await bench.client("lan-pcs")
        await client.write_register(135, 500)
        bench.advance(0.5)
        bench.sim.emergency_stop("bms1")
        assert not (await client.write_register(650, 1)).isError()
        await asyncio.sleep(0.12)
        bench.advance(0.5)
        assert storage.power_w == 0.0
        bench.sim.emergency_stop("bms1", False)
        await asyncio.sleep(0.12)
        bench.advance(0.5)
        assert storage.power_w == 0.0  # nothing starts by itself
        assert not (await client.write_register(650, 1)).isError()
        bench.advance(0.5)
        assert storage.power_w == -50e3

    on_bench(body)


def test_coolant_warms_with_the_power(on_bench):
    async def body(bench):
        client = await bench.client("lan-bms")
        outlet, back = (await client.read_holding_registers(0x0A08, count=2)).registers
        assert (outlet, back) == (200, 200)
        bench.plant.storage["pcs1"].power_w = 200e3
        bench.sim.image("bms1").tick(bench.plant.time_s + 600.0)
        assert (await client.read_holding_registers(0x0A08, count=2)).registers == [200, 320]
        assert (await client.read_holding_registers(0x0040, count=1)).registers == [2]  # cooling

    on_bench(body)


def test_the_setpoint_is_positive_for_discharging(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        client = await bench.client("lan-pcs")
        assert not (await client.write_register(135, 500)).isError()  # +50.0 kW
        bench.advance(0.5)
        assert storage.power_w == -50e3
        total = (await client.read_holding_registers(122, count=1)).registers[0]
        assert signed(total) == 5000  # 0.01 kW
        assert (await client.read_holding_registers(135, count=1)).registers == [500]
        assert (await client.read_holding_registers(32, count=1)).registers == [0b01001100]
        assert not (await client.write_register(135, 0x10000 - 500)).isError()
        bench.advance(0.5)
        assert storage.power_w == 50e3
        assert signed((await client.read_holding_registers(122, count=1)).registers[0]) == -5000
        assert (await client.read_holding_registers(40, count=1)).registers == [1]  # charging

    on_bench(body)


def test_the_pcs_refuses_what_it_cannot_do(on_bench):
    async def body(bench):
        client = await bench.client("lan-pcs")
        assert not (await client.write_register(135, 2000)).isError()
        assert (await client.write_register(135, 2001)).exception_code == 3
        assert (await client.write_register(135, 0x10000 - 2001)).exception_code == 3
        assert bench.plant.storage["pcs1"].setpoint_w == -200e3
        assert (await client.write_registers(135, [100])).exception_code == 1
        assert (await client.write_register(122, 1)).exception_code == 2

    on_bench(body)


def test_the_pcs_drops_its_setpoint_when_nobody_talks_to_it(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        client = await bench.client("lan-pcs")
        assert (await client.read_holding_registers(327, count=1)).registers == [60]
        assert not (await client.write_register(327, 5)).isError()
        assert not (await client.write_register(135, 500)).isError()
        for _ in range(3):
            bench.advance(4)
            await client.read_holding_registers(122, count=1)
        assert storage.power_w == -50e3
        bench.advance(5.5)
        assert storage.power_w == 0.0
        assert storage.timed_out

    on_bench(body)


def test_stop_and_start(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pcs1"]
        client = await bench.client("lan-pcs")
        await client.write_register(135, 500)
        assert not (await client.write_register(651, 1)).isError()
        bench.advance(0.5)
        assert storage.power_w == 0.0
        assert (await client.read_holding_registers(32, count=1)).registers == [0b11001000]  # standby, not on
        assert not (await client.write_register(650, 1)).isError()
        bench.advance(0.5)
        assert storage.power_w == -50e3

    on_bench(body)


def test_the_golden_setpoint_frames_are_echoed(on_bench, one_device):
    async def body(bench):
        for frame, setpoint_w in (("01 06 00 87 01 F4 39 F4", -50e3), ("01 06 00 87 FE 0C 79 86", 50e3)):
            answer, _ = await bench.exchange("line", bytes.fromhex(frame))
            assert answer == bytes.fromhex(frame)
            assert bench.plant.storage["pcs"].setpoint_w == setpoint_w

    on_bench(body, one_device(PCS))


def test_the_golden_exception_frame(on_bench, one_device):
    async def body(bench):
        answer, _ = await bench.exchange("line", bytes.fromhex("01 03 00 00 00 01 84 0A"))  # nothing at 0
        assert answer == bytes.fromhex("01 83 02 C0 F1")

    on_bench(body, one_device(PCS))
