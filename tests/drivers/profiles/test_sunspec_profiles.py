# runs on: cpython, micropython
"""SunSpec profiles against models laid out by hand after the model definitions."""

from drivers.plan import Plan
from tests.drivers.profiles.replies import answer, chain, finish, serve, values, written
from tests.drivers.stations import device

COMMON = (1, 65, {})


def readings(profile, *models, **params):
    """({reading: value}, {model: register}) of a device with these models."""
    image, places = chain(COMMON, *models)
    dev = device(profile, **params)
    plan = Plan(dev, 16)
    finish(plan, image)
    answer(plan, {(3, register): word for register, word in image.items()})
    return values(dev), places


def s701(**more):
    contents = {4: 3, 10: 8888, 116: 1}
    contents.update(more)
    return 701, 153, contents


def test_a_der_inverter_measures_with_the_scale_factor_of_its_block():
    got, _ = readings("sunspec_der", s701(), (702, 50, {}), (704, 65, {}))
    assert (got["power_w"], got["status"], got["in_service"]) == (88880, 4, None)
    states = [readings("sunspec_der", (701, 153, {4: state}))[0]["status"] for state in range(9)]
    assert states == [1, 2, 3, 4, 5, 6, 7, 8, None]
    got, _ = readings("sunspec_der", (701, 153, {10: 0x8000, 4: 0xFFFF}), (703, 17, {2: 1}), (715, 7, {2: 1}))
    assert got == {"power_w": None, "status": None, "in_service": 1, "local_control": 1}


def test_a_der_limit_is_written_whole_with_its_reversion():
    models = ((702, 50, {26: 8000, 45: 1}), (704, 65, {14: 0, 15: 0xFFFF, 54: -2}))
    image, places = chain(COMMON, *models)
    at = places[704]
    dev = device("sunspec_der", watchdog_s=30)
    assert written(dev, 20000, image) == [(16, at + 14, [1, 2500, 10000, 0, 0, 30])], "percent of WMax, 80 kW"
    assert dev.facts["wmax_w"] == 80000
    dev = device("sunspec_der")
    finish(Plan(dev, 16), image)
    assert dev.setpoints["limit_w"].held == 80000, "not limited"
    image[at + 14], image[at + 15] = 1, 5000
    dev = device("sunspec_der")
    finish(Plan(dev, 16), image)
    assert dev.setpoints["limit_w"].held == 40000
    dev = device("sunspec_der")
    assert written(dev, 50000, chain(COMMON, (704, 65, {54: -1}))[0])[0][2][:2] == [1, 500], "no 702: rated_w"


def test_the_first_and_the_second_meter_of_a_device():
    models = ((203, 105, {18: -4321, 22: 1, 38: 1, 39: 0, 46: 0, 47: 500, 54: 1}), (203, 105, {18: 77, 22: 0, 54: 0}))
    got, places = readings("sunspec_meter", *models)
    assert got == {"power_w": -43210, "export_wh": 655360, "import_wh": 5000}
    got, again = readings("sunspec_meter_2", *models)
    assert got["power_w"] == 77 and again[203, 2] == places[203] + 107
    for model in (201, 202, 204):
        assert readings("sunspec_meter", (model, 105, {18: 5, 22: 2}))[0]["power_w"] == 500
    assert readings("sunspec_meter_2", models[0])[0]["power_w"] is None


def storage_124(**more):
    contents = {2: 5000, 18: 1, 25: -2, 5: 0}
    contents.update({int(key[1:]): value for key, value in more.items()})
    return 124, 24, contents


def test_basic_storage_counts_charging_as_plus():
    got, _ = readings("sunspec_storage", (103, 50, {14: -2500, 15: 1, 38: 4}), storage_124())
    assert got == {"power_w": 25000, "status": 4}
    got, _ = readings("sunspec_storage", (113, 60, {22: 0x46C3, 23: 0x5000, 48: 4}), storage_124())  # 25000.0
    assert got == {"power_w": -25000, "status": 4}


