"""The simulated SunSpec devices, scanned, read and commanded by pysunspec2, the client of the standard's own people."""

import asyncio

from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from tests.tools.sim.machines import SUNSPEC, station


def with_devices(on_bench, body, *units):
    """`body(bench, device, ...)` with a scanned device for each unit; pysunspec2 blocks, so it gets threads."""

    async def whole(bench):
        where = bench.sim.wiring["sunspec"]
        devices = [SunSpecModbusClientDeviceTCP(unit, where["host"], where["tcp_port"], timeout=2) for unit in units]
        try:
            for device in devices:
                await asyncio.to_thread(device.scan)
            await body(bench, *devices)
        finally:
            for device in devices:
                device.disconnect()

    on_bench(whole, station(SUNSPEC))


async def read(model):
    await asyncio.to_thread(model.read)
    return model


async def write(model, **points):
    """Each point by itself, in the order given."""
    for name, value in points.items():
        model.points[name].cvalue = value
        await asyncio.to_thread(model.points[name].write)


def models(device):
    return [model.model_id for model in device.model_list]


def test_every_device_is_scanned_to_its_end(on_bench):
    async def body(bench, integer, floating, der, meter, basic, full):
        assert models(integer) == [1, 103, 120, 121, 123]
        assert models(floating) == [1, 113, 120, 121, 122, 123]
        assert models(der) == [1, 701, 702, 703, 704, 715]
        assert models(meter) == [1, 203, 203] and meter.common[0].len == 65
        assert models(basic) == [1, 103, 120, 124, 802]
        assert models(full) == [1, 701, 702, 704, 713, 714, 715, 802]
        for device in (integer, floating, der, meter, basic, full):
            assert device.common[0].Mn.value in ("Simulated", "Simulated Solar")

    with_devices(on_bench, body, 1, 2, 3, 4, 6, 7)


def test_the_float_inverter_measures_and_obeys(on_bench):
    async def body(bench, device):
        pv = bench.plant.pv["float"]
        pv.available_w = 43_210.5
        bench.advance(1)
        inverter = await read(device.models[113][0])
        assert (inverter.W.cvalue, inverter.St.cvalue, inverter.Hz.cvalue) == (43210.5, 4, 50.0)
        assert (await read(device.models[121][0])).WMax.cvalue == 50000
        controls = await read(device.models[123][0])
        await write(controls, WMaxLimPct=25.5, WMaxLimPct_RvrtTms=30, WMaxLim_Ena=1)
        bench.advance(2)
        assert pv.power_w == 12750 and (await read(inverter)).St.cvalue == 5
        bench.advance(30)
        await asyncio.sleep(0.12)
        bench.advance(1)
        assert pv.power_w == 43210.5 and (await read(controls)).WMaxLim_Ena.cvalue == 0

    with_devices(on_bench, body, 2)


def test_the_der_inverter_measures_and_obeys(on_bench):
    async def body(bench, device):
        pv = bench.plant.pv["der"]
        pv.available_w, pv.total_wh = 88_880.0, 9_876_543.0
        bench.advance(0.02)
        measured = await read(device.models[701][0])
        assert (measured.W.cvalue, measured.InvSt.cvalue, measured.VA.cvalue) == (88880, 3, None)
        assert abs(measured.TotWhInj.cvalue - 9_876_543) <= 1
        assert (await read(device.models[702][0])).WMax.cvalue == 100000
        controls = await read(device.models[704][0])
        await write(controls, WMaxLimPct=40, WMaxLimPctRvrtTms=20, WMaxLimPctEna=1)
        bench.advance(2)
        assert pv.power_w == 40e3 and (await read(measured)).InvSt.cvalue == 4
        bench.advance(20)
        await asyncio.sleep(0.12)
        bench.advance(1)
        assert pv.power_w == 88880 and (await read(controls)).WMaxLimPctEna.cvalue == 0

    with_devices(on_bench, body, 3)


def test_both_meters_of_a_device_are_found_and_follow_their_scale_factor(on_bench):
    async def body(bench, device):
        grid, pv = device.models[203]
        bench.plant.meter.import_wh, bench.plant.meter.export_wh = 5_432_100.0, 6_540.0
        bench.plant.pv["int"].available_w = 70e3
        bench.advance(0.02)
        for power_w, exponent in ((289_990.0, 1), (654_300.0, 2), (-120_010.0, 1)):
            bench.plant.meter.power_w = power_w
            await read(grid)
            assert (grid.W.cvalue, grid.W_SF.value) == (power_w, exponent)
        assert abs(grid.TotWhImp.cvalue - 5_432_100) <= 10 and abs(grid.TotWhExp.cvalue - 6_540) <= 10
        assert (await read(pv)).W.cvalue == -70e3
        assert grid.VAR.cvalue is None and grid.TotVAh_SF.value is None

    with_devices(on_bench, body, 4)


def test_basic_storage_is_forced_by_a_window_without_width(on_bench):
    async def body(bench, device):
        storage = bench.plant.storage["basic"]
        controls = await read(device.models[124][0])
        assert controls.WChaMax.cvalue == 100000 and controls.StorCtl_Mod.cvalue == 0
        await write(controls, InOutWRte_RvrtTms=30, OutWRte=-20.0, InWRte=20.0, StorCtl_Mod=3)
        bench.advance(2)
        assert storage.power_w == 20e3 and (await read(device.models[103][0])).W.cvalue == -20e3
        await write(controls, InWRte=-35.5, OutWRte=35.5)
        bench.advance(2)
        assert storage.power_w == -35.5e3
        bench.advance(30)
        await asyncio.sleep(0.12)
        bench.advance(1)
        assert storage.power_w == 0 and (await read(controls)).StorCtl_Mod.cvalue == 0
        storage.soc, storage.alarm = 0.985, True
        battery = await read(device.models[802][0])
        assert (battery.SoC.cvalue, battery.Evt1.cvalue, battery.WChaRteMax.cvalue) == (98.5, 2, 100000)
        assert abs(battery.AChaMax.cvalue * battery.V.cvalue - storage.charge_max_w) < 50

    with_devices(on_bench, body, 6)


def test_der_storage_takes_watts(on_bench):
    async def body(bench, device):
        storage = bench.plant.storage["full"]
        controls = await read(device.models[704][0])
        await write(controls, WSetRvrtTms=30, WSetMod=1, WSet=-123_456, WSetEna=1)
        bench.advance(2)
        assert storage.power_w == 123_456 and (await read(device.models[701][0])).W.cvalue == -123_500
        assert (await read(device.models[714][0])).DCW.cvalue == -123_500
        await write(controls, WSet=200_000)
        bench.advance(1)
        assert storage.power_w == -200_000
        bench.advance(30)
        await asyncio.sleep(0.12)
        bench.advance(1)
        assert storage.power_w == 0 and (await read(controls)).WSetEna.cvalue == 0
        assert abs((await read(device.models[713][0])).SoC.cvalue - 100 * storage.soc) <= 0.05
        await write(device.models[715][0], ControllerHb=7)
        assert (await read(device.models[715][0])).ControllerHb.cvalue == 7

    with_devices(on_bench, body, 7)
