# runs on: cpython, micropython
"""Decoders of the batteries, chargers and the power cabinet, and DL/T 645 frames, with the heap locked: one allocation
is a MemoryError. (CPython has no lock; there it only runs.)"""

from drivers.dlt645 import READ, Dlt645Framer
from drivers.plan import Plan
from tests.drivers.stations import device
from tests.drivers.test_dlt645 import answer
from tests.heap import heap_lock, heap_unlock

PROFILES = (
    "gold_bcu", "pylontech_m2", "byd_c130", "sinexcel_pws_54", "pcs_0x60", "keba_p30", "abb_terra_ac", "xj_dual",
    "ambibox", "sigenergy_evdc", "wallbox_quasar", "power_cabinet", "dlt645_meter",
)  # fmt: skip


def test_decoding_an_answer_allocates_nothing():
    for profile in PROFILES:
        for block in Plan(device(profile), 16).blocks:
            for data in (b"\x00\x07" * block.count, b"\x00\x00" * block.count, b"\x40\x03" * block.count):
                block.replied(data, 0, 5, 5)  # what only a bad sample needs is made with the first one
                for field, reading in zip(block.fields, block.readings):
                    heap_lock()
                    try:
                        field.store(reading, data, 0, 6)
                    finally:
                        heap_unlock()


def test_taking_a_meter_frame_allocates_nothing():
    framer = Dlt645Framer({"meter": "000000000001"})
    framer.request_read("meter", 1, READ, 0x00010000, 4)
    frame = b"\x68\x00\x16" + answer(b"\x67\x45\x23\x01")
    for i, byte in enumerate(frame):
        framer.rx[i] = byte
    heap_lock()
    try:
        at = framer.take(len(frame))
    finally:
        heap_unlock()
    assert at == len(frame) - 6
