"""The simulated batteries, converters, chargers and the power cabinet as clients written by others see them: pymodbus
over TCP, minimalmodbus on the serial line; addresses and scales are those of the vendors' maps."""

import asyncio
import struct

import minimalmodbus
import pytest
from dlt645 import MeterClientService

from tests.tools.sim.chargers import (
    ABB,
    AMBIBOX,
    BYD,
    CABINET,
    GOLD,
    KEBA,
    METERS_645,
    PILE,
    PYLONTECH,
    QUASAR,
    SIGENERGY,
    XJ,
)
from tests.tools.sim.machines import station


def u32(words):
    return words[0] << 16 | words[1]


def s32(words):
    number = u32(words)
    return number - (1 << 32) if number >> 31 else number


def s16(word):
    return word - 0x10000 if word & 0x8000 else word


def f32(words):
    return struct.unpack(">f", struct.pack(">HH", *words))[0]


async def holding(client, address, count=1, unit=1):
    answer = await client.read_holding_registers(address, count=count, device_id=unit)
    assert not answer.isError(), (address, answer)
    return answer.registers


async def inputs(client, address, count=1, unit=1):
    answer = await client.read_input_registers(address, count=count, device_id=unit)
    assert not answer.isError(), (address, answer)
    return answer.registers


def serial(bench, bus_id, unit):
    instrument = minimalmodbus.Instrument(bench.sim.wiring[bus_id]["port"], unit)
    instrument.serial.baudrate = 115200
    instrument.serial.timeout = 0.5
    return instrument


def test_gold_over_rtu_by_minimalmodbus(on_bench):
    async def body(bench):
        storage = bench.plant.storage["pws"]
        storage.soc = 0.6
        storage.write_setpoint(-78240.0)
        bench.advance(1)
        gold = serial(bench, "gold-line", 2)
        words = await asyncio.to_thread(gold.read_registers, 1, 64, 4)
        assert words[0] == 7824 and words[1] - 16000 == 1000, "100 A discharging, counted from -1600 A"
        assert words[2] == 60 and words[6] == 2 and words[7] & 0x25 == 0x25
        assert words[58] * words[0] == pytest.approx(100 * storage.charge_max_w, rel=0.001)
        assert words[59] * words[0] == pytest.approx(100 * storage.discharge_max_w, rel=0.001)
        assert words[60] == 0
        assert not any(await asyncio.to_thread(gold.read_bits, 1, 58, 2))
        storage.alarm = True
        bits = await asyncio.to_thread(gold.read_bits, 1, 58, 2)
        assert [number for number, bit in enumerate(bits, 1) if bit] == [16, 17, 18]
        assert await asyncio.to_thread(gold.read_bit, 18, 2) == 1 and await asyncio.to_thread(gold.read_bit, 19, 2) == 0
        with pytest.raises(minimalmodbus.IllegalRequestError):
            await asyncio.to_thread(gold.read_register, 1, 0, 3)

    on_bench(body, station(GOLD))


def test_the_sinexcel_54_map_over_rtu_by_minimalmodbus(on_bench):
    async def body(bench):
        pws = serial(bench, "gold-line", 1)
        await asyncio.to_thread(pws.write_register, 53622, -500, 0, 6, True)
        bench.advance(1)
        assert bench.plant.storage["pws"].power_w == 50e3, "-50 kW charges"
        words = await asyncio.to_thread(pws.read_registers, 54200, 24, 4)
        assert words[0:3] == [4000] * 3 and words[6] == 5000
        assert words[21] / 10 - 1200 == -50.0 and sum(words[9:12]) / 10 - 1200 == pytest.approx(-50.0, abs=0.2)
        assert words[3] - 15000 == round(10 * 50e3 / 400 / 3**0.5)
        await asyncio.to_thread(pws.write_register, 53901, 1, 0, 6)
        bench.advance(1)
        assert bench.plant.storage["pws"].power_w == 0 and await asyncio.to_thread(pws.read_register, 53010) & 1 == 0

    on_bench(body, station(GOLD))


def test_pylontech_and_the_100_kw_converter(on_bench):
    async def body(bench):
        client = await bench.client("pylontech-lan")
        storage = bench.plant.storage["pcs60"]
        assert not (await client.write_register(0x0D57, 400, device_id=1)).isError()
        bench.advance(1)
        assert storage.power_w == 40e3
        assert (await holding(client, 0x6039))[0] == 400 and (await holding(client, 0x6057))[0] & 0x41 == 1
        block = await holding(client, 0x1100, 0x40, 2)
        volts = block[3] / 10
        assert s32(block[4:6]) / 100 * volts == pytest.approx(40e3, rel=0.001)
        assert block[7] == round(100 * storage.soc)
        assert s32(block[0x0A:0x0C]) / 100 * volts == pytest.approx(storage.charge_max_w, rel=0.001)
        assert -s32(block[0x0D:0x0F]) / 100 * volts == pytest.approx(storage.discharge_max_w, rel=0.001)
        storage.soc = 1.0
        bench.sim.emergency_stop("m2")
        block = await holding(client, 0x1100, 0x40, 2)
        assert block[0x38] != 0 and block[0x39] == 0 and block[0x32] == 1 << 13

    on_bench(body, station(PYLONTECH))


