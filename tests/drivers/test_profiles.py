# runs on: cpython, micropython
"""Every point and setpoint of every profile, against register contents worked out by hand from the vendors' maps."""

from drivers.outfit import READINGS
from drivers.plan import Plan
from drivers.profiles import registry
from drivers.reading import ABSENT, GOOD, WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED, WHY_UNKNOWN_CODE
from tests.drivers.stations import PARAMS, device

# A contactor, a direction, heartbeats, and what nobody can command.
OTHER_SETPOINTS = {
    "sunspec_der": ("limit_w", "heartbeat"), "sunspec_der_storage": ("power_w", "heartbeat"),
    "byd_c130": ("contactor",), "cn_pile_v2": ("limit_w", "run"), "xj_dual": (), "huawei_emma": (),
    "huawei_smartlogger": (),
}  # fmt: skip


def image_reply(plan, image, now=1000):
    """Answer every block of `plan` out of `image` {(function, register): word}."""
    for block in plan.blocks:
        data = b""
        for register in range(block.register, block.register + block.count):
            word = image.get((block.function, register), 0) & 0xFFFF
            data += bytes((word >> 8, word & 0xFF))
        block.replied(b"xyz" + data, 3, now, now + 5)


def read(dev, function, registers, max_gap=40):
    for reading in dev.readings.values():
        reading.at_ms = None  # no sample before this one
    plan = Plan(dev, max_gap)
    image_reply(plan, {(function, register): word for register, word in registers.items()})
    return {name: (r.value if r.quality == GOOD else None) for name, r in dev.readings.items()}


def shape(plan):
    return [(b.function, b.register, b.count, b.slow) for b in plan.blocks]


def test_every_profile_says_what_it_is():
    for name, role in registry.ROLES.items():
        profile = registry.load(name)
        assert profile.name == name and profile.role == role and name in PARAMS
        assert profile.grade in ("A", "B", "C", "D") and profile.source
        assert all(point.name in READINGS[role] + profile.extra for point in profile.points)
        wanted = {"pv": ("limit_w",), "pcs": ("power_w",), "gun": ("limit_w",)}.get(role, ())
        assert tuple(o.name for o in profile.outputs) == OTHER_SETPOINTS.get(name, wanted)
        assert profile.beta == (profile.grade in ("C", "D"))


def test_an_unknown_profile_is_refused_by_name():
    try:
        registry.load("acrel")
    except ValueError as error:
        assert "acrel" in str(error) and "acrel_dtsd1352" in str(error)
    else:
        raise AssertionError("loaded")


def test_a_device_without_a_needed_parameter_is_refused():
    needs = (("acrel_dtsd1352", "ct_ratio"), ("alpitronic_hyc", "connector"), ("sinexcel_pws2", "rated_w"))
    for profile, missing in needs:
        try:
            device(profile, **{missing: None})
        except ValueError as error:
            assert missing in str(error) and profile in str(error)
        else:
            raise AssertionError(missing)
    try:
        device("foxess_evc", role="pv")
    except ValueError as error:
        assert "role" in str(error)
    else:
        raise AssertionError("role")


def test_the_meter_multiplies_by_its_transformers():
    dev = device("acrel_dtsd1352")
    got = read(dev, 3, {0x16A: 0, 0x16B: 2500, 0x0A: 0, 0x0B: 1234, 0x14: 0, 0x15: 7}, max_gap=16)
    assert got == {"power_w": 400000, "import_wh": 1234 * 10 * 160, "export_wh": 7 * 10 * 160}
    assert read(dev, 3, {0x16A: 0xFFFF, 0x16B: 0x10000 - 250}, 16)["power_w"] == -40000
    assert read(device("acrel_dtsd1352", ct_ratio=2, pt_ratio=100), 3, {0x16B: 10}, 16)["power_w"] == 2000
    assert shape(Plan(dev, 16)) == [(3, 0x16A, 2, False), (3, 0x0A, 12, True)]


def test_a_meter_value_beyond_any_station_is_absent_and_says_why():
    dev = device("acrel_dtsd1352")
    read(dev, 3, {0x16B: 2500}, 16)
    for high, low in ((0x7FFF, 0xFFFF), (0x8000, 0), (0x0002, 0x0000)):
        read(dev, 3, {0x16A: high, 0x16B: low}, 16)
        reading = dev.readings["power_w"]
        assert reading.quality == ABSENT and reading.why == WHY_IMPLAUSIBLE
        assert reading.value == 400000, "the last good value stays"


