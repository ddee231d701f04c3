# runs on: cpython, micropython
"""Points and setpoints of batteries, converters, chargers and the power cabinet, against register contents worked out
by hand from the vendors' maps."""

from drivers.plan import Plan
from drivers.profiles.power_cabinet import module
from drivers.reading import GOOD
from tests.drivers.stations import device


def read(dev, function, registers, discrete=()):
    """Readings after every block of the device was answered out of `registers` {address: word}."""
    for reading in dev.readings.values():
        reading.at_ms = None  # no sample before this one
    for block in Plan(dev, 40).blocks:
        if block.function == 2:
            data = bytearray(-(-block.count // 8))
            for number in discrete:
                data[(number - block.register) >> 3] |= 1 << ((number - block.register) & 7)
            data = bytes(data)
        else:
            data = b""
            for register in range(block.register, block.register + block.count):
                word = registers.get(register, 0) & 0xFFFF if block.function == function else 0
                data += bytes((word >> 8, word & 0xFF))
        block.replied(b"xyz" + data, 3, 1000, 1005)
    return {name: (r.value if r.quality == GOOD else None) for name, r in dev.readings.items()}


def written(dev, value, name="limit_w"):
    """[(function, register, words)] that a device is sent for a value, until its answers acknowledge it."""
    command = [c for c in Plan(dev, 40).commands if c.output.name == name][0]
    command.setpoint.want(value)
    result = []
    while command.urgency(1000) and len(result) < 10:
        words = [0] * 8
        count = command.fill(words)
        result.append((command.function, command.register, words[:count]))
        command.replied(b"", 0, 1000, 1005)
    assert command.setpoint.held == value
    return result


def shape(dev):
    return [(b.function, b.register, b.count) for b in Plan(dev, 40).blocks]


# -- batteries --
def test_gold_multiplies_its_current_limits_by_its_voltage_and_heeds_what_is_forbidden():
    dev = device("gold_bcu")
    registers = {1: 7680, 2: 16000 - 500, 3: 61, 4: 99, 59: 1500, 60: 2000, 61: 0}
    got = read(dev, 4, registers)
    assert (got["soc_permille"], got["charge_max_w"], got["discharge_max_w"]) == (610, 115200, 153600)
    assert got["alarm"] == 0 and got["emergency_stop"] is None
    registers[61] = 1
    got = read(dev, 4, registers)
    assert (got["charge_max_w"], got["discharge_max_w"]) == (0, 153600)
    registers[61] = 2
    got = read(dev, 4, registers)
    assert (got["charge_max_w"], got["discharge_max_w"]) == (115200, 0)
    assert read(dev, 4, {1: 0xFFFF, 59: 0xFFFF, 3: 101})["soc_permille"] is None
    assert shape(dev) == [(4, 1, 64), (2, 1, 58)], "the two frames that are known to work"


def test_gold_has_three_levels_of_alarms_in_bits():
    levels = ((1, 1), (2, 2), (3, 3), (4, 1), (16, 1), (17, 2), (18, 3), (45, 3), (46, 2), (56, 2), (57, 3), (58, 3))
    for number, level in levels:
        assert read(device("gold_bcu"), 4, {}, discrete=(number,))["alarm"] == level, number
    assert read(device("gold_bcu"), 4, {}, discrete=(1, 17, 46))["alarm"] == 2


def test_pylontech_limits_alarms_and_emergency_stop():
    dev = device("pylontech_m2")
    registers = {0x1103: 7680, 0x1107: 55, 0x110B: 15000, 0x110D: 0xFFFF, 0x110E: 0x10000 - 20000}
    got = read(dev, 3, registers)
    assert got == {
        "soc_permille": 550, "charge_max_w": 115200, "discharge_max_w": 153600, "alarm": 0, "emergency_stop": 0,
    }  # fmt: skip
    for register, bits, level in ((0x1102, 1, 1), (0x1101, 1 << 5, 3), (0x1132, 1 << 12, 3)):
        changed = dict(registers)
        changed[register] = bits
        got = read(dev, 3, changed)
        assert (got["alarm"], got["emergency_stop"]) == (level, 0), register
    registers[0x1132], registers[0x1138] = 1 << 13, 0xAA
    got = read(dev, 3, registers)
    assert (got["alarm"], got["emergency_stop"], got["charge_max_w"]) == (3, 1, 0)
    registers[0x110A] = 0x8000
    registers[0x1138] = 0
    assert read(dev, 3, registers)["charge_max_w"] is None


def test_byd_limits_alarms_and_contactor():
    dev = device("byd_c130")
    registers = {0x2100: 7680, 0x2103: 48, 0x216C: 1500, 0x216D: 2000}
    got = read(dev, 3, registers)
    assert (got["soc_permille"], got["charge_max_w"], got["discharge_max_w"], got["alarm"]) == (480, 115200, 153600, 0)
    for register, level in ((0x2140, 1), (0x2141, 2), (0x2143, 3), (0x2144, 3)):
        registers[register] = 1 << 4
        assert read(dev, 3, registers)["alarm"] == level
    assert written(dev, 1, "contactor") == [(6, 0x2010, [1])]
    output = dev.profile.outputs[0]
    assert [output.get(dev, bytes((0, raw)), 0) for raw in range(6)] == [0, 1, 1, 1, None, None]


# -- power conversion --
def test_the_sinexcel_of_the_54_map_has_an_offset_of_1200_kw():
    dev = device("sinexcel_pws_54")
    assert read(dev, 4, {54221: 12000 + 500})["power_w"] == -50000, "+ discharges on the wire"
    assert read(dev, 4, {54221: 12000 - 500})["power_w"] == 50000
    assert read(dev, 4, {54221: 0})["power_w"] is None, "-1200 kW from 200 kW"
    assert written(dev, 50000, "power_w") == [(6, 53622, [0x10000 - 500])]
    status = {53010: 1}
    assert read(dev, 3, status)["status"] == 1 and dev.profile.start(dev) is None
    assert read(dev, 3, {53010: 4})["status"] == 4 and dev.profile.start(dev) == (53900, 1)
    assert read(dev, 3, {53010: 4, 53007: 2})["status"] == 0x10004 and dev.profile.start(dev) is None


def test_the_100_kw_converter_counts_charging_as_plus():
    dev = device("pcs_0x60")
    got = read(dev, 3, {0x6039: 0x10000 - 400, 0x6057: 1})
    assert got == {"power_w": -40000, "status": 1} and dev.profile.start(dev) is None
    assert written(dev, 40099, "power_w") == [(6, 0x0D57, [400])]
    assert written(device("pcs_0x60"), -40001, "power_w") == [(6, 0x0D57, [0x10000 - 401])], "towards less import"
    assert read(dev, 3, {0x6057: 0})["status"] == 0 and dev.profile.start(dev) == (0x0291, 1)
    assert read(dev, 3, {0x6057: 1 << 6})["status"] == 64 and dev.profile.start(dev) is None


# -- chargers --
def test_keba_is_read_value_by_value_in_milliwatts_and_tenths_of_watt_hours():
    dev = device("keba_p30")
    got = read(dev, 3, {1001: 3, 1020: 0x00A8, 1021: 0x7540, 1503: 12345})
    assert got == {"state": 2, "power_w": 11040, "energy_wh": 1235, "soc_permille": None}
    assert [read(dev, 3, {1001: s})["state"] for s in range(7)] == [5, 0, 1, 2, 4, 3, None]
    assert all(count == 2 for _, _, count in shape(dev))
    assert written(dev, 11040) == [(6, 5004, [16000])]
    assert written(device("keba_p30"), 4139) == [(6, 5004, [0])] and written(device("keba_p30"), 4140)[0][2] == [6000]
    arms = [(a.register, a.value) for a in Plan(dev, 16).steps]
    assert arms == [(5014, 1), (5016, 6000), (5018, 30)]
    assert dev.profile.request_gap_ms == 500 and dev.profile.write_gap_ms == 5000


def test_the_state_of_abb_is_the_third_of_four_bytes_without_its_highest_bit():
    dev = device("abb_terra_ac")
    states = []
    seen = [(raw, 0, 0) for raw in range(5)] + [(5, 0x0101, 0), (5, 1, 0), (6, 0, 0), (4, 0, 7)]
    for raw, socket, error in seen:
        states.append(read(dev, 3, {0x4009: error, 0x400B: socket, 0x400D: (raw | 0x80) << 8 | 0x55})["state"])
    assert states == [0, 1, 1, 3, 2, 3, 0, None, 4]
    got = read(dev, 3, {0x400D: 0x0400, 0x401D: 11040, 0x401E: 1, 0x401F: 2})
    assert (got["power_w"], got["energy_wh"]) == (11040, 65538)
    assert written(dev, 22080) == [(16, 0x4100, [0, 32000])]
    assert written(device("abb_terra_ac", phases=1), 7360) == [(16, 0x4100, [0, 32000])]


def test_xj_gives_each_gun_its_own_hundred_and_takes_nothing():
    dev = device("xj_dual")
    base = 0x2100
    registers = {base: 3, base + 0xA: 1, base + 0xB: 1, base + 0xF: 57000, base + 0x12: 43}
    assert read(dev, 3, registers) == {"state": 2, "power_w": 60000, "energy_wh": 65537, "soc_permille": 430}
    assert [read(dev, 3, {base: s})["state"] for s in range(7)] == [0, 0, 0, 2, 4, 4, None]
    assert Plan(dev, 16).commands == () and dev.setpoints["limit_w"].upper == 120000
    assert not dev.setpoints["limit_w"].held_known


def test_ambibox_charges_with_a_negative_target_and_has_two_bases():
    dev = device("ambibox", connector=2)
    registers = {4218: 0xFFFF, 4219: 0x10000 - 5000, 4254: 0x422C, 4255: 0x6666, 4283: 5, 4285: 1, 4298: 0x44FA}
    got = read(dev, 4, registers)  # 43.1 % and 2000.0 Wh as floats
    assert got == {"state": 2, "power_w": 5000, "energy_wh": 2000, "soc_permille": 431}
    states = [read(dev, 4, {4283: s, 4285: 1})["state"] for s in range(11)]
    assert states == [1, 1, 1, 1, 1, 2, 3, 3, 3, 4, None]
    assert read(dev, 4, {4283: 8})["state"] == 0 and read(dev, 4, {4283: 9})["state"] == 4
    assert read(dev, 4, {4254: 0x7FC0, 4298: 0x7FC0})["soc_permille"] is None, "not a number"
    assert written(dev, 5000) == [(16, 3100, [0xFFFF, 0x10000 - 5000])]
    assert written(device("ambibox"), -5000) == [(16, 3000, [0, 5000])]
    output = dev.profile.outputs[0]
    assert output.to_value(dev, output.get(dev, b"\xff\xff\xec\x78", 0)) == 5000


def test_sigenergy_is_stopped_and_never_sent_less_than_500_w():
    dev = device("sigenergy_evdc")
    registers = {31502: 0xFFFF, 31503: 0x10000 - 6000, 31504: 431, 31506: 200, 31513: 8}
    got = read(dev, 4, registers)
    assert got == {"state": 2, "power_w": -6000, "energy_wh": 2000, "soc_permille": 431}
    states = [read(dev, 4, {31513: s})["state"] for s in range(12)]
    assert states == [0, 1, 1, 2, 4, 3, 3, 5, 2, 4, 1, None]
    assert written(dev, 8000) == [(16, 41002, [0, 8000]), (6, 41000, [0])]
    assert written(dev, -6000) == [(16, 41004, [0, 6000]), (6, 41000, [0])]
    for small in (0, 499, -499):
        assert written(device("sigenergy_evdc"), small) == [(6, 41000, [1])], small
    assert written(device("sigenergy_evdc"), 500) == [(16, 41002, [0, 500]), (6, 41000, [0])]
    assert dev.profile.request_gap_ms == 1000


def test_quasar_is_put_under_control_and_started_when_there_is_power_for_it():
    dev = device("wallbox_quasar")
    got = read(dev, 3, {526: 0x10000 - 3000, 537: 11, 538: 43})
    assert got == {"state": 2, "power_w": -3000, "energy_wh": None, "soc_permille": 430}
    states = [read(dev, 3, {537: s})["state"] for s in range(13)]
    assert states == [0, 2, 1, 3, 3, 3, 5, 4, 3, 3, 3, 2, None]
    assert read(dev, 3, {538: 0})["soc_permille"] is None and read(dev, 3, {538: 1})["soc_permille"] is None
    assert [(a.register, a.value) for a in Plan(dev, 16).steps[1:]] == [(81, 1), (82, 0), (83, 1), (88, 60)]
    assert written(dev, -3000) == [(6, 260, [0x10000 - 3000])]
    read(dev, 3, {537: 4})
    assert dev.profile.start(dev) == (257, 1)
    dev.setpoints["limit_w"].want(0)
    assert dev.profile.start(dev) is None
    dev.setpoints["limit_w"].want(3000)
    for state in (0, 1, 6, 7, 11):
        read(dev, 3, {537: state})
        assert dev.profile.start(dev) is None, state


def test_the_pile_is_started_stopped_and_turned_round_by_commands():
    dev = device("cn_pile_v2")
    assert written(dev, 1, "run") == [(6, 0x3000, [0x01AA])]
    assert written(dev, 2, "run") == [(6, 0x3000, [0x02AA])]
    assert written(dev, 0, "run") == [(6, 0x3000, [0x0255])], "what was started last is stopped"
    assert written(device("cn_pile_v2"), 0, "run") == [(6, 0x3000, [0x0155])]
    assert dev.profile.may_discharge


# -- the power cabinet --
def test_the_cabinet_counts_its_modules_and_keeps_every_one():
    dev = device("power_cabinet")
    registers = {5: 2, 0x10: 1, 0x11: 800, 0x12: 300, 0x13: 355, 0x14: 180, 0x15: 600, 0x16: 0x21, 0x17: 1}
    rows = ((3, 1, 612, 7500, 533, 0), (4, 2, 701, 4000, -100, 16), (2, 0, -50, 0, 0, 0), (5, 0, 250, 0, 0, 128),
            (6, 0, 0, 0, 0, 0), (1, 0, 200, 0, 0, 0))  # fmt: skip
    for number, row in enumerate(rows):
        for offset, word in enumerate(row):
            registers[0x100 + 6 * number + offset] = word
    got = read(dev, 4, registers)
    assert got == {
        "status": 2, "modules": 6, "modules_working": 3, "modules_faulty": 2, "module_hottest_dc": 701, "cooling": 1,
        "pump_permille": 800, "coolant_in_dc": 300, "coolant_out_dc": 355, "pressure_kpa": 180, "flow_dl_min": 600,
        "cooling_faults": 0x21, "cooling_level": 1,
    }  # fmt: skip
    for number, row in enumerate(rows):
        assert module(dev.readings["modules"], number + 1) == row
    assert module(dev.readings["modules"], 20) == (0, 0, 0, 0, 0, 0)
    assert shape(dev) == [(4, 0, 48), (4, 0x100, 120)]


def test_a_cabinet_without_modules_or_measurements_gives_no_numbers():
    dev = device("power_cabinet")
    got = read(dev, 4, {0x12: 0x8000, 0x13: 0x8000, 0x14: 0xFFFF, 0x15: 0xFFFF, 5: 6})
    assert got["modules"] == got["modules_working"] == 0
    for name in ("module_hottest_dc", "coolant_in_dc", "coolant_out_dc", "pressure_kpa", "flow_dl_min", "status"):
        assert got[name] is None, name
