# runs on: cpython, micropython
"""Custom profiles: taken as a whole or refused with the place, what was found and what is allowed."""

import json

from firmware import config_custom
from firmware import config_custom_schema as schema

ROOT = __file__.rsplit("/tests/", 1)[0]
PROFILES = ROOT + "/tools/stations/profiles/"


def profile(name="foxess_evc"):
    with open(PROFILES + name + ".json") as file:
        return json.load(file)


def problems_of(data):
    problems = []
    config_custom.check(data, "profiles/x.json", problems)
    return problems


def assert_refused(data, place, code):
    problems = problems_of(data)
    found = [(problem.path, problem.code) for problem in problems]
    assert ("profiles/x.json: " + place, code) in found, found
    for problem in problems:
        zh, en = problem.text("zh"), problem.text("en")
        assert zh != en and "允许：" in zh and "allowed: " in en


def test_the_examples_are_taken():
    for name in ("acrel_dtsd1352", "foxess_evc"):
        assert problems_of(profile(name)) == []


def changed(path, value, name="foxess_evc"):
    """The example with one value put elsewhere; None takes the key away."""
    data = profile(name)
    at = data
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return data


def test_one_wrong_value_is_refused_at_its_place():
    cases = (
        (("points", 0, "type"), "u17", "points[0].type", "choice"),
        (("points", 0, "function"), 7, "points[0].function", "choice"),
        (("points", 1, "num"), 10000000, "points[1].num", "range"),
        (("points", 1, "num"), 0, "points[1].num", "form"),
        (("points", 1, "den"), 0, "points[1].den", "range"),
        (("points", 1, "scale"), {"register": 4111, "add": 11}, "points[1].scale.add", "range"),
        (("points", 1, "register"), 65536, "points[1].register", "range"),
        (("points", 2, "register"), 65535, "points[2].register", "address_end"),
        (("points", 1, "register"), 4121, "points[2].register", "points_overlap"),
        (("points", 1, "register"), 4099, "points[1].register", "points_overlap"),
        (("points", 1, "name"), "state", "points[1].name", "duplicate_name"),
        (("points", 2, "name"), "import_wh", "points[2].name", "choice"),
        (("points", 1, "sign"), {"register": 4300, "mask": 1}, "points[1]", "read_too_long"),
        (("points", 0, "function"), 2, "points[0].type", "form"),
        (("points", 0, "type"), "bit", "points[0].type", "form"),
        (("points", 0, "meaning"), {"a": 1}, "points[0].meaning", "form"),
        (("points", 0, "meaning"), {}, "points[0].meaning", "form"),
        (("points", 1, "high"), {"parameter": "rated_w", "permille": 1000}, "points[1].high.parameter", "form"),
        (("points", 1, "high"), 1 << 31, "points[1].high", "form"),
        (("points", 1, "low"), -1 << 40, "points[1].low", "form"),
        (("points", 1, "times"), ["max_w"], "points[1].times", "form"),
        (("points", 1, "absent"), 65535, "points[1].absent", "form"),
        (("points", 1, "factor"), 10, "points[1].factor", "unknown_key"),
        (("points", 0), None, "points", "role_needs"),
        (("outputs",), None, "outputs", "role_needs"),
        (("outputs", 0, "register"), 4110, "outputs[0].register", "read_only"),
        (("outputs", 0, "function"), 3, "outputs[0].function", "choice"),
        (("outputs", 0, "name"), "power_w", "outputs[0].name", "choice"),
        (("outputs", 0, "codes"), {"1": 1}, "outputs[0].codes", "form"),
        (("outputs", 0, "steps"), [{"function": 6, "register": 4099, "value": "raw"}],
         "outputs[0].steps[0].register", "read_only"),
        (("outputs", 0, "steps"), [{"function": 6, "register": 9, "value": "raw", "type": "u32"}],
         "outputs[0].steps[0].function", "function_words"),
        (("outputs", 0, "steps"), [{"function": 6, "register": 9, "value": "watts"}],
         "outputs[0].steps[0].value", "form"),
        (("outputs", 0, "steps"), [{"function": 6, "register": 9, "value": 1, "when": ["always"]}],
         "outputs[0].steps[0].when", "form"),
        (("arms", 0, "register"), 4120, "arms[0].register", "read_only"),
        (("arms", 0, "value"), 70000, "arms[0].value", "form"),
        (("fixed_reads",), [{"function": 3, "register": 4099, "count": 126}], "fixed_reads[0].count", "read_too_long"),
        (("fixed_reads",), [{"function": 3, "register": 4099, "count": 12}], "points[2].register", "not_in_a_read"),
        (("max_read",), 126, "max_read", "range"),
        (("watchdog_s",), [60, 10], "watchdog_s", "form"),
        (("watchdog_s",), None, "watchdog_s", "missing"),
        (("needs",), ["cups"], "needs", "form"),
        (("models",), [103], "points[0].model", "choice"),
        (("start",), {"reading": "mode", "unless_mask": 1, "register": 9, "value": 1}, "start.reading", "choice"),
        (("start",), {"reading": "state", "unless_mask": 1, "register": 4099, "value": 1},
         "start.register", "read_only"),
        (("role",), "charger", "role", "choice"),
        (("schema",), 2, "schema", "choice"),
    )  # fmt: skip
    for path, value, place, code in cases:
        assert_refused(changed(path, value), place, code)


def test_points_may_share_a_word_when_both_look_at_bits():
    data = profile()
    data["points"][0]["mask"] = 1
    del data["points"][0]["meaning"]
    data["extra"] = ["fault"]
    data["points"].append({"name": "fault", "function": 3, "register": 4099, "type": "u16", "mask": 2})
    assert problems_of(data) == []


def test_a_register_may_be_written_when_its_point_says_so():
    data = changed(("outputs", 0, "register"), 4110)
    data["points"][1]["writable"] = True
    assert problems_of(data) == []


def test_files_that_are_no_profiles_are_refused():
    for data in (None, [], 1, "x", {}):
        assert problems_of(data), data


def test_what_each_role_may_read_is_what_the_drivers_offer():
    from drivers.outfit import READINGS

    assert schema.MAY_READ == READINGS
