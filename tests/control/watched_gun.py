"""One gun with a lag and ramps of its own at the end of a wire, in integers and steps of 20 ms, and a station that only
watches how it answers. For both runtimes."""

from control import response
from control.station import Station
from tests.control.stations import config, fresh

_STEP_MS = 20
CYCLE_MS = 200


class Watched:
    """lag_ms, down_w_s, up_w_s: the gun's truth. poll_ms: between two readings; refresh_ms: between two values of its
    register; wants_w: what the car takes; write_ms: from a decision to its acknowledgement."""

    def __init__(self, lag_ms=250, down_w_s=80000, up_w_s=40000, poll_ms=200, refresh_ms=20, write_ms=60, **changes):
        self.station = Station(config([dict({"class": "super", "max_w": 480000}, **changes)]))
        self.lag_ms, self.down_w_s, self.up_w_s = lag_ms, down_w_s, up_w_s
        self.poll_ms, self.refresh_ms, self.write_ms = poll_ms, refresh_ms, write_ms
        self.wants_w = 480000
        self.now_ms = self.power_w = self.shown_w = self.read_w = 0
        self.read_ms = 0
        self.acting_w = self.held_w = 20000
        self.silent = self.obeys_not = False
        self._writes = []  # (ms of the acknowledgement, W)
        self._acts = []  # (ms, W)
        inputs = fresh(self.station)
        inputs.gun_state[0] = 2
        self.limit(20000, 4000)

    def limit(self, limit_w, for_ms, car_w=None):
        """The station grants so much, for so long; the car wants car_w from now on."""
        if car_w is not None:
            self.wants_w = car_w
        self.station.grant_w[0] = limit_w
        self._writes.append((self.now_ms + self.write_ms, limit_w))
        end_ms = self.now_ms + for_ms
        while self.now_ms < end_ms:
            self._move()
            if self.now_ms % CYCLE_MS == 0:
                self._cycle()
        return self

    def step_down(self, high_w=300000, low_w=60000):
        """Up, and down again by one step. The time in between is no multiple of anything."""
        self.limit(high_w, 12000 + self.now_ms // 1000 % 7 * 20)
        return self.limit(low_w, 14000)

    def _move(self):
        self.now_ms += _STEP_MS
        if self._writes and self._writes[0][0] <= self.now_ms:
            self.held_w = self._writes.pop(0)[1]
            self._acts.append((self.now_ms + self.lag_ms, self.held_w))
        if self._acts and self._acts[0][0] <= self.now_ms:
            self.acting_w = self._acts.pop(0)[1]
        target_w = self.wants_w if self.obeys_not else min(self.acting_w, self.wants_w)
        if target_w < self.power_w:
            self.power_w = max(target_w, self.power_w - self.down_w_s * _STEP_MS // 1000)
        else:
            self.power_w = min(target_w, self.power_w + self.up_w_s * _STEP_MS // 1000)
        if self.now_ms % self.refresh_ms == 0:
            self.shown_w = self.power_w
        if self.now_ms % self.poll_ms == 60 and not self.silent:
            self.read_w, self.read_ms = self.shown_w, self.now_ms

    def _cycle(self):
        inputs = self.station.inputs
        inputs.gun_w[0], inputs.gun_age_ms[0] = self.read_w, self.now_ms - self.read_ms
        inputs.gun_upper_w[0] = max([self.held_w] + [each for _, each in self._writes])
        response.observe(self.station, CYCLE_MS)

    def seen(self, kind):
        """(worst, second worst, count)"""
        return tuple(self.station.observed[kind : kind + 3])

    @property
    def bounds(self):
        s = self.station
        return s.lag_now_ms[0], s.fall_now_w_s[0], s.rise_now_w_s[0]
