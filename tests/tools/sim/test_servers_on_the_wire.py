"""The station file as a set of wires: what is built, what is refused, what is left behind."""

import asyncio
import copy
import os

import pytest

from tools.sim.plant import Plant
from tools.sim.servers import SimulatedStation


def test_every_device_of_the_demo_station_answers(on_bench, demo):
    probes = {
        "acrel_dtsd1352": (3, 0x016A, 2),
        "sunspec_inverter": (3, 40000, 2),
        "bcu_generic": (3, 0x0227, 1),
        "sinexcel_pws2": (3, 122, 1),
        "alpitronic_hyc": (4, 100, 10),
        "cn_pile_v2": (3, 0, 13),
        "foxess_evc": (3, 0x1003, 1),
        "heidelberg_ec": (4, 5, 1),
    }

    async def body(bench):
        assert set(bench.sim.wiring) == {bus["id"] for bus in demo["buses"]}
        clients = {}
        for device in demo["devices"]:
            if device["bus"] not in clients:
                clients[device["bus"]] = await bench.client(device["bus"])
            function, address, count = probes[device["profile"]]
            address *= device.get("connector", 1)
            client = clients[device["bus"]]
            read = client.read_holding_registers if function == 3 else client.read_input_registers
            answer = await read(address, count=count, device_id=device["unit"])
            assert len(answer.registers) == count, device["id"]
            assert bench.sim.polls(device["id"])[-1][1:] == (function, address, count)

    on_bench(body)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: s["devices"][0].update(profile="abacus"),
            r"devices\[0\].profile \(meter\): no such simulated device; found abacus",
        ),
        (lambda s: s["devices"][0].update(bus="lan-moon"), "meter: bus 'lan-moon' does not exist"),
        (lambda s: s["devices"][6].update(connector=1), "gun3: connector 1 of unit 1 is taken by gun2"),
        (lambda s: s["devices"][6].update(connector=5), r"gun3: connector 5, allowed 1\.\.4"),
        (lambda s: s["devices"][8].update(bus="lan-fast"), "bus lan-fast, unit 1: gun2, gun3, gun5 share it"),
        (lambda s: s["devices"][3].pop("bms"), r"devices\[2\] \(bms1\): no PCS of the station names this BMS"),
    ],
)
def test_a_station_that_cannot_be_built_is_refused_with_the_place(demo, change, message):
    station = copy.deepcopy(demo)
    plant = Plant.from_station(station)
    change(station)
    with pytest.raises(ValueError, match=message):
        SimulatedStation(station, plant)


def test_faults_on_places_that_do_not_exist_are_refused(on_bench):
    async def body(bench):
        with pytest.raises(KeyError, match="no device 'gun9'; allowed: meter, pv1"):
            bench.sim.silence("gun9")
        with pytest.raises(KeyError, match="no bus 'lan-moon'"):
            bench.sim.noise("lan-moon", 0.1)
        with pytest.raises(ValueError, match=r"allowed 0\.\.1"):
            bench.sim.noise("lan-pv", 1.5)
        with pytest.raises(ValueError, match="cannot refuse"):
            await bench.sim.refuse("rs485-meter")
        with pytest.raises(ValueError, match="reports no emergency stop"):
            bench.sim.emergency_stop("gun1")

    on_bench(body)


def test_a_bus_without_devices_still_has_a_wire(on_bench, one_device):
    station = one_device({"id": "pcs", "role": "pcs", "profile": "sinexcel_pws2", "rated_w": 30000})
    station["buses"].append({"id": "empty", "kind": "tcp", "host": "127.0.0.1", "tcp_port": 1})

    async def body(bench):
        client = await bench.client("empty")
        assert (await client.read_holding_registers(0, count=1)).exception_code == 0x0B

    on_bench(body, station)


def test_a_device_that_shares_a_frozen_line_is_not_frozen(on_bench):
    async def body(bench):
        meter = await bench.client("rs485-meter")
        bench.plant.meter.power_w = 160_000.0
        await meter.read_holding_registers(0x016A, count=2)
        bench.sim.freeze("meter")
        bench.plant.meter.power_w = 320_000.0
        assert (await meter.read_holding_registers(0x016A, count=2)).registers == [0, 1000]
        pv = await bench.client("lan-pv")
        bench.plant.pv["pv1"].power_w = 10_000.0
        assert (await pv.read_holding_registers(40084, count=1)).registers == [1000]
        bench.sim.freeze("meter", False)
        assert (await meter.read_holding_registers(0x016A, count=2)).registers == [0, 2000]

    on_bench(body)


def test_a_stopped_station_leaves_no_file_and_no_task(demo):
    async def body():
        before = set(os.listdir("/proc/self/fd"))
        sim = SimulatedStation(demo, Plant.from_station(demo))
        await sim.start()
        client_end = await asyncio.open_connection("127.0.0.1", sim.wiring["lan-pv"]["tcp_port"])
        await sim.stop()
        client_end[1].transport.abort()
        await asyncio.sleep(0.05)
        assert set(os.listdir("/proc/self/fd")) == before
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(body())
