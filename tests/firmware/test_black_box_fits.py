# runs on: micropython
"""The black box takes only memory that running does not need: all it wants, less, or none."""

import gc

from firmware.extras import black_box
from tests.firmware.black_box_station import World

_ABOUT = {"station": "S", "boots": 3}


def leave(free_bytes):
    """Fill the heap until about so many bytes are free."""
    gc.collect()
    chain = None  # in small pieces: the heap need not be in one
    while gc.mem_free() > free_bytes:
        chain = (bytearray(96), chain)
    return chain


def share():
    return (gc.mem_alloc() + gc.mem_free()) // 8


def made(spare_bytes):
    """The box of a station of 6 guns whose heap has so many bytes beyond what running needs."""
    station = World(6, size=256).station
    filling = leave(share() + spare_bytes)
    box = black_box(station, "/tmp", _ABOUT)
    del filling
    return box


def test_with_enough_memory_it_has_the_size_that_the_documentation_states():
    box = made(12000)
    assert box is not None and box.size == 8192
    assert box.about["station"] == "S" and box.about["boots"] == 3


def test_with_less_it_is_smaller():
    box = made(6000)
    assert box is not None and 4096 <= box.size < 8192 and box.size % 256 == 0


def test_without_memory_to_spare_it_is_left_out():
    assert made(2500) is None
    assert made(-8000) is None
