# runs on: cpython, micropython
"""Decoding with every feature of a point, with the heap locked: one allocation is a MemoryError. (CPython has no lock;
there it only runs.)"""

from drivers.decode import bit, f32, f32_lw, s16, s32_lw, u16, u32
from drivers.plan import Plan
from drivers.point import Point
from drivers.reading import WHY_REFUSED
from tests.drivers.tables import Table, device
from tests.heap import heap_lock, heap_unlock

POINTS = (
    Point("power_w", 3, 0, f32, num=1000, low=-90000, high=90000),
    Point("power_w", 3, 0, f32_lw, num=1000, den=10, low=-90000, high=90000, sign=(3, 2)),
    Point("power_w", 3, 0, s32_lw, low=-90000, high=90000),
    Point("power_w", 3, 1, u16, product=(2, u16), den=100, offset=-5, high=90000),
    Point("power_w", 3, 1, s16, scale_at=1, low=-90000, high=90000, num=10),
    Point("power_w", 2, 3, bit),
    Point("energy_wh", 3, 0, u32, num=10, den=3),
    Point("state", 3, 1, u16, meaning={1: 2}),
    Point("state", 3, 1, u16, mask=4),
)
CONTENTS = (b"\x41\x45\x70\xa4\x00\x02\x00\x03", b"\x7f\xc0\x00\x00\xff\xfe\xff\xff", b"\x00\x01\x00\x09\0\0\0\0")


def test_storing_allocates_nothing_whatever_the_content():
    for point in POINTS:
        dev = device(Table("gun", points=(point,)), max_w=90000)
        block, reading = Plan(dev, 16).blocks[0], dev.readings[point.name]
        reading.absent(WHY_REFUSED)  # what only a bad sample needs is made with the first one
        reading.suspect(1, 0)
        for at_ms in range(0, 9000, 700):
            for content in CONTENTS:
                heap_lock()
                try:
                    block.fields[0].store(reading, content, 0, at_ms)
                finally:
                    heap_unlock()