def test_a_counter_of_years_is_read_whole():
    dev = device("acrel_dtsd1352")
    assert read(dev, 3, {0x0A: 0x1234, 0x0B: 0x5678}, 16)["import_wh"] == 0x12345678 * 1600


def test_the_battery_gives_soc_limits_and_alarms():
    dev = device("bcu_generic")
    registers = {0x12: 0, 0x13: 0, 0x14: 0, 0x44: 0, 0x227: 613, 0x270: 2000, 0x271: 1505}
    got = read(dev, 3, registers)
    assert got == {
        "soc_permille": 613, "charge_max_w": 200000, "discharge_max_w": 150500, "alarm": 0, "emergency_stop": 0,
    }  # fmt: skip
    registers.update({0x14: 1 << 3, 0x44: 1 << 8})
    assert (read(dev, 3, registers)["alarm"], read(dev, 3, registers)["emergency_stop"]) == (1, 0)
    registers.update({0x13: 1, 0x44: 1 << 9})
    assert (read(dev, 3, registers)["alarm"], read(dev, 3, registers)["emergency_stop"]) == (2, 1)
    registers.update({0x12: 1 << 15})
    assert read(dev, 3, registers)["alarm"] == 3
    registers.update({0x227: 1001, 0x270: 0xFFFF})
    assert read(dev, 3, registers)["soc_permille"] is None and read(dev, 3, registers)["charge_max_w"] is None


def test_the_pcs_counts_charging_as_plus():
    dev = device("sinexcel_pws2")
    assert read(dev, 3, {122: 0x10000 - 5000, 32: 0x0C}) == {"power_w": 50000, "status": 0x0C}  # -50.00 kW: charging
    assert read(dev, 3, {122: 20000})["power_w"] == -200000
    assert read(dev, 3, {122: 0x8000})["power_w"] is None


def test_the_alpitronic_connector_has_its_own_hundred():
    dev = device("alpitronic_hyc")
    base = 200
    registers = {base: 3, base + 7: 512, base + 8: 4310, base + 36: 2, base + 37: 18460, base + 4: 9, base + 5: 9}
    assert read(dev, 4, registers) == {"state": 2, "power_w": 149532, "energy_wh": 5120, "soc_permille": 431}
    assert shape(Plan(dev, 40)) == [(4, 200, 38, False)]
    states = [read(dev, 4, {base: s})["state"] for s in range(13)]
    assert states == [0, 1, 1, 2, 3, 3, 3, 5, 5, 5, 4, 5, None]
    assert dev.readings["state"].why == WHY_UNKNOWN_CODE and dev.readings["state"].found == 12
    assert read(dev, 4, {base: 3, base + 36: 15, base + 37: 0})["power_w"] is None  # 983 kW from a 480 kW gun
    assert dev.profile.standby_w == 1547


