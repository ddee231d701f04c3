"""Writes what must survive a power cut, out of the cycle."""

from drivers.ticks import const, sleep_ms
from firmware.cold import forget

_LOOK_MS = const(20)


class Housekeeping:
    """`run()` is a supervised task. path: of the state file. values: what it holds. stop: EmergencyStop, whose latch is
    kept. The code that writes is in memory only while it writes; where it finds no room the task is started again."""

    def __init__(self, path, values, stop):
        self._path, self._values, self._stop = path, values, stop

    async def run(self):
        while True:
            self._values["estop"] = self._stop.active
            self._stop.changed = False
            self._save()
            while not self._stop.changed:
                await sleep_ms(_LOOK_MS)

    def _save(self):
        from firmware.state import State

        state = State(self._path, {})
        state.values = self._values
        state.save()
        del state, State
        forget("firmware.state")
