"""The latency budget from station files: figures worked out by hand, and what is refused."""

import json

import pytest

from control import entitlement, estimate, ladder, storage
from drivers import timing
from drivers.profiles import registry
from firmware import config as station_file
from tools import budget as tool
from tools.budget import Budget
from tools.budget_reaction import Disturbance
from tools.scenario import DEFAULT_STATION as DEMO


def demo():
    return json.loads(DEMO.read_text(encoding="utf-8"))


def budget(station, **options):
    assert station_file.check(station) == [], [str(each.text("en")) for each in station_file.check(station)]
    config = station_file.completed(station)
    return Budget(config, station_file.check_in_time(config), **options)


def device(station, name):
    return next(each for each in station["devices"] if each["id"] == name)


def wallboxes(count, baud, **keys):
    """The demo station with its AC row as `count` wallboxes on one line."""
    station = demo()
    station["buses"][1]["baud"] = baud
    gun6 = device(station, "gun6")
    station["circuits"][2]["cap_w"] = 11040 * count
    station["devices"] = [each for each in station["devices"] if each["id"] != "gun6"]
    station["devices"] += [{**gun6, "id": f"ac{n}", "unit": n, **keys} for n in range(1, count + 1)]
    return station


def findings(found):
    return [(each.path, each.found, each.text("en").split("allowed: ")[1]) for each in found.findings]


@pytest.fixture
def run(tmp_path, capsys):
    """`run(station or text, options...)`: exit code, standard output, standard error of the tool."""

    def call(station, *options):
        path = tmp_path / "station.json"
        path.write_text(station if isinstance(station, str) else json.dumps(station), encoding="utf-8")
        code = tool.main([str(path), *options])
        return code, *capsys.readouterr()

    return call


# -- air times --


def test_air_times_are_those_of_the_standard():
    """9600 baud: a request of 8 characters 9.2 ms, the answer with 64 registers 152 ms, with 125 registers 292 ms."""
    bus = {"kind": "rtu", "baud": 9600}
    assert [round(timing.air_us(bus, n) / 1000, 1) for n in (8, 5 + 2 * 64, 5 + 2 * 125)] == [9.2, 152.4, 292.2]


def test_an_exchange_is_air_two_gaps_and_the_turnaround():
    """Chinese DC pile at 9600: 8 + 31 characters of 1.146 ms, two gaps of 4.01 ms, 30 ms."""
    found = budget(demo())
    read = [each for each in found.requests["rs485-pile"] if each.kind == timing.READ]
    assert [round(each.line_us / 1000, 1) for each in read] == [82.7]
    assert timing.exchange_us({"kind": "rtu", "baud": 115200}, 8, 8, 50) == 16 * 96 + 2 * 1750 + 50000


def test_the_meters_age_is_its_period_the_longest_other_request_and_its_own():
    """19200: 100 ms + the counters (37 characters of 573 us, two gaps of 2.006 ms, 30 ms) + 17 characters alike."""
    assert budget(demo()).age_ms(device(demo(), "meter")) == 100 + 55 + 44


def test_a_line_is_as_busy_as_its_requests_hold_it():
    """The meter alone: 43.8 ms of each 100, and 55.2 ms of each 2000."""
    found = budget(demo())
    assert timing.busy_permille(found.requests["rs485-meter"]) == 438 + 28


def test_a_wallbox_that_wants_a_pause_is_older_by_it():
    station = wallboxes(1, 19200)
    with_pause = budget(station).age_ms(device(station, "ac1"))
    requests = budget(station).requests["rs485-ac"]
    for each in requests:
        assert each.pause_us == 100000
        each.pause_us = 0
    assert with_pause - timing.device_age_ms(requests, "ac1") == 200, "after a write and after a slow read"


def test_readings_grow_older_with_every_neighbour_and_with_a_slower_line():
    ages = [budget(wallboxes(count, 19200)).age_ms(device(wallboxes(2, 19200), "ac1")) for count in (1, 2, 3, 4)]
    assert ages == sorted(set(ages))
    slower = [budget(wallboxes(2, baud)).age_ms(device(wallboxes(2, 9600), "ac1")) for baud in (38400, 19200, 9600)]
    assert slower == sorted(set(slower))


