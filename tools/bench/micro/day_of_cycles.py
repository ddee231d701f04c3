"""A day of a station's life as fast as it goes: `micropython day_of_cycles.py CYCLES START_TICKS HURRY [VOLUME]` in a
folder with a checked station. HURRY: everything that happens comes so many times more often. VOLUME: a file of 868,352
bytes, which becomes a LittleFS volume as on a Pico W and holds the station's files; what is written to it is counted.

The firmware is the real one from its start on, with all of its tasks but those that need wires (buses, console, MQTT
client). Time is injected: ticks wrap at 2^30 as on boards, the loop leaps from one alarm to the next, and the devices
and the broker below live in the same time. The plant is counted here, from what the devices hold, and not by control.

Prints one line of JSON. Nothing of the firmware may be imported before the clock is in its place.
"""

import asyncio
import gc
import json
import sys
import time

PERIOD = 1 << 30
CYCLES, START, HURRY = [int(each) for each in sys.argv[1:4]]


class Time:
    """What the firmware takes for its clock. now_ms never wraps; the loop's own ticks are as long as the runtime's."""

    base_ms = time.ticks_ms()
    now_ms = base_ms

    def __init__(self):
        from asyncio import core

        core.ticks = lambda: Time.now_ms
        core.IOQueue.wait_io_event = self.leap
        import drivers.ticks as ticks

        ticks.ticks_ms = lambda: (Time.now_ms - Time.base_ms + START) & (PERIOD - 1)
        ticks.ticks_us = lambda: 1000 * (Time.now_ms - Time.base_ms + START) & (PERIOD - 1)
        ticks.ticks_add = lambda at, delta: (at + delta) & (PERIOD - 1)
        ticks.ticks_diff = lambda end, start: ((end - start + PERIOD // 2) & (PERIOD - 1)) - PERIOD // 2

    def leap(self, queue, dt_ms=None):
        dt_ms = queue if dt_ms is None else dt_ms
        if dt_ms > 0:
            Time.now_ms += dt_ms


clock = Time()

from drivers.ticks import sleep_ms, ticks_ms  # noqa: E402
from firmware import app_mqtt, start  # noqa: E402
from firmware.command_steps import tighten  # noqa: E402
from tools.bench.micro.counted_flash import Flash  # noqa: E402

STEP_MS, POLL_MS = 100, 200
SAMPLES = 24
ABOVE_MS = 3000  # a limit that has just come in force is met after so long
RATED_PV_W, SUPPORT_W, PCS_W = 160000, 80000, 200000
CAPACITY_MWS, RESERVE_PERMILLE = 1440, 200  # of the battery, 400 kWh in MW x s
RAMP_W = 4000  # of a gun in a step, up: 40 kW/s; down it follows within one
SECOND, MINUTE = 1000 // STEP_MS, 60000 // STEP_MS // HURRY  # in steps
DEAF_EVERY, DEAF_FOR = 23 * MINUTE, 30 * SECOND
BLIND_EVERY, BLIND_FOR = 37 * MINUTE, 3 * SECOND  # the meter
LIMIT_EVERY, LIMIT_FOR, LIMIT_W = 61 * MINUTE, 10 * MINUTE, 250000
AWAY_EVERY, AWAY_FOR = 97 * MINUTE, 20 * MINUTE  # the broker


class Draw:
    state = 17

    def below(self, limit):
        """0 .. limit - 1, for a limit up to 2^29."""
        number = 0
        for _ in range(2):
            self.state = (self.state * 1021 + 12345) & 0xFFFFF
            number = number << 15 | self.state >> 5
        return number % limit


draw = Draw()


class Broker:
    """What the firmware asks of its MQTT client. The numbers of the journal are looked at: none may be missing."""

    connected = False

    def __init__(self):
        self.messages = self.journal = self.gaps = self.lost = 0
        self._seq = 0
        self._told = None

    def set_last_will(self, topic, message, retain=False, qos=0):
        pass

    def set_callback(self, callback):
        pass

    def set_on_connect(self, callback):
        self._told = callback

    def subscribe(self, topic, qos=0):
        pass

    def publish(self, topic, message, retain=False, qos=0):
        self.messages += self.connected
        return self.connected

    def publish_page(self, page, topic, pieces, retain=False):
        outgoing = page.write(topic, pieces, retain) if self.connected else None
        if outgoing is None:
            return False
        outgoing.waits = False
        self.messages += 1
        return True

    async def publish_acked(self, topic, message):
        await sleep_ms(30)
        while not self.connected:
            await sleep_ms(500)
        entry = json.loads(message)
        self.lost += entry["seq"] - self._seq - 1
        self._seq = entry.get("to", entry["seq"])
        self.gaps += entry["kind"] == "gap"
        self.journal += 1
        return True

    def go(self, is_there):
        if is_there and not self.connected:
            self.connected = True
            self._told()
        self.connected = is_there

    async def run(self):
        while True:
            await sleep_ms(10000)


class Gun:
    """A charger on its wire: it holds a limit, and a car takes what it wants of it."""

    def __init__(self, device):
        self.device = device
        self.limit = device.setpoints["limit_w"]
        self.min_w, self.max_w = device.params["min_w"], device.params["max_w"]
        self.fallback_w = self.held_w = device.params["fallback_w"]
        self.watchdog_ms = 1000 * (device.params["watchdog_s"] or 0)
        self.wants_w = self.power_w = self.silent_ms = self.energy_wws = 0
        self.until = draw.below(20 * MINUTE)  # step at which a car comes or goes
        self.out_w = None  # a write that is under way
        self.is_deaf = False

    def step(self, number):
        if number >= self.until:
            self.wants_w = 0 if self.wants_w else self.min_w + draw.below(self.max_w - self.min_w)
            self.until = number + (10 + draw.below(40)) * MINUTE
        self.silent_ms = self.silent_ms + STEP_MS if self.is_deaf else 0
        if self.watchdog_ms and self.silent_ms > self.watchdog_ms:
            self.held_w = self.fallback_w
        may_w = min(self.held_w, self.wants_w)
        self.power_w = min(may_w, self.power_w + RAMP_W) if may_w >= self.min_w else 0
        self.energy_wws += self.power_w // 10

    def acknowledge(self, now_ms):
        if self.is_deaf:
            self.out_w = None  # nobody has heard it, and nobody will
        elif self.out_w is not None:
            self.held_w = self.out_w
            self.limit.acknowledged(self.out_w, now_ms)
            self.device.answered(now_ms, 8)
            self.out_w = None

    def write(self, raises):
        """Put what is wanted on the wire when it is a raise, or when it is not."""
        limit = self.limit
        if limit.has_want and self.out_w is None and (not limit.held_known or limit.wanted != limit.held):
            if raises == (limit.wanted > limit.upper):
                self.out_w = limit.wanted
                limit.on_the_wire(limit.wanted)

    def read(self, now_ms):
        if not self.is_deaf:
            self.device.answered(now_ms, 8)
            readings = self.device.readings
            readings["state"].good(2 if self.power_w else 1 if self.wants_w else 0, now_ms)
            readings["power_w"].good(self.power_w, now_ms)
            readings["energy_wh"].good(self.energy_wws // 3600, now_ms)
            readings["soc_permille"].good(500, now_ms)
            if not self.limit.held_known:
                self.limit.acknowledged(self.held_w, now_ms)

    @property
    def could_w(self):
        """What its car may take with the limits that it holds or may hold any moment."""
        if not self.wants_w:
            return self.power_w
        return max(self.held_w, self.out_w or 0)


class Plant:
    """The station around the firmware. Counts what is above the cap: `over_w` and `over_ws` at the grid, the most
    and the sum; `could_w` of what the guns hold, with the storage that is certain. `pressed`: steps with more than nine
    tenths of the cap. `decided`: a checksum of everything that the firmware wanted in all steps.
    """

    def __init__(self, running, broker):
        self.running, self.broker = running, broker
        self.station, devices = running.station, running.devices
        self.guns = [Gun(devices[each]) for each in self.station.gun_ids]
        self.meter, self.pv = devices["meter"], devices["pv1"]
        self.pcs, self.bms = devices["pcs1"], devices["bms1"]
        self.setpoint = self.pcs.setpoints["power_w"]
        self.base_w, self.pv_w, self.pv_goal_w, self.storage_w = 25000, 60000, 60000, 0
        self.soc_mws = self.soc_least_mws = CAPACITY_MWS * 6 / 10
        self.cap_w = self.station.circuit_cap_w[self.station.root]
        self.limited_from = self.limited_to = -1
        self.limit_is_due = False
        self.over_w = self.could_w = self.pressed = self.deaf = self.limits = 0
        self.charged_kws = self.decided = self.over_ws = 0

    async def run(self):
        number = 0
        while True:
            await sleep_ms(STEP_MS)
            number += 1
            self.events(number)
            self.move(number)
            self.count(number)
            self.wires(number, ticks_ms())

    def events(self, number):
        if number % DEAF_EVERY == 0:
            self.deaf += 1
            self.guns[draw.below(len(self.guns))].is_deaf = True
        elif number % DEAF_EVERY == DEAF_FOR:
            for gun in self.guns:
                gun.is_deaf = False
        # Not while a gun is deaf: no controller can take from it what it holds.
        self.limit_is_due = self.limit_is_due or number % LIMIT_EVERY == 0
        if self.limit_is_due and not any([gun.is_deaf for gun in self.guns]):
            self.limit_is_due = False
            self.limits += 1
            limits = self.running.limits
            tighten(limits, 0, limits.circuits.index("grid"), LIMIT_W, LIMIT_FOR // SECOND, ticks_ms())
            self.limited_from, self.limited_to = number + ABOVE_MS // STEP_MS, number + LIMIT_FOR - SECOND
        self.broker.go(number % AWAY_EVERY < AWAY_EVERY - AWAY_FOR)

    def move(self, number):
        self.base_w = max(20000, min(45000, self.base_w + draw.below(401) - 200))
        if number % (120 * SECOND) == 0:
            self.pv_goal_w = draw.below(RATED_PV_W * 9 // 10)
        self.pv_w += max(-1500, min(1500, self.pv_goal_w - self.pv_w))
        for gun in self.guns:
            gun.step(number)
            self.charged_kws += gun.power_w // 10000
        wish_w = self.setpoint.held if self.setpoint.held_known else 0
        self.storage_w = max(-PCS_W, min(PCS_W, wish_w))
        self.soc_mws = max(0, min(CAPACITY_MWS, self.soc_mws + self.storage_w / 1e7))
        self.soc_least_mws = min(self.soc_least_mws, self.soc_mws)

    def grid_w(self):
        return self.base_w + sum([gun.power_w for gun in self.guns]) + self.storage_w - self.pv_w

    def soc_permille(self):
        return int(1000 * self.soc_mws / CAPACITY_MWS)

    def count(self, number):
        cap_w = self.cap_w
        if self.limited_from <= number < self.limited_to:
            cap_w = min(cap_w, LIMIT_W)
        grid_w = self.grid_w()
        if grid_w > cap_w:
            self.over_w = max(self.over_w, grid_w - cap_w)
            self.over_ws += (grid_w - cap_w) * STEP_MS // 1000
        self.pressed += grid_w > cap_w * 9 // 10
        for gun in self.guns:
            self.decided = (self.decided * 31 + gun.limit.wanted) & 0xFFFFFF
        self.decided = (self.decided * 31 + self.setpoint.wanted) & 0xFFFFFF
        could_w = self.base_w + sum([gun.could_w for gun in self.guns]) - self.pv_w
        if self.soc_permille() > RESERVE_PERMILLE:
            could_w -= SUPPORT_W
        self.could_w = max(self.could_w, could_w - cap_w)

    def wires(self, number, now_ms):
        for gun in self.guns:
            gun.acknowledge(now_ms)
        for raises in (False, True):
            for gun in self.guns:
                gun.write(raises)
        if self.setpoint.has_want:
            self.setpoint.acknowledged(self.setpoint.wanted, now_ms)
        if number % BLIND_EVERY >= BLIND_FOR:
            self.meter.answered(now_ms, 12)
            self.meter.readings["power_w"].good(self.grid_w(), now_ms)
        if number % (POLL_MS // STEP_MS) == 0:
            for gun in self.guns:
                gun.read(now_ms)
            self.put(self.pv, now_ms, power_w=self.pv_w)
            self.put(self.pcs, now_ms, power_w=self.storage_w)
            soc_permille = self.soc_permille()
            self.put(self.bms, now_ms, soc_permille=soc_permille, charge_max_w=PCS_W, discharge_max_w=PCS_W)

    def put(self, device, now_ms, **values):
        device.answered(now_ms, 8)
        for name in values:
            device.readings[name].good(values[name], now_ms)


async def live(running, plant, found):
    """Until CYCLES have been decided; the heap is looked at SAMPLES times."""
    running.supervisor.start_tasks()
    asyncio.create_task(plant.run())
    cycle = running.cycle
    while cycle.count < CYCLES:
        until = cycle.count + max(1, CYCLES // SAMPLES)
        while cycle.count < until:
            await sleep_ms(1000)
            running.supervisor.check(ticks_ms())
            found["stalled"] += running.supervisor.stalled != ""
        gc.collect()
        found["heap"].append(gc.mem_alloc())


def main():
    flash = Flash(sys.argv[4], ("station.json", "station.checked")) if len(sys.argv) > 4 else None
    broker = Broker()
    app_mqtt.build_client = lambda *_: broker
    running = start.station()
    tasks = running.supervisor.tasks
    tasks[:] = [each for each in tasks if not each.name.startswith("bus ") and each.name not in ("console", "mqtt")]
    plant, found = Plant(running, broker), {"heap": [], "stalled": 0}
    asyncio.run(live(running, plant, found))
    cycle, station = running.cycle, running.station
    found.update(
        cycles=cycle.count, missed=cycle.missed, late_max_ms=cycle.late_max_ms, breaches=station.invariant_breaches,
        forced=station.forced_cycles, over_w=plant.over_w, over_ws=plant.over_ws, could_w=plant.could_w,
        pressed=plant.pressed, soc_least_permille=int(1000 * plant.soc_least_mws / CAPACITY_MWS),
        deaf=plant.deaf, limits=plant.limits, decided=plant.decided, charged_kwh=plant.charged_kws // 3600,
        alarms=running.alarms.seq, messages=broker.messages, journal=broker.journal, gaps=broker.gaps, lost=broker.lost,
        wraps=(Time.now_ms - Time.base_ms + START) // PERIOD, tasks=[each.name for each in tasks],
        errors=[each.name + ": " + each.last_error for each in tasks if each.restarts],
    )  # fmt: skip
    if flash is not None:
        found["flash"] = flash.used()
    print(json.dumps(found))


main()
