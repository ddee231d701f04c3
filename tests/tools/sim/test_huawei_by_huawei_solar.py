"""The simulated SUN2000 with its battery and meter, read and commanded by huawei-solar, a client of others (AGPL: used
by this test only)."""

import asyncio

from huawei_solar import AsyncHuaweiSolar
from huawei_solar.exceptions import ReadException, WriteException
from huawei_solar.register_values import (
    StorageForcibleChargeDischarge,
    StorageForcibleChargeDischargeTargetMode,
    StorageStatus,
)

from tests.tools.sim.machines import HUAWEI, HUAWEI_PLANTS, station

LIMITED = "Grid Connection: power limited"


def with_client(on_bench, body):
    async def whole(bench):
        where = bench.sim.wiring["huawei"]
        client = await AsyncHuaweiSolar.create(where["host"], where["tcp_port"], slave_id=1, cooldown_time=0)
        try:
            await body(bench, client)
        finally:
            await client.stop()

    on_bench(whole, station(HUAWEI))


def test_what_huawei_solar_reads_is_what_the_plant_does(on_bench):
    async def body(bench, client):
        async def value(name):
            return (await client.get(name)).value

        bench.plant.pv["pv"].available_w = 34_567.0
        bench.plant.storage["pcs"].write_setpoint(-8_000.0)
        bench.plant.meter.import_wh, bench.plant.meter.export_wh = 1_234_560.0, 7_890.0
        bench.advance(2)
        plant = bench.plant
        assert await value("model_name") == "SUN2000-SIM"
        assert await value("rated_power") == 50000
        assert await value("input_power") == round(plant.pv_w / 0.985)
        assert await value("active_power") == 34567
        assert await value("device_status") == "On-grid"
        assert await value("grid_frequency") == 50.0
        assert await value("power_meter_active_power") == -round(plant.meter.power_w)  # + export
        assert abs(await value("grid_accumulated_energy") - plant.meter.import_wh / 1000) <= 0.005
        assert abs(await value("grid_exported_energy") - plant.meter.export_wh / 1000) <= 0.005
        assert await value("storage_charge_discharge_power") == -8000
        assert await value("storage_state_of_capacity") == round(1000 * plant.storage["pcs"].soc) / 10
        assert await value("storage_running_status") == StorageStatus.RUNNING
        assert await value("storage_maximum_charge_power") == 20000

    with_client(on_bench, body)


def test_huawei_solar_limits_the_inverter_and_lifts_the_limit(on_bench):
    async def body(bench, client):
        pv = bench.plant.pv["pv"]
        pv.available_w = 45e3
        assert await client.set("active_power_fixed_value_derating", 20000)
        bench.advance(3)
        assert pv.power_w == 20e3 and (await client.get("device_status")).value == LIMITED
        assert await client.set("active_power_percentage_derating", 100)
        bench.advance(3)
        assert pv.power_w == 45e3

    with_client(on_bench, body)


def test_huawei_solar_forces_the_battery_and_the_period_ends_it(on_bench):
    async def body(bench, client):
        storage = bench.plant.storage["pcs"]
        write = "forcible_charge_discharge_write"
        assert await client.set(write, StorageForcibleChargeDischarge.CHARGE)
        by_time = StorageForcibleChargeDischargeTargetMode.TIME
        assert await client.set("storage_forcible_charge_discharge_setting_mode", by_time)
        assert await client.set("storage_forced_charging_and_discharging_period", 1)
        assert await client.set("storage_forcible_charge_power", 9000)
        bench.advance(2)
        assert storage.power_w == 9000
        assert await client.set("storage_forcible_discharge_power", 4000)
        assert await client.set(write, StorageForcibleChargeDischarge.DISCHARGE)
        bench.advance(2)
        assert storage.power_w == -4000
        bench.advance(61)
        await asyncio.sleep(0.12)
        bench.advance(2)
        assert storage.power_w == 0

    with_client(on_bench, body)


def test_a_feed_in_limit_keeps_the_export_down(on_bench):
    async def body(bench, client):
        plant = bench.plant
        plant.base_w, plant.pv["pv"].available_w = 10e3, 45e3
        bench.advance(1)
        assert plant.grid_w < -30e3
        assert await client.set("maximum_feed_grid_power_watt", 5000)
        assert await client.set("active_power_control_mode", 6)
        for _ in range(4):
            await asyncio.sleep(0.12)
            bench.advance(1)
        assert -5100 <= plant.grid_w <= -4900
        assert await client.set("active_power_control_mode", 0)
        bench.advance(1)
        assert plant.grid_w < -30e3

    with_client(on_bench, body)


def test_registers_and_values_that_do_not_exist_are_refused(on_bench):
    async def body(bench, client):
        for name, value in (("storage_maximum_charging_power", 20001), ("storage_forcible_charge_power", 99999)):
            try:
                await client.set(name, value)
            except WriteException as error:
                assert error.modbus_exception_code == 3
            else:
                raise AssertionError(name)
        try:
            await client.get("emma_software_version")
        except ReadException as error:
            assert error.modbus_exception_code == 2
        else:
            raise AssertionError("read")

    with_client(on_bench, body)


def test_an_emma_by_its_own_names(on_bench):
    async def body(bench):
        bench.plant.pv["emma"].available_w = 43_210.0
        bench.plant.base_w = 30e3
        bench.advance(2)
        where = bench.sim.wiring["emma"]
        client = await AsyncHuaweiSolar.create(where["host"], where["tcp_port"], slave_id=0, cooldown_time=0)
        try:
            names = ("emma_model", "pv_output_power", "feed_in_power", "load_power")
            found = [(await client.get(name)).value for name in names]
        finally:
            await client.stop()
        assert found == ["EMMA-A02", 43210, 13210, 30000]

    on_bench(body, station(HUAWEI_PLANTS))