def test_a_silent_neighbour_costs_a_time_out_and_nobody_is_its_own_neighbour():
    station = demo()
    found = budget(station)
    assert found.age_ms(device(station, "gun2"), with_silence=True) == found.age_ms(device(station, "gun2")) + 300
    assert found.age_ms(device(station, "meter"), with_silence=True) is None


def test_an_inverter_that_must_be_walked_is_counted_with_one_set_of_readings():
    kinds = [each.kind for each in budget(demo()).requests["lan-pv"]]
    assert kinds.count(timing.READ) == 1 and timing.WRITE in kinds


def test_a_line_behind_a_gateway_is_counted_as_the_slowest_that_is_usual():
    behind, own = {"kind": "rtu_tcp", "host": "127.0.0.1"}, {"kind": "rtu", "baud": 9600}
    assert timing.exchange_us(behind, 8, 9) == timing.exchange_us(own, 8, 9)
    assert timing.silence_us(behind) > timing.silence_us({"kind": "rtu", "baud": 115200})


def test_a_dlt645_meter_is_counted_by_its_own_frames():
    """2400 baud: 20 characters to ask, 20 and three bytes to answer, 4.584 ms each; 50 ms of silence and 100 ms."""
    params = {"id": "it", "role": "meter", "profile": "dlt645_meter", "bus": "line", "unit": 1, "ct_ratio": 1}
    requests = timing.requests_of({"kind": "dlt645", "baud": 2400}, [params])
    assert requests[0].line_us == 43 * 4584 + 50000 + 100000
    assert timing.device_age_ms(requests, "it") > 1000, "too old for the meter of the grid connection"


def test_a_silent_dlt645_meter_costs_its_time_out_and_the_silence_of_its_line():
    """600 ms and a broken frame of 20 + 24 characters, 20 ms for it to be over, 50 ms before the next request."""
    assert timing.silence_us({"kind": "dlt645", "baud": 2400}) == 600000 + 44 * 4584 + 20000 + 50000
    assert timing.silence_us({"kind": "dlt645"}) == timing.silence_us({"kind": "dlt645", "baud": 2400})


def test_ages_that_are_refused_are_those_that_control_does_not_trust():
    trusted = {"meter": ladder._HOLD_MS, "pv": estimate._PV_STALE_MS, "pcs": storage._SILENT_MS}
    trusted.update(bms=5 * storage._SILENT_MS, gun=min(entitlement._DEAF_MS, estimate._GUN_STALE_MS))
    assert trusted == timing.TRUSTED_MS


def test_a_turnaround_that_nobody_knows_is_shown_as_assumed(run, tmp_path):
    """The gun by a custom profile that says 45 ms, the others by none."""
    station = demo()
    device(station, "gun5")["profile"] = "custom:foxess_evc"
    profile = json.loads((DEMO.parent / "profiles" / "foxess_evc.json").read_text(encoding="utf-8"))
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "foxess_evc.json").write_text(json.dumps({**profile, "turnaround_ms": 45}))
    code, out, _ = run(station, "--lang", "en")
    assert code == 0 and "evidence grade D" in out
    rows = [[cell.strip() for cell in line.split("│")] for line in out.splitlines() if "setpoint" in line]
    shown = {row[1]: row[5] for row in rows if len(row) == 8}
    assert (shown["gun5"], shown["gun4"], shown["gun1"]) == ("45", "30 D", "15 D")


def test_what_was_measured_on_the_line_goes_before_what_is_usual_and_is_no_assumption(run):
    """The meter alone on its line: 30 ms are in its exchange and in that of its counters."""
    station = demo()
    usual_ms = budget(station).age_ms(device(station, "meter"))
    device(station, "meter")["answer_ms"] = 7
    assert budget(station).age_ms(device(station, "meter")) == usual_ms - 2 * (30 - 7)
    code, out, _ = run(station, "--lang", "en")
    rows = [[cell.strip() for cell in line.split("│")] for line in out.splitlines()]
    assert code == 0 and {row[5] for row in rows if len(row) == 8 and row[1] == "meter"} == {"7"}


