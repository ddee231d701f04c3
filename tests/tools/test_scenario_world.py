"""Sky, load and cars do what the scenario says, on the real plant in virtual time; and the plain controller goes over
the cap.
"""

import copy
import json

import pytest

from tools.baseline import FACTOR, run_baseline, share_equally, sharing_unit
from tools.run_checks import check_baseline
from tools.run_world import DONE_LINGERS_S, REPLACED_AFTER_S, World
from tools.scenario import DEFAULT_STATION, SCENARIOS, Scenario, load_scenario
from tools.sim.plant import STEP_S

STATION = json.loads(DEFAULT_STATION.read_text(encoding="utf-8"))
CLOUD = load_scenario(SCENARIOS / "cloud_front.json")
THREATS = sorted(
    path.stem for path in SCENARIOS.glob("*.json") if path.name != "scenario.schema.json" and load_scenario(path).threat
)


def world_of(**changes):
    data = copy.deepcopy(CLOUD.data)
    data["conditions"].update(changes.pop("conditions", {}), base_noise_w=0)
    data.update(changes)
    return World(Scenario(CLOUD.file, data, DEFAULT_STATION), STATION)


def run(world, seconds):
    for _ in range(round(seconds / STEP_S)):
        world.step()


def test_pv_falls_to_a_fifth_of_what_it_was_in_a_straight_line():
    world = world_of()
    run(world, 1.0)
    assert world.plant.pv_w == pytest.approx(128e3)
    assert world.apply(True, {"event": "pv_drop", "to_permille": 200, "over_s": 5})
    run(world, 2.5)
    assert world.plant.pv_w == pytest.approx(128e3 * 0.6, rel=0.01)
    run(world, 3.0)
    assert world.plant.pv_w == pytest.approx(25.6e3, rel=0.001)


def test_two_drops_multiply():
    world = world_of()
    for _ in range(2):
        world.apply(True, {"event": "pv_drop", "to_permille": 500, "over_s": 0})
        run(world, 0.1)
    assert world.plant.pv_w == pytest.approx(32e3)


def test_a_base_step_is_a_step_and_with_a_time_a_ramp():
    world = world_of()
    world.apply(True, {"event": "base_step", "by_w": 30000})
    run(world, 0.02)
    assert world.plant.base_w == pytest.approx(55e3)
    world.apply(True, {"event": "base_step", "by_w": -20000, "over_s": 2})
    run(world, 1.0)
    assert world.plant.base_w == pytest.approx(45e3, rel=0.01)


def test_the_sky_follows_its_profile():
    world = world_of(conditions={"pv_profile": [[0, 100], [10, 300]]})
    run(world, 5.0)
    assert world.plant.pv_w == pytest.approx(0.2 * 160e3, rel=0.01)
    run(world, 10.0)
    assert world.plant.pv_w == pytest.approx(0.3 * 160e3, rel=0.01)


def test_clouds_wander_and_are_the_same_for_the_same_seed():
    def powers(seed):
        world = world_of(seed=seed, conditions={"clouds": "broken"})
        found = []
        for _ in range(200):
            run(world, 0.1)
            found.append(world.plant.pv_w)
        return found

    assert powers(1) == powers(1)
    assert powers(1) != powers(2)
    assert max(powers(1)) - min(powers(1)) > 5e3


def test_cars_are_plugged_from_the_start_and_come_and_go_with_events():
    world = world_of()
    assert all(gun.vehicle is not None for gun in world.plant.guns.values())
    world.apply(True, {"event": "plug_out", "gun": "gun1"})
    assert world.plant.guns["gun1"].vehicle is None
    world.apply(True, {"event": "plug_in", "gun": "gun1", "vehicle": {"from": "super"}})
    assert world.plant.guns["gun1"].vehicle is not None


def test_a_disobedient_gun_and_a_derated_battery_recover():
    world = world_of()
    for begins in (True, False):
        world.apply(begins, {"event": "disobedient_gun", "gun": "gun2"})
        world.apply(begins, {"event": "bms_derating", "pcs": "pcs1", "to_permille": 50})
        assert world.plant.guns["gun2"].disobedient is begins
        assert world.plant.storage["pcs1"].discharge_max_w == pytest.approx(10e3 if begins else 200e3)


def test_what_is_not_physics_is_left_to_the_runner():
    assert world_of().apply(True, {"event": "broker_down"}) is False


def test_with_turnover_a_full_car_leaves_and_another_comes():
    full = {"from": "explicit", "pack_wh": 50000, "soc_permille": 500, "leave_soc_permille": 500, "peak_w": 100000}
    world = world_of(conditions={"turnover": True}, vehicles=[{"gun": "gun2", "vehicle": full}])
    gun = world.plant.guns["gun2"]
    first = gun.vehicle
    run(world, DONE_LINGERS_S + 0.5)
    assert gun.vehicle is None
    run(world, REPLACED_AFTER_S + 0.5)
    assert gun.vehicle is not None and gun.vehicle is not first


def test_equal_shares_are_water_filled():
    assert share_equally(100.0, [10.0, 80.0, 80.0]) == [10.0, 45.0, 45.0]
    assert share_equally(500.0, [10.0, 80.0]) == [10.0, 80.0]
    assert share_equally(-5.0, [10.0, 80.0]) == [0.0, 0.0]


def test_connectors_behind_one_unit_id_fall_silent_together():
    assert sharing_unit(STATION, "gun2") == {"gun2", "gun3"}
    assert sharing_unit(STATION, "gun1") == {"gun1"}


@pytest.mark.parametrize("name", THREATS)
def test_a_plain_10_s_feedback_goes_ten_times_over_the_bound_of_every_threat(name):
    scenario = load_scenario(SCENARIOS / f"{name}.json")
    baseline = run_baseline(scenario, STATION)
    assert check_baseline(baseline, scenario.expect["over_cap_kws_max"], FACTOR) == [], baseline


def test_without_the_cloud_the_plain_controller_is_no_threat_and_the_check_says_so():
    data = {**copy.deepcopy(CLOUD.data), "events": []}
    baseline = run_baseline(Scenario(CLOUD.file, data, DEFAULT_STATION), STATION)
    assert check_baseline(baseline, 2, FACTOR)
