"""Whatever stands in a custom profile: it is refused with readable problems, or it works."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import custom_file
from drivers.device import Device
from drivers.plan import Plan
from firmware import config_custom
from tests.drivers.stations import params
from tests.micropython_collector import REPOSITORY

NAMES = ("acrel_dtsd1352", "foxess_evc")
EXAMPLES = [json.loads((REPOSITORY / f"tools/stations/profiles/{name}.json").read_text()) for name in NAMES]
WORDS = ["", "u16", "bit", "raw", "max_w", "f32", "s64"]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-70000, 70000) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["register", "type", "0"]), inner),
    max_leaves=4,
)
KEYS = ["meaning", "mask", "sign", "product", "scale", "high", "low", "num", "den", "offset", "type", "function",
        "name", "register", "absent", "jump", "times", "slow", "steps", "codes", "read_sign", "model", "read_function",
        "smallest"]


def places(value):
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from places(each)
    elif isinstance(value, list):
        for each in value:
            yield from places(each)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_profile_is_refused_readably_or_works(data):
    profile = json.loads(json.dumps(data.draw(st.sampled_from(EXAMPLES))))
    for _ in range(data.draw(st.integers(1, 3))):
        objects = list(places(profile))
        place = objects[data.draw(st.integers(0, len(objects) - 1))]
        key = data.draw(st.sampled_from(KEYS + sorted(place)))
        place[key] = data.draw(ANY)
    problems = []
    config_custom.check(profile, "profiles/x.json", problems)
    for problem in problems:
        assert problem.text("zh") != problem.text("en") and problem.path.startswith("profiles/x.json")
    if problems:
        return
    name = "acrel_dtsd1352" if profile["role"] == "meter" else "foxess_evc"
    custom = custom_file.profile("custom:x", profile)
    plan = Plan(Device(params(name, connector=1), custom), 16)
    content = data.draw(st.binary(min_size=260, max_size=260))
    for block in plan.blocks:
        assert 1 <= block.count <= 2000 and block.register + block.count <= 65536 + 16000
        block.replied(content, 3, 5, 5)
    buffer = [0] * 8
    for command in plan.commands:
        for watts in (0, 5000, 11040):
            command.setpoint.want(watts)
            command.urgency(10)
            count = command.fill(buffer)
            assert 1 <= count <= 2 and all(0 <= word <= 0xFFFF for word in buffer[:count])
            command.replied(b"", 0, 10, 10)
    for read_back in plan.read_backs:
        read_back.replied(content, 3, 5, 5)
