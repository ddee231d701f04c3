# runs on: cpython, micropython
from drivers.modbus.errors import ExceptionReply
from drivers.plan import Plan
from drivers.profiles.sunspec_controls import LimitPercent, Rating
from drivers.reading import ABSENT, GOOD, WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED
from drivers.sunspec import Walk
from tests.drivers.stations import device, words

MODELS = ((1, 66), (103, 50), (120, 26), (121, 30), (123, 24))


def registers(base=40000, models=MODELS, rated=16000, rated_sf=1, limit_sf=-2):
    """Register image of an inverter; value of a point = image[base of its model + offset]."""
    image = {base: 0x5375, base + 1: 0x6E53}
    at, places = base + 2, {}
    for model, length in models:
        image[at], image[at + 1] = model, length
        places[model] = at
        at += 2 + length
    image[at], image[at + 1] = 0xFFFF, 0
    if 121 in places:
        image[places[121] + 2], image[places[121] + 22] = rated, rated_sf & 0xFFFF
    if 120 in places:
        image[places[120] + 3], image[places[120] + 4] = rated, rated_sf & 0xFFFF
    if 123 in places:
        image[places[123] + 5], image[places[123] + 23] = 10000, limit_sf & 0xFFFF
    return image, places


def serve(job, image):
    """Answer one request of `job` out of `image`; an address that is not there is refused."""
    if job.register not in image:
        job.refused(ExceptionReply("pv1", job.register, 3, 2), 1)
        return
    data = words(*[image.get(job.register + i, 0) for i in range(job.count)])
    job.replied(data, 0, 1, 2)


def finish(plan, image):
    for _ in range(60):
        step = plan.step()
        if step is None:
            return
        serve(step, image)
    raise AssertionError("the steps do not end")


def ready(image, **params):
    dev = device("sunspec_inverter", **params)
    plan = Plan(dev, 40)
    finish(plan, image)
    return dev, plan


def test_the_models_are_found_at_each_of_the_three_places():
    for base in (40000, 0, 50000):
        image, places = registers(base)
        walk = Walk(device("sunspec_inverter"))
        while not walk.done:
            serve(walk, image)
        assert walk.bases == places


def test_single_phase_models_count_as_the_three_phase_layout():
    image, places = registers(models=((1, 65), (101, 50), (123, 24)))
    walk = Walk(device("sunspec_inverter"))
    while not walk.done:
        serve(walk, image)
    assert walk.bases == {1: 40002, 103: 40002 + 67, 123: 40002 + 67 + 52}


def test_a_chain_without_end_is_left():
    walk = Walk(device("sunspec_inverter"))
    image = {40000: 0x5375, 40001: 0x6E53}
    for at in range(40002, 40202):
        image[at] = 7 if at % 2 == 0 else 0
    for _ in range(200):
        if walk.done:
            break
        serve(walk, image)
    assert walk.done


def test_a_device_without_marker_has_no_models():
    walk = Walk(device("sunspec_inverter"))
    for _ in range(3):
        assert not walk.done
        serve(walk, {})
    assert walk.done and walk.bases == {}


def test_power_comes_with_its_scale_factor_in_one_read():
    image, places = registers()
    dev, plan = ready(image)
    at = places[103]
    control = plan.blocks[0]
    assert (control.register, control.count) == (at + 14, 25)
    for raw, exponent, power_w in ((12800, 1, 128000), (12800, 0, 12800), (31, 3, 31000), (-5, 1, -50), (25, -1, 3)):
        image[at + 14], image[at + 15], image[at + 38] = raw & 0xFFFF, exponent & 0xFFFF, 4
        serve(control, image)
        assert dev.readings["power_w"].value == power_w and dev.readings["power_w"].quality == GOOD
    assert dev.readings["status"].value == 4


def test_what_the_inverter_does_not_implement_is_absent():
    image, places = registers()
    dev, plan = ready(image)
    at = places[103]
    cases = ((0x8000, 0, WHY_NOT_IMPLEMENTED), (0x7FFF, 0, WHY_NOT_IMPLEMENTED), (100, 0x8000, WHY_NOT_IMPLEMENTED),
             (100, 11, WHY_NOT_IMPLEMENTED), (32000, 3, WHY_IMPLAUSIBLE), (1, 10, WHY_IMPLAUSIBLE))  # fmt: skip
    for raw, exponent, why in cases:
        image[at + 14], image[at + 15], image[at + 38] = raw, exponent, 0xFFFF
        serve(plan.blocks[0], image)
        assert (dev.readings["power_w"].quality, dev.readings["power_w"].why) == (ABSENT, why), (raw, exponent)
        assert dev.readings["status"].quality == ABSENT


