"""What the scenarios of virtual time add to the physics: reversed meters, derated cars, other ramps; and a day by the
minute.
"""

import copy
import json

import pytest

from tools import loop_day
from tools.bench import control_ideal as ideal
from tools.bench.control_day import fractions, jain
from tools.loop_day import DayWorld, accepts_kw, generated_day, gun_key, station_of
from tools.run_world import World
from tools.scenario import DEFAULT_STATION, SCENARIOS, Scenario, ScenarioError, load_scenario
from tools.sim.gun import Vehicle
from tools.sim.plant import STEP_S

CLOUD = load_scenario(SCENARIOS / "cloud_front.json")


def world_of(**conditions):
    data = copy.deepcopy(CLOUD.data)
    data["conditions"].update(base_noise_w=0, **conditions)
    return World(Scenario(CLOUD.file, data, DEFAULT_STATION), json.loads(DEFAULT_STATION.read_text(encoding="utf-8")))


def run(world, seconds):
    for _ in range(round(seconds / STEP_S)):
        world.step()


def test_a_reversed_meter_shows_import_as_export_until_it_is_put_right():
    world = world_of(pv_available_permille=0)
    run(world, 1.0)
    assert world.plant.meter.power_w == pytest.approx(world.plant.grid_w, rel=0.2)
    world.apply(True, {"event": "meter_reversed"})
    run(world, 1.0)
    assert world.plant.meter.power_w < 0 < world.plant.grid_w
    world.apply(False, {"event": "meter_reversed"})
    run(world, 1.0)
    assert world.plant.meter.power_w > 0


def test_a_derated_car_takes_less_and_then_all_again():
    world = world_of()
    run(world, 5.0)
    gun = world.plant.guns["gun2"]
    full_w = gun.wants_w
    world.apply(True, {"event": "vehicle_derating", "gun": "gun2", "to_permille": 100})
    assert gun.wants_w == pytest.approx(0.1 * gun.vehicle.accepts_w() / gun.efficiency)
    assert gun.wants_w < full_w / 3
    world.apply(False, {"event": "vehicle_derating", "gun": "gun2", "to_permille": 100})
    assert gun.wants_w == pytest.approx(full_w)


def test_an_empty_gun_has_no_car_to_derate():
    world = world_of()
    world.plant.guns["gun2"].unplug()
    assert world.apply(True, {"event": "vehicle_derating", "gun": "gun2", "to_permille": 100})


def test_gun_ramps_of_the_scenario_act():
    world = world_of(gun_ramps={"gun2": {"up_w_s": 10000, "down_w_s": 5000}})
    run(world, 7.0)
    gun = world.plant.guns["gun2"]
    gun.write_limit(100e3)
    from_w = gun.power_w
    run(world, 1.25)
    assert gun.power_w - from_w == pytest.approx(10000, rel=0.05)


