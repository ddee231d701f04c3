"""The scenario files of the repository, and what becomes of a bad one."""

import copy
import json

import pytest

from tools.scenario import DEFAULT_SCENARIO, DEFAULT_STATION, SCENARIOS, ScenarioError, load_scenario

FILES = sorted(path for path in SCENARIOS.rglob("*.json") if path.name != "scenario.schema.json")
CLOUD = json.loads((SCENARIOS / "cloud_front.json").read_text(encoding="utf-8"))


def refused(tmp_path, change, name="cloud_front", **options):
    """Problems of the cloud front after `change` has been at it: [(path, zh, en)]."""
    data = copy.deepcopy(CLOUD)
    change(data)
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_scenario(path, options.pop("station_file", DEFAULT_STATION), **options)
    return error.value.problems


def test_there_are_at_least_ten_scenarios_and_all_are_good():
    assert len(FILES) >= 10
    names = {load_scenario(path).name for path in FILES}
    assert len(names) == len(FILES)


def test_every_kind_of_event_is_used_by_some_scenario():
    schema = json.loads((SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8"))
    used = {event["event"] for path in FILES for event in load_scenario(path).events}
    assert used == set(schema["$defs"]["event"]["properties"]["event"]["enum"])


def test_every_expectation_of_the_schema_can_be_judged():
    from tools.run_checks import CHECKS

    schema = json.loads((SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]["expect"]["properties"]) == set(CHECKS)


def test_the_default_run_has_a_car_at_every_gun_from_the_start():
    scenario = load_scenario(DEFAULT_SCENARIO)
    station = json.loads(DEFAULT_STATION.read_text(encoding="utf-8"))
    guns = [device["id"] for device in station["devices"] if device["role"] == "gun"]
    assert [entry["gun"] for entry in scenario.data["vehicles"]] == guns
    kinds = [entry["vehicle"]["from"] for entry in scenario.data["vehicles"]]
    assert kinds == ["super", "session", "session", "session", "ac", "ac"]


def test_a_fault_with_an_end_is_on_the_timeline_twice():
    timeline = load_scenario(SCENARIOS / "bms_derating.json").timeline()
    assert [at_s for at_s, _, _ in timeline] == sorted(at_s for at_s, _, _ in timeline)
    derating = [begins for _, begins, event in timeline if event["event"] == "bms_derating"]
    assert derating == [True, False]


def first_event(key, value):
    def change(data):
        data["events"][0][key] = value

    return change


def top(key, value):
    def change(data):
        data[key] = value

    return change


BAD = {  # name: (change, path, found, allowed)
    "a wrong type": (top("seconds", "60"), "seconds", '"60"', "integer"),
    "true for a number": (top("seconds", True), "seconds", "true", "integer"),
    "a run that is too long": (top("seconds", 99999), "seconds", "99999", "10..3600"),
    "a wrong schema": (top("schema", 2), "schema", "2", "1"),
    "an unknown key": (top("secnds", 3), "(top)", "secnds", "seconds"),
    "a missing key": (lambda data: data.pop("seed"), "(top)", "seed", ""),
    "text in one language": (lambda data: data["description"].pop("zh"), "description", "zh", ""),
    "an unknown event": (first_event("event", "pv_dorp"), "events[0].event", "pv_dorp", "pv_drop"),
    "an event without its size": (lambda d: d["events"][0].pop("to_permille"), "events[0]", "to_permille", ""),
    "an event with another's key": (first_event("gun", "gun1"), "events[0]", "gun", "to_permille"),
    "an event after the end": (first_event("at_s", 4000), "events[0].at_s", "4000", "0..38"),
    "an event before the start": (first_event("at_s", -1), "events[0].at_s", "-1", "0..86400"),
    "a pv drop to more than all": (first_event("to_permille", 5000), "events[0].to_permille", "5000", "0..2000"),
    "an expectation nobody knows": (
        lambda data: data["expect"].update(over_cap_kw=1),
        "expect",
        "over_cap_kw",
        "over_cap_kws_max",
    ),
    "nothing expected": (top("expect", {}), "expect", "{}", "minProperties"),
    "clouds of another kind": (
        lambda data: data["conditions"].update(clouds="heavy"),
        "conditions.clouds",
        "heavy",
        "broken",
    ),
    "a gun that is not there": (
        lambda data: data["vehicles"][1].update(gun="gun9"),
        "vehicles[1].gun",
        "gun9",
        "gun1, gun2",
    ),
    "two cars in one gun": (lambda data: data["vehicles"][1].update(gun="gun1"), "vehicles[1].gun", "gun1", ""),
    "an AC car in a DC gun": (
        lambda data: data["vehicles"][0].update(vehicle={"from": "ac"}),
        "vehicles[0].vehicle.from",
        "ac",
        "super",
    ),
    "two skies": (lambda data: data["conditions"].update(pv_profile=[[0, 1]]), "conditions", "pv_profile", ""),
    "a threat without a threatening event": (top("events", []), "events", "", "20"),
    "a threat before the station is full": (first_event("at_s", 5), "events", "", "20"),
    "a threat without a bound": (top("expect", {"nobody_switched_off": True}), "expect", "", "over_cap_kws_max"),
    "a stop expected but never given": (
        lambda data: data["expect"].update(guns_zero_within_ms=400),
        "expect",
        "guns_zero_within_ms",
        "emergency_stop",
    ),
    "a fall-back without a kill": (
        lambda data: data["expect"].update(fallback_reached=["gun1"]),
        "expect",
        "fallback_reached",
        "controller_killed",
    ),
    "a fall-back of a gun without a watchdog": (
        lambda data: data["expect"].update(fallback_reached=["gun4"]),
        "expect.fallback_reached[0]",
        "gun4",
        "",
    ),
    "an alarm of a device that is not there": (
        lambda data: data["expect"].update(alarms_seen=[{"code": "gun_deaf", "device": "gun7"}]),
        "expect.alarms_seen[0].device",
        "gun7",
        "gun2",
    ),
    "the file's own run too short for its outcome": (
        lambda data: (data.update(seconds=35), data["expect"].update(import_last_30s_permille_min=900)),
        "seconds",
        "35",
        "40",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_scenario_is_refused_with_path_found_and_allowed_in_both_languages(tmp_path, case):
    change, path, found, allowed = BAD[case]
    problems = refused(tmp_path, change)
    hits = [problem for problem in problems if problem[0] == path]
    assert hits, problems
    _, zh, en = hits[0]
    assert found in en and allowed in en, en
    assert found in zh and allowed in zh, zh
    assert zh != en


@pytest.mark.parametrize(
    "event, path, found",
    [
        ({"at_s": 25, "event": "device_silent", "device": "gun8"}, "events[1].device", "gun8"),
        ({"at_s": 25, "event": "frame_noise", "bus": "rs485", "probability": 0.1}, "events[1].bus", "rs485"),
        ({"at_s": 25, "event": "bms_derating", "pcs": "bms1", "to_permille": 1}, "events[1].pcs", "bms1"),
        (
            {"at_s": 25, "event": "limit_received", "circuit": "hall", "limit_w": 1, "expires_s": 1},
            "events[1].circuit",
            "hall",
        ),
        ({"at_s": 25, "event": "device_silent", "device": "gun2", "until_s": 25}, "events[1].until_s", "25"),
        ({"at_s": 25, "event": "device_silent", "device": "gun2", "until_s": 500}, "events[1].until_s", "500"),
        ({"at_s": 25, "event": "plug_in", "gun": "gun1", "vehicle": {"from": "super"}}, "events[1].gun", "gun1"),
    ],
)
def test_an_event_that_the_station_cannot_have_is_refused(tmp_path, event, path, found):
    problems = refused(tmp_path, lambda data: data["events"].append(event))
    assert any(place == path and found in zh and found in en for place, zh, en in problems), problems


def test_plugging_out_of_an_empty_gun_is_refused_also_after_the_car_has_gone(tmp_path):
    leave = {"at_s": 22, "event": "plug_out", "gun": "gun1"}
    problems = refused(tmp_path, lambda data: data["events"].extend([leave, {**leave, "at_s": 23}]))
    assert [place for place, _, _ in problems] == ["events[2].gun"]


def test_the_name_must_be_the_file_s(tmp_path):
    problems = refused(tmp_path, lambda data: None, name="another")
    assert problems[0][0] == "name" and "another" in problems[0][2]


def test_a_shorter_run_that_cuts_off_an_event_is_refused(tmp_path):
    problems = refused(tmp_path, lambda data: None, seconds=15)
    assert any(place == "events[0].at_s" and "0..15" in en for place, _, en in problems)


def test_all_problems_are_listed_at_once(tmp_path):
    def change(data):
        data["seconds"], data["seed"] = "x", -1

    assert len(refused(tmp_path, change)) == 2


@pytest.mark.parametrize(
    "content, found",
    [
        (b'{"schema": 1,\n "name": }', "line 2"),
        (b'{"schema": 1, "schema": 1}', "schema"),
        (b'{"name": "\xff"}', "UTF-8"),
        (b"[]", "object"),
        (b" " * 300000, "300000"),
    ],
)
def test_what_is_no_scenario_at_all_is_refused(tmp_path, content, found):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=found):
        load_scenario(path)


def test_a_missing_file_and_a_missing_station_are_refused(tmp_path):
    with pytest.raises(ScenarioError, match="No such file"):
        load_scenario(tmp_path / "absent.json")
    problems = refused(tmp_path, lambda data: None, station_file=tmp_path / "no_station.json")
    assert problems[0][0] == "station"
    (tmp_path / "odd.json").write_text("{}", encoding="utf-8")
    problems = refused(tmp_path, lambda data: None, station_file=tmp_path / "odd.json")
    assert problems[0][0] == "station"


def test_the_documentation_names_every_scenario_event_and_expectation():
    text = (SCENARIOS.parents[1] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    schema = json.loads((SCENARIOS / "scenario.schema.json").read_text(encoding="utf-8"))
    names = [path.stem for path in FILES]
    names += schema["$defs"]["event"]["properties"]["event"]["enum"]
    names += schema["$defs"]["vehicle"]["properties"]["from"]["enum"]
    names += schema["properties"]["expect"]["properties"]
    assert [name for name in names if f"`{name}`" not in text] == []
