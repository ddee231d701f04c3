"""The judges of a run: every one of them can fail, and says why in two languages."""

import pytest

from tools import run_checks
from tools.scenario import SCENARIOS, load_scenario
from tools.sim.gun import Gun, Vehicle
from tools.sim.plant import Plant
from tools.sim.sources import Pv, Storage

GOOD = {
    "over_cap_kws": 0.4,
    "over_contract_kws": 0.4,
    "over_cap_peak_kw": 2.0,
    "import_last_30s_permille_of_cap": 981.0,
    "plant_invariant_breaches": 0,
    "plant_invariant_peak_kw": 0.0,
    "invariant_breaches": 0,
    "cycles_missed": 0,
    "cycle_late_p99_ms": 1,
    "cycle_late_max_ms": 3,
    "stop_zero_ms": {"gun1": 210.0, "gun2": 0.0},
    "fallback_after_s": {"gun1": 10.9, "gun2": 11.0},
    "interruptions": {"gun1": 0, "gun2": 0},
    "below_minimum_last_10s": [],
    "alarms_seen": [{"code": "gun_deaf", "device": "gun2"}],
    "reasons_seen": {"gun1": ["cap_binds"]},
    "acks_seen": ["accepted"],
    "mqtt_messages_per_s": 1.1,
    "served_kwh": 5.0,
    "served_per_gun_kwh": {"gun1": 4.0, "gun2": 1.0},
    "guns_served": 6,
}
MISSED = {  # expectation: (bound, what happened instead)
    "over_cap_kws_max": (2, {"over_cap_kws": 2.1}),
    "over_contract_kws_max": (2, {"over_contract_kws": 2.1}),
    "over_cap_peak_kw_max": (2, {"over_cap_peak_kw": 2.1}),
    "import_last_30s_permille_min": (920, {"import_last_30s_permille_of_cap": 919.9}),
    "plant_invariant_breaches_max": (0, {"plant_invariant_breaches": 1}),
    "plant_invariant_peak_kw_max": (1, {"plant_invariant_peak_kw": 1.1}),
    "invariant_breaches_max": (0, {"invariant_breaches": 1}),
    "cycles_missed_max": (0, {"cycles_missed": 1}),
    "cycle_late_p99_ms_max": (10, {"cycle_late_p99_ms": 11}),
    "cycle_late_max_ms_max": (50, {"cycle_late_max_ms": None}),
    "guns_zero_within_ms": (400, {"stop_zero_ms": {"gun1": 210.0, "gun2": None}}),
    "fallback_reached": (["gun1", "gun2"], {"fallback_after_s": {"gun1": 10.9, "gun2": None}}),
    "nobody_switched_off": (True, {"interruptions": {"gun1": 0, "gun2": 1}}),
    "all_above_minimum": (True, {"below_minimum_last_10s": ["gun3"]}),
    "alarms_seen": (
        [{"code": "gun_deaf", "device": "gun2"}],
        {"alarms_seen": [{"code": "gun_deaf", "device": "gun3"}]},
    ),
    "alarms_absent": (["meter_frozen"], {"alarms_seen": [{"code": "meter_frozen", "device": "meter"}]}),
    "reasons_seen": ([{"gun": "gun1", "code": "cap_binds"}], {"reasons_seen": {"gun2": ["cap_binds"]}}),
    "acks_seen": (["accepted"], {"acks_seen": ["refused"]}),
    "mqtt_messages_per_s_min": (0.8, {"mqtt_messages_per_s": 0.7}),
    "served_kwh_min": (4, {"served_kwh": 3.9}),
    "served_per_gun_kwh_min": ({"gun2": 0.9}, {"served_per_gun_kwh": {"gun1": 4.0, "gun2": 0.8}}),
    "guns_served_min": (6, {"guns_served": 5}),
}


def test_every_expectation_is_in_the_table_below():
    assert set(MISSED) == set(run_checks.CHECKS)


@pytest.mark.parametrize("name", MISSED)
def test_an_outcome_that_is_missed_is_named_and_one_that_is_met_is_not(name):
    bound, instead = MISSED[name]
    failures, _ = run_checks.check_outcome(GOOD, {name: bound}, 60)
    assert failures == []
    failures, _ = run_checks.check_outcome({**GOOD, **instead}, {name: bound}, 60)
    assert len(failures) == 1
    assert failures[0]["en"].startswith(name) and failures[0]["zh"].startswith(name)
    assert failures[0]["zh"] != failures[0]["en"]


def test_a_figure_that_is_missing_is_a_failure():
    failures, _ = run_checks.check_outcome({}, {"over_cap_kws_max": 2}, 60)
    assert "None" in failures[0]["en"]


def test_a_run_too_short_for_an_outcome_leaves_it_unjudged_and_says_so():
    figures = {**GOOD, "import_last_30s_permille_of_cap": 0.0}
    failures, not_judged = run_checks.check_outcome(figures, {"import_last_30s_permille_min": 920}, 30)
    assert failures == [] and not_judged == ["import_last_30s_permille_min"]


