"""The plant's figures against numbers computed by hand, on the real plant with nothing else moving."""

import pytest

from tools.run_figures import COMPLIANCE_S, LimitsInForce, Over, PlantFigures
from tools.sim.gun import Gun, Vehicle
from tools.sim.plant import Plant
from tools.sim.sources import Storage

DT_S = 0.02


def plant_with_base(base_w):
    return Plant(base_w=base_w)


def add_gun(plant, **options):
    gun = Gun("gun1", plant, max_w=100e3, min_w=5e3, **{"watchdog_s": None, "fallback_w": 20e3, **options})
    plant.guns[gun.id] = gun
    return gun


def car(**options):
    return Vehicle(50000, 0.2, [(0.0, 200e3), (1.0, 200e3)], start_delay_s=0.0, **options)


def run(plant, figures, seconds):
    for _ in range(round(seconds / DT_S)):
        plant.step(DT_S)
        figures.step(DT_S)


def test_ten_kw_over_for_two_seconds_are_twenty_kws():
    plant = plant_with_base(410e3)
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 2.0)
    report = figures.report()
    assert report["over_cap_kws"] == pytest.approx(20.0)
    assert report["over_cap_peak_kw"] == pytest.approx(10.0)
    assert report["over_cap_longest_s"] == pytest.approx(2.0)
    assert report["mean_import_kw"] == pytest.approx(410.0)


def test_there_is_no_dead_band_and_below_the_cap_nothing_is_credited():
    over = Over()
    over.step(400001.0, 400e3, DT_S)
    over.step(300e3, 400e3, DT_S)
    over.step(400002.0, 400e3, DT_S)
    assert over.kws == pytest.approx((1.0 + 2.0) * DT_S / 1000.0)
    assert over.longest_s == pytest.approx(DT_S)


def test_the_longest_stretch_is_not_the_sum_of_all():
    over = Over()
    for seconds, power_w in ((1.0, 401e3), (0.5, 399e3), (0.6, 405e3)):
        for _ in range(round(seconds / DT_S)):
            over.step(power_w, 400e3, DT_S)
    assert over.longest_s == pytest.approx(1.0)
    assert over.kws == pytest.approx(1.0 + 3.0)
    assert over.peak_kw == pytest.approx(5.0)


def test_a_limit_received_is_the_cap_from_its_compliance_time_to_its_expiry():
    limits = LimitsInForce(400e3)
    limits.received(10.0, 300000, 30)
    assert limits.cap_w(10.0 + COMPLIANCE_S - 0.01) == 400e3
    assert limits.cap_w(10.0 + COMPLIANCE_S) == 300e3
    assert limits.cap_w(39.99) == 300e3
    assert limits.cap_w(40.0) == 400e3


def test_a_looser_limit_does_not_loosen_the_contract():
    limits = LimitsInForce(400e3)
    limits.received(0.0, 900000, 100)
    assert limits.cap_w(50.0) == 400e3


def test_the_contract_is_judged_beside_the_limit():
    plant = plant_with_base(350e3)
    figures = PlantFigures(plant, 400e3)
    figures.limits.received(-COMPLIANCE_S, 300000, 100)
    run(plant, figures, 1.0)
    report = figures.report()
    assert report["over_cap_kws"] == pytest.approx(50.0)
    assert report["over_contract_kws"] == 0.0


def test_mean_import_of_the_last_thirty_seconds_forgets_what_was_before():
    plant = plant_with_base(100e3)
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 10.0)
    plant.base_w = 390e3
    run(plant, figures, 30.0)
    report = figures.report()
    assert report["mean_import_last_30s_kw"] == pytest.approx(390.0, abs=0.3)
    assert report["import_last_30s_permille_of_cap"] == pytest.approx(975.0, abs=1.0)
    assert report["mean_import_kw"] == pytest.approx((10 * 100 + 30 * 390) / 40)


def test_served_and_wanted_are_energy_at_the_socket():
    plant = plant_with_base(0.0)
    gun = add_gun(plant, fallback_w=50e3)
    gun.plug(car())
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 10.0)
    # Ramps at 40 kW/s to 50 kW (1.25 s), then holds: 50 x 10 - 50 x 1.25 / 2 kW*s. It wanted its 100 kW throughout.
    report = figures.report()
    assert report["served_per_gun_kwh"]["gun1"] == pytest.approx((500 - 31.25) / 3600, rel=0.01)
    assert report["wanted_kwh"] == pytest.approx(1000 / 3600, rel=0.01)


def test_held_limits_count_in_full_although_nobody_draws_them():
    plant = plant_with_base(350e3)
    gun = add_gun(plant, fallback_w=80e3)
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 1.0)
    assert gun.power_w == 0.0
    report = figures.report()
    assert report["over_cap_kws"] == 0.0
    assert report["plant_invariant_breaches"] == 50
    assert report["plant_invariant_peak_kw"] == pytest.approx(30.0)


