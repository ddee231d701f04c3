# runs on: cpython, micropython
"""Profiles of Huawei and Sungrow machines against register contents worked out by hand from the vendors' maps."""

from drivers.plan import Plan
from drivers.reading import WHY_NOT_IMPLEMENTED, WHY_UNKNOWN_CODE
from tests.drivers.profiles.replies import answer, finish, read, shape, values, written
from tests.drivers.stations import device


def test_a_sun2000_alone_and_one_with_a_battery():
    registers = {32080: 1, 32081: 22000, 32064: 0, 32065: 8800, 32089: 0x200}
    assert read(device("huawei_sun2000"), 3, registers) == {"power_w": 87536, "status": 4}
    assert read(device("huawei_sun2000_hybrid"), 3, registers) == {"power_w": 8800, "status": 4}
    assert shape(device("huawei_sun2000")) == [(3, 32080, 10, False)]
    states = [read(device("huawei_sun2000"), 3, {32089: s})["status"] for s in (0, 0x100, 0x201, 0x300, 0xA000, 0x999)]
    assert states == [8, 3, 5, 7, 2, None]


def test_huawei_patterns_for_nothing_are_absent():
    for high, low in ((0x7FFF, 0xFFFF), (0x8000, 0)):
        dev = device("huawei_sun2000")
        assert read(dev, 3, {32080: high, 32081: low})["power_w"] is None
        assert dev.readings["power_w"].why == WHY_NOT_IMPLEMENTED
    dev = device("huawei_luna2000_bms")
    registers = {37046: 0xFFFF, 37047: 0xFFFF, 37048: 0, 37049: 2500, 37760: 0xFFFF, 37762: 9}
    got = read(dev, 3, registers)
    assert got == {
        "charge_max_w": None, "discharge_max_w": 2500, "soc_permille": None, "alarm": None, "emergency_stop": None,
    }  # fmt: skip
    assert dev.readings["alarm"].why == WHY_UNKNOWN_CODE


def test_a_luna2000_says_what_it_holds_and_takes():
    registers = {37046: 0, 37047: 5000, 37048: 0, 37049: 2500, 37760: 555, 37762: 2}
    got = read(device("huawei_luna2000_bms"), 3, registers)
    assert (got["charge_max_w"], got["discharge_max_w"], got["soc_permille"], got["alarm"]) == (5000, 2500, 555, 0)
    alarms = [read(device("huawei_luna2000_bms"), 3, {37762: state})["alarm"] for state in range(5)]
    assert alarms == [3, 0, 0, 3, 0]
    power = {37765: 0xFFFF, 37766: 0x10000 - 3210, 37762: 2}
    assert read(device("huawei_luna2000"), 3, power) == {"power_w": -3210, "status": 2}


def test_a_huawei_limit_is_written_in_watts():
    assert written(device("huawei_sun2000"), 87536) == [(16, 40126, [1, 22000])]
    assert written(device("huawei_sun2000"), 999999) == [(16, 40126, [1, 34464])], "at most the rating"


def test_a_luna2000_is_forced_in_the_documented_order():
    begin, time, period = (6, 47100, [1]), (6, 47246, [0]), (6, 47083, [1])
    power = (16, 47247, [0, 4000])
    assert written(device("huawei_luna2000"), 4000) == [power, begin, time, period, power]
    power = (16, 47249, [0, 5000])
    assert written(device("huawei_luna2000"), -9000) == [power, (6, 47100, [2]), time, period, power]
    assert written(device("huawei_luna2000"), 0) == [(6, 47100, [0])]
    dev = device("huawei_luna2000")
    assert dev.profile.refresh_ms(dev.params) < 60000, "the period is one minute"


def test_an_emma_and_a_smartlogger_show_the_plant():
    feed_in = {30358: 0xFFFF, 30359: 0x10000 - 4321}
    assert read(device("huawei_emma_meter"), 3, feed_in)["power_w"] == 4321, "+ feed-in on the wire"
    assert read(device("huawei_emma"), 3, {30354: 1, 30355: 22000})["power_w"] == 87536
    assert read(device("huawei_emma"), 3, {30354: 0xFFFF, 30355: 0xFFFF})["power_w"] is None
    assert read(device("huawei_smartlogger"), 3, {40521: 1, 40522: 22000})["power_w"] == 84910, "97 % of the input"
    assert read(device("huawei_smartlogger_meter"), 3, {32278: 0xFFFF, 32279: 1})["power_w"] == -65535
    assert not device("huawei_emma").setpoints and not device("huawei_smartlogger").setpoints
    assert device("huawei_emma").profile.connect_delay_ms == 0, "it drops a connection that waits"


