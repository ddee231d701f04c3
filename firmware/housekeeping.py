"""Writes what must survive a power cut, out of the cycle and of every frame."""

from drivers.ticks import const, sleep_ms
from firmware.cold import forget

_LOOK_MS = const(20)
# Flash wears out: what was learned is saved 10 s after the first news, then every minute at most. A new second worst of
# all observations gets rare by itself.
_FIRST_LOOKS = const(500)
_AGAIN_LOOKS = const(3000)


class Housekeeping:
    """`run()` is a supervised task. path: of the state file. values: what it holds. stop: EmergencyStop, whose latch is
    kept. gate: Gate. station: control's, whose `learned_count` tells of something learned. The code that writes is in
    memory only while it writes; where it finds no room the task is started again."""

    def __init__(self, path, values, stop, gate, station):
        self._path, self._values, self._stop, self._gate, self._station = path, values, stop, gate, station
        self._saved_count = station.learned_count
        self._looks = _FIRST_LOOKS  # left before what was learned is saved again

    async def run(self):
        while True:
            await self._save()
            while not self._stop.changed and not self._has_news():
                await sleep_ms(_LOOK_MS)

    def _has_news(self):
        if self._station.learned_count == self._saved_count:
            return False
        self._looks -= 1
        return self._looks <= 0

    async def _save(self):
        from firmware.gun_response import stored
        from firmware.state import State

        state = State(self._path, {})
        await self._gate.window()
        self._values["estop"] = self._stop.active
        self._stop.changed = False
        if self._looks <= 0:
            self._looks = _AGAIN_LOOKS
        self._saved_count = self._station.learned_count
        state.values = stored(self._station, self._values)
        state.save()
        self._gate.done()
        del state, State, stored
        forget("firmware.state", "firmware.gun_response")
