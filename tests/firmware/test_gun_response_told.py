# runs on: cpython, micropython
"""Who is told that a gun is not as its station file says: the alarms, the console, the platform."""

import gc
import json
import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from northbound_station import Talking  # noqa: E402
from scratch import Folder  # noqa: E402

from control import response  # noqa: E402
from firmware.alarms import Alarms  # noqa: E402
from firmware.watch import Watch  # noqa: E402
from tests.firmware.rig import Rig  # noqa: E402
from tests.firmware.test_console import answers, running_station, shows  # noqa: E402


def teach(station, g, lag_ms, fall_w_s, rise_w_s):
    for _ in range(2):
        response.note(station, g, response.LAG, lag_ms)
        response.note(station, g, response.FALL, fall_w_s)
        response.note(station, g, response.RISE, rise_w_s)


def forget(station):
    for place in range(len(station.observed)):
        station.observed[place] = 0
    for g in range(station.guns):
        response.widen(station, g)


def test_an_alarm_names_the_gun_and_what_it_is_counted_with():
    rig = Rig()
    alarms = Alarms(1, rig.station.circuit_ids)
    watch = Watch(rig.config, rig.station, rig.devices, rig.buses, rig.cycle, rig.stop, rig.limits, alarms)

    def standing():
        watch.look(rig.now_ms)
        return {each["code"]: each for each in alarms.active() if each["device"] in ("gun1", "gun2")}

    assert "gun_slower_than_file" not in standing() and "gun_rises_faster" not in standing()
    teach(rig.station, 0, 250, 80000, 40000)
    assert "gun_slower_than_file" not in standing()
    teach(rig.station, 0, 900, 20000, 40000)
    found = standing()["gun_slower_than_file"]
    assert found["device"] == "gun1" and "gun_rises_faster" not in standing()
    assert "900 ms" in found["zh"] and "17.5 kW" in found["zh"] and "900 ms" in found["en"] and "17.5 kW" in found["en"]
    teach(rig.station, 1, 0, 80000, 80000)
    found = standing()["gun_rises_faster"]
    assert found["device"] == "gun2" and "90.0 kW" in found["en"] and "40.0 kW" in found["zh"]
    forget(rig.station)
    assert "gun_slower_than_file" not in standing() and "gun_rises_faster" not in standing()


def test_the_console_shows_what_is_counted_what_the_file_says_and_what_was_seen():
    running = running_station()
    forget(running.station)
    teach(running.station, 0, 900, 20000, 60000)
    for language in ("zh", "en"):
        lines = answers(b"response\n", running, language)
        shows(lines, "lag ms" if language == "en" else "滞后 ms", "gun1", "900/300/900+0 (2)", "17.5/80.0/20.0 (2)")
        shows(lines, "67.5/40.0/60.0 (2)", "300/300/- (0)", "8.0/8.0/- (0)", "gun6")
    assert max([len(line) for line in lines]) <= 79
    forget(running.station)


def test_the_platform_hears_of_every_gun_in_turn():
    gc.collect()
    with Folder() as folder:
        talking = Talking(folder)
        station = talking.rig.seen.station
        teach(station, 0, 900, 20000, 60000)
        heard = []
        for number in range(4):
            talking.north._capability_seq = number
            talking.north._tell_responses(1000 + number)
        for topic, message, retain, qos in talking.broker.sent:
            if topic.endswith("/response"):
                heard.append(json.loads(message))
                assert not retain and qos == 0
    guns = [each["gun"] for each in heard]
    assert [guns.count(each) for each in station.gun_ids] == [len(guns) // station.guns] * station.guns
    told = [each for each in heard if each["gun"] == station.gun_ids[0]][0]
    assert told["lag_ms"] == {"file": 300, "counted": 900, "seen": 900, "count": 2}
    assert told["ramp_down_w_s"]["counted"] == 17500 and told["ramp_up_w_s"]["counted"] == 67500
    assert told["at_ms"] >= 1000 and "unix_s" in told
