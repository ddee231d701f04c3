"""Random stations in random situations, drawn alike on both runtimes, and one checksum for each block of them.

    micropython random_stations.py FIRST BLOCKS

prints a line `block checksum` for each block of BLOCK stations. Every number that control holds after every cycle, and
after every reflex, goes into the checksum: inputs, decisions and memory.
"""

import sys
from array import array

from control.reflex import react
from control.station import ABSENT_AGE_MS, NO_LIMIT_W, Station
from control.step import step

BLOCK = 100
CYCLES = 6

_CLASSES = ("guaranteed", "super", "fast", "fast", "slow")
_AGES_MS = (20, 90, 150, 199, 601, 1001, 1501, 3100, 61000, ABSENT_AGE_MS)
_STEPS_MS = (0, 199, 200, 201, 1000, 4000, 12000)


class Draw:
    """A linear congruential generator in integers of 31 bits: no runtime's own random numbers."""

    def __init__(self, seed):
        self.state = (seed * 7919 + 17) & 0xFFFFF

    def below(self, limit):
        """0 .. limit - 1, for a limit up to 2^29."""
        self.state = (self.state * 1021 + 12345) & 0xFFFFF
        number = self.state >> 5
        if limit > 1 << 14:
            self.state = (self.state * 1021 + 12345) & 0xFFFFF
            number = number << 14 | self.state >> 6
        return number % limit

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def one_in(self, count):
        return self.below(count) == 0

    def of(self, choices):
        return choices[self.below(len(choices))]


def config(draw):
    """A station file's dict: up to 9 guns on a tree of up to 4 circuits, with or without phases, PV and storage."""
    circuits = [{"id": "c0", "parent": None, "cap_w": draw.between(60000, 2500000)}]
    for number in range(1, draw.between(1, 4)):
        parent = "c%d" % draw.below(number)
        circuits.append({"id": "c%d" % number, "parent": parent, "cap_w": draw.between(20000, 900000)})
    if draw.one_in(3):
        circuits[-1]["phase_cap_w"] = draw.between(7000, 200000)
    devices = [{"id": "meter", "role": "meter"}]
    for number in range(draw.below(3)):
        devices.append({"id": "pv%d" % number, "role": "pv", "rated_w": draw.between(5000, 400000)})
    if not draw.one_in(3):
        devices.append({"id": "bms", "role": "bms"})
        devices.append({"id": "pcs", "role": "pcs", "rated_w": draw.between(20000, 500000), "bms": "bms"})
    for number in range(draw.between(1, 9)):
        devices.append(_gun(draw, number, circuits))
    return {
        "cycle_ms": draw.of((100, 200, 200, 500)),
        "headroom_permille": draw.below(60),
        "base_load": {"max_w": draw.below(120000), "min_w": -draw.below(20000)},
        "circuits": circuits,
        "devices": devices,
        "storage": {
            "reserve_soc_permille": draw.below(500), "support_w": draw.below(150000), "charge_w": draw.below(100000)
        },
        "class_weights": {"guaranteed": 4, "super": draw.between(1, 5), "fast": draw.between(1, 3), "slow": 1},
    }  # fmt: skip


def _gun(draw, number, circuits):
    min_w = draw.of((1380, 4140, 5000, 30000))
    max_w = min_w + draw.below(draw.of((8000, 180000, 600000)))
    gun = {
        "id": "g%d" % number, "role": "gun", "circuit": draw.of(circuits)["id"], "class": draw.of(_CLASSES),
        "min_w": min_w, "max_w": max_w, "fallback_w": draw.below(max_w + 1),
        "watchdog_s": draw.of((None, 3, 10, 60)), "phases": 3,
    }  # fmt: skip
    if draw.one_in(3):
        gun["phases"], gun["phase"] = 1, draw.of(("L1", "L2", "L3"))
    if draw.one_in(2):
        gun["lag_ms"], gun["ramp_up_w_s"] = draw.below(3000), draw.between(100, 90000)
        gun["ramp_down_w_s"] = draw.between(100, 200000)
    return gun


def station(draw):
    facts = config(draw)
    guns = [device["id"] for device in facts["devices"] if device["role"] == "gun"]
    return Station(facts, {each: draw.of((0, 0, 10, 1000)) for each in guns})