def test_basic_storage_is_forced_by_its_window():
    image, places = chain(COMMON, storage_124())
    at = places[124]

    def sent(watts):
        return written(device("sunspec_storage"), watts, image)

    assert sent(12345) == [(16, at + 15, [60]), (16, at + 12, [-2469 & 0xFFFF, 2469]), (16, at + 5, [3])]
    assert sent(-12345)[1] == (16, at + 12, [2469, -2469 & 0xFFFF])
    assert sent(12346)[1][2][1] == 2469 and sent(-12346)[1][2][0] == 2470, "towards less import"
    assert sent(90000)[1][2] == [-10000 & 0xFFFF, 10000], "at most WChaMax"
    dev = device("sunspec_storage")
    finish(Plan(dev, 16), image)
    assert not dev.setpoints["power_w"].held_known, "it goes its own ways"
    image, places = chain(COMMON, storage_124(_5=3, _12=-2000, _13=2000))
    dev = device("sunspec_storage")
    finish(Plan(dev, 16), image)
    assert dev.setpoints["power_w"].held == 10000


def test_a_scale_that_comes_with_the_read_back_does_not_leave_a_write_pending():
    image, places = chain(COMMON, storage_124())
    dev = device("sunspec_storage")
    plan = Plan(dev, 16)
    dev.setpoints["power_w"].want(10000)
    while plan.step() is not None:
        for command in plan.commands:
            command.urgency(1000)  # before the device has told its scale
        serve(plan.step(), image)
    command, buffer = plan.commands[0], [0] * 8
    for _ in range(4):
        if command.urgency(1000):
            command.fill(buffer)
            command.replied(b"", 0, 1000, 1001)
    assert command.urgency(1000) == 0 and dev.setpoints["power_w"].held == 10000


def test_der_storage_takes_watts_with_the_sign_turned():
    image, places = chain(COMMON, (701, 153, {4: 3, 10: -2500, 116: 1}), (704, 65, {55: 1}))
    at = places[704]
    sent = written(device("sunspec_der_storage"), 12345, image)
    assert sent == [
        (16, at + 31, [0, 60]), (16, at + 30, [0]), (16, at + 23, [1]), (16, at + 24, [0xFFFF, -1234 & 0xFFFF]),
        (16, at + 22, [1]),
    ]  # fmt: skip
    assert written(device("sunspec_der_storage"), -12345, image)[3][2] == [0, 1235], "towards less import"
    got, _ = readings("sunspec_der_storage", (701, 153, {4: 3, 10: -2500, 116: 1}), (714, 16, {6: -255, 17: 2}))
    assert got == {"power_w": 25000, "status": 3, "dc_power_w": 25500, "local_control": None}
    image, places = chain(COMMON, (704, 65, {22: 1, 23: 1, 24: 0xFFFF, 25: -700 & 0xFFFF, 55: 1}))
    dev = device("sunspec_der_storage")
    finish(Plan(dev, 16), image)
    assert dev.setpoints["power_w"].held == 7000


def test_the_controllers_heart_beats_from_the_first_command_on():
    for profile, name, controls in (("sunspec_der", "limit_w", {54: -2}), ("sunspec_der_storage", "power_w", {55: 0})):
        image, places = chain(COMMON, (704, 65, controls), (715, 7, {}))
        dev = device(profile, watchdog_s=30)
        plan = Plan(dev, 16)
        finish(plan, image)
        command, heart = plan.commands
        assert heart.register == places[715] + 5 and heart.function == 16 and heart.refresh_ms == 10000
        assert heart.urgency(1000) == 0, "nobody has been commanded"
        dev.setpoints[name].want(10000)
        buffer, beats = [0] * 8, []
        for _ in range(8):
            if command.urgency(1000):
                command.fill(buffer)
                command.replied(b"", 0, 1000, 1001)
        for now_ms in (1000, 6000, 11001, 21002):
            if heart.urgency(now_ms):
                assert heart.fill(buffer) == 2
                heart.replied(b"", 0, now_ms, now_ms + 1)
                beats.append((now_ms, buffer[:2]))
        assert beats == [(1000, [0, 1]), (11001, [0, 2]), (21002, [0, 3])], profile


