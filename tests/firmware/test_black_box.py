# runs on: cpython, micropython
"""When the box records, freezes, saves and begins anew; and that recording allocates nothing."""

import asyncio
import os
from array import array

from control.station import ABSENT_AGE_MS
from firmware import black_box
from firmware.black_box import BREACH, REQUEST, STOP, BlackBox
from tests.firmware.black_box_station import World
from tests.heap import heap_lock, heap_unlock

FOLDER = "/tmp/black-box-test-%d" % (id(World) & 0xFFFFFF)


def locked(world, cycles):
    for _ in range(cycles):
        world.prepare()
        heap_lock()
        try:
            world.decide()
        finally:
            heap_unlock()


def with_folder(test):
    os.mkdir(FOLDER)
    try:
        test()
    finally:
        for name in os.listdir(FOLDER):
            os.remove(FOLDER + "/" + name)
        os.rmdir(FOLDER)


def test_recording_allocates_nothing_while_the_ring_goes_round():
    world = World(6)
    locked(world, 300)
    first, end = world.box.bounds()
    assert 0 < end < first, (first, end)


def test_recording_allocates_nothing_with_32_guns():
    world = World(32)
    locked(world, 160)
    assert world.box.bounds()[0] > 0


def test_breach_stop_and_extremes_allocate_nothing():
    world = World(6)
    world.run(40)
    world.inputs.grid_age_ms = ABSENT_AGE_MS
    world.inputs.gun_w[0] = -(1 << 29)
    world.inputs.pv_age_ms[0] = (1 << 28) - 1
    heap_lock()
    world.box.record(1 << 20)
    world.inputs.gun_w[0] = (1 << 30) - 1
    world.box.record(0)
    world.inputs.gun_w[0] = -(1 << 30)
    world.box.record(200)
    world.station.invariant_breaches += 1
    world.box.record(200)
    world.inputs.emergency_stop = True
    world.box.record(200)
    heap_unlock()
    assert world.box.cause == BREACH


def test_the_ring_always_begins_with_a_key_and_never_holds_less_than_half():
    world = World(6)
    world.run(150)
    for _ in range(300):
        world.run(1)
        box = world.box
        first, end = box.bounds()
        assert next(box.held())[0] == black_box.KEY
        assert (end - first) % box.size >= box.size // 2, (first, end)


def test_a_ring_too_small_for_one_key_holds_nothing_and_harms_nobody():
    world = World(6, size=256)
    world.run(50)
    assert world.box.cycle == 50
    world.frozen()
    assert world.box.frozen


def test_a_breach_freezes_it_some_cycles_later():
    world = World(6)
    world.run(60)
    world.station.invariant_breaches += 1
    world.run(1)
    assert world.box.cause == BREACH and world.box.event_cycle == 61 and not world.box.frozen
    world.run(14)
    assert not world.box.frozen
    world.run(2)
    assert world.box.frozen
    held = b"".join([bytes(piece) for piece in world.box.held()])
    world.run(20)
    assert b"".join([bytes(piece) for piece in world.box.held()]) == held
    assert world.box.cycle == 97  # cycles are counted on


def test_only_the_first_breach_of_a_series_is_kept():
    world = World(6)
    world.run(60)
    world.station.invariant_breaches += 1
    world.run(30)
    world.box.rearm()
    world.station.invariant_breaches += 1
    world.run(30)
    assert world.box.cause == -1
    assert world.box.trigger(REQUEST)  # but a request is always heard
    world.box.rearm()
    world.box.cycle += 600000 // 200
    world.station.invariant_breaches += 1
    world.run(1)
    assert world.box.cause == BREACH


def test_a_stop_freezes_it_when_it_is_pressed_not_while_it_stays():
    world = World(6)
    world.run(30)
    world.inputs.emergency_stop = True
    world.run(1)
    assert world.box.cause == STOP
    world.run(40)
    world.box.rearm()
    world.run(10)
    assert world.box.cause == -1


def test_a_promise_that_does_not_hold_because_of_a_stop_is_part_of_the_stop():
    world = World(6)
    world.run(30)
    world.inputs.emergency_stop = True
    world.station.invariant_breaches += 1
    world.run(1)
    assert world.box.cause == STOP
    world.run(40)
    world.box.rearm()
    world.station.invariant_breaches += 1
    world.run(5)
    assert world.box.cause == -1


def test_a_stop_that_outlived_a_restart_is_no_event():
    world = World(6)
    world.inputs.emergency_stop = True
    world.run(30)
    assert world.box.cause == -1


def test_one_event_at_a_time():
    world = World(6)
    world.run(30)
    assert world.box.trigger(REQUEST)
    assert not world.box.trigger(STOP)
    assert world.box.cause == REQUEST


def test_a_request_is_a_file_that_vanishes_and_another_that_appears():
    def test():
        world = World(6, folder=FOLDER)
        world.run(30)
        with open(FOLDER + "/black_box.request", "w"):
            pass
        asyncio.run(live(world, 60))
        assert sorted(os.listdir(FOLDER)) == ["black_box_request.bin"]
        assert not world.box.frozen and world.box.cause == -1 and world.box.problem == ""
        kept = world.box.bounds()
        world.run(5)
        assert kept != world.box.bounds()  # it records again

    with_folder(test)


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing():
    world = World(6, folder=FOLDER + "/none")
    world.run(30)
    world.frozen(STOP)
    asyncio.run(live(world, 30))
    assert "not saved" in world.box.problem
    assert not world.box.frozen


async def live(world, cycles):
    """The task of the box beside cycles of 20 ms each."""
    black_box._LOOK_MS, usual_ms = 40, black_box._LOOK_MS
    task = asyncio.create_task(world.box.run())
    for _ in range(cycles):
        world.run(1)
        await asyncio.sleep(0.02)
    for _ in range(200):
        if not world.box.frozen:
            break
        await asyncio.sleep(0.02)
    task.cancel()
    black_box._LOOK_MS = usual_ms


def test_what_control_decides_does_not_depend_on_the_box():
    watched, alone = World(6), World(6)
    alone.box = BlackBox(alone.station, size=256)
    for _ in range(60):
        watched.run(1)
        alone.run(1)
        assert watched.station.grant_w == alone.station.grant_w
        assert isinstance(watched.station.grant_w, array)
