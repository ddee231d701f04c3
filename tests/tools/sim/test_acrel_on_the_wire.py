"""The simulated Acrel DTSD1352 as a Modbus client sees it."""

from pymodbus.framer.rtu import FramerRTU


def test_power_is_shown_on_the_secondary_side_of_the_transformers(on_bench):
    async def body(bench):
        client = await bench.client("rs485-meter")
        bench.plant.meter.power_w = 400_000.0
        answer = await client.read_holding_registers(0x0164, count=8)
        assert answer.registers == [0, 833, 0, 833, 0, 833, 0, 2500]  # 400 kW / CT 160

    on_bench(body)


def test_export_is_a_negative_32_bit_number(on_bench):
    async def body(bench):
        client = await bench.client("rs485-meter")
        bench.plant.meter.power_w = -200_000.0
        assert (await client.read_holding_registers(0x016A, count=2)).registers == [0xFFFF, 0xFB1E]  # -1250
        assert (await client.read_holding_registers(0x017F, count=1)).registers == [0xFC18]  # PF -1.000
        currents = (await client.read_holding_registers(0x0064, count=3)).registers
        assert currents == [181, 181, 181]  # unsigned: 66.7 kW / 230 V / 160 = 1.81 A

    on_bench(body)


def test_power_below_half_a_secondary_watt_is_not_seen(on_bench):
    async def body(bench):
        client = await bench.client("rs485-meter")
        for power_w, shown in ((79.0, 0), (81.0, 1), (239.0, 1), (241.0, 2)):
            bench.plant.meter.power_w = power_w
            assert (await client.read_holding_registers(0x016A, count=2)).registers == [0, shown]

    on_bench(body)


def test_energies_ratios_and_the_line(on_bench):
    async def body(bench):
        client = await bench.client("rs485-meter")
        bench.plant.meter.import_wh = 160_000_000.0  # 1000.00 kWh on the secondary side
        bench.plant.meter.export_wh = 1_120_000_000.0  # 7000.00 kWh: needs the high word
        assert (await client.read_holding_registers(0x0000, count=2)).registers == [12, 13568]  # 800000
        assert (await client.read_holding_registers(0x000A, count=2)).registers == [1, 34464]  # 100000
        assert (await client.read_holding_registers(0x0014, count=2)).registers == [10, 44640]  # 700000
        assert (await client.read_holding_registers(0x008D, count=2)).registers == [1, 160]
        assert (await client.read_holding_registers(0x0061, count=3)).registers == [2300] * 3
        assert (await client.read_holding_registers(0x0077, count=1)).registers == [5000]

    on_bench(body)


def test_the_golden_frame_for_voltages_and_currents_is_answered(on_bench):
    async def body(bench):
        answer, _ = await bench.exchange("rs485-meter", bytes.fromhex("01 03 00 61 00 06 94 16"))
        assert answer[:9] == bytes.fromhex("01 03 0C 08 FC 08 FC 08 FC")
        assert len(answer) == 17
        assert FramerRTU.check_CRC(answer[:-2], answer[-2] << 8 | answer[-1])

    on_bench(body)


def test_other_function_codes_and_places_are_refused(on_bench):
    async def body(bench):
        client = await bench.client("rs485-meter")
        assert (await client.read_input_registers(0x016A, count=2)).exception_code == 1
        assert (await client.write_register(0x008E, 40)).exception_code == 1  # only function code 16 writes
        assert (await client.read_holding_registers(0x0900, count=1)).exception_code == 2
        assert (await client.write_registers(0x008E, [0])).exception_code == 3
        assert not (await client.write_registers(0x008E, [40])).isError()
        assert (await client.read_holding_registers(0x008D, count=2)).registers == [1, 40]

    on_bench(body)


def test_demand_is_the_largest_quarter_hour_mean(on_bench):
    async def body(bench):
        client = await bench.client("rs485-meter")
        image = bench.sim.image("meter")
        for minute in range(31):  # 320 kW for a quarter of an hour, then 160 kW
            image.tick(60.0 * minute)
            bench.plant.meter.import_wh += (320e3 if minute < 15 else 160e3) / 60
        assert (await client.read_holding_registers(0x007B, count=1)).registers == [2000]  # 320 kW / 160 = 2.000 kW
        assert (await client.read_holding_registers(0x007E, count=1)).registers == [0]

    on_bench(body)