def test_byd_and_its_contactor(on_bench):
    async def body(bench):
        client = await bench.client("byd-lan")
        block = await holding(client, 0x2100, 0x70, 2)
        storage = bench.plant.storage["pws2"]
        assert block[0x6C] * block[0] == pytest.approx(100 * storage.charge_max_w, rel=0.001)
        assert block[3] == 60
        assert (await holding(client, 0x2010, 1, 2)) == [3]
        assert not (await client.write_register(0x2010, 0, device_id=2)).isError()
        assert (await holding(client, 0x2010, 1, 2)) == [0] and not storage.running
        bench.sim.image("byd").precharge_fails = True
        assert not (await client.write_register(0x2010, 1, device_id=2)).isError()
        assert (await holding(client, 0x2010, 1, 2)) == [2]
        bench.advance(3)
        await asyncio.sleep(0.12)
        assert (await holding(client, 0x2010, 1, 2)) == [4] and not storage.running
        assert (await client.write_register(0x2010, 7, device_id=2)).exception_code == 3

    on_bench(body, station(BYD))


def test_keba_gives_one_value_a_read(on_bench):
    async def body(bench):
        client = await bench.client("keba-lan")
        bench.plug("keba", power_w=22e3)
        assert not (await client.write_register(5014, 1, device_id=255)).isError()
        assert not (await client.write_register(5004, 10000, device_id=255)).isError()
        bench.advance(10)
        assert u32(await holding(client, 1000, 2, 255)) == 3 and u32(await holding(client, 1004, 2, 255)) == 7
        gun = bench.plant.guns["keba"]
        assert gun.power_w == pytest.approx(6900) and u32(await holding(client, 1020, 2, 255)) == 6_900_000
        assert u32(await holding(client, 1008, 2, 255)) == 10000
        assert u32(await holding(client, 1502, 2, 255)) == round(10 * gun.session_wh)
        assert (await client.read_holding_registers(1000, count=4, device_id=255)).exception_code == 2
        assert (await client.write_register(5004, 5999, device_id=255)).exception_code == 3
        assert bench.sim.image("keba").hurried["write"] == 1, "the second one came right after the first"

    on_bench(body, station(KEBA))


def test_abb_in_milliamperes(on_bench):
    async def body(bench):
        client = await bench.client("abb-lan")
        assert (await holding(client, 0x400C, 2))[1] >> 8 & 0x7F == 0
        bench.plug("abb", power_w=22e3)
        assert not (await client.write_registers(0x4100, [0, 16000])).isError()
        bench.advance(10)
        block = await holding(client, 0x4000, 0x20)
        assert block[0x0D] >> 8 & 0x7F == 4 and u32(block[0x1C:0x1E]) == 11040 and u32(block[0x10:0x12]) == 16000
        assert u32(block[0x0E:0x10]) == 16000 and u32(block[0x1E:0x20]) == round(bench.plant.guns["abb"].session_wh)
        assert not (await client.write_registers(0x4105, [1])).isError()
        bench.advance(10)
        block = await holding(client, 0x4000, 0x20)
        assert block[0x0D] >> 8 & 0x7F == 5 and u32(block[0x0A:0x0C]) >= 0x0101 and u32(block[0x1C:0x1E]) == 0

    on_bench(body, station(ABB))


def test_xj_and_a_discharging_pile_over_rtu_by_minimalmodbus(on_bench):
    async def body(bench):
        bench.plug("xj2")
        bench.plug("pile", soc=0.8)
        pile = serial(bench, "pile-line", 1)
        await asyncio.to_thread(pile.write_register, 0x2000, 200, 0, 6)
        await asyncio.to_thread(pile.write_register, 0x3000, 0x02AA, 0, 6)
        bench.advance(5)
        xj = serial(bench, "xj-line", 3)
        for function in (3, 4):
            words = await asyncio.to_thread(xj.read_registers, 0x2100, 0x14, function)
            assert words[0] == 3 and u32(words[0x0E:0x10]) == pytest.approx(0.95 * 120e3, rel=0.001)
            assert words[0x10] / 10 * words[0x11] / 100 == pytest.approx(0.95 * 120e3, rel=0.001)
        assert (await asyncio.to_thread(xj.read_register, 0x2000)) == 0
        assert (await asyncio.to_thread(xj.read_registers, 0x1000, 2)) == [2, 240]
        with pytest.raises(minimalmodbus.IllegalRequestError):
            await asyncio.to_thread(xj.write_registers, 0x4000, [0] * 12)
        words = await asyncio.to_thread(pile.read_registers, 0, 13)
        assert s16(words[7]) < 0 and words[8] == round(20e3 / 0.95 / 100), "negative current, power without a sign"

    on_bench(body, station(XJ, PILE))