def test_a_float_inverter_is_read_too():
    image, places = registers(models=((1, 66), (113, 60), (123, 24)))
    at = places[113]
    dev, plan = ready(image)
    image[at + 22], image[at + 23], image[at + 48] = 0x47C3, 0x5000, 4  # 100000.0
    serve(plan.blocks[0], image)
    assert dev.readings["power_w"].value == 100000 and dev.readings["status"].value == 4


def test_the_rating_comes_from_121_then_120_then_the_station_file():
    for models, wmax_w in (
        (MODELS, 150000),
        (((1, 66), (103, 50), (120, 26), (123, 24)), 150000),
        (((1, 66), (103, 50), (123, 24)), 160000),
    ):
        dev, _ = ready(registers(models=models, rated=15000)[0])
        assert dev.facts["wmax_w"] == wmax_w, models


def test_an_unlimited_inverter_holds_its_rating():
    dev, plan = ready(registers()[0])
    setpoint = dev.setpoints["limit_w"]
    assert setpoint.held_known and setpoint.held == 160000 and setpoint.upper == 160000


def test_a_limit_left_by_somebody_is_found():
    image, places = registers()
    image[places[123] + 5], image[places[123] + 9] = 2500, 1
    dev, plan = ready(image)
    assert dev.setpoints["limit_w"].held == 40000


def test_a_limit_is_written_with_revert_time_and_enable_in_one_piece():
    image, places = registers()
    for watchdog_s, revert_s in ((None, 60), (30, 30)):
        dev, plan = ready(image, watchdog_s=watchdog_s)
        command = plan.commands[0]
        buffer = [0] * 8
        dev.setpoints["limit_w"].want(80000)
        assert command.fill(buffer) == 5 and buffer[:5] == [5000, 0, revert_s, 0, 1]
        assert command.register == places[123] + 5 and command.function == 16


def test_percent_is_rounded_down_with_any_scale_factor():
    dev = device("sunspec_inverter")
    output = LimitPercent()
    for wmax_w in (160000, 99999, 7000, 2500000):
        for exponent in (-3, -2, -1, 0):
            dev.facts.update({"wmax_w": wmax_w, "limit_sf": exponent})
            for permille in (0, 1, 333, 500, 999, 1000, 2000):
                watts = wmax_w * permille // 1000
                raw = output.to_raw(dev, watts)
                assert raw == min(watts, wmax_w) * 100 * 10**-exponent // wmax_w
                assert output.to_value(dev, raw) <= watts


def test_a_device_that_is_no_inverter_has_nothing_to_read_or_write():
    dev, plan = ready(registers(models=((1, 66), (203, 105)))[0])
    assert plan.blocks == () and plan.commands == ()


def test_a_rating_that_makes_no_sense_is_not_taken():
    dev = device("sunspec_inverter")
    for raw, exponent in ((0, 1), (0xFFFF, 1), (16000, 9), (16000, 0x8000 - 0x10000)):
        job = Rating(dev, {121: 100})
        data = bytearray(42)
        data[0:2] = words(raw)
        data[40:42] = words(exponent & 0xFFFF)
        job.replied(data, 0, 1, 2)
        assert job.done and dev.facts["wmax_w"] == 160000


def test_a_device_that_is_walked_again_after_the_start_was_forgotten_still_reads_its_floats():
    import sys

    dev = device("sunspec_inverter")
    for name in ("drivers.planner", "drivers.spans", "drivers.plausibility", "drivers.outfit"):  # firmware/start.py
        module = sys.modules.pop(name, None)
        if module is not None:
            delattr(sys.modules["drivers"], name.split(".")[1])
    plan = Plan(dev, 40)
    plan.adopt({113: 40002})
    floats = [field for block in plan.blocks for field in block.fields if type(field).__name__ == "ComposedField"]
    assert floats
    for block in plan.blocks:
        block.replied(b"\x46\x9c\x40\x00" * block.count, 0, 1, 2)  # 20000.0 wherever a float is
    assert dev.readings["power_w"].value == 20000
