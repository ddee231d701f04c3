"""Cars: the generator holds its published quantiles, everything is deterministic, and a bad sessions file is refused
whole.
"""

import random

import pytest

from tools.sim.vehicles import (
    NAMES,
    QUANTILE_AT,
    QUANTILES,
    SessionsError,
    VehicleSource,
    generate_session,
    load_sessions,
    quantile,
    taper,
)

HEADER = "session,stay_min,energy_wh,preq_max_w,soc_arr,soc_dep,cap_wh"
GOOD = "1,30,20000,150000,20,60,60000"


def write(tmp_path, *lines):
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_the_generator_holds_its_published_quantiles(name):
    rng = random.Random(11)
    values = sorted(generate_session(rng)[name] for _ in range(6000))
    for share, published in zip(QUANTILE_AT, QUANTILES[name], strict=True):
        found = values[int(share * len(values))]
        # A few draws in a hundred are thrown away (departure below arrival): the tails move a little.
        assert abs(found - published) <= 0.15 * published + 1.5, (share, found, published)


def test_a_quantile_is_read_off_between_its_neighbours():
    assert quantile("stay_min", 0.50) == 30
    assert quantile("stay_min", 0.625) == 36  # half-way between 30 (p50) and 42 (p75)
    assert quantile("stay_min", 0.001) == 6
    assert quantile("stay_min", 0.9999) == 88


def test_energy_and_stay_go_together_as_in_the_sessions():
    rng = random.Random(5)
    sessions = [generate_session(rng) for _ in range(3000)]
    long_stays = [s["energy_wh"] for s in sessions if s["stay_min"] > 42]
    short_stays = [s["energy_wh"] for s in sessions if s["stay_min"] < 20]
    assert sum(long_stays) / len(long_stays) > 1.6 * sum(short_stays) / len(short_stays)


def test_the_same_seed_gives_the_same_cars_and_another_seed_others():
    def cars(seed):
        source = VehicleSource(seed)
        made = [source.make({"from": kind}) for kind in ("session", "super", "ac", "session")]
        return [(car.pack_wh, car.soc, car.leave_soc, car.curve, car.ac_w, car.label) for car in made]

    assert cars(3) == cars(3)
    assert cars(3) != cars(4)


def test_a_drawn_car_is_what_the_scenario_asked_for():
    source = VehicleSource(7)
    for _ in range(50):
        car = source.make({"from": "session", "min_peak_w": 175000, "max_soc_permille": 350})
        assert max(watts for _, watts in car.curve) >= 175000
        assert car.soc <= 0.35
        assert car.leave_soc > car.soc


def test_the_super_car_takes_400_kw_or_more_and_is_labelled_synthetic():
    source = VehicleSource(1)
    for _ in range(20):
        car = source.make({"from": "super"})
        assert max(watts for _, watts in car.curve) >= 400e3
        assert "synthetic" in car.label


@pytest.mark.parametrize("knee", [0.35, 0.45, 0.517])
def test_the_charging_curve_is_concave(knee):
    points = taper(100e3, knee)
    slopes = [(w1 - w0) / (s1 - s0) for (s0, w0), (s1, w1) in zip(points, points[1:], strict=False)]
    assert all(later <= earlier + 1e-6 for earlier, later in zip(slopes, slopes[1:], strict=False))
    assert points[0][0] == 0.0 and points[-1][0] == 1.0


def test_cars_of_a_file_come_from_its_rows(tmp_path):
    path = write(tmp_path, HEADER, GOOD, "2,40,30000,250000,10,80,80000")
    source = VehicleSource(1, load_sessions(path))
    packs = {source.make({"from": "session"}).pack_wh for _ in range(40)}
    assert packs == {60000.0, 80000.0}
    assert source.make({"from": "session", "min_peak_w": 200000}).pack_wh == 80000.0


def test_a_file_without_a_car_that_fits_says_so(tmp_path):
    source = VehicleSource(1, load_sessions(write(tmp_path, HEADER, GOOD)))
    with pytest.raises(SessionsError, match="no session fits.*300000"):
        source.make({"from": "session", "min_peak_w": 300000})


@pytest.mark.parametrize(
    "row, column, found, allowed",
    [
        ("1,abc,20000,150000,20,60,60000", "stay_min", "'abc'", "1..10080 min"),
        ("1,30,,150000,20,60,60000", "energy_wh", "''", "0..500000 Wh"),
        ("1,30,20000,9e9,20,60,60000", "preq_max_w", "'9e9'", "1000..1500000 W"),
        ("1,30,20000,150000,-1,60,60000", "soc_arr", "'-1'", "0..100 %"),
        ("1,30,20000,150000,nan,60,60000", "soc_arr", "'nan'", "0..100 %"),
        ("1,30,20000,150000,60,60,60000", "soc_dep", "60", "60"),
        ("1,30,20000,150000,20,60", "cap_wh", "None", "1000..1000000 Wh"),
    ],
)
def test_a_bad_row_is_refused_with_line_column_found_and_allowed(tmp_path, row, column, found, allowed):
    path = write(tmp_path, HEADER, GOOD, row)
    with pytest.raises(SessionsError) as refused:
        load_sessions(path)
    line, name, zh, en = refused.value.problems[0]
    assert (line, name) == (3, column)
    assert found in en and allowed in en and found in zh and allowed in zh


def test_a_missing_column_and_an_empty_and_a_missing_file_are_refused(tmp_path):
    with pytest.raises(SessionsError, match="cap_wh.*column missing"):
        load_sessions(write(tmp_path, HEADER.replace(",cap_wh", ""), "1,30,20000,150000,20,60"))
    with pytest.raises(SessionsError, match="holds no session"):
        load_sessions(write(tmp_path, HEADER))
    with pytest.raises(SessionsError, match="cannot be read|cannot read"):
        load_sessions(tmp_path / "absent.csv")


def test_at_most_twenty_problems_are_listed(tmp_path):
    rows = ["1,x,20000,150000,20,60,60000"] * 50
    with pytest.raises(SessionsError) as refused:
        load_sessions(write(tmp_path, HEADER, *rows))
    assert len(refused.value.problems) == 20
