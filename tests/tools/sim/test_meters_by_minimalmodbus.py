"""The simulated meters on a serial line, read by minimalmodbus, an RTU client of others, at the vendors' addresses."""

import asyncio

import minimalmodbus

from tests.tools.sim.machines import METERS, station

IMPORT_WH, EXPORT_WH = 1_234_500.0, 67_800.0


def with_meter(on_bench, unit, body):
    """`body(plant, ask)`: ask(method, ...) calls a method of the instrument in a thread, since it blocks."""

    async def whole(bench):
        instrument = minimalmodbus.Instrument(bench.sim.wiring["line"]["port"], unit)
        instrument.serial.baudrate, instrument.serial.timeout = 115200, 1.0
        bench.plant.meter.import_wh, bench.plant.meter.export_wh = IMPORT_WH, EXPORT_WH
        bench.plant.meter.power_w = -43_210.0

        async def ask(method, *arguments, **options):
            return await asyncio.to_thread(getattr(instrument, method), *arguments, **options)

        try:
            await body(bench.plant, ask)
        finally:
            instrument.serial.close()

    on_bench(whole, station(METERS))


def close(found, expected):
    return abs(found - expected) <= 1e-6 * abs(expected)


def test_sdm630(on_bench):
    async def body(plant, ask):
        assert await ask("read_float", 52, functioncode=4) == -43210.0
        assert close(await ask("read_float", 72, functioncode=4), 1234.5)
        assert close(await ask("read_float", 74, functioncode=4), 67.8)
        assert await ask("read_float", 70, functioncode=4) == 50.0
        assert await ask("read_float", 0, functioncode=4) == 230.0
        assert close(sum([await ask("read_float", at, functioncode=4) for at in (12, 14, 16)]), -43210.0)
        for register, count in ((51, 2), (52, 3), (0, 82)):
            try:
                await ask("read_registers", register, count, functioncode=4)
            except minimalmodbus.IllegalRequestError:
                pass
            else:
                raise AssertionError((register, count))

    with_meter(on_bench, 1, body)


def test_the_three_meters_called_dtsu666_differ(on_bench):
    async def chint(plant, ask):
        assert await ask("read_float", 0x2012) == -432100.0  # 0.1 W
        assert await ask("read_float", 0x2006) == 2300.0 and close(await ask("read_float", 0x101E), 1234.5)
        assert close(await ask("read_float", 0x1028), 67.8)

    async def huawei(plant, ask):
        assert await ask("read_float", 0x2012) == -43210.0
        assert await ask("read_float", 0x2006) == 230.0 and close(await ask("read_float", 0x101E), 1234.5)

    async def sungrow(plant, ask):
        assert await ask("read_long", 0x016A, signed=True) == -43210
        assert await ask("read_register", 0x0061, 1) == 230.0 and await ask("read_long", 0x000A) == 123450
        try:
            await ask("read_float", 0x2012)
        except minimalmodbus.IllegalRequestError:
            return
        raise AssertionError("0x2012")

    with_meter(on_bench, 2, chint)
    with_meter(on_bench, 3, huawei)
    with_meter(on_bench, 4, sungrow)


def test_acrel_adl400_counts_the_transformers_in(on_bench):
    async def body(plant, ask):
        assert close(await ask("read_float", 0x081A), -43.21)
        assert await ask("read_long", 0x084C) == 12345 and await ask("read_long", 0x0856) == 678

    with_meter(on_bench, 5, body)


def test_acrel_adw300_is_on_the_secondary_side(on_bench):
    async def body(plant, ask):
        assert await ask("read_long", 36, signed=True) == -432  # CT 100
        assert await ask("read_long", 62) == 1234 and await ask("read_long", 64) == 68
        assert await ask("read_registers", 20, 3) == [2300] * 3

    with_meter(on_bench, 6, body)


def test_acrel_djsf1352_moves_its_decimal_point(on_bench):
    async def body(plant, ask):
        for power_w, mantissa, point in ((-43_210.0, -4321, 1), (12_345.0, 12345, 0), (400_000.0, 4000, 2)):
            plant.meter.power_w = power_w
            assert await ask("read_register", 8, signed=True) == mantissa
            assert await ask("read_register", 9) == point
        assert await ask("read_long", 12) == 1_234_500 and await ask("read_long", 14) == 67_800
        assert await ask("read_register", 0) * 10 ** (await ask("read_register", 1) - 3) == 750.0

    with_meter(on_bench, 7, body)


def test_the_golden_frames_of_the_meters_are_answered(on_bench, one_device):
    frames = (
        ("sdm630", "01 04 00 34 00 02 30 05", "01 04 04 47 28 CA 00"),
        ("acrel_adl400", "01 03 08 1A 00 02 E7 AC", "01 03 04 42 2C D7 0A"),
        ("dtsu666", "01 03 20 12 00 02 6F CE", "01 03 04 48 D2 FC 80"),
    )
    for profile, request, expected in frames:

        async def body(bench, request=request, expected=expected):
            bench.plant.meter.power_w = 43_210.0
            answer, _ = await bench.exchange("line", bytes.fromhex(request))
            assert answer[:-2] == bytes.fromhex(expected)

        on_bench(body, one_device({"id": "meter", "role": "meter", "profile": profile}))