def threatened_plant(wants_w, grid_w):
    plant = Plant(base_w=25e3)
    plant.pv["pv1"] = Pv(160e3)
    plant.pv["pv1"].power_w = 128e3
    plant.storage["pcs1"] = Storage(plant, 200e3, 400e3)
    plant.storage["pcs1"].power_w = -60e3
    gun = plant.guns["gun1"] = Gun("gun1", plant, max_w=wants_w)
    gun.plug(Vehicle(1e6, 0.1, [(0, 1e7), (1, 1e7)], start_delay_s=0.0))
    plant.grid_w = grid_w
    return plant


def test_room_is_cap_less_base_plus_pv_plus_what_storage_gives():
    threat = run_checks.measure_threat(threatened_plant(800e3, 390e3), 400e3)
    assert threat["room_kw"] == pytest.approx(400 - 25 + 128 + 60)
    assert threat["wants_over_room"] == pytest.approx(800 / 563)
    assert run_checks.check_threat(threat) == []


@pytest.mark.parametrize("wants_w, grid_w, words", [(700e3, 390e3, "1.24 times"), (800e3, 350e3, "0.875 of the cap")])
def test_a_scenario_that_threatens_nothing_fails_the_run(wants_w, grid_w, words):
    failures = run_checks.check_threat(run_checks.measure_threat(threatened_plant(wants_w, grid_w), 400e3))
    assert len(failures) == 1 and words in failures[0]["en"]


def test_a_threat_that_never_came_fails_the_run():
    assert run_checks.check_threat(None)


def test_a_plain_controller_that_stays_near_the_bound_fails_the_run():
    assert run_checks.check_baseline({"median_kws": 20.0}, 2, 10.0) == []
    assert "19.9" in run_checks.check_baseline({"median_kws": 19.9}, 2, 10.0)[0]["en"]
    assert run_checks.check_baseline({"median_kws": 0.0}, 0, 10.0)


# -- the controller's word against the wire --
def life(cycles=300, missed=0, late_max_ms=2):
    telemetry = {"cycle": {"count": cycles, "missed": missed, "late_max_ms": late_max_ms}}
    return {"from_s": 100.0, "to_s": 161.0, "telemetry": telemetry, "telemetry_at_s": 160.5}


def polls(*silences):
    times = [100.5 + 0.1 * index for index in range(605)]
    return [time_s for time_s in times if not any(from_s < time_s < to_s for from_s, to_s in silences)]


def test_a_controller_whose_word_agrees_with_the_wire_is_believed():
    report, failures = run_checks.check_wire(life(), polls(), [], 200)
    assert failures == []
    assert report["meter_polls"] == 605 and report["cycles_expected"] == 300
    assert report["largest_gap_ms"] == pytest.approx(100, abs=1)


@pytest.mark.parametrize("cycles, missed", [(350, 0), (250, 0), (250, 20)])
def test_a_controller_that_claims_other_cycles_than_the_time_holds_is_not_believed(cycles, missed):
    _, failures = run_checks.check_wire(life(cycles, missed), polls(), [], 200)
    assert len(failures) == 1 and str(cycles + missed) in failures[0]["en"]


def test_missed_cycles_that_are_admitted_agree_with_the_wire():
    assert run_checks.check_wire(life(250, 50, late_max_ms=10000), polls(), [], 200)[1] == []


def test_a_silence_on_the_meter_line_that_the_controller_does_not_admit_is_found():
    _, failures = run_checks.check_wire(life(), polls((130.0, 132.0)), [], 200)
    assert len(failures) == 1 and "unpolled" in failures[0]["en"]
    assert run_checks.check_wire(life(late_max_ms=1900), polls((130.0, 132.0)), [], 200)[1] == []


def test_a_silence_while_the_meter_s_line_was_disturbed_proves_nothing():
    assert run_checks.check_wire(life(), polls((130.0, 132.0)), [(129.0, 133.0)], 200)[1] == []


def test_a_controller_that_stops_polling_before_the_end_is_found():
    _, failures = run_checks.check_wire(life(), [t for t in polls() if t < 150], [], 200)
    assert any("unpolled" in failure["en"] for failure in failures)


def test_no_poll_and_no_telemetry_are_failures():
    assert "no poll" in run_checks.check_wire(life(), [], [], 200)[1][0]["en"]
    silent = {**life(), "telemetry": None, "telemetry_at_s": None}
    assert "no telemetry" in run_checks.check_wire(silent, polls(), [], 200)[1][0]["en"]


def test_physics_that_cannot_keep_up_makes_the_run_unsound():
    assert run_checks.check_physics(3.0, 40.0) == []
    assert run_checks.check_physics(150.0, 160.0)
    assert run_checks.check_physics(3.0, 1500.0)


def test_every_threat_of_the_repository_names_its_first_threatening_event():
    for path in SCENARIOS.glob("*.json"):
        if path.name != "scenario.schema.json":
            scenario = load_scenario(path)
            assert scenario.threat is False or scenario.first_threat_s >= 20
