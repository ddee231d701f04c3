# runs on: cpython, micropython
"""The program is interrupted: guns come down to what they fall back to, then the storage lets go, in bounded time."""

import asyncio
import gc

from drivers.flash_gate import Gate
from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware import safe_stop
from firmware.alarms import Alarms
from firmware.running import Running
from firmware.supervisor import Supervisor
from tests.firmware.rig import Rig

if hasattr(gc, "threshold"):  # as at a start: keeps the heap in one piece
    gc.threshold(8192)
_rigs = []


class World:
    """The demo station, charging; its devices are moved by a task of their own, guns at 20 kW in 10 ms."""

    def __init__(self, deaf=()):
        asyncio.new_event_loop()  # MicroPython's tasks of the test before would go on
        if not _rigs:  # one for all: a board's heap does not hold the check of a station file again and again
            _rigs.append(Rig())
        self.rig, self.deaf = _rigs[0], deaf
        self.rig.cycle.halted = False
        self.fed = []
        self.rows = []  # (sum of the guns, the storage's setpoint)
        self.held_ms, self.moved_ms = 0, None  # for how long at most nothing ran; when devices were moved last
        supervisor = Supervisor(lambda: self.fed.append(1))
        supervisor.add("devices", self.move)
        supervisor.add("cycle", self.rig.cycle.run)
        self.running = Running(
            supervisor, self.rig.station, self.rig.devices, [], self.rig.cycle, None, None, Alarms(1, []), Gate()
        )
        for _ in range(60):
            self.rig.tick()
        now_ms = ticks_ms()
        for gun in self.rig.guns:
            self.set(gun, "limit_w", gun.params["max_w"] * 9 // 10, now_ms)
            gun.readings["power_w"].good(gun.setpoints["limit_w"].held, now_ms)
        self.pcs = self.rig.devices["pcs1"]
        self.set(self.pcs, "power_w", -80000, now_ms)

    def set(self, device, name, value, now_ms):
        device.setpoints[name].want(value)
        device.setpoints[name].acknowledged(value, now_ms)
        device.answered(now_ms, 1)

    async def move(self):
        while True:
            now_ms = ticks_ms()
            if self.moved_ms is not None:
                self.held_ms = max(self.held_ms, ticks_diff(now_ms, self.moved_ms))
            self.moved_ms = now_ms
            for gun in self.rig.guns:
                if gun.id not in self.deaf:
                    gun.answered(now_ms, 1)
                    limit, power = gun.setpoints["limit_w"], gun.readings["power_w"]
                    limit.acknowledged(limit.wanted, now_ms)
                    power.good(max(limit.held, power.value - 20000), now_ms)
            self.pcs.answered(now_ms, 1)
            self.pcs.setpoints["power_w"].acknowledged(self.pcs.setpoints["power_w"].wanted, now_ms)
            guns_w = sum([gun.readings["power_w"].value for gun in self.rig.guns])
            self.rows.append((guns_w, self.pcs.setpoints["power_w"].wanted))
            await sleep_ms(10)

    def bring(self):
        """Seconds it took, and what it gave."""
        since_ms = ticks_ms()
        missing = safe_stop.bring(self.running)
        now_ms = ticks_ms()
        self.held_ms = max(self.held_ms, ticks_diff(now_ms, self.moved_ms))
        return ticks_diff(now_ms, since_ms) / 1000, missing


def brought(prepare=None, deaf=()):
    """(world, seconds, missing) of a world that was brought to its safe state. A machine that stood still meanwhile
    says nothing about us: then it is done again."""
    for _ in range(3):
        world = World(deaf)
        world.running.supervisor.feed = None  # no watchdog
        if prepare is not None:
            prepare(world)
        seconds, missing = world.bring()
        if world.held_ms < 1000 and seconds < 6:
            break
    return world, seconds, missing


def test_guns_fall_back_first_and_only_then_the_storage_lets_go():
    world, seconds, missing = brought()
    started_w = sum([gun.params["max_w"] * 9 // 10 for gun in world.rig.guns])
    assert missing == [] and seconds < 6, (seconds, missing)
    for gun in world.rig.guns:
        assert gun.setpoints["limit_w"].held == min(gun.params["fallback_w"], gun.params["max_w"] * 9 // 10), gun.id
    assert world.pcs.setpoints["power_w"].held == 0
    supported = [guns_w for guns_w, storage_w in world.rows if storage_w]
    alone = [guns_w for guns_w, storage_w in world.rows if not storage_w]
    assert max(supported) > started_w // 2 and supported[-1] < started_w // 4, (started_w, supported)
    assert max(alone) <= supported[-1]


def test_storage_that_charges_stops_at_once():
    world, _, missing = brought(lambda world: world.set(world.pcs, "power_w", 50000, ticks_ms()))
    assert missing == []
    assert world.rows[0][1] == 0


def test_a_pause_is_never_lifted():
    def pause(world):
        world.set(world.rig.guns[1], "limit_w", 0, ticks_ms())
        world.rig.guns[1].readings["power_w"].good(0, ticks_ms())

    world, _, missing = brought(pause)
    assert missing == [] and world.rig.guns[1].setpoints["limit_w"].held == 0


def test_a_gun_that_does_not_answer_is_named_and_holds_nobody_up():
    def silence(world):
        world.rig.devices["gun2"].health.last_good_ms = ticks_ms() - 20000 & 0x3FFFFFFF

    _, seconds, missing = brought(silence, deaf=("gun2",))
    assert missing == ["gun2"] and seconds < 6, (seconds, missing)


def test_control_decides_nothing_any_more():
    counts = []
    world, _, _ = brought(lambda world: counts.append(world.rig.cycle.count))
    assert world.rig.cycle.halted and world.rig.cycle.count == counts[-1]


def test_an_interrupt_inside_a_task_ends_the_program_and_not_the_task():
    runs = []

    async def interrupted():
        runs.append(1)
        if len(runs) == 1:
            raise KeyboardInterrupt
        await sleep_ms(60000)

    supervisor = Supervisor()
    task = supervisor.add("bus", interrupted)
    try:
        asyncio.run(supervisor.run())
    except KeyboardInterrupt:
        assert len(runs) == 2 and task.restarts == 0
        return
    raise AssertionError("went on")
