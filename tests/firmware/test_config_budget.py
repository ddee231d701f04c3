# runs on: cpython, micropython
"""A station file whose buses are too slow for what is on them is refused, with place, number and what is allowed."""

import json
import os

from firmware import config

ROOT = __file__.rsplit("/tests/", 1)[0]
DEMO = ROOT + "/tools/stations/demo.json"


def demo():
    with open(DEMO) as file:
        return json.load(file)


def device(station, name):
    return [each for each in station["devices"] if each["id"] == name][0]


def problems_of(station):
    assert config.check(station) == []
    found = config.check_in_time(config.completed(station))
    for problem in found:
        zh, en = problem.text("zh"), problem.text("en")
        assert zh != en and zh.startswith(problem.path) and str(problem.found) in en and "{" not in en, en
    return [(problem.path, problem.code, problem.found) for problem in found]


def row_of_wallboxes(count, baud, **keys):
    """The demo station with `count` wallboxes on the line of gun6, which wants 100 ms between two requests."""
    station = demo()
    gun6 = device(station, "gun6")
    station["buses"][1]["baud"] = baud
    station["circuits"][2]["cap_w"] = 11040 * count
    station["devices"] = [each for each in station["devices"] if each["id"] != "gun6"]
    for number in range(1, count + 1):
        station["devices"].append(dict(gun6, id="ac%d" % number, unit=number, **keys))
    return station


def test_the_grid_meter_must_not_be_asked_too_seldom():
    station = demo()
    device(station, "meter")["poll_ms"] = 501
    assert problems_of(station) == []
    device(station, "meter")["poll_ms"] = 502
    assert problems_of(station) == [("devices[0].poll_ms", "reading_old", 601)]


def test_a_meter_further_in_may_be_older():
    station = demo()
    station["devices"].append(dict(device(station, "meter"), id="sub", unit=2, circuit="ac-row", poll_ms=5000))
    assert problems_of(station) == []


def test_guns_that_would_count_as_deaf_are_refused_each_with_its_place():
    assert problems_of(row_of_wallboxes(2, 19200)) == []
    found = problems_of(row_of_wallboxes(6, 9600))
    assert [path for path, _, _ in found] == ["devices[%d].poll_ms" % index for index in range(9, 15)]
    for _, code, age_ms in found:
        assert code == "reading_old" and age_ms > 1500


def test_eight_guns_on_a_fast_line_are_taken_although_they_keep_it_busy():
    station = demo()
    gun4 = device(station, "gun4")
    station["circuits"][0]["cap_w"] = 800000
    station["buses"][2]["baud"] = 115200
    for number in range(2, 9):
        station["devices"].append(dict(gun4, id="pile%d" % number, unit=number))
    assert problems_of(station) == []


def test_a_device_that_is_slow_by_itself_is_taken_but_must_not_be_asked_less_often_than_it_stands():
    """A KEBA wants half a second between two reads, each of one register."""
    station = demo()
    device(station, "gun5").update({"profile": "keba_p30", "unit": 255})
    assert problems_of(station) == []
    device(station, "gun5")["poll_ms"] = 9000
    assert [each[:2] for each in problems_of(station)] == [("devices[8].poll_ms", "reading_old")]


def test_a_watchdog_that_a_refresh_can_miss_is_refused_with_the_shortest_that_holds():
    station = row_of_wallboxes(1, 19200, watchdog_s=1)
    found = config.check_in_time(config.completed(station))
    assert [(each.path, each.code, each.found) for each in found] == [("devices[9].watchdog_s", "refresh_slow", 1)]
    station["devices"][9]["watchdog_s"] = found[0].args[0]
    assert problems_of(station) == []


def test_a_file_is_refused_as_a_whole_when_it_is_loaded():
    path = ROOT + "/build/budget-test-%d.json" % id(os)
    station = demo()
    device(station, "meter")["poll_ms"] = 1000
    try:
        os.mkdir(ROOT + "/build")
    except OSError:
        pass
    with open(path, "w") as file:
        json.dump(station, file)
    try:
        config.load(path)
    except config.ConfigError as refused:
        assert [each.code for each in refused.problems] == ["reading_old"]
    else:
        raise AssertionError("a meter asked once a second was taken")
    finally:
        os.remove(path)


def test_a_line_is_judged_by_the_answers_that_were_measured_on_it():
    refused = row_of_wallboxes(6, 9600, answer_ms=30)
    assert problems_of(refused) == problems_of(row_of_wallboxes(6, 9600)) != []
    pile = row_of_wallboxes(2, 19200, answer_ms=700)
    assert [code for _, code, _ in problems_of(pile)] == ["reading_old", "refresh_slow"] * 2
    for answer_ms in (0, 5001, "5"):
        found = config.check(row_of_wallboxes(2, 19200, answer_ms=answer_ms))
        assert [each.path for each in found] == ["devices[9].answer_ms", "devices[10].answer_ms"], (answer_ms, found)
