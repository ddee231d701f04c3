"""What SunSpec model 715 does to a simulated device: commands act only while the controller's heart beats.

The model definition says that the counter must be incremented, not within which time: `heartbeat_s` (D).
"""


class ControllerHeartbeat:
    """Beside it stand `plant`, `enabled`, `_act()` and the methods of a SunspecChain; the device's own `tick` calls
    `_listen`."""

    heartbeat_s = 60.0

    def _lay_out_heartbeat(self):
        self.beats = 0  # heard so far
        self._last_beat, self._beat_at_s = 0, None
        self.set(715, "LocRemCtl", 0)
        self.set(715, "ControllerHb", 0)
        self.writable(715, "ControllerHb", self._write_beat)

    def _write_beat(self, count):
        if count != self._last_beat:
            self.beats += 1
            self._last_beat, self._beat_at_s = count, self.plant.time_s

    def _listen(self, now_s):
        if not self.enabled:
            self._beat_at_s = None
        elif self._beat_at_s is None:
            self._beat_at_s = now_s  # the first beat may come after the first command
        elif now_s - self._beat_at_s > self.heartbeat_s:
            self.enabled = False
            self._act()
