# runs on: micropython
"""Reading the contacts belongs to the cycle: nothing from the heap while nothing came, a small object a datagram."""

import gc

from micropython import heap_lock, heap_unlock

from tests.boards.test_unix_inputs import Wired


def locked(poll, now_ms):
    heap_lock()
    try:
        poll(now_ms)
    finally:
        heap_unlock()


def test_a_poll_without_a_datagram_allocates_nothing():
    with Wired() as wired:
        poll = wired.inputs.poll
        wired.send(b"ESTOP 1")
        poll(0)
        for now_ms in (10, 500, 5000):
            locked(poll, now_ms)
        assert wired.inputs.level("ESTOP") == -1


def test_a_datagram_costs_less_than_300_bytes():
    with Wired() as wired:
        poll = wired.inputs.poll
        poll(0)
        wired.send(b"ESTOP 1 RESET 0")
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        poll(10)
        used = gc.mem_alloc() - before
        gc.enable()
        assert wired.inputs.level("ESTOP") == 1 and used < 300, used
