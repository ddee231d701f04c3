"""Whatever the registers of a battery, converter, charger, cabinet or meter hold: nothing is raised, and what becomes a
reading is within the range that its point allows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.plan import Plan
from drivers.reading import ABSENT
from tests.drivers.stations import device

PROFILES = (
    "gold_bcu", "pylontech_m2", "byd_c130", "sinexcel_pws_54", "pcs_0x60", "keba_p30", "abb_terra_ac", "xj_dual",
    "ambibox", "sigenergy_evdc", "wallbox_quasar", "power_cabinet", "dlt645_meter",
)  # fmt: skip
# Contents that mean something special come more often than chance would bring them.
SPECIAL = st.sampled_from([b"\0\0", b"\0\1", b"\0\3", b"\xff\xff", b"\x80\0", b"\x7f\xff", b"\x7f\xc0", b"\x7f\x80"])
WORD = st.one_of(SPECIAL, st.binary(min_size=2, max_size=2))


@pytest.mark.parametrize("name", PROFILES)
@settings(max_examples=60)
@given(data=st.data())
def test_any_content_gives_a_plausible_reading_or_none(name, data):
    dev = device(name)
    for number, block in enumerate(Plan(dev, 40).blocks):
        words = data.draw(st.lists(WORD, min_size=8, max_size=8))
        content = b"".join(words[(7 * at + number) % 8] for at in range(block.count))
        block.replied(b"\x55" + content, 1, 1000, 1005)
        for field, reading in zip(block.fields, block.readings):
            if reading.quality != ABSENT and field.point.meaning is None:
                assert field.low <= reading.value <= field.high, (field.point.name, reading.value)
    for setpoint in dev.setpoints.values():
        assert isinstance(setpoint.upper, int)


@pytest.mark.parametrize("name", [name for name in PROFILES if device(name).profile.outputs])
@settings(max_examples=60)
@given(value=st.integers(-2_000_000, 2_000_000), raw=st.binary(min_size=8, max_size=8))
def test_any_wish_becomes_registers_that_hold_no_more_than_asked_for(name, value, raw):
    dev = device(name)
    for command in Plan(dev, 40).commands:
        output, words = command.output, [0] * 8
        clamped = command.output.clamped(dev.params, value)
        content = output.to_raw(dev, clamped)
        count = output.put(dev, content, words)
        assert 1 <= count <= 2 and all(0 <= word <= 0xFFFF for word in words[:count])
        if output.name in ("limit_w", "power_w") and not -output.smallest < clamped < 0:
            assert output.to_value(dev, content) <= clamped
        held = output.get(dev, raw, 0) if output.read_function and not output.read_offset else None
        assert held is None or isinstance(output.to_value(dev, held), int)
