"""Whatever stands in a station file, the check ends with a list of problems that can be read, and never raises."""

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import config, config_json
from tests.micropython_collector import REPOSITORY

DEMO = json.loads((REPOSITORY / "tools/stations/demo.json").read_text())

scalars = st.none() | st.booleans() | st.integers(-5, 2**40) | st.floats() | st.text(max_size=8) | st.sampled_from(
    ["grid", "dc-hall", "gun", "pcs", "rtu", "tcp", "lan-fast", "bms1", "gun1", "alpitronic_hyc", "unix", "rpi_pico_w"])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["id", "role", "unit", "circuit", "x"]) | st.text(max_size=4), inner, max_size=3), max_leaves=8)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield from places(entry, path + (key,))


PLACES = [path for path in places(DEMO) if path]


def readable(problems):
    for problem in problems:
        for language in ("zh", "en"):
            assert problem.text(language).startswith(problem.path)


@given(st.lists(st.tuples(st.sampled_from(PLACES), values), min_size=1, max_size=4))
@settings(deadline=None, max_examples=300)
def test_a_demo_station_with_anything_in_any_place_is_judged(changes):
    station = copy.deepcopy(DEMO)
    for path, value in changes:
        target = station
        for key in path[:-1]:
            if not isinstance(target, dict | list) or (isinstance(target, list) and key not in range(len(target))) \
                    or (isinstance(target, dict) and key not in target):
                break
            target = target[key]
        else:
            if isinstance(target, dict) or (isinstance(target, list) and path[-1] in range(len(target))):
                target[path[-1]] = value
    problems = config.check(station)
    readable(problems)
    if not problems:
        config.completed(station)
        assert config.check(station) == []


@given(values)
@settings(deadline=None)
def test_anything_at_all_is_judged(value):
    readable(config.check(value))


@given(st.sampled_from(PLACES))
@settings(deadline=None)
def test_taking_a_key_away_gives_a_problem_or_a_default(path):
    station = copy.deepcopy(DEMO)
    target = station
    for key in path[:-1]:
        target = target[key]
    del target[path[-1]]
    problems = config.check(station)
    readable(problems)
    if not problems:
        config.completed(station)
        assert config.check(station) == []


nearly_json = st.text(alphabet='{}[]":,0123456789.eE+-truefalsn \n\\u"光', max_size=40).map(str.encode)


@given(st.binary(max_size=60) | nearly_json)
@settings(deadline=None, max_examples=600)
def test_the_scanner_takes_only_what_cpython_takes(data):
    try:
        taken = True
        config.parse(data)
    except config.ConfigError as error:
        taken = False
        readable(error.problems)
    if taken:
        json.loads(data)


@given(values)
@settings(deadline=None)
def test_the_scanner_takes_what_json_writes(value):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only, indent=1)
        try:
            data = text.encode()
            config_json.check(data)
        except UnicodeEncodeError:
            continue
        except config_json.JsonProblem as problem:
            # The rules that are stricter than JSON, and the words for numbers that JSON does not have.
            assert problem.code in ("json_deep", "json_escape", "json_long_number") or "NaN" in text \
                or "Infinity" in text, problem.code
