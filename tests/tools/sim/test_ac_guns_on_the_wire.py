"""The simulated FoxESS and Heidelberg wall boxes as a Modbus client sees them."""


def u32(words):
    return words[0] << 16 | words[1]


# -- FoxESS --
def test_a_foxess_obeys_current_and_power(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun5"]
        bench.plug("gun5")
        client = await bench.client("lan-ac")
        assert (await client.read_holding_registers(0x1011, count=4)).registers == [110, 41, 160, 60]
        assert not (await client.write_registers(0x3001, [100])).isError()  # 10.0 A on three phases
        bench.advance(4)
        assert gun.power_w == 6900
        values = (await client.read_holding_registers(0x1003, count=12)).registers
        assert values[0] == 3
        assert values[5:8] == [2300] * 3
        assert values[8:11] == [100] * 3
        assert values[11] == 69
        assert not (await client.write_registers(0x3002, [50])).isError()
        bench.advance(4)
        assert gun.power_w == 5000
        assert (await client.read_holding_registers(0x3001, count=2)).registers == [72, 50]

    on_bench(body)


def test_a_foxess_limit_expires_although_it_is_polled(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun5"]
        bench.plug("gun5")
        client = await bench.client("lan-ac")
        assert not (await client.write_registers(0x3005, [15, 70])).isError()  # validity 15 s, fall-back 7.0 A
        for _ in range(4):
            assert not (await client.write_registers(0x3001, [160])).isError()
            bench.advance(10)
        assert gun.power_w == 11_040  # renewed in time
        for _ in range(4):
            bench.advance(2)
            await client.read_holding_registers(0x1003, count=12)
        assert gun.power_w == 4830  # 18 s after the last write: 7.0 A
        assert (await client.read_holding_registers(0x3001, count=1)).registers == [70]

    on_bench(body)


def test_a_foxess_refuses_what_its_sheet_forbids(on_bench):
    async def body(bench):
        client = await bench.client("lan-ac")
        for place, value in ((0x3001, 161), (0x3002, 111), (0x3005, 9), (0x3005, 61), (0x3006, 59), (0x4001, 3)):
            assert (await client.write_registers(place, [value])).exception_code == 3, hex(place)
        assert (await client.write_register(0x3001, 100)).exception_code == 1  # settings only by function code 16
        assert (await client.write_registers(0x1003, [1])).exception_code == 2
        assert (await client.read_input_registers(0x1003, count=1)).exception_code == 1
        assert bench.plant.guns["gun5"].limit_w == 4140

    on_bench(body)


def test_a_foxess_session_is_stopped_and_started(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun5"]
        bench.plug("gun5")
        client = await bench.client("lan-ac")
        await client.write_registers(0x3001, [100])
        bench.advance(3)
        assert not (await client.write_register(0x4001, 2)).isError()
        bench.advance(3)
        assert gun.power_w == 0.0
        assert (await client.read_holding_registers(0x1003, count=1)).registers == [4]
        assert not (await client.write_register(0x4001, 1)).isError()
        bench.advance(3)
        assert gun.power_w == 6900

    on_bench(body)


def test_foxess_energies_are_in_tenths_of_a_kilowatt_hour(on_bench):
    async def body(bench):
        client = await bench.client("lan-ac")
        gun = bench.plant.guns["gun5"]
        gun.total_wh, gun.session_wh = 7_000_000.0, 12_340.0
        words = (await client.read_holding_registers(0x1016, count=4)).registers
        assert (u32(words[:2]), u32(words[2:])) == (70_000, 123)

    on_bench(body)


# -- Heidelberg --
def test_a_heidelberg_has_measurements_and_settings_in_different_banks(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun6"]
        bench.plug("gun6")
        client = await bench.client("rs485-ac")
        assert not (await client.write_register(261, 100)).isError()
        bench.advance(4)
        assert gun.power_w == 6900
        values = (await client.read_input_registers(4, count=15)).registers
        assert values[1] == 7  # charging, allowed
        assert values[2:5] == [100] * 3
        assert values[6:9] == [230] * 3
        assert values[10] == 6900
        assert u32(values[13:15]) == round(gun.total_wh)
        assert (await client.read_input_registers(100, count=2)).registers == [16, 6]
        assert (await client.read_holding_registers(257, count=3)).registers == [10_000, 0, 1]
        assert (await client.read_holding_registers(261, count=2)).registers == [100, 60]
        assert (await client.read_holding_registers(4, count=1)).exception_code == 2
        assert (await client.read_input_registers(261, count=1)).exception_code == 2

    on_bench(body)


def test_a_heidelberg_falls_back_and_returns_when_it_is_polled_again(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun6"]
        bench.plug("gun6")
        client = await bench.client("rs485-ac")
        await client.write_register(257, 5000)
        await client.write_register(262, 60)
        await client.write_register(261, 160)
        for _ in range(4):
            bench.advance(4)
            await client.read_input_registers(5, count=1)  # any request keeps it awake
        assert gun.power_w == 11_040
        bench.advance(7)
        assert gun.power_w == 4140
        await client.read_input_registers(5, count=1)
        bench.advance(4)
        assert gun.power_w == 11_040

    on_bench(body)


def test_a_heidelberg_without_watchdog_keeps_its_current(on_bench):
    async def body(bench):
        gun = bench.plant.guns["gun6"]
        bench.plug("gun6")
        client = await bench.client("rs485-ac")
        await client.write_registers(257, [0])
        await client.write_registers(261, [160])
        bench.advance(100)
        assert gun.power_w == 11_040

    on_bench(body)


def test_a_locked_heidelberg_says_so(on_bench):
    async def body(bench):
        bench.plug("gun6")
        client = await bench.client("rs485-ac")
        await client.write_register(261, 160)
        await client.write_register(259, 0)
        bench.advance(4)
        assert (await client.read_input_registers(5, count=1)).registers == [10]
        assert bench.plant.guns["gun6"].power_w == 0.0
        await client.write_register(259, 1)
        bench.advance(4)
        assert bench.plant.guns["gun6"].power_w == 11_040

    on_bench(body)


def test_a_heidelberg_takes_zero_or_six_to_sixteen_amperes(on_bench):
    async def body(bench):
        client = await bench.client("rs485-ac")
        for value in (1, 59, 161):
            assert (await client.write_register(261, value)).exception_code == 3
        for value in (0, 60, 160):
            assert not (await client.write_register(261, value)).isError()
        assert (await client.write_register(258, 1)).exception_code == 3
        assert (await client.write_register(260, 1)).exception_code == 2

    on_bench(body)


def test_the_states_of_an_empty_and_an_inhibited_heidelberg(on_bench):
    async def body(bench):
        client = await bench.client("rs485-ac")
        assert (await client.read_input_registers(5, count=1)).registers == [3]  # no car, allowed
        await client.write_register(261, 0)
        assert (await client.read_input_registers(5, count=1)).registers == [2]
        bench.plug("gun6")
        bench.advance(1)
        assert (await client.read_input_registers(5, count=1)).registers == [6]  # it asks and may not
        await client.write_register(261, 60)
        assert (await client.read_input_registers(5, count=1)).registers == [5]
        bench.advance(4)
        assert (await client.read_input_registers(5, count=1)).registers == [7]

    on_bench(body)