def test_the_pile_is_read_in_the_one_way_it_accepts():
    dev = device("cn_pile_v2")
    assert shape(Plan(dev, 16)) == [(3, 0, 13, False)]
    got = read(dev, 3, {2: 2, 4: 43, 5: 1, 6: 7500, 7: 760, 8: 570, 10: 51})
    assert got == {"state": 2, "power_w": 60000, "energy_wh": 5100, "soc_permille": 430}  # 57.0 kW DC at 95 %
    assert read(dev, 3, {2: 2, 5: 1, 7: 0x10000 - 400, 8: 300})["power_w"] == -28500
    states = [read(dev, 3, {2: s, 5: c})["state"] for s, c in ((0, 2), (0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (9, 1))]
    assert states == [0, 1, 1, 2, 3, 4, None]


def test_the_foxess_wallbox():
    dev = device("foxess_evc")
    got = read(dev, 3, {0x1003: 3, 0x100E: 110, 0x1018: 0, 0x1019: 123})
    assert got == {"state": 2, "power_w": 11000, "energy_wh": 12300, "soc_permille": None}
    assert dev.readings["soc_permille"].why == WHY_NOT_IMPLEMENTED
    states = [read(dev, 3, {0x1003: s})["state"] for s in range(8)]
    assert states == [0, 1, 1, 2, 3, 3, 4, None]


def test_the_heidelberg_wallbox():
    dev = device("heidelberg_ec")
    got = read(dev, 4, {5: 7, 14: 11000, 17: 1, 18: 2}, max_gap=16)
    assert (got["state"], got["power_w"], got["energy_wh"]) == (2, 11000, 65538)
    states = [read(dev, 4, {5: s}, 16)["state"] for s in range(2, 12)]
    assert states == [0, 0, 1, 1, 3, 2, 2, 4, 5, 4]
    assert shape(Plan(dev, 16)) == [(4, 5, 10, False), (4, 17, 2, True)]


def encoded(dev, value, facts=None):
    if facts:
        dev.facts.update(facts)
    output = dev.profile.outputs[0]
    buffer = [0] * 8
    count = output.put(dev, output.to_raw(dev, value), buffer)
    return buffer[:count]


def test_setpoints_become_registers():
    assert encoded(device("alpitronic_hyc"), 150000) == [2, 0x49F0]
    assert encoded(device("alpitronic_hyc"), 0) == [0, 0]
    assert encoded(device("cn_pile_v2"), 60000) == [600]
    assert encoded(device("cn_pile_v2"), 59999) == [599], "a limit is rounded down"
    assert encoded(device("sinexcel_pws2"), 50000) == [-500 & 0xFFFF]
    assert encoded(device("sinexcel_pws2"), -50000) == [500]
    assert encoded(device("sinexcel_pws2"), -50001) == [501], "towards less import"
    assert encoded(device("sinexcel_pws2"), 50099) == [-500 & 0xFFFF]


def test_ac_limits_become_amperes_per_phase_and_pause_below_six():
    for profile in ("foxess_evc", "heidelberg_ec"):
        assert encoded(device(profile), 11040) == [160]
        assert encoded(device(profile), 4140) == [60]
        assert encoded(device(profile), 4139) == [0]
        assert encoded(device(profile), 8000) == [115]
        assert encoded(device(profile, phases=1), 3680) == [160]


def test_what_is_read_back_is_never_more_than_what_was_asked_for():
    guns = (("alpitronic_hyc", 123457), ("cn_pile_v2", 43219), ("foxess_evc", 9999), ("heidelberg_ec", 4200))
    for profile, ask in guns:
        dev = device(profile)
        output = dev.profile.outputs[0]
        for value in range(ask, ask + 300, 7):
            held = output.to_value(dev, output.to_raw(dev, value))
            assert value - 100 <= held <= value, (profile, value, held)


def test_a_read_back_that_is_no_limit_is_not_taken():
    dev = device("alpitronic_hyc")
    output = dev.profile.outputs[0]
    assert output.get(dev, b"\x00\x02\x49\xf0", 0) == 150000
    assert output.get(dev, b"\xff\xff\xff\xff", 0) is None
    dev = device("sinexcel_pws2")
    output = dev.profile.outputs[0]
    assert output.to_value(dev, output.get(dev, b"\xfe\x0c", 0)) == 50000
    assert output.get(dev, b"\x80\x00", 0) is None


def test_watchdogs_and_fall_backs_are_armed():
    def arms(dev):
        return [(a.register, a.value) for a in Plan(dev, 16).steps if hasattr(a, "value")]

    assert arms(device("foxess_evc")) == [(0x3005, 10), (0x3006, 60)]
    assert arms(device("foxess_evc", watchdog_s=300))[0] == (0x3005, 60)
    assert arms(device("heidelberg_ec")) == [(257, 10000), (262, 60)]
    assert arms(device("sinexcel_pws2")) == [(327, 60)]
    assert arms(device("cn_pile_v2")) == [] and arms(device("heidelberg_ec", watchdog_s=None)) == []


def test_setpoints_are_refreshed_at_a_third_of_the_watchdog():
    assert device("alpitronic_hyc").profile.refresh_ms({"watchdog_s": 10}) == 3333
    assert device("cn_pile_v2").profile.refresh_ms({"watchdog_s": None}) == 10000
    assert device("sunspec_inverter").profile.refresh_ms({}) == 20000


def test_a_stopped_pcs_is_started_and_one_with_a_fault_is_not():
    dev = device("sinexcel_pws2")
    assert dev.profile.start(dev) is None, "unknown status"
    for status, action in ((0x80, (650, 1)), (0x04, None), (0x81, None)):
        dev.readings["status"].good(status, 0)
        assert dev.profile.start(dev) == action