@pytest.mark.parametrize("name", sorted(registry.ROLES))
def test_every_profile_can_be_budgeted(name):
    """Whatever its reads are like: walked, fixed, one register each, sequences of writes."""
    role, gun = registry.ROLES[name], device(demo(), "gun6")
    params = {**gun, "ct_ratio": 1, "pt_ratio": 1, "rated_w": 100000, "connector": 1, "bms": "bms1"}
    params.update(id="it", role=role, profile=name, unit=1, watchdog_s=None)
    for bus in ({"kind": "tcp", "host": "127.0.0.1"}, {"kind": "rtu", "baud": 9600}):
        requests = timing.requests_of(bus, [params])
        assert requests and all(each.line_us >= 15000 and each.period_ms > 0 for each in requests)
        if role in timing.CONTROL_READINGS:
            periods = [each.period_ms for each in requests if each.controls]
            assert timing.device_age_ms(requests, "it") > max(periods)


# -- reaction and headroom --


def test_the_reaction_to_base_load_is_itemised_from_the_meter_to_the_gun():
    answer = budget(demo()).answers[0]
    assert [code for code, _ in answer.guns.items] == [
        "refresh", "lag", "reading", "cycle", "write", "device", "shed"
    ]  # fmt: skip
    items = dict(answer.guns.items)
    assert (items["refresh"], items["lag"], items["reading"]) == (200, 100, 199)
    assert (items["cycle"], items["device"]) == (210, 300)
    assert answer.guns.total_ms == sum(ms for _, ms in answer.guns.items)
    assert answer.storage.total_ms < answer.guns.total_ms


def test_what_a_cloud_takes_until_the_storage_acts_must_be_headroom():
    """160 kW of PV falling by 20 % a second: 32 W a ms for the dead time of the storage's chain."""
    cloud = budget(demo()).answers[1]
    assert cloud.storage.dead_ms * 32 - 10 * 32 <= cloud.peak_w <= cloud.storage.dead_ms * 32
    need_w = cloud.need_w(2000)
    assert cloud.over_ws(need_w) <= 2000 < cloud.over_ws(need_w - 100)
    assert cloud.need_w(0) <= cloud.peak_w and cloud.over_ws(cloud.peak_w) == 0


def test_a_step_is_over_the_cap_for_the_whole_dead_time():
    step = budget(demo(), base_step_w=50000).answers[0]
    assert step.peak_w == 50000
    assert abs(step.over_ws(0) - 50 * step.storage.dead_ms) <= 500


def test_without_storage_the_guns_must_be_fast_enough():
    found = budget(demo())
    alone, together = found.without_storage[1], found.answers[1]
    assert alone.storage is None
    assert alone.over_ws(8000) > 5 * together.over_ws(8000) and alone.need_w(2000) > together.need_w(2000)


def test_guns_that_ramp_slowly_need_more_headroom():
    needs = []
    for ramp_w_s in (80000, 20000, 5000):
        station = demo()
        for each in station["devices"]:
            if each["role"] == "gun":
                each["ramp_down_w_s"] = ramp_w_s
                each["watchdog_s"] = each["watchdog_s"] and 10
        device(station, "pcs1")["watchdog_s"] = 200
        needs.append(budget(station).without_storage[1].need_w(2000))
    assert needs == sorted(set(needs))


def test_guns_that_cannot_reach_the_cap_need_no_headroom():
    station = demo()
    station["circuits"][0]["cap_w"] = 2_000_000
    assert [answer.peak_w for answer in budget(station, base_step_w=60000).answers] == [0, 0]


def test_a_station_without_guns_has_a_budget_too(run):
    station = demo()
    station["devices"] = [each for each in station["devices"] if each["role"] != "gun"]
    found = budget(station, base_step_w=20000)
    assert all(answer.guns is None and answer.peak_w == 0 for answer in found.answers)
    assert run(station)[0] == 0