def test_a_device_without_the_heartbeat_is_commanded_without_one():
    image, _ = chain(COMMON, (704, 65, {55: 1}))
    dev = device("sunspec_der_storage")
    assert len(written(dev, 10000, image)) == 5


def test_storage_without_a_battery_model_has_its_charge_in_124():
    got, _ = readings("sunspec_storage_bms", storage_124(_8=613, _22=-1))
    assert (got["soc_permille"], got["charge_max_w"], got["discharge_max_w"], got["alarm"]) == (613, 50000, 50000, None)
    assert readings("sunspec_storage_bms", storage_124(_8=0xFFFF))[0]["soc_permille"] is None


def test_rates_are_exact_with_any_scale_factor():
    dev = device("sunspec_storage")
    output = dev.profile.outputs[0]
    for wcha_w in (100000, 99999, 7000, 9000000):
        for exponent in (-2, -1, 0, 1):
            dev.facts.update({"wcha_w": wcha_w, "rate_sf": exponent})
            for permille in (-1000, -999, -500, -333, -1, 0, 1, 333, 500, 999, 1000):
                watts = wcha_w * permille // 1000
                raw = output.to_raw(dev, watts)
                exact = watts * 100 * 10**-exponent // wcha_w if exponent < 1 else watts * 10 // wcha_w
                assert raw == exact, (wcha_w, exponent, permille, raw, exact)
                assert output.to_value(dev, raw) <= watts + 1


def battery(**more):
    contents = {4: 1000, 5: 2000, 11: 613, 22: 3, 34: 7680, 45: 1000, 46: 3000, 54: 2, 56: -1, 59: -1, 62: -1}
    contents.update({int(key[1:]): value for key, value in more.items()})
    return 802, 62, contents


def test_a_battery_takes_the_smaller_of_its_rating_and_its_current_limit():
    got, _ = readings("sunspec_battery", battery())
    assert got == {
        "soc_permille": 613, "charge_max_w": 76800, "discharge_max_w": 200000, "alarm": 0, "emergency_stop": None,
    }  # fmt: skip
    assert readings("sunspec_battery", battery(_45=0xFFFF))[0]["charge_max_w"] == 100000
    assert readings("sunspec_battery", battery(_54=0x8000))[0]["charge_max_w"] == 76800
    got, _ = readings("sunspec_battery", battery(_45=0xFFFF, _4=0xFFFF, _11=0xFFFF))
    assert got["charge_max_w"] is None and got["soc_permille"] is None
    assert readings("sunspec_battery", battery(_11=61, _56=0))[0]["soc_permille"] == 610
    assert readings("sunspec_battery", battery(_11=101, _56=0))[0]["soc_permille"] is None


def test_battery_events_become_a_level():
    levels = []
    for state, high, low in ((3, 0, 2), (3, 0, 4), (3, 0x10, 0), (99, 0, 0), (3, 0xFFFF, 0xFFFF), (3, 0x0400, 0)):
        levels.append(readings("sunspec_battery", battery(_22=state, _26=high, _27=low))[0]["alarm"])
    assert levels == [2, 1, 2, 3, 0, 1]


def test_a_der_battery_has_its_limits_in_the_capacity_model():
    got, _ = readings("sunspec_der_battery", (702, 50, {34: 2000, 35: 1500, 45: 2}), (713, 7, {4: 61, 6: 2, 8: 0}))
    assert (got["charge_max_w"], got["discharge_max_w"], got["soc_permille"], got["alarm"]) == (200000, 150000, 610, 3)
