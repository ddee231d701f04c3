"""Alarms of power cabinets: modules that failed, a cabinet that stands still, cooling, hot modules; and what
telemetry shows of them. Loaded only for a station that has one."""

from drivers.reading import ABSENT
from drivers.ticks import sleep_ms, ticks_ms

_PERIOD_MS = 1000
# Power modules derate from 55 degC of air on and stop at 75 (usual in their data sheets; D).
_HOT_DC, _COOLED_DC = 750, 700
_FAULT, _EMERGENCY_STOP = 4, 5  # status
_TOLD = (
    "status", "modules", "modules_working", "modules_faulty", "module_hottest_dc", "coolant_out_dc", "cooling_level",
)  # fmt: skip


class CabinetWatch:
    """cabinets: Devices of that role; what a profile does not tell raises nothing. alarms: Alarms."""

    def __init__(self, cabinets, alarms):
        self._cabinets, self._alarms = cabinets, alarms

    async def run(self):
        while True:
            await sleep_ms(_PERIOD_MS)
            self.look(ticks_ms())

    def look(self, now_ms):
        for cabinet in self._cabinets:
            if cabinet.alive(now_ms):  # what it said last stands until it says something else
                self._look_at(cabinet, now_ms)

    def _look_at(self, cabinet, now_ms):
        update, name, readings = self._alarms.update, cabinet.id, cabinet.readings
        status, faulty = _value(readings, "status"), _value(readings, "modules_faulty")
        update("cabinet_stopped", name, status in (_FAULT, _EMERGENCY_STOP), now_ms, status)
        update("modules_failed", name, faulty > 0, now_ms, faulty, _value(readings, "modules_working"))
        level = _value(readings, "cooling_level")
        update("cooling_fault", name, level > 0, now_ms, level)
        hottest_dc = _value(readings, "module_hottest_dc")
        limit_dc = _COOLED_DC if self._alarms.is_active("module_hot", name) else _HOT_DC
        update("module_hot", name, hottest_dc >= limit_dc, now_ms, hottest_dc // 10)


def told(cabinet) -> dict:
    """What telemetry shows of it; None where it is not known."""
    found: dict = {"id": cabinet.id}
    for name in _TOLD:
        reading = cabinet.readings.get(name)
        found[name] = None if reading is None or reading.quality == ABSENT else reading.value
    return found


def _value(readings, name):
    reading = readings.get(name)
    return 0 if reading is None or reading.quality == ABSENT else reading.value
