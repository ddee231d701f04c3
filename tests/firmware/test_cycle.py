# runs on: cpython, micropython
import asyncio

from control import reasons
from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.command_steps import tighten
from tests.firmware.rig import Rig, demo_config
from tests.heap import heap_lock, heap_unlock


def locked_tick(rig):
    heap_lock()
    try:
        rig.cycle.tick(rig.now_ms)
    finally:
        heap_unlock()


def test_from_snapshot_to_commit_nothing_is_allocated():
    rig = Rig()
    for n in range(60):
        rig.answer(pv_w=128000 - 1500 * n)
        rig.now_ms += 200
        locked_tick(rig)
    assert rig.guns[0].setpoints["limit_w"].wanted > 100000
    rig.contacts.levels["ESTOP"] = 0
    rig.now_ms += 200
    locked_tick(rig)
    assert rig.guns[0].setpoints["limit_w"].wanted == 0


def test_the_station_fills_its_cap():
    rig = Rig()
    rig.tick(100)
    assert 385000 < rig.grid.value <= 392000
    assert rig.station.invariant_breaches == 0
    assert rig.station.reason[0] == reasons.CAP_BINDS


def test_nothing_is_wanted_of_a_gun_before_its_limit_is_known():
    rig = Rig()
    rig.now_ms += 200
    rig.cycle.tick(rig.now_ms)
    assert not rig.guns[0].setpoints["limit_w"].has_want


def test_a_reading_without_quality_is_no_value():
    rig = Rig()
    rig.tick(50)
    rig.grid.absent(2)
    for _ in range(20):
        rig.now_ms += 200
        rig.cycle.tick(rig.now_ms)
    assert rig.station.ladder >= 3


def test_the_contact_stops_everything_until_it_is_released_on_site():
    rig = Rig()
    rig.tick(50)
    rig.contacts.levels["ESTOP"] = 0
    rig.tick()
    wanted = [gun.setpoints["limit_w"].wanted for gun in rig.guns]
    assert wanted == [0] * 6
    assert rig.devices["pcs1"].setpoints["power_w"].wanted == 0
    rig.contacts.levels["ESTOP"] = 1
    rig.tick(5)
    assert rig.stop.active
    rig.contacts.levels["RESET"] = 1
    rig.tick(2)
    assert not rig.stop.active


def test_an_unknown_contact_is_a_pressed_one():
    rig = Rig()
    rig.tick(10)
    rig.contacts.levels["ESTOP"] = -1
    rig.tick()
    assert rig.stop.active and rig.stop.source == "contact"


def test_at_the_start_an_unknown_contact_has_a_moment_to_show_itself():
    rig = Rig()
    rig.contacts.levels["ESTOP"] = -1
    for now_ms in (20000, 21400):  # from the first look on: a board takes seconds before it
        rig.stop.poll(now_ms)
        assert not rig.stop.active
    rig.stop.poll(21600)
    assert rig.stop.active


def test_a_latched_stop_outlives_a_restart():
    rig = Rig(latched=True)
    rig.tick(30)
    assert rig.stop.active
    assert [gun.setpoints["limit_w"].wanted for gun in rig.guns] == [0] * 6


def test_the_bms_can_press_the_stop():
    rig = Rig()
    rig.tick(10)
    rig.devices["bms1"].readings["emergency_stop"].good(1, rig.now_ms)
    rig.tick()
    assert rig.stop.active and rig.stop.source == "bms"


def test_a_limit_from_outside_binds_from_the_next_cycle():
    rig = Rig()
    rig.tick(100)
    tighten(rig.limits, 0, 0, 200000, 60, rig.now_ms)
    rig.tick(30)
    assert rig.grid.value <= 200000
    assert rig.station.reason[0] == reasons.LIMIT_IN_FORCE


def test_the_buses_have_a_turn_before_the_cycle_is_recorded():
    rig = Rig()
    rig.tick(50)
    limits = [gun.setpoints["limit_w"] for gun in rig.guns]
    seen = []

    class Box:
        def record(self, dt_ms):
            seen.append("recorded")

        def record_reflex(self, grid_w):
            pass

    async def bus():
        while not seen:
            if not limits[0].wanted:
                seen.append("sent")
            await sleep_ms(0)

    async def main():
        rig.cycle.attach(Box())
        rig.contacts.levels["ESTOP"] = 0
        tasks = [asyncio.create_task(bus()), asyncio.create_task(rig.cycle.run())]
        began_ms = ticks_ms()
        while len(seen) < 2:
            assert ticks_diff(ticks_ms(), began_ms) < 20000
            await sleep_ms(5)
        for task in tasks:
            task.cancel()

    assert limits[0].wanted > 0
    asyncio.run(main())
    assert seen[:2] == ["sent", "recorded"]


def test_lateness_is_counted_by_the_millisecond():
    rig = Rig(demo_config())
    for late_ms in [0] * 98 + [3, 700]:
        rig.cycle._note(late_ms)
        rig.cycle.count += 1
    assert rig.cycle.late_ms_at(500) == 0
    assert rig.cycle.late_ms_at(990) == 3
    assert rig.cycle.late_ms_at(1000) == 255
    assert rig.cycle.late_max_ms == 700
