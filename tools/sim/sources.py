"""The parts of the plant that are not guns: PV inverter, storage, grid meter. No I/O and no clock."""

from tools.sim.delayed import Delayed


class Pv:
    """A PV inverter: takes what the sky gives unless it is limited (full swing of a limit in about a second)."""

    def __init__(self, rated_w):
        self.rated_w = float(rated_w)
        self.available_w = 0.0
        self.power_w = 0.0
        self.limit_w = None
        self.total_wh = 0.0

    def write_limit(self, limit_w):
        self.limit_w = None if limit_w is None else max(0.0, min(self.rated_w, float(limit_w)))

    def touch(self):
        """SunSpec inverters need no keep-alive of their own."""

    def step(self, dt_s):
        target_w = min(self.available_w, self.rated_w)
        if self.limit_w is not None and self.limit_w < target_w:
            self.power_w = max(self.limit_w, min(self.power_w - self.rated_w * dt_s, target_w))
        else:
            self.power_w = target_w
        self.total_wh += self.power_w * dt_s / 3600.0


class Storage:
    """PCS and battery: 0.1 s from setpoint to power, SOC, limits of the BMS, and the PCS's own time-out."""

    def __init__(self, plant, rated_w, capacity_wh, soc=0.6, ems_timeout_s=60.0):
        self.plant = plant
        self.rated_w, self.capacity_wh = float(rated_w), float(capacity_wh)
        self.soc = float(soc)
        self.efficiency = 0.95
        self.power_w = 0.0
        self.derating = 1.0  # share of the rated power that the BMS allows
        self.alarm = False
        self.running = True
        self.ems_timeout_s = ems_timeout_s
        self.timed_out = False
        self.discharged_wh = 0.0
        self.charged_wh = 0.0
        self._touched_s = 0.0
        self._setpoint = Delayed(0.0, 0.1)

    @property
    def setpoint_w(self):
        return self._setpoint.value

    @property
    def charge_max_w(self):
        """Shrinks to nothing over the last 5 % below full, as a BMS does."""
        return self.rated_w * self.derating * max(0.0, min(1.0, (1.0 - self.soc) / 0.05))

    @property
    def discharge_max_w(self):
        """Shrinks to nothing between 10 % and 5 % SOC."""
        return self.rated_w * self.derating * max(0.0, min(1.0, (self.soc - 0.05) / 0.05))

    def write_setpoint(self, setpoint_w):
        """W, + charging, clamped to the rating."""
        self.touch()
        self._setpoint.accept(max(-self.rated_w, min(self.rated_w, float(setpoint_w))), self.plant.time_s)

    def touch(self):
        self._touched_s = self.plant.time_s
        self.timed_out = False

    def step(self, dt_s, now_s):
        self._setpoint.advance(now_s)
        if self.ems_timeout_s is not None and now_s - self._touched_s > self.ems_timeout_s:
            self.timed_out = True
            self._setpoint.force(0.0)
        target_w = self._setpoint.acting if self.running else 0.0
        target_w = max(-self.discharge_max_w, min(self.charge_max_w, target_w))
        swing_w = 2e6 * dt_s
        self.power_w += max(-swing_w, min(swing_w, target_w - self.power_w))
        energy_wh = self.power_w * dt_s / 3600.0
        if energy_wh >= 0:
            self.charged_wh += energy_wh
            self.soc += energy_wh * self.efficiency / self.capacity_wh
        else:
            self.discharged_wh -= energy_wh
            self.soc += energy_wh / self.efficiency / self.capacity_wh
        self.soc = max(0.0, min(1.0, self.soc))


class GridMeter:
    """The meter at the connection point: samples, and shows the sample some time later."""

    def __init__(self, refresh_s=0.2, lag_s=0.1, phase_s=0.0):
        self.refresh_s, self.lag_s = refresh_s, lag_s
        self.power_w = 0.0
        self.import_wh = 0.0
        self.export_wh = 0.0
        self.frozen = False
        self.reversed = False  # its current transformers were turned round: it shows import as export
        self._pending = []
        self._next_sample_s = phase_s

    @property
    def phase_power_w(self):
        return (self.power_w / 3.0, self.power_w / 3.0, self.power_w - 2.0 * (self.power_w / 3.0))

    def step(self, dt_s, now_s, grid_w):
        if grid_w >= 0:
            self.import_wh += grid_w * dt_s / 3600.0
        else:
            self.export_wh -= grid_w * dt_s / 3600.0
        if now_s + 1e-9 >= self._next_sample_s:
            self._next_sample_s += self.refresh_s
            self._pending.append((now_s + self.lag_s, grid_w))
        while self._pending and self._pending[0][0] <= now_s + 1e-9:
            sample_w = self._pending.pop(0)[1]
            if not self.frozen:
                self.power_w = -sample_w if self.reversed else sample_w
