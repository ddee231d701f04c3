"""Does the heap of the running station grow on the emulated Pico W? Looked at after a collection, once a minute."""

import pytest

from tools.bench.board import COMMAND_MS, COMMANDS
from tools.bench.board_station import BoardStation

pytestmark = [pytest.mark.emulated]

GUNS, CAP_W = 2, 400000
LOOK_MS, MINUTE_MS = 2100, 60000
GROWTH_BYTES_PER_MIN = 32  # below one small object in a minute


def slope(values):
    """Of the line through the values, per step (least squares)."""
    middle = (len(values) - 1) / 2
    mean = sum(values) / len(values)
    return sum((at - middle) * (value - mean) for at, value in enumerate(values)) / sum(
        (at - middle) ** 2 for at in range(len(values))
    )


def heaps(minutes):
    """What is free and the largest block, once a minute of a station that charges, is asked, and loses its gun line."""
    with BoardStation(GUNS, CAP_W) as rig:
        rig.load()
        rig.charge()
        rig.start()
        for command in COMMANDS:  # what a command brings with it the first time stays: names
            rig.board.type(command.encode() + b"\r")
            rig.run(COMMAND_MS)
        found = []
        for minute in range(minutes):
            rig.board.type(COMMANDS[minute % len(COMMANDS)].encode() + b"\r")
            if minute % 10 == 5:
                rig.lines["gun-line"].dead = True
                rig.run(6000)
                rig.lines["gun-line"].dead = False
            until_ns = rig.board.now_ns + (MINUTE_MS - LOOK_MS) * 1_000_000
            rig.run((until_ns - rig.board.now_ns) / 1e6)
            found.append(rig.heaps(LOOK_MS)[-1])
            print(f"minute {minute + 1} of {minutes}: {found[-1]}", flush=True)
        seen = rig.watch(1000)
        worst_w = rig.worst_w()
    return found, seen, worst_w


@pytest.mark.long
@pytest.mark.timeout(3 * 3600)
def test_half_an_hour_leaves_the_heap_as_it_was(emulator):
    """About fifty minutes on a machine of its own: the emulator runs at half the speed of the board."""
    found, seen, worst_w = heaps(30)
    free = [heap.free for heap in found]
    print(f"free {free}, largest block {[heap.largest for heap in found]}, {slope(free):+.1f} B a minute")
    assert slope(free[1:]) > -GROWTH_BYTES_PER_MIN, free
    assert seen.missed == 0 and worst_w <= CAP_W
    assert min(heap.largest for heap in found) >= 2048, found
