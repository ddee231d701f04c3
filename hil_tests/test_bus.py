"""The bus tasks alone on the board: a meter at 19200 baud and four guns at 115200, and everything that wires do."""

import json
from contextlib import contextmanager

import pytest

from hil_tests.emulated_rig import EmulatedRig, station
from tools.board.files import checked, image
from tools.firmware_image import ROOT, build

pytestmark = [pytest.mark.emulated]

PROGRAM = """
import asyncio, gc, json
gc.threshold(8192)
config = json.load(open("checked.json"))
from boards.rpi_pico_w.uart import open_uart
from drivers.build import build_buses
from drivers.ticks import ticks_ms
buses, devices = build_buses(config, open_uart)
async def tell():
    for bus in buses:
        asyncio.create_task(bus.run())
    while True:
        await asyncio.sleep_ms(100)
        told = {}
        for device in devices.values():
            health = device.health
            # Of an idle gun every reading stands still, of the meter only its power.
            names = sorted(device.readings) if device.role == "gun" else ("power_w",)
            told[device.id] = (health.requests, health.ok, health.timeouts, health.crc_errors, health.protocol_errors,
                               device.alive(ticks_ms()), [device.readings[name].value for name in names])
        print(json.dumps(told))
asyncio.run(tell())
"""
GUNS = ("gun1", "gun2", "gun3", "gun4")


class Told:
    """What the program on the board says of one device."""

    def __init__(self, row):
        self.requests, self.ok, self.timeouts, self.crc_errors, self.protocol_errors, self.alive, self.values = row

    @property
    def failures(self):
        return self.timeouts + self.crc_errors + self.protocol_errors


class BusRig(EmulatedRig):
    truth_values = None  # {device: values} once all of them are known

    def heard(self):
        """{device: Told} of the newest line, after looking at every line since the last call: once a reading was
        there it was never anything but the truth."""
        *lines, rest = bytes(self.board.printed).removeprefix(b"OK").split(b"\r\n")
        self.board.printed[:] = rest
        for line in map(json.loads, lines):
            for device_id, row in line.items():
                if self.truth_values:
                    assert Told(row).values == self.truth_values[device_id], (device_id, row)
        return {device_id: Told(row) for device_id, row in json.loads(lines[-1]).items()}

    def watched(self, ms):
        """(before, after) of `ms` on the board."""
        self.run(200)
        before = self.heard()
        self.run(ms)
        return before, self.heard()


@contextmanager
def bus_rig(root=ROOT):
    """A BusRig whose buses run. root: of the firmware's sources."""
    data = station(len(GUNS), 400000)
    station_facts = checked(data)
    files = build("rpi_pico_w", station_facts, root, own_names=True).files
    files = {path: content for path, content in files.items() if path != "main.py"}
    with BusRig(data) as rig:
        rig.board.load(image({**files, "checked.json": json.dumps(station_facts).encode()}))
        rig.board.power_on()
        rig.repl.start(PROGRAM)
        assert rig.run_until(lambda: rig.board.printed.count(b"\n") > 10, 8000), bytes(rig.board.printed)
        _, after = rig.watched(200)
        rig.truth_values = {device_id: told.values for device_id, told in after.items()}
        assert rig.truth_values["meter"] == [20000]
        yield rig


@pytest.fixture(scope="module")
def running(emulator):
    with bus_rig() as rig:
        yield rig


@pytest.fixture
def rig(running):
    """Healthy at the beginning, and mended at the end."""
    guns = running.lines["gun-line"]
    yield running
    guns.noise, guns.lost, guns.dead = 0.0, 0.0, False
    for each in (guns.silent, guns.impostor, guns.flipped, guns.delay_ms):
        each.clear()
    running.board.echo(1, False)
    assert running.run_until(lambda: all(each.alive for each in running.watched(200)[1].values()), 8000)


def test_a_healthy_line_loses_nothing_and_keeps_every_gap(rig):
    before, after = rig.watched(2000)
    for device_id, told in after.items():
        assert told.ok - before[device_id].ok >= 6, device_id
        assert told.failures == before[device_id].failures, device_id
    meter, guns = rig.board.figures()["lines"]
    # 3.5 characters of 11 bits at 19200 baud; 1750 us above.
    assert meter["gap_ns"] >= 3.5 * 11e9 / 19200 and guns["gap_ns"] >= 1750e3
    # 1.5 characters of silence inside a frame would break it in two.
    assert meter["pause_ns"] < 1.5 * 11e9 / 19200 and guns["pause_ns"] < 750e3
    for line in (meter, guns):
        assert line["undriven"] == line["deaf"] == line["overruns"] == 0
    assert rig.lines["meter-line"].discarded == rig.lines["gun-line"].discarded == 0


def test_an_answer_with_a_wrong_bit_is_never_believed(rig):
    rig.lines["gun-line"].flipped.update((1, 2, 3, 4))
    before, after = rig.watched(2000)
    for gun in GUNS:
        assert after[gun].crc_errors - before[gun].crc_errors >= 2 and after[gun].ok == before[gun].ok, gun


@pytest.mark.long
def test_noise_costs_answers_and_never_a_wrong_value(rig):
    rig.lines["gun-line"].noise = 0.2
    before, after = rig.watched(2500)
    assert sum(after[gun].failures - before[gun].failures for gun in GUNS) >= 3
    assert sum(after[gun].ok - before[gun].ok for gun in GUNS) >= 10
    assert after["meter"].failures == before["meter"].failures


@pytest.mark.long
def test_a_lost_byte_costs_its_frame_and_no_other(rig):
    rig.lines["gun-line"].lost = 0.2
    before, after = rig.watched(2500)
    assert sum(after[gun].failures - before[gun].failures for gun in GUNS) >= 3
    assert sum(after[gun].ok - before[gun].ok for gun in GUNS) >= 10


def test_an_answer_that_comes_too_late_is_nobody_elses(rig):
    rig.lines["gun-line"].delay_ms[1] = 170  # the bus waits 150 ms for the first byte
    before, after = rig.watched(2000)
    assert after["gun1"].failures > before["gun1"].failures and after["gun1"].ok == before["gun1"].ok
    assert all(after[gun].ok - before[gun].ok >= 5 for gun in GUNS[1:])


def test_an_answer_under_the_wrong_unit_id_is_nobodys(rig):
    rig.lines["gun-line"].impostor.add(1)
    before, after = rig.watched(1200)
    assert after["gun1"].failures > before["gun1"].failures and after["gun1"].ok == before["gun1"].ok
    assert all(after[gun].ok > before[gun].ok for gun in GUNS[1:])


@pytest.mark.long
def test_a_receiver_that_is_always_on_changes_nothing(rig):
    rig.board.echo(1)
    before, after = rig.watched(1000)
    for gun in GUNS:
        assert after[gun].ok > before[gun].ok and after[gun].failures == before[gun].failures, gun


def test_a_dead_line_is_seen_and_comes_back_and_the_other_line_does_not_notice(rig):
    rig.lines["gun-line"].dead = True
    before, after = rig.watched(3500)
    assert not any(after[gun].alive for gun in GUNS)
    assert after["meter"].alive and after["meter"].failures == before["meter"].failures
    assert after["meter"].ok - before["meter"].ok >= 12
    rig.lines["gun-line"].dead = False
    assert rig.run_until(lambda: all(told.alive for told in rig.watched(200)[1].values()), 12000)