def test_ramps_of_a_gun_that_is_not_there_are_refused(tmp_path):
    data = json.loads((SCENARIOS / "cloud_front.json").read_text(encoding="utf-8"))
    data["conditions"]["gun_ramps"] = {"gun9": {"up_w_s": 1000, "down_w_s": 1000}}
    (tmp_path / "cloud_front.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ScenarioError, match="gun9"):
        load_scenario(tmp_path / "cloud_front.json", DEFAULT_STATION)


# -- a day --
def one_session(**changes):
    return {
        "kind": "DC", "gun": 0, "arr": 2, "dep": 30, "cap": 50.0, "soc0": 20.0, "need": 20.0,
        "segs": [[100.0, 0.0], [180.0, -1.6]], "gmax": 180, "eta": 0.95, **changes,
    }


def day_of(*sessions, minutes=40):
    return {"sessions": list(sessions), "pv": [0.0] * minutes, "base": [35.0] * minutes}


def test_a_car_comes_and_goes_by_its_minutes():
    day = day_of(one_session())
    world = DayWorld(day, station_of(day, 400000))
    gun = world.plant.guns["dc0"]
    seen = {}
    while world.plant.time_s < 31 * 60:
        seen[round(world.plant.time_s / 60.0, 1)] = gun.vehicle is not None
        world.step(0.2)
    assert not seen[1.9] and seen[2.1] and seen[29.9] and not seen[30.1]


def test_the_curve_of_a_car_is_the_lowest_line_of_its_segments():
    day = day_of(one_session())
    world = DayWorld(day, station_of(day, 400000))
    while world.plant.time_s < 130.0:
        world.step(0.2)
    car = world.plant.guns["dc0"].vehicle
    for soc in (20.0, 40.0, 50.0, 55.0):
        car.soc = soc / 100.0
        assert car.accepts_w() == pytest.approx(1000.0 * accepts_kw(day["sessions"][0], soc))
    car.soc = 0.61
    assert car.accepts_w() == 0.0  # 20 kWh of 50 are in


def test_sun_and_load_move_within_the_edge_of_a_minute():
    day = day_of(minutes=5)
    day["sessions"] = [one_session(arr=1, dep=4)]
    day["pv"] = [0.0, 100.0, 100.0, 50.0, 50.0]
    world = DayWorld(day, station_of(day, 400000))
    powers = {}
    while world.plant.time_s < 200.0:
        world.step(0.1)
        powers[round(world.plant.time_s, 1)] = world.plant.pv_w
    assert powers[59.0] == 0.0
    assert powers[65.0] == pytest.approx(50e3, rel=0.05)
    assert powers[71.0] == powers[119.0] == pytest.approx(100e3)
    assert powers[191.0] == pytest.approx(50e3)


def test_a_generated_day_never_has_two_cars_in_one_gun():
    day = generated_day(seed=3)
    until = {}
    for session in day["sessions"]:
        assert session["arr"] >= until.get(gun_key(session), 0)
        assert session["dep"] > session["arr"]
        until[gun_key(session)] = session["dep"]
    assert len(day["sessions"]) > 100
    assert len(day["pv"]) == len(day["base"]) == 1440


# -- ideal sharing, by hand --
def test_water_fill_serves_the_small_ones_whole_and_the_others_alike():
    assert ideal.water_fill(100.0, [10.0, 80.0, 80.0]) == pytest.approx([10.0, 45.0, 45.0])
    assert ideal.equal_share(90.0, [10.0, 80.0, 80.0]) == pytest.approx([10.0, 30.0, 30.0])
    assert ideal.first_come(100.0, [10.0, 80.0, 80.0]) == pytest.approx([10.0, 80.0, 10.0])


def test_an_unlimited_station_serves_what_the_car_came_for_and_a_small_cap_what_it_holds():
    day = day_of(one_session())
    assert ideal.run(day, None, ideal.unlimited)[0] == pytest.approx(20.0)
    assert ideal.run(day, 55.0, ideal.water_fill)[0] == pytest.approx(20.0 * 0.95 * 28 / 60)


def test_the_battery_gives_down_to_its_reserve_and_pays_its_losses():
    day = day_of(one_session(need=40.0, arr=0, dep=40))
    battery = ideal.Battery(500.0, 20.0, soc=0.5)
    helped = ideal.run(day, 55.0, ideal.water_fill, battery)[0]
    alone = ideal.run(day, 55.0, ideal.water_fill)[0]
    assert helped - alone == pytest.approx((0.5 - 0.1) * 20.0 * 0.95 * 0.95, rel=0.02)


def test_fairness_by_hand():
    assert jain([1.0, 1.0, 1.0]) == pytest.approx(1.0)
    assert jain([1.0, 0.0]) == pytest.approx(0.5)
    assert fractions({0: 5.0}, {0: 10.0, 1: 10.0, 2: 0.0}) == [0.5, 0.0]


def test_a_car_that_looks_at_its_curve_from_where_it_was_takes_what_any_car_takes():
    curve = [(0.1, 50e3), (0.5, 120e3), (0.8, 40e3), (1.0, 5e3)]
    quick, plain = (kind(60e3, 0.0, curve, 0.98) for kind in (loop_day._Car, Vehicle))
    for percent in range(101):
        quick.soc = plain.soc = percent / 100.0
        assert quick.accepts_w() == plain.accepts_w()


def test_on_a_day_only_occupied_guns_are_stepped_and_none_is_lost():
    day = loop_day.generated_day(seed=3, dc_guns=3, ac_guns=1, minutes=40, sessions_per_gun=2)
    world = loop_day.DayWorld(day, loop_day.station_of(day, 400000))
    guns = dict(world.plant.guns)
    for _ in range(40 * 60):
        world.step(1.0)
        assert world.plant.guns == guns
        assert set(world.plant.occupied) == {gun.id for gun in guns.values() if gun.vehicle is not None}
    assert world.cars
