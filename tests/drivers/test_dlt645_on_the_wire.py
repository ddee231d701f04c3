"""Our DL/T 645 reader against the meter of the `dlt645` package, which knows nothing of us, over a pseudo-terminal."""

import asyncio
import contextlib
import io
import json
import threading

import pytest
from dlt645 import MeterServerService

from tests.drivers import station_probe
from tests.drivers.conftest import Pump, few, lost, run_micropython


def meter_on(port, address):
    line = {"data_bits": 8, "stop_bits": 1, "baud_rate": 2400, "parity": "N"}
    service = MeterServerService.new_rtu_server(port=port, timeout=1.0, **line)
    assert service.set_address(bytes.fromhex(address)[::-1])  # as on the wire: lowest pair of digits first
    assert service.set_00(0x00010000, 12345.67) and service.set_00(0x00020000, 89.01)
    assert service.set_02(0x02030000, -23.4567)
    return service


async def read(runtime, folder, address, seconds, served="123456789012"):
    """States of the device after `seconds` beside a meter with the address `served`."""
    pump = Pump()
    service = meter_on(pump.device_port, served)
    bus = {"id": "bus", "kind": "dlt645", "port": pump.port, "baud": 2400}
    meter = {"id": "meter", "role": "meter", "profile": "dlt645_meter", "bus": "bus", "unit": 1, "ct_ratio": 40}
    if address is not None:
        meter["meter_address"] = address
    path = folder / "station.json"
    path.write_text(json.dumps({"buses": [bus], "devices": [meter]}))
    (folder / "station.json.wants").touch()
    assert await asyncio.to_thread(service.start)
    try:
        if runtime == "micropython":
            output = await run_micropython(station_probe.__file__, path, seconds)
        else:
            with contextlib.redirect_stdout(io.StringIO()) as stream:
                await station_probe.main(str(path), seconds)
            output = stream.getvalue()
    finally:
        await asyncio.to_thread(service.stop)
        pump.close()
    return json.loads(output.splitlines()[-1])["meter"]


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
@pytest.mark.parametrize("address", ["123456789012", None], ids=["by its address", "by the wildcard"])
def test_a_meter_of_others_is_read(runtime, address, tmp_path):
    state = asyncio.run(read(runtime, tmp_path, address, 3))
    assert state["alive"] and lost(state) <= few(state) and not state["exceptions"]
    values = {name: value for name, (value, quality, _) in state["readings"].items() if quality == 1}
    assert values == {"power_w": -938268, "import_wh": 493826800, "export_wh": 3560400}


def test_a_meter_with_another_address_says_so(tmp_path):
    before = threading.active_count()
    state = asyncio.run(read("cpython", tmp_path, "000000000007", 2))
    assert state["exceptions"] > 0 and not any(quality == 1 for _, quality, _ in state["readings"].values())
    assert threading.active_count() <= before + 1