def test_a_decrease_counts_only_once_its_command_lag_is_over():
    plant = plant_with_base(350e3)
    gun = add_gun(plant, fallback_w=80e3)
    figures = PlantFigures(plant, 400e3)
    gun.write_limit(10e3)
    run(plant, figures, 1.0)
    assert figures.report()["plant_invariant_breaches"] in (12, 13)  # 0.25 s of 20 ms


def test_available_storage_covers_held_limits_but_a_silent_pcs_covers_only_what_it_does():
    plant = plant_with_base(350e3)
    add_gun(plant, fallback_w=80e3)
    plant.storage["pcs1"] = Storage(plant, 60e3, 100e3, ems_timeout_s=None)
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 0.2)
    assert figures.report()["plant_invariant_breaches"] == 0
    figures.pcs_answers = False
    run(plant, figures, 0.2)
    assert figures.report()["plant_invariant_breaches"] == 10
    assert figures.report()["plant_invariant_peak_kw"] == pytest.approx(30.0)


def test_a_derated_battery_covers_only_what_its_bms_allows():
    plant = plant_with_base(350e3)
    add_gun(plant, fallback_w=80e3)
    storage = plant.storage["pcs1"] = Storage(plant, 60e3, 100e3, ems_timeout_s=None)
    storage.derating = 0.25
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 0.2)
    assert figures.report()["plant_invariant_peak_kw"] == pytest.approx(15.0)


def test_a_charging_car_that_goes_to_zero_is_switched_off_once():
    plant = plant_with_base(0.0)
    gun = add_gun(plant)
    gun.plug(car())
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 2.0)
    gun.write_limit(0)
    run(plant, figures, 2.0)
    assert figures.report()["interruptions"] == {"gun1": 1}


def test_a_car_that_leaves_or_is_full_was_not_switched_off():
    plant = plant_with_base(0.0)
    gun = add_gun(plant)
    gun.plug(car(leave_soc=0.2001))
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 4.0)
    assert gun.power_w == 0.0
    gun.plug(car())
    run(plant, figures, 2.0)
    gun.unplug()
    run(plant, figures, 1.0)
    assert figures.report()["interruptions"] == {"gun1": 0}


def test_a_car_below_its_minimum_is_named_and_one_above_is_not():
    plant = plant_with_base(0.0)
    gun = add_gun(plant)
    gun.plug(car())
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 12.0)
    assert figures.report()["below_minimum_last_10s"] == []
    gun.write_limit(1547)
    run(plant, figures, 2.0)
    assert figures.report()["below_minimum_last_10s"] == ["gun1"]


def test_the_time_to_zero_after_a_stop_leaves_out_the_gun_s_own_lag_and_ramp():
    plant = plant_with_base(0.0)
    gun = add_gun(plant, fallback_w=80e3)
    gun.plug(car())
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 4.0)
    figures.emergency_stop()
    run(plant, figures, 0.3)  # the stop takes 300 ms to reach the gun
    gun.write_limit(0)
    run(plant, figures, 2.0)
    report = figures.report()
    assert report["stop_zero_ms"]["gun1"] == pytest.approx(300, abs=45)
    assert report["interruptions"] == {"gun1": 0}


def test_a_gun_that_never_stops_has_no_time_to_zero():
    plant = plant_with_base(0.0)
    gun = add_gun(plant)
    gun.plug(car())
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 2.0)
    figures.emergency_stop()
    run(plant, figures, 2.0)
    assert figures.report()["stop_zero_ms"] == {"gun1": None}


def test_after_the_kill_a_gun_reaches_its_fall_back_by_its_own_watchdog():
    plant = plant_with_base(0.0)
    gun = add_gun(plant, watchdog_s=10.0)
    gun.plug(car())
    figures = PlantFigures(plant, 400e3)
    gun.write_limit(90e3)
    run(plant, figures, 4.0)
    gun.touch()
    figures.controller_killed()
    run(plant, figures, 9.0)
    assert figures.report()["fallback_after_s"] == {"gun1": None}
    run(plant, figures, 4.0)
    # 10 s of watchdog and (90 - 20) / 80 s of ramp
    assert figures.report()["fallback_after_s"]["gun1"] == pytest.approx(10.9, abs=0.1)


def test_a_gun_that_was_at_its_fall_back_before_the_kill_cannot_show_that_it_falls():
    plant = plant_with_base(0.0)
    add_gun(plant, watchdog_s=1.0)
    figures = PlantFigures(plant, 400e3)
    run(plant, figures, 2.0)
    figures.controller_killed()
    run(plant, figures, 3.0)
    assert figures.report()["fallback_after_s"] == {"gun1": None}
