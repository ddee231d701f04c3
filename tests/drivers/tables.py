"""Profiles made up for a test, and the registers that answer them."""

from drivers.device import Device
from drivers.plan import Plan
from drivers.profile import Profile
from drivers.reading import ABSENT


class Table(Profile):
    """A profile with the given attributes."""

    def __init__(self, role="meter", **attributes):
        self.name = "table"
        self.role = role
        for key, value in attributes.items():
            setattr(self, key, value)


def device(table, **params):
    given = {"id": "d", "role": table.role, "bus": "bus", "unit": 1, "max_w": 20000000}
    given.update(params)
    return Device(given, table)


def answer(job, registers, bits=(), at_ms=1000):
    """Answer one read: registers {address: word}; bits: addresses of the coils or inputs that are on."""
    if job.function < 3:
        data = bytearray((job.count + 7) // 8)
        for i in range(job.count):
            if job.register + i in bits:
                data[i >> 3] |= 1 << (i & 7)
    else:
        data = bytearray(2 * job.count)
        for i in range(job.count):
            word = registers.get(job.register + i, 0) & 0xFFFF
            data[2 * i], data[2 * i + 1] = word >> 8, word & 0xFF
    job.replied(b"xyz" + bytes(data), 3, at_ms, at_ms + 5)


def read(dev, registers, bits=(), at_ms=1000, plan=None):
    """{name: value, None when absent} after every block has been read once."""
    for block in (plan or Plan(dev, 40)).blocks:
        answer(block, registers, bits, at_ms)
    return {name: None if r.quality == ABSENT else r.value for name, r in dev.readings.items()}


def blocks(dev, max_gap=40):
    return [(b.function, b.register, b.count, b.slow) for b in Plan(dev, max_gap).blocks]
