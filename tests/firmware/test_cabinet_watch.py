# runs on: cpython, micropython
"""What is wrong with a power cabinet becomes an alarm, and ends with it; telemetry shows what the cabinet says."""

from drivers.reading import WHY_SILENT
from drivers.ticks import ticks_add, ticks_ms
from firmware.alarms import Alarms
from firmware.cabinet_watch import CabinetWatch, told
from tests.drivers.stations import device

SOUND = {
    "status": 2, "modules": 12, "modules_working": 12, "modules_faulty": 0, "module_hottest_dc": 612,
    "coolant_out_dc": 385, "cooling_level": 0,
}  # fmt: skip


class Scene:
    def __init__(self):
        self.cabinet = device("power_cabinet", id="cab")
        self.alarms = Alarms(1, ["grid"])
        self.watch = CabinetWatch([self.cabinet], self.alarms)
        self.now_ms = ticks_ms()

    def after(self, **readings):
        """The codes that stand a second later, after the cabinet has said this."""
        self.now_ms = ticks_add(self.now_ms, 1000)
        self.cabinet.answered(self.now_ms, 5)
        for name, value in dict(SOUND, **readings).items():
            self.cabinet.readings[name].good(value, self.now_ms)
        self.watch.look(self.now_ms)
        return [each["code"] for each in self.alarms.active()]


def test_a_sound_cabinet_raises_nothing():
    scene = Scene()
    assert scene.after() == []
    assert told(scene.cabinet) == dict(SOUND, id="cab")


def test_each_fault_has_an_alarm_that_ends_with_it():
    for readings, code, number in (
        ({"status": 4}, "cabinet_stopped", "4"),
        ({"status": 5}, "cabinet_stopped", "5"),
        ({"modules_faulty": 2, "modules_working": 10}, "modules_failed", "10"),
        ({"cooling_level": 2}, "cooling_fault", "2"),
        ({"module_hottest_dc": 768}, "module_hot", "76"),
    ):
        scene = Scene()
        assert scene.after(**readings) == [code]
        text = scene.alarms.active()[0]
        assert text["device"] == "cab" and number in text["zh"] and number in text["en"] and "?" not in text["en"]
        assert scene.after() == [], code


def test_a_module_that_was_hot_must_cool_down_before_the_alarm_ends():
    scene = Scene()
    codes = [scene.after(module_hottest_dc=value) for value in (740, 750, 740, 700, 699, 740)]
    assert codes == [[], ["module_hot"], ["module_hot"], ["module_hot"], [], []]


def test_the_last_faults_of_a_cabinet_that_falls_silent_stand():
    scene = Scene()
    assert scene.after(modules_faulty=1) == ["modules_failed"]
    scene.cabinet.readings["modules_faulty"].absent(WHY_SILENT)
    scene.watch.look(ticks_add(scene.now_ms, 5001))
    assert [each["code"] for each in scene.alarms.active()] == ["modules_failed"]
    assert scene.after() == []


def test_what_is_not_known_raises_nothing_and_is_shown_as_such():
    scene = Scene()
    scene.cabinet.answered(scene.now_ms, 5)
    scene.watch.look(scene.now_ms)
    assert scene.alarms.active() == []
    assert told(scene.cabinet)["module_hottest_dc"] is None
