"""A station whose broker is away for a day: `micropython -m tools.bench.outage_station FLASH CHIP HOURS`, in the
folder of its station.json, whose `mqtt` names the broker that is there when the day is over.

FLASH is a folder with the files of a board; they are written to a LittleFS volume on CHIP, a file as large as that of
the board, and the journal lies beside them. Readings are made up every 5 s; everything behind them is the firmware's
own. The day passes in virtual time: the ticks jump a second at a time. What follows is real time: the cycle runs, the
client connects, the journal is sent beside live telemetry, and a second after the last acknowledgement one line of JSON
says what happened.
"""

import asyncio
import gc
import json
import os
import sys
import time

from drivers import ticks

_real_ms, _skipped_ms = ticks.ticks_ms, [0]
# Before anybody else imports it.
ticks.ticks_ms = lambda: ticks.ticks_add(_real_ms(), _skipped_ms[0])

from firmware import app_mqtt, checked, journal, northbound, start  # noqa: E402
from firmware.app import App  # noqa: E402
from tools.bench.micro import counted_flash  # noqa: E402

FOLDER = 0x4000
STEP_S = 5  # of readings and control
ALARM_EVERY_S, ALARM_LASTS_S = 7200, 300
AFTER_MS = 1000
LONGEST_CATCH_UP_MS = 240000


def copy(source, target):
    """All files of a folder into another."""
    for entry in os.ilistdir(source):
        if entry[1] == FOLDER:
            os.mkdir(target + "/" + entry[0])
            copy(source + "/" + entry[0], target + "/" + entry[0])
        else:
            with open(source + "/" + entry[0], "rb") as file, open(target + "/" + entry[0], "wb") as written:
                written.write(file.read())


class Counting(journal.Journal):
    """Knows what was put into it."""

    def __init__(self, *arguments):
        self.kept = []  # numbers of what is kept longest
        self.counts = [0] * len(journal.KINDS)
        made.append(self)
        journal.Journal.__init__(self, *arguments)

    def add(self, kind, body, now_ms):
        seq = journal.Journal.add(self, kind, body, now_ms)
        self.counts[kind] += 1
        if kind <= journal.LAST_KEPT:
            self.kept.append(seq)
        return seq


class Northbound(northbound.Northbound):
    """Is found again by who had it made, and how telemetry stands with it."""

    def __init__(self, *arguments):
        made.append(self)
        northbound.Northbound.__init__(self, *arguments)

    @property
    def telemetry_seq(self):
        return self._seen.seq


made = []  # the journal, then Northbound
app_mqtt.Journal, app_mqtt.Northbound = Counting, Northbound


class Site:
    """The firmware of a station without its wires, and the world that its readings tell of. folder: of its files."""

    def __init__(self, folder):
        config = checked.load()
        self.app = App(config)
        self.app.folder = folder
        app_mqtt.add(self.app, config)
        self.journal, self.north = made
        self.devices, self.cycle = self.app.devices, self.app.cycle
        self.guns = [each for each in self.devices.values() if each.role == "gun"]

    def live(self, second):
        """Readings as of now."""
        now_ms, total_w = ticks.ticks_ms(), 25000
        for place, gun in enumerate(self.guns):
            period_s = 3000 + 420 * place  # a car, then none for 10 min
            charges = second % period_s < period_s - 600
            limit = gun.setpoints["limit_w"]
            limit.acknowledged(limit.wanted, now_ms)
            power_w = min(limit.held, 150000) if charges else 0
            total_w += power_w
            for name, value in (("state", 2 if charges else 0), ("power_w", power_w), ("energy_wh", second)):
                gun.readings[name].good(value, now_ms)
        for device in self.devices.values():
            power = device.readings.get("power_w")
            if device.role == "pv":
                power.good(max(0, 140000 - abs(second % 86400 - 43200) * 6), now_ms)
                total_w -= power.value
            elif device.role == "pcs":
                setpoint = device.setpoints["power_w"]
                setpoint.acknowledged(setpoint.wanted, now_ms)
                power.good(setpoint.held, now_ms)
                total_w += setpoint.held
            elif device.role == "bms":
                for name, value in (("soc_permille", 600), ("charge_max_w", 100000), ("discharge_max_w", 150000)):
                    device.readings[name].good(value, now_ms)
        for device in self.devices.values():
            if device.role == "meter":
                device.readings["power_w"].good(total_w, now_ms)
        silent = second % ALARM_EVERY_S < ALARM_LASTS_S and second > ALARM_LASTS_S
        self.app.running.alarms.update("device_silent", self.guns[0].id, silent, now_ms)


def outage(site, seconds, folder):
    """The most bytes that the journal's files had."""
    largest = 0
    for second in range(seconds):
        _skipped_ms[0] += 1000
        now_ms = ticks.ticks_ms()
        if second % STEP_S == 0:
            site.live(second)
            site.cycle.tick(now_ms)
        site.north._turn(now_ms)
        site.journal.tend(now_ms)
        if second % 900 == 0:
            largest = max(largest, size(folder))
            gc.collect()
    return largest


def size(folder):
    try:
        return sum([os.stat(folder + "/" + name)[6] for name in os.listdir(folder)])
    except OSError:
        return 0


async def catch_up(site, second):
    """ms from the connection until the journal was empty, None when it was not in time."""
    north = site.north
    for task in (site.cycle.run, north.client.run, north.run, north.send):
        asyncio.create_task(task())
    while not north.client.connected:
        await asyncio.sleep_ms(10)
    began_ms, took_ms = _real_ms(), None
    while took_ms is None and time.ticks_diff(_real_ms(), began_ms) < LONGEST_CATCH_UP_MS:
        site.live(second)
        second += 1
        for _ in range(10):
            await asyncio.sleep_ms(100)
            if took_ms is None and site.journal.oldest() is None:
                took_ms = time.ticks_diff(_real_ms(), began_ms)
    await asyncio.sleep_ms(AFTER_MS)
    await north.client.disconnect()
    return took_ms


def main(files, chip, hours):
    start._problems_of_newest()
    flash = counted_flash.mounted(chip, "/board")
    copy(files, "/board")
    free = os.statvfs("/board")
    site = Site("/board")
    kept, north = site.journal, site.north
    flash.forget(len(flash.erases))
    result = {"free": free[0] * free[3], "most_pages": kept.most_pages}
    result["largest"] = outage(site, hours * 3600, kept.folder)
    result["made"], result["written"] = dict(zip(journal.KINDS, kept.counts)), kept.written
    result["erases"], result["worst_block"] = flash.erased, max(flash.erases)
    result["programmed"], telemetry = flash.programmed, north.telemetry_seq
    result["catch_up_ms"] = asyncio.run(catch_up(site, hours * 3600))
    result["telemetry"], result["memory_errors"] = north.telemetry_seq - telemetry, north.memory_errors
    result["kept"], result["last_seq"] = kept.kept, kept.sent[1]
    result["left_on_flash"] = size(kept.folder)
    print(json.dumps(result))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
