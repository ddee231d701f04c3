# runs on: cpython, micropython
"""The alarms of devices that are gone for weeks: ticks wrap after 12.4 days, and compare over half of that."""

from drivers.reading import ABSENT, GOOD
from drivers.ticks import ticks_add, ticks_ms
from firmware.alarms import Alarms
from firmware.watch import Watch
from tests.firmware.rig import Rig

_DAY_MS = 86400000


class Scene:
    def __init__(self):
        self.rig = Rig()
        self.rig.now_ms = ticks_ms()
        self.alarms = Alarms(1, ["grid"])
        rig = self.rig
        self.watch = Watch(
            rig.config, rig.station, rig.devices, rig.buses, rig.cycle, rig.stop, rig.limits, self.alarms
        )

    def after_day(self, *answering):
        """The codes of one device that stand a day later, looked for eight times."""
        for _ in range(8):
            self.rig.now_ms = ticks_add(self.rig.now_ms, _DAY_MS // 8)
            for each in answering:
                self.rig.devices[each].answered(self.rig.now_ms, 5)
            self.watch.look(self.rig.now_ms)
        return [each["code"] for each in self.alarms.active() if each["device"] == "pv1"]


def test_a_device_that_never_answered_is_silent_however_the_ticks_wrap():
    scene = Scene()
    for day in range(26):
        assert scene.after_day() == ["device_silent"], day


def test_a_device_that_answers_is_not_silent_and_one_that_left_weeks_ago_is():
    scene = Scene()
    for day in range(14):
        assert scene.after_day("pv1") == [], day
    scene.rig.devices["pv1"].give_up()  # the bus does, after a minute of silence
    for day in range(26):
        assert scene.after_day() == ["device_silent"], day
        assert scene.rig.devices["pv1"].silence_ms(scene.rig.now_ms) >= min(day, 3) * _DAY_MS
    assert scene.after_day("pv1") == []


def test_pv_whose_power_is_unknown_for_weeks_stays_an_alarm():
    scene = Scene()
    scene.rig.station.started = True
    scene.rig.station.inputs.pv_age_ms[0] = 1 << 29
    for day in range(26):
        assert scene.after_day("pv1") == ["pv_stale"], day


def test_a_value_that_a_device_no_longer_gives_does_not_look_new_after_a_wrap():
    rig = Rig()
    rig.now_ms = ticks_ms()
    rig.tick(5)
    assert rig.grid.quality == GOOD and rig.station.inputs.grid_age_ms == 200
    for _ in range(52):
        rig.now_ms = ticks_add(rig.now_ms, _DAY_MS // 2)
        rig.cycle.tick(rig.now_ms)
        assert rig.station.inputs.grid_age_ms >= _DAY_MS // 2, "it answers, but keeps saying that it is busy"
    assert rig.grid.quality == ABSENT
