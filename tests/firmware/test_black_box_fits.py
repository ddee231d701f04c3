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


def share(part):
    return (gc.mem_alloc() + gc.mem_free()) // part


def made(left_bytes):
    """The box of a station of 6 guns whose heap has so many bytes left."""
    station = World(6, size=256).station
    filling = leave(left_bytes)
    box = black_box(station, "/tmp", _ABOUT)
    del filling
    return box


def test_with_enough_memory_it_has_the_size_that_the_documentation_states():
    box = made(share(5) + 20000)
    assert box is not None and box.size == 8192
    assert box.about["station"] == "S" and box.about["boots"] == 3


def test_it_is_smaller_where_a_fifth_of_the_heap_would_not_be_left():
    box = made(share(5) + 14000)
    assert box is not None and 4096 < box.size < 8192 and box.size % 256 == 0


def test_the_smallest_takes_of_the_fifth_down_to_an_eighth():
    assert made(share(5) - 2000).size == 4096
    assert made(share(8) + 6000).size == 4096


def test_without_memory_to_spare_it_is_left_out():
    assert made(share(8) + 2500) is None
    assert made(share(8) - 8000) is None
