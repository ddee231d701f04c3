"""Is reality worse than the latency budget? Compares how old the control readings really become, and how busy the lines
really are, with what the station file promises (drivers/timing.py, tools/budget.py), and states it as an alarm.

The budget is made when a station file is checked, from the same plans by which the buses run, and kept in the checked
station. What stays in memory is a few integers for each device and bus.
"""

from array import array

from drivers.reading import ABSENT
from drivers.ticks import const, sleep_ms, ticks_diff, ticks_ms

CODE = "reality_worse_than_budget"
_STEP_MS = const(90)  # does not keep step with the periods of the readings, so that it meets them at every age
_HALF_MS = const(5000)
_WRAP = const(0xFFFFFFF)  # of the busy time of a client


class BudgetWatch:
    """`run()` is a supervised task. Every 5 s the last 10 s are judged. promise: (ages, busy, names) of
    `take_in.promised`. buses, devices: as built for the station. alarms: Alarms, which gets one for each device (ages
    in ms) and each bus (permille) that is worse.
    """

    def __init__(self, promise, buses, devices, alarms):
        ages, busy, names = promise
        self._alarms = alarms
        self._devices = [devices[each] for each in ages]
        self._readings = []
        owners = []  # for each reading, the place of its device
        for at in range(len(self._devices)):
            for name in names[self._devices[at].role]:
                self._readings.append(self._devices[at].readings[name])
                owners.append(at)
        self._owners = bytes(owners)
        self.allowed_ms = array("i", [ages[device.id] for device in self._devices])
        self._oldest_ms = array("i", [0] * len(self._devices))  # of this half of the window
        self._before_ms = array("i", [0] * len(self._devices))  # of the half before
        self._buses = [bus for bus in buses if bus.id in busy]
        self.allowed_permille = array("i", [min(1000, busy[bus.id]) for bus in self._buses])
        self._busy_ms = array("i", [0] * 2 * len(self._buses))  # counters at the last two judgements
        self._halves = 0
        self._half_ms = 0  # length of the half before
        self._since_ms = ticks_ms()

    async def run(self):
        while True:
            await sleep_ms(_STEP_MS)
            now_ms = ticks_ms()
            self.look(now_ms)
            if ticks_diff(now_ms, self._since_ms) >= _HALF_MS:
                self.judge(now_ms)

    def look(self, now_ms):
        """Note how old the readings are. Allocates nothing. A device that does not answer has an alarm of its own."""
        oldest_ms = self._oldest_ms
        for i in range(len(self._owners)):
            at, reading = self._owners[i], self._readings[i]
            if reading.quality != ABSENT and self._devices[at].alive(now_ms):
                age_ms = ticks_diff(now_ms, reading.at_ms)
                if age_ms > oldest_ms[at]:
                    oldest_ms[at] = age_ms

    def judge(self, now_ms):
        """Half a window is over: state the alarms, and begin the next half. Nothing is judged before a whole window."""
        half_ms = ticks_diff(now_ms, self._since_ms)
        window_ms, self._half_ms, self._since_ms = half_ms + self._half_ms, half_ms, now_ms
        self._halves += 1
        is_whole = self._halves > 2  # the first half still holds the start
        for at in range(len(self._devices)):
            worst_ms = max(self._oldest_ms[at], self._before_ms[at])
            self._before_ms[at], self._oldest_ms[at] = self._oldest_ms[at], 0
            if is_whole:
                self._state(self._devices[at].id, worst_ms, self.allowed_ms[at], now_ms)
        for at in range(len(self._buses)):
            newest_ms, before_ms = self._buses[at].client.busy_ms, self._busy_ms[2 * at]
            busy_ms = newest_ms - before_ms & _WRAP
            self._busy_ms[2 * at], self._busy_ms[2 * at + 1] = self._busy_ms[2 * at + 1], newest_ms
            if is_whole:
                self._state(self._buses[at].id, 1000 * busy_ms // window_ms, self.allowed_permille[at], now_ms)

    def _state(self, name, measured, allowed, now_ms):
        self._alarms.update(CODE, name, measured > allowed, now_ms, measured, allowed)

