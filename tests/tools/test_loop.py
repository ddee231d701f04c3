"""The closed loop in virtual time: wires with their delays, controllers that come and go, and strides that change
nothing."""

import json

import pytest

from tools.loop import Controlled, Loop
from tools.loop_day import DayWorld, accepts_kw, generated_day, station_of
from tools.loop_scenario import VirtualRun
from tools.loop_wires import Wires
from tools.scenario import DEFAULT_STATION, SCENARIOS, load_scenario
from tools.sim.plant import STEP_S, Plant

DEMO = json.loads(DEFAULT_STATION.read_text(encoding="utf-8"))


def plant_and_wires(seed=1):
    plant = Plant.from_station(DEMO)
    return plant, Wires(DEMO, plant, seed)


def pass_time(plant, wires, seconds):
    for _ in range(round(seconds / STEP_S)):
        plant.step()
        wires.step(plant.time_s)


def test_a_reading_is_of_the_moment_its_request_went_out_and_arrives_a_request_later():
    plant, wires = plant_and_wires()
    link = wires.links["meter"]
    plant.meter.power_w = 160000.0
    link.due_s = 0.0
    wires.step(0.02)
    assert link.values is None  # 33 characters at 19200 baud take 19 ms, and the meter thinks for some
    plant.meter.power_w = 320000.0
    wires.step(0.04)
    assert link.values == (160000,)
    assert link.at_s == 0.0


def test_each_device_is_read_at_its_period():
    plant, wires = plant_and_wires()
    times = {"meter": [], "gun1": [], "bms1": []}
    for _ in range(500):
        plant.step()
        wires.step(plant.time_s)
        for device_id, seen in times.items():
            at_s = wires.links[device_id].at_s
            if at_s is not None and (not seen or at_s != seen[-1]):
                seen.append(at_s)
    assert 90 <= len(times["meter"]) <= 101
    assert 45 <= len(times["gun1"]) <= 51
    assert 18 <= len(times["bms1"]) <= 21


def test_a_decrease_goes_before_the_readings_and_an_increase_after_them():
    plant, wires = plant_and_wires()
    pass_time(plant, wires, 1.0)
    link = wires.links["gun2"]
    link.want(10000, plant.time_s)
    for each in (wires.links["gun2"], wires.links["gun3"]):
        each.due_s = plant.time_s
    pass_time(plant, wires, STEP_S)
    assert link.held == 10000
    assert plant.guns["gun2"].limit_w == 10000


def test_what_a_device_may_hold_is_the_largest_until_it_confirms():
    plant, wires = plant_and_wires()
    pass_time(plant, wires, 1.0)
    link = wires.links["gun1"]
    held_w = link.held
    link.silent = True
    link.want(held_w + 50000, plant.time_s)
    pass_time(plant, wires, 2.0)
    assert link.upper == held_w + 50000  # it may have heard
    assert plant.guns["gun1"].limit_w == held_w
    link.silent = False
    link.want(held_w, plant.time_s)
    pass_time(plant, wires, 1.0)
    assert link.upper == link.held == held_w


def test_a_silent_device_grows_old_and_a_frozen_one_does_not():
    plant, wires = plant_and_wires()
    pass_time(plant, wires, 1.0)
    wires.links["meter"].silent = True
    wires.links["pv1"].frozen = True
    plant.pv["pv1"].available_w = 99000.0
    pass_time(plant, wires, 2.0)
    assert plant.time_s - wires.links["meter"].at_s > 1.9
    assert plant.time_s - wires.links["pv1"].at_s < 0.3
    assert wires.links["pv1"].values == (0,)


def test_damage_on_a_line_costs_readings_but_not_all():
    plant, wires = plant_and_wires()
    wires.buses["rs485-meter"].damage = 0.3
    heard = set()
    for _ in range(500):
        plant.step()
        wires.step(plant.time_s)
        heard.add(wires.links["meter"].at_s)
    assert 10 < len(heard) < 75


def test_the_same_run_twice_is_the_same_run():
    def once():
        scenario = load_scenario(SCENARIOS / "virtual" / "noise_on_every_serial_line.json")
        station = json.loads(scenario.station_file.read_text(encoding="utf-8"))
        return VirtualRun(scenario, station).run()

    assert once() == once()


def test_a_dead_controller_leaves_the_guns_to_their_own_watchdogs():
    scenario = load_scenario(SCENARIOS / "virtual" / "controller_dead_for_half_a_minute.json")
    run = VirtualRun(scenario, DEMO)
    run.loop.run(38.0, run.before_step)
    assert run.loop.controller is None
    assert run.world.plant.guns["gun1"].fallback_active


def day_loop(day, stride_s, minutes):
    station = station_of(day, 300000)
    world = DayWorld(day, station)
    over_ws = []
    loop = Loop(
        station, world, Controlled, lambda dt_s: over_ws.append(max(0.0, world.plant.grid_w - 300e3) * dt_s),
        stride_s=stride_s,
    )
    loop.run(60.0 * minutes)
    return loop, sum(world.served_kwh().values()), sum(over_ws) / 1000.0


def test_an_hour_in_strides_gives_the_same_energy_as_twenty_ms_throughout_to_a_thousandth():
    day = generated_day(seed=5, dc_guns=6, ac_guns=2, minutes=60, sessions_per_gun=2)
    fine, fine_kwh, fine_over_kws = day_loop(day, 0.0, 60)
    coarse, coarse_kwh, coarse_over_kws = day_loop(day, 2.0, 60)
    assert fine.strides == 0 and fine.cycles == 18000
    assert coarse.cycles < fine.cycles / 2
    assert fine_kwh > 100.0
    assert coarse_kwh == pytest.approx(fine_kwh, rel=0.001)
    assert abs(coarse_over_kws - fine_over_kws) < 2.0


def test_a_stride_never_jumps_over_an_arrival():
    day = generated_day(seed=5, dc_guns=2, ac_guns=0, minutes=30, sessions_per_gun=1)
    day["sessions"] = [{**day["sessions"][0], "arr": 7, "dep": 20}]
    station = station_of(day, 300000)
    world = DayWorld(day, station)
    arrived_s = []

    def watch(dt_s):
        if world.cars and not arrived_s:
            arrived_s.append(world.plant.time_s)

    Loop(station, world, Controlled, watch, stride_s=10.0).run(600.0)
    assert arrived_s[0] == pytest.approx(420.0, abs=0.45)


def test_no_car_takes_more_than_it_came_for_but_what_its_gun_ramps_down_through():
    day = generated_day(seed=9, dc_guns=4, ac_guns=1, minutes=90, sessions_per_gun=2)
    loop, _, _ = day_loop(day, 10.0, 90)
    full = 0
    for number, served_kwh in loop.world.served_kwh().items():
        session = day["sessions"][number]
        power_kw = min(session["gmax"], accepts_kw(session, session["soc0"]) * 1.2)
        ramp_kwh = power_kw * power_kw / 2.0 / 80.0 / 3600.0
        stride_kwh = power_kw * 0.4 / 3600.0
        assert served_kwh <= session["need"] + ramp_kwh + stride_kwh
        full += served_kwh >= session["need"]
    assert full > 0
