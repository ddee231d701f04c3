# runs on: cpython, micropython
"""Profiles from JSON files: the same as the built-in tables, and every feature of a table."""

from drivers.command import NOTHING
from drivers.custom_file import profile
from drivers.device import Device
from drivers.output import IF_ZERO
from drivers.plan import Plan
from drivers.profiles import registry
from drivers.reading import GOOD
from tests.drivers.stations import params
from tests.drivers.tables import answer

FOLDER = __file__.rsplit("/tests/", 1)[0] + "/tools/stations/profiles/"
SAME = ("acrel_dtsd1352", "foxess_evc")


def pair(name, **others):
    """The device with the built-in profile, and with the same one from its file."""
    given = params(name, **others)
    file = registry.load("custom:" + name, FOLDER + name + ".json")
    return Device(given, registry.load(name)), Device(given, file)


def content(reading):
    return reading.value, reading.at_ms, reading.quality, reading.why, reading.found


def draw(state):
    """The next of a row of numbers that is the same on both runtimes."""
    return (state * 1103515245 + 12345) & 0x7FFFFFFF


def test_the_readings_are_the_same_whatever_the_registers_hold():
    seed, good = 1, 0
    for name in SAME:
        left, right = pair(name)
        plans = Plan(left, 16), Plan(right, 16)
        shapes = [[(b.function, b.register, b.count, b.slow, b.period_ms) for b in plan.blocks] for plan in plans]
        assert shapes[0] == shapes[1] and shapes[0]
        for turn in range(150):
            registers = {}
            for block in plans[0].blocks:
                for register in range(block.register, block.register + block.count):
                    seed = draw(seed)
                    registers[register] = (seed >> 8) & (0xFFFF, 0xFF, 0x0F)[turn % 3]
            for plan in plans:
                for block in plan.blocks:
                    answer(block, registers, at_ms=1000 * turn)
            for point, reading in left.readings.items():
                assert content(reading) == content(right.readings[point]), (name, turn, point)
                good += reading.quality == GOOD
    assert good > 100, "some of the drawn values must be plausible"


def writes(device):
    """Everything that the device is told: watchdogs, fall-backs, and setpoints for a row of wishes."""
    plan, seen, buffer = Plan(device, 16), [], [0] * 8
    while plan.step() is not None:
        job = plan.step()
        if not job.is_write:
            seen.append(("read", job.function, job.register, job.count))
            answer(job, {})
            continue
        count = job.fill(buffer)
        seen.append((job.function, job.register, buffer[:count]))
        job.replied(b"", 0, 5, 5)
    for watts in (11040, 8000, 4140, 4139, 0, 6900, 999999):
        for command in plan.commands:
            command.setpoint.want(watts)
            while command.urgency(10) != NOTHING:
                count = command.fill(buffer)
                seen.append((command.function, command.register, buffer[:count], command.refresh_ms))
                command.replied(b"", 0, 10, 10)
                seen.append((command.setpoint.held, command.setpoint.upper))
    return seen


def test_the_writes_are_the_same():
    for name in SAME:
        for others in ({}, {"watchdog_s": None}, {"watchdog_s": 300, "phases": 1, "fallback_w": 2000}):
            left, right = pair(name, **others)
            assert writes(left) == writes(right), (name, others)
    left, right = pair("foxess_evc")
    assert len(writes(left)) > 15


def test_what_the_profile_says_of_itself_is_the_same():
    for name in SAME:
        left, right = pair(name)
        for key in ("role", "grade", "beta", "lost_after_ms", "control_poll_ms", "slow_poll_ms", "max_read",
                    "request_gap_ms", "watchdog_range_s", "standby_w"):  # fmt: skip
            assert getattr(left.profile, key) == getattr(right.profile, key), (name, key)


EVERYTHING = {
    "role": "gun", "source": "test", "watchdog_s": None, "registers_per_connector": 100, "extra": ["pump"],
    "fixed_reads": [{"function": 3, "register": 0, "count": 20},
                    {"function": 2, "register": 5, "count": 9, "slow": True}],
    "points": [
        {"name": "state", "function": 3, "register": 0, "type": "u16", "meaning": {"1": 2}},
        {"name": "power_w", "function": 3, "register": 2, "type": "f32_lw", "num": 1000, "low": -99000, "high": 99000,
         "sign": {"register": 1, "mask": 2}, "jump": {"parameter": "max_w", "permille": 500}},
        {"name": "energy_wh", "function": 3, "register": 4, "type": "u64", "den": 10},
        {"name": "soc_permille", "function": 3, "register": 9, "type": "u16",
         "product": {"register": 10, "type": "u16"}, "scale": {"register": 12, "add": -1},
         "absent": [65535], "high": 1000, "offset": -1},
        {"name": "pump", "function": 2, "register": 7, "type": "bit", "slow": True},
    ],
    "outputs": [{
        "name": "limit_w", "function": 16, "register": 50, "type": "s32_lw", "low": -9000, "high": 9000,
        "smallest": 500, "read_sign": {"register": 49, "signs": {"1": 1, "2": -1, "0": 0}},
        "steps": [
            {"function": 6, "register": 48, "value": "phases", "once": True},
            {"function": 6, "register": 49, "value": 1, "when": ["positive"]},
            {"function": 6, "register": 49, "value": 0, "when": ["zero"]},
            {"function": 16, "register": 50, "type": "u32_lw", "value": "magnitude", "when": ["positive", "negative"]},
        ],
    }],
    "start": {"reading": "state", "unless_mask": 2, "register": 40, "value": 7},
}  # fmt: skip


def test_every_feature_of_a_table_can_be_written():
    dev = Device(params("foxess_evc", connector=2, max_w=99000), profile("custom:all", EVERYTHING))
    plan = Plan(dev, 16)
    assert [(b.function, b.register, b.count, b.slow) for b in plan.blocks] == [(3, 200, 20, False), (2, 205, 9, True)]
    registers = {200: 1, 201: 2, 202: 0x70A4, 203: 0x4145, 207: 12345, 209: 51, 210: 12, 212: 1}
    for block in plan.blocks:
        answer(block, registers, bits=(207,))
    found = {name: reading.value for name, reading in dev.readings.items() if reading.quality == GOOD}
    assert found == {"state": 2, "power_w": -12340, "energy_wh": 1235, "soc_permille": 600, "pump": 1}
    registers[210] = 0xFFFF
    answer(plan.blocks[0], registers)
    assert dev.readings["soc_permille"].quality != GOOD
    read_back = plan.read_backs[0]
    assert (read_back.function, read_back.register, read_back.count) == (3, 249, 3)
    answer(read_back, {249: 2, 250: 3000, 251: 0})
    assert dev.setpoints["limit_w"].held == -3000
    output = dev.profile.outputs[0]
    assert output.to_raw(dev, 499) == 0 and output.steps[2].when == IF_ZERO and output.steps[0].once
    assert dev.profile.start(dev) is None
    registers[200] = 9
    answer(plan.blocks[0], registers)
    assert dev.profile.start(dev) is None, "an unknown state starts nothing"


def test_a_start_is_written_only_while_its_bits_are_clear():
    dev = Device(params("foxess_evc"), profile("custom:all", EVERYTHING))
    for value, action in ((2, None), (4, (40, 7))):
        dev.readings["state"].good(value, 0)
        assert dev.profile.start(dev) == action