def tell(s, draw):
    """Inputs of one cycle: most of them plausible, some absurd, in ages, signs and order."""
    inputs = s.inputs
    base_w = draw.below(max(1, s.base_max_w))
    sum_w = base_w
    for p in range(s.pvs):
        inputs.pv_w[p], inputs.pv_age_ms[p] = draw.below(200000) - 500, _age_ms(draw)
        sum_w -= inputs.pv_w[p]
    for g in range(s.guns):
        sum_w += _tell_gun(s, g, draw)
    inputs.storage_w = s.storage_setpoint_w if draw.one_in(2) else draw.between(-500000, 500000)
    inputs.storage_age_ms, inputs.bms_age_ms = _age_ms(draw), _age_ms(draw)
    inputs.storage_upper_w = draw.between(-1000, 300000)
    inputs.soc_permille = draw.below(1001)
    inputs.charge_max_w, inputs.discharge_max_w = draw.below(500000), draw.below(500000)
    inputs.grid_age_ms, inputs.grid_is_new = _age_ms(draw), not draw.one_in(4)
    inputs.grid_w = sum_w + inputs.storage_w if not draw.one_in(5) else draw.between(-3000000, 3000000)
    for c in range(s.circuits):
        inputs.circuit_limit_w[c] = NO_LIMIT_W if not draw.one_in(6) else draw.below(500000)
    inputs.storage_wish_w = draw.between(-300000, 300000) if draw.one_in(4) else NO_LIMIT_W
    inputs.quarter_left_ms = -1 if draw.one_in(2) else draw.below(900000)
    inputs.emergency_stop = draw.one_in(25)


def _tell_gun(s, g, draw):
    inputs = s.inputs
    inputs.gun_state[g] = draw.of((0, 1, 2, 2, 2, 2, 3, 4, 5))
    inputs.gun_upper_w[g] = s.grant_w[g] if s.grant_w[g] >= 0 and not draw.one_in(5) else draw.below(s.max_w[g] + 1)
    power_w = draw.between(-300, max(1, inputs.gun_upper_w[g]) + 2000)
    inputs.gun_w[g] = power_w if inputs.gun_state[g] == 2 else draw.below(200)
    inputs.gun_age_ms[g] = _age_ms(draw)
    inputs.gun_held_known[g] = 0 if draw.one_in(12) else 1
    inputs.gun_limit_w[g] = draw.of((-1, 0, 2000, draw.below(s.max_w[g] + 1))) if draw.one_in(5) else s.max_w[g]
    inputs.gun_required_w[g] = draw.below(200000) if draw.one_in(3) else 0
    return inputs.gun_w[g]


def _age_ms(draw):
    return draw.below(250) if not draw.one_in(5) else draw.of(_AGES_MS)


def numbers(thing):
    """Names of its integers and arrays, in an order that both runtimes share."""
    values = thing.__dict__
    return sorted(name for name in values if isinstance(values[name], (int, bool, array)))


def summed(thing, names, total):
    for name in names:
        value = getattr(thing, name)
        if isinstance(value, array):
            for number in value:
                total = _mixed(total, number)
        else:
            total = _mixed(total, int(value))
    return total


def _mixed(total, value):
    return (total * 31 + (value & 0xFFFFFF) + (value >> 24)) & 0xFFFFFF


def checksum(seed, total=0):
    """Of one station, over all its cycles."""
    draw = Draw(seed)
    s = station(draw)
    mine, told = numbers(s), numbers(s.inputs)
    for _ in range(CYCLES):
        tell(s, draw)
        step(s, draw.of(_STEPS_MS))
        total = summed(s, mine, summed(s.inputs, told, total))
        if draw.one_in(3):
            react(s, s.inputs.grid_w + draw.below(60000))
            total = summed(s, mine, total)
    return total


def block(number):
    total = 0
    for seed in range(number * BLOCK, (number + 1) * BLOCK):
        total = checksum(seed, total)
    return total


if __name__ == "__main__":
    for each in range(int(sys.argv[1]), int(sys.argv[1]) + int(sys.argv[2])):
        print(each, block(each))
