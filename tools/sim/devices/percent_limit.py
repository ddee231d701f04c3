"""What a SunSpec limit in percent does to a simulated inverter, whichever model carries it."""


class PercentLimit:
    """A limit acts while it is enabled; when its reversion time is not 0 and nobody writes it again in time, the
    inverter goes back to full power by itself. Beside it stand `plant`, `pv`, `enabled`, `percent` (0.01 %),
    `revert_s` and `revert_at_s`.
    """

    def _write_percent(self, percent):
        self.percent = percent
        self._act()

    def _write_revert(self, seconds):
        self.revert_s = seconds
        self._act()

    def _write_enable(self, enable):
        self.enabled = bool(enable)
        self._act()

    def _act(self):
        """Put the limit in force, and start its time-out anew."""
        self.pv.write_limit(self.pv.rated_w * self.percent / 10000 if self.enabled else None)
        self.revert_at_s = self.plant.time_s + self.revert_s if self.enabled and self.revert_s else None

    def tick(self, now_s):
        if self.revert_at_s is not None and now_s >= self.revert_at_s:
            self.enabled = False
            self._act()