def test_the_meter_of_a_string_inverter_has_the_low_word_first():
    registers = {5082: 0x10000 - 4321, 5083: 0xFFFF, 5094: 1, 5095: 1, 5098: 7, 5099: 0}
    got = read(device("sungrow_sg_meter"), 4, registers)
    assert got == {"power_w": -4321, "export_wh": 6553700, "import_wh": 700}
    assert read(device("sungrow_sg_meter"), 4, {5082: 0xFFFF, 5083: 0x7FFF})["power_w"] is None, "no meter"


def test_the_dongle_is_given_time():
    for name in ("huawei_sun2000", "huawei_luna2000", "huawei_luna2000_bms", "huawei_meter"):
        profile = device(name).profile
        assert profile.connect_delay_ms >= 1000 and profile.request_gap_ms >= 1000 and profile.min_poll_ms >= 1000
    for name in ("sungrow_sg", "sungrow_sh", "sungrow_sh_pcs"):
        assert device(name).profile.post_write_settle_ms == 500


def test_sungrow_powers_have_the_low_word_first():
    assert read(device("sungrow_sg"), 4, {5030: 22000, 5031: 1})["power_w"] == 87536
    assert read(device("sungrow_sg"), 4, {5030: 0xFFFF, 5031: 0x7FFF})["power_w"] is None
    assert read(device("sungrow_sh"), 4, {5016: 8800, 5017: 0})["power_w"] == 8800


def test_a_sungrow_limit_is_a_share_rounded_down_with_its_switch():
    assert written(device("sungrow_sg"), 55000) == [(16, 5006, [0xAA, 500])]
    assert written(device("sungrow_sg"), 65999) == [(16, 5006, [0xAA, 599])]
    assert written(device("sungrow_sg"), 0) == [(16, 5006, [0xAA, 0])]
    for rated_w in (3000, 12345, 110000, 9999999):
        dev = device("sungrow_sg", rated_w=rated_w)
        output = dev.profile.outputs[0]
        for permille in range(0, 1001, 37):
            watts = rated_w // 1000 * permille
            raw, exact = output.to_raw(dev, watts), watts * 1000 // rated_w
            assert output.to_value(dev, raw) <= watts and exact - 1 <= raw <= exact, (rated_w, permille, raw)


def test_a_sungrow_limit_that_somebody_set_is_found():
    for words, held in (((0x55, 300), 110000), ((0xAA, 300), 33000), ((0x00, 300), None), ((0xAA, 0xFFFF), None)):
        dev = device("sungrow_sg")
        finish(Plan(dev, 16), {5006: words[0], 5007: words[1]})
        setpoint = dev.setpoints["limit_w"]
        assert (setpoint.held if setpoint.held_known else None) == held


def test_sungrow_battery_power_with_and_without_a_sign():
    cases = ((0b010, 3000, 3000), (0b100, 3000, -3000), (0b010, -3000 & 0xFFFF, 3000), (0b000, 3000, -3000),
             (0b000, -3000 & 0xFFFF, 3000), (0b010, 0, 0), (0b010, 0x7FFF, None), (0, 0x8000, None))  # fmt: skip
    for state, power, expected in cases:
        got = read(device("sungrow_sh_pcs"), 4, {13000: state, 13021: power})
        assert got == {"power_w": expected, "status": state}, (state, power)


def test_a_sungrow_battery_is_forced_in_one_write():
    assert written(device("sungrow_sh_pcs"), 4321) == [(16, 13049, [2, 0xAA, 4321])]
    assert written(device("sungrow_sh_pcs"), -99999) == [(16, 13049, [2, 0xBB, 10000])]
    assert written(device("sungrow_sh_pcs"), 0) == [(16, 13049, [2, 0xCC, 0])]


def test_a_sungrow_battery_on_its_own_ways_may_do_anything():
    image = {13049: 0, 13050: 0xCC, 13051: 0}
    dev = device("sungrow_sh_pcs")
    finish(Plan(dev, 16), image)
    setpoint = dev.setpoints["power_w"]
    assert not setpoint.held_known and setpoint.upper == 10000
    for command, held in ((0xAA, 1234), (0xBB, -1234), (0xCC, 0)):
        dev = device("sungrow_sh_pcs")
        finish(Plan(dev, 16), {13049: 2, 13050: command, 13051: 1234})
        assert dev.setpoints["power_w"].held == held


def test_a_sungrow_battery_says_what_it_holds_and_is_set_to():
    dev = device("sungrow_sh_bms")
    answer(Plan(dev, 16), {(4, 13022): 613, (3, 33046): 1000, (3, 33047): 0xFFFF})
    got = values(dev)
    assert (got["soc_permille"], got["charge_max_w"], got["discharge_max_w"]) == (613, 10000, None)