def test_the_two_way_chargers(on_bench):
    async def body(bench):
        ambibox, sigenergy, quasar = [await bench.client(bus) for bus in ("ambibox-lan", "sigenergy-lan", "quasar-lan")]
        for gun in ("ambi2", "sig", "quasar"):
            bench.plug(gun, soc=0.625)
        await asyncio.sleep(0.12)  # the Quasar sees its car
        assert not (await ambibox.write_registers(3100, [0xFFFF, 0x10000 - 7000])).isError()
        assert not (await sigenergy.write_registers(41004, [0, 6000], device_id=247)).isError()
        assert not (await sigenergy.write_register(41000, 0, device_id=247)).isError()
        for register, value in ((81, 1), (83, 1), (260, 0x10000 - 3000), (257, 1)):
            assert not (await quasar.write_register(register, value)).isError()
        bench.advance(3)
        block = await inputs(ambibox, 4200, 104)
        assert s32(block[18:20]) == -7000, "negative charges"
        assert u32(block[82:84]) == 5 and u32(block[84:86]) == 1
        assert f32(block[54:56]) == pytest.approx(62.5, abs=0.1)
        assert f32(block[98:100]) == pytest.approx(bench.plant.guns["ambi2"].session_wh)
        block = await inputs(sigenergy, 31500, 15, 247)
        assert s32(block[2:4]) == -6000 and block[13] == 8 and block[4] == pytest.approx(625, abs=1)
        assert (await sigenergy.write_registers(41002, [0, 499], device_id=247)).exception_code == 3
        assert (await sigenergy.write_register(41001, 0, device_id=247)).exception_code == 2, "reserved"
        assert s16((await holding(quasar, 526))[0]) == -3000 and (await holding(quasar, 537, 2))[0] == 11
        assert not (await quasar.write_register(257, 2)).isError()
        bench.advance(2)
        assert (await holding(quasar, 526)) == [0] and (await holding(quasar, 537, 2)) == [4, 0]

    on_bench(body, station(AMBIBOX, SIGENERGY, QUASAR))


def test_the_power_cabinet_after_its_own_specification(on_bench):
    async def body(bench):
        client = await bench.client("cabinet-lan")
        head = await inputs(client, 0, 0x30)
        assert head[0:4] == [0x4743, 1, 20, 2] and head[5] == 1 and head[6] == 400
        bench.plug("xj1", power_w=90e3)
        bench.advance(10)
        head, modules = await inputs(client, 0, 0x30), await inputs(client, 0x100, 120)
        rows = [modules[at : at + 6] for at in range(0, 120, 6)]
        working = [row for row in rows if row[0] == 3]
        dc_w = sum(row[3] / 10 * s16(row[4]) / 10 for row in working)
        assert dc_w == pytest.approx(bench.plant.guns["xj1"].dc_w, rel=0.01) and {row[1] for row in working} == {1}
        assert head[0x20] == 400 * len(working) == 1200 and head[0x21] == 0
        assert [row[0] for row in rows].count(0) == 20 - bench.sim.image("cabinet").modules
        assert (await client.read_input_registers(0x30, count=1)).exception_code == 2
        assert (await client.read_holding_registers(0, count=1)).exception_code == 1

    on_bench(body, station(CABINET, XJ))


def test_a_dlt645_meter_by_the_client_of_others(on_bench):
    async def body(bench):
        bench.plant.base_w = -34_567.0
        bench.plant.meter.import_wh = 12_345_670.0
        bench.advance(1)
        port = bench.sim.wiring["meters-645"]["port"]
        client = MeterClientService.new_rtu_client(
            port=port, baudrate=9600, databits=8, stopbits=1, parity="N", timeout=1.0
        )
        client.set_address("020000000000")  # of 000000000002, as on the wire: lowest pair of digits first

        def ask():
            assert client.connect()
            try:
                readings = [client.read_02(0x02030000), client.read_00(0x00010000), client.read_02(0x02010100)]
                return [each.value for each in readings]
            finally:
                client.disconnect()

        power_kw, import_kwh, volts = await asyncio.to_thread(ask)
        assert (power_kw, import_kwh, volts) == (-34.567, 12345.67, 230.0)

    on_bench(body, station(METERS_645))