def test_the_guns_that_move_least_for_their_size_are_taken_to_hold_the_load():
    """400 - 8 - 60 + 160 + 80 kW of guns: the super gun's 480 kW at 80 kW/s, the rest a fast gun's at 80 of 180."""
    ramp_w_s = budget(demo()).reaction.ramp_w_s(Disturbance("pv", 128000, 32000))
    assert ramp_w_s == 80000 + 80000 * 92000 // 180000


# -- what is refused --


def test_the_demo_station_can_hold_its_cap(run):
    code, out, _ = run(demo(), "--lang", "en")
    assert code == 0 and "the cap can be held" in out and "上限" not in out


def test_a_line_with_too_many_wallboxes_is_refused_with_place_and_numbers(run):
    found = findings(budget(wallboxes(6, 9600)))
    busy = [each for each in found if each[0] == "buses[1].baud"]
    assert len(busy) == 1 and int(busy[0][1].split()[0]) > 800 and busy[0][2] == "<= 800 ‰"
    code, out, _ = run(wallboxes(6, 9600))
    assert code == 1
    lines = [line for line in out.splitlines() if "buses[1].baud" in line]
    assert len(lines) == 2 and "占用" in lines[0] and "too busy" in lines[1]
    assert busy[0][1] in lines[0] and "800" in lines[1]


def test_a_faster_line_with_fewer_wallboxes_is_not_refused():
    assert findings(budget(wallboxes(3, 19200))) == []


def test_a_meter_that_is_asked_too_seldom_is_refused():
    station = demo()
    device(station, "meter")["poll_ms"] = 502
    assert findings(budget(station)) == [("devices[0].poll_ms", 601, "at most 600")]
    device(station, "meter")["poll_ms"] = 501
    assert findings(budget(station)) == []


def test_a_watchdog_shorter_than_the_slowest_refresh_is_refused():
    found = findings(budget(wallboxes(2, 19200, watchdog_s=1)))
    assert [each[:2] for each in found] == [("devices[9].watchdog_s", 1), ("devices[10].watchdog_s", 1)]


def test_too_little_headroom_is_refused_with_the_permille_that_would_do(run):
    station = demo()
    station["headroom_permille"] = 10
    found = [each for each in findings(budget(station)) if each[0] == "headroom_permille"]
    assert len(found) == 1 and found[0][1] == "10"
    station["headroom_permille"] = int(found[0][2].split()[1])
    assert findings(budget(station)) == []
    code, out, _ = run({**station, "headroom_permille": 10}, "--lang", "zh")
    assert code == 1 and "余量不足" in out and "headroom" not in out.replace("headroom_permille", "")


def test_a_station_without_storage_needs_more_headroom_than_the_demo_has(run):
    station = demo()
    station["devices"] = [each for each in station["devices"] if each["role"] not in ("pcs", "bms")]
    station["storage"] = {}
    found = findings(budget(station))
    assert [path for path, _, _ in found] == ["headroom_permille"]
    station["headroom_permille"] = int(found[0][2].split()[1])
    assert run(station)[0] == 0


def test_a_declared_step_of_the_base_load_is_refused_when_the_headroom_cannot_carry_it(run):
    assert run(demo(), "--base-step-w", "10000")[0] == 0
    code, out, _ = run(demo(), "--base-step-w", "30000", "--lang", "en")
    assert code == 1 and "the base step needs" in out


def test_fall_backs_over_the_cap_are_refused_with_the_numbers(run):
    station = demo()
    station["circuits"][0]["cap_w"] = 150000
    code, _, err = run(station)
    assert code == 1 and "circuits[0].cap_w" in err and "188280" in err and "150000" in err


@pytest.mark.parametrize("bad", ["{", "[]", json.dumps({"schema": 1})])
def test_a_bad_station_file_is_refused_before_anything_is_computed(run, bad):
    code, out, err = run(bad)
    assert code == 2 and out == "" and err


@pytest.mark.parametrize("options", [("--base-step-w", "-1"), ("--pv-rise-permille-s", "0"), ("--lang", "fr")])
def test_bad_options_are_refused(run, options):
    with pytest.raises(SystemExit) as ended:
        run(demo(), *options)
    assert ended.value.code == 2
