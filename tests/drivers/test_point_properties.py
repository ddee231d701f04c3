"""Points against exact fractions; no content of any register of any profile raises anything."""

from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drivers.decode import s16, s32, u16
from drivers.modbus.errors import ExceptionReply
from drivers.plan import Plan
from drivers.point import Point
from drivers.profiles import registry
from drivers.reading import ABSENT, GOOD, SUSPECT
from tests.drivers.stations import PARAMS
from tests.drivers.stations import device as known_device
from tests.drivers.tables import Table, device, read

WORD = st.integers(0, 0xFFFF)
HIGHEST = (1 << 30) - 1


def nearest(value):
    return int(abs(value) + Fraction(1, 2)) * (-1 if value < 0 else 1)


def result(point, registers):
    reading_of = read(device(Table("gun", points=(point,))), registers)
    return reading_of["power_w"]


@given(WORD, WORD, st.integers(-1000000, 1000000).filter(bool), st.integers(1, 1000000), st.integers(-70000, 70000))
def test_a_plain_point_is_the_nearest_integer_or_absent(high, low, num, den, offset):
    point = Point("power_w", 3, 5, s32, num=num, den=den, offset=offset, low=-HIGHEST, high=HIGHEST)
    raw = (high << 16 | low) - (1 << 32 if high & 0x8000 else 0)
    exact = Fraction((raw + offset) * num, den)
    found = result(point, {5: high, 6: low})
    assume(abs(exact) <= HIGHEST or abs(exact) > HIGHEST + 1)
    if abs(exact) <= HIGHEST:
        assert found == nearest(exact)
    else:
        assert found is None


@given(WORD, WORD, st.integers(-3, 3), WORD, st.integers(1, 100), st.sampled_from((0, 2, 0x8000)))
def test_sign_product_and_scale_together(first, second, add, exponent_word, den, mask):
    exponent = (exponent_word - (1 << 16 if exponent_word & 0x8000 else 0)) % 12 - 6
    features = {"product": (1, u16), "scale_at": 2, "scale_add": add, "den": den, "low": -HIGHEST, "high": HIGHEST}
    if mask:
        features["sign"] = (3, mask)
    point = Point("power_w", 3, 5, s16, **features)
    raw = first - (1 << 16 if first & 0x8000 else 0)
    raw = raw * second * (-1 if mask and exponent_word & mask else 1)
    exact = Fraction(raw * 10 ** (exponent + add + 20), den * 10**20)
    assume(abs(exact) <= HIGHEST - 1 or abs(exact) > HIGHEST + 1)
    found = result(point, {5: first, 6: second, 7: exponent & 0xFFFF, 8: exponent_word})
    assert found == (nearest(exact) if abs(exact) <= HIGHEST else None)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(set(registry.ROLES) & set(PARAMS))), st.data())
def test_no_content_of_the_registers_of_a_profile_raises_anything(name, data):
    dev = known_device(name)
    plan = Plan(dev, 16)
    if dev.profile.models:
        plan.adopt({model: 100 * number for number, model in enumerate(dev.profile.models)})
    for turn in range(2):
        for job in [*plan.steps, *plan.blocks, *plan.read_backs]:
            size = (job.count + 7) // 8 if job.function < 3 else 2 * job.count
            extremes = st.sampled_from([b"\xff" * size, bytes(size)])
            content = data.draw(st.binary(min_size=size, max_size=size) | extremes)
            if not job.is_write:
                job.replied(b"abc" + content, 3, 1000 * turn, 1000 * turn + 5)
            else:
                job.refused(ExceptionReply("d", job.register, job.function, data.draw(st.integers(0, 255))), 5)
        for point, reading in dev.readings.items():
            assert reading.quality in (ABSENT, GOOD, SUSPECT)
            if reading.quality != ABSENT and not point.endswith("_wh"):
                assert -HIGHEST <= reading.value <= HIGHEST, point
        for setpoint in dev.setpoints.values():
            assert abs(setpoint.held) <= HIGHEST
        assert dev.profile.start(dev) is None or len(dev.profile.start(dev)) == 2
