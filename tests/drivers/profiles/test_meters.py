# runs on: cpython, micropython
"""Meter profiles against register contents worked out by hand from the vendors' maps."""

from drivers.reading import ABSENT, WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED
from tests.drivers.profiles.replies import read, shape
from tests.drivers.stations import device

ONE = (0x3F80, 0x0000)  # 1.0
MINUS_43210 = (0xC728, 0xCA00)  # -43210.0
KWH_1234_5 = (0x449A, 0x5000)  # 1234.5


def at(register, *pairs):
    """{register: word} of two-register values side by side."""
    flat = [word for pair in pairs for word in pair]
    return {register + i: word for i, word in enumerate(flat)}


def readings(power_w, import_wh, export_wh):
    return {"power_w": power_w, "import_wh": import_wh, "export_wh": export_wh}


def test_sdm630_is_read_at_even_places_by_function_4():
    dev = device("sdm630")
    registers = at(52, MINUS_43210)
    registers.update(at(72, KWH_1234_5, ONE))
    assert read(dev, 4, registers) == readings(-43210, 1234500, 1000)
    assert shape(dev) == [(4, 52, 2, False), (4, 72, 4, True)]
    assert dev.profile.even_reads and dev.profile.max_read == 80


def test_the_three_maps_called_dtsu666_are_kept_apart():
    registers = at(0x2012, MINUS_43210)
    registers.update(at(0x101E, KWH_1234_5))
    registers.update(at(0x1028, ONE))
    assert read(device("dtsu666"), 3, registers) == readings(-4321, 1234500, 1000)  # 0.1 W
    assert read(device("dtsu666_huawei"), 3, registers) == readings(-43210, 1234500, 1000)
    integers = {0x16A: 0xFFFF, 0x16B: 0x10000 - 4321, 0x0B: 123450, 0x0A: 0, 0x15: 7}
    integers[0x0A], integers[0x0B] = 1, 123450 - 65536
    assert read(device("dtsu666_sungrow"), 3, integers) == readings(-4321, 1234500, 70)
    assert device("dtsu666").profile.points is not device("dtsu666_huawei").profile.points


def test_janitza_counts_in_watt_hours():
    registers = at(19026, MINUS_43210)
    registers.update(at(19068, (0x4996, 0xB438)))  # 1234567.0
    registers.update(at(19076, ONE))
    assert read(device("janitza_umg"), 3, registers) == readings(-43210, 1234567, 1)


def test_adl400_primary_side_is_in_kilowatts():
    registers = at(0x081A, (0xC22C, 0xD70A))  # -43.21
    registers.update(at(0x084C, (0, 12345)))
    registers.update(at(0x0856, (1, 0)))
    assert read(device("acrel_adl400"), 3, registers) == readings(-43210, 1234500, 6553600)
    assert device("acrel_adl400").profile.beta


def test_adw300_is_multiplied_by_its_transformers():
    registers = at(36, (0xFFFF, 0x10000 - 432))
    registers.update(at(62, (0, 1234), (0, 68)))
    assert read(device("acrel_adw300"), 3, registers) == readings(-43200, 1234000, 68000)
    try:
        device("acrel_adw300", ct_ratio=None)
    except ValueError as error:
        assert "ct_ratio" in str(error)
    else:
        raise AssertionError("made")


def test_djsf1352_takes_the_decimal_point_from_the_same_read():
    for mantissa, point, power_w in ((4321, 1, 43210), (-4321, 1, -43210), (12345, 0, 12345), (4000, 2, 400000)):
        dev = device("acrel_djsf1352")
        registers = {8: mantissa & 0xFFFF, 9: point, 12: 1, 13: 2, 14: 0, 15: 67800}
        registers.update({14: 1, 15: 2264})
        assert read(dev, 3, registers) == readings(power_w, 65538, 67800)
        assert read(device("acrel_djsf1352_rn6"), 3, registers) == readings(power_w, 6554, 6780), "0.1 Wh"
    assert shape(device("acrel_djsf1352")) == [(3, 8, 2, False), (3, 12, 4, True)]


def test_a_meter_behind_an_inverter_counts_import_as_plus():
    registers = at(37113, (0xFFFF, 0x10000 - 5000), (0, 0), (0, 0), (0, 678), (0, 12345))
    assert read(device("huawei_meter"), 3, registers) == readings(5000, 123450, 6780)
    assert shape(device("huawei_meter")) == [(3, 37113, 10, False)]
    registers = {13009: 5000, 13010: 0, 13036: 0x8000, 13037: 0, 13045: 0, 13046: 1}  # low word first
    assert read(device("sungrow_sh_meter"), 4, registers) == readings(-5000, 3276800, 6553600)


def test_what_is_no_number_and_what_no_station_can_be_is_absent():
    cases = (
        ("sdm630", 4, 52, (0x7FC0, 0), WHY_NOT_IMPLEMENTED),  # NaN
        ("sdm630", 4, 52, (0x7F80, 0), WHY_NOT_IMPLEMENTED),  # infinity
        ("janitza_umg", 3, 19026, (0x7F7F, 0xFFFF), WHY_IMPLAUSIBLE),  # 3.4e38
        ("dtsu666", 3, 0x2012, (0x4E6E, 0x6B28), WHY_IMPLAUSIBLE),  # 1e9: 100 MW
        ("huawei_meter", 3, 37113, (0x7FFF, 0xFFFF), WHY_NOT_IMPLEMENTED),
        ("sungrow_sh_meter", 4, 13009, (0xFFFF, 0x7FFF), WHY_NOT_IMPLEMENTED),
        ("acrel_djsf1352", 3, 8, (4321, 0x8000), WHY_NOT_IMPLEMENTED),
        ("acrel_djsf1352", 3, 8, (4321, 9), WHY_IMPLAUSIBLE),
    )
    for profile, function, register, pair, why in cases:
        dev = device(profile)
        assert read(dev, function, at(register, pair))["power_w"] is None, profile
        assert (dev.readings["power_w"].quality, dev.readings["power_w"].why) == (ABSENT, why), profile
