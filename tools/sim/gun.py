"""A charging gun and the car at it: limits with their lag, ramps, the gun's own watchdog, and the battery's appetite.

No I/O and no clock. Floats, watts at the AC side, + charging. Command lag 0.25 s; DC ramps 80 kW/s down and 40 kW/s up,
AC a tenth of that: no softer than the published step bench this project compares with.
"""

from tools.sim.delayed import Delayed


class Vehicle:
    """A car: what its battery accepts over SOC, and how much it came for.

    curve: [(soc 0..1, W at the battery), ...] ascending in soc; interpolated in between. ac_w: its on-board
    charger, W at the socket.
    """

    def __init__(self, pack_wh, soc, curve, leave_soc=1.0, ac_w=11040.0, start_delay_s=3.0, label=""):
        self.pack_wh = float(pack_wh)
        self.soc = float(soc)
        self.curve = [(float(s), float(w)) for s, w in curve]
        self.leave_soc = float(leave_soc)
        self.ac_w = float(ac_w)
        self.start_delay_s = float(start_delay_s)
        self.label = label
        self.arrived_soc = self.soc
        self.derating = 1.0  # share of its curve that its BMS allows

    def accepts_w(self):
        """W its battery takes now; 0 once it has what it came for."""
        if self.soc >= self.leave_soc:
            return 0.0
        points = self.curve
        if self.soc <= points[0][0]:
            return points[0][1]
        for (s0, w0), (s1, w1) in zip(points, points[1:], strict=False):
            if self.soc <= s1:
                return w0 + (w1 - w0) * (self.soc - s0) / (s1 - s0) if s1 > s0 else w1
        return points[-1][1]

    @property
    def still_wants_wh(self):
        return max(0.0, self.leave_soc - self.soc) * self.pack_wh


class Gun:
    """One charging gun with the limit it really holds, its ramps, its own watchdog, and perhaps a car."""

    def __init__(self, gun_id, plant, kind="dc", max_w=180e3, min_w=5e3, fallback_w=20e3, watchdog_s=10.0, phases=3):
        self.id = gun_id
        self.kind = kind
        self.plant = plant
        self.max_w, self.min_w = float(max_w), float(min_w)
        self.phases = phases
        self.efficiency = 0.95 if kind == "dc" else 0.90
        self.ramp_up_w_s, self.ramp_down_w_s = (40e3, 80e3) if kind == "dc" else (4e3, 8e3)
        self.fallback_w = float(fallback_w)
        self.watchdog_s = watchdog_s
        self.fallback_active = False
        self.fallback_latches = True  # stays at the fall-back until a new limit is written, not only until it is polled
        self.zero_aborts = False  # a limit of 0 W ends the session (alpitronic)
        self.may_discharge = False
        self.disobedient = False
        self.power_w = 0.0
        self.session_wh = 0.0
        self.total_wh = 0.0
        self.vehicle = None
        self.enabled = True
        self.aborted = False
        self._touched_s = 0.0
        self._plugged_s = 0.0
        self._limit = Delayed(float(fallback_w), 0.25)

    # -- what the wire does to it --
    def write_limit(self, limit_w):
        """A new limit arrives (W at the AC side, negative = discharge where the gun can). Disobedient guns
        acknowledge and ignore it.
        """
        self.touch()
        self.fallback_active = False
        if self.disobedient:
            return
        limit_w = max(-self.max_w if self.may_discharge else 0.0, min(self.max_w, float(limit_w)))
        self._limit.accept(limit_w, self.plant.time_s)
        if self.zero_aborts and limit_w == 0.0 and self.vehicle is not None:
            self.aborted = True

    def touch(self):
        """Traffic that re-arms the watchdog."""
        self._touched_s = self.plant.time_s

    def set_watchdog(self, seconds):
        self.watchdog_s = seconds
        self.touch()

    def set_fallback(self, fallback_w):
        self.fallback_w = max(0.0, min(self.max_w, float(fallback_w)))

    @property
    def command_lag_s(self):
        """From a limit accepted to the limit acting."""
        return self._limit.delay_s

    @command_lag_s.setter
    def command_lag_s(self, lag_s):
        self._limit.delay_s = lag_s

    @property
    def limit_w(self):
        """Newest accepted limit, or the fall-back while that is in force."""
        return self.fallback_w if self.fallback_active else self._limit.value

    @property
    def limit_held_w(self):
        """The largest limit that may still act: a decrease counts only once its command lag is over."""
        return self.fallback_w if self.fallback_active else self._limit.largest()

    # -- the car --
    def plug(self, vehicle):
        self.vehicle = vehicle
        self.session_wh = 0.0
        self.aborted = False
        self._plugged_s = self.plant.time_s

    def unplug(self):
        """The car is gone; its current ends at once (the gun opens its contactor)."""
        vehicle, self.vehicle = self.vehicle, None
        self.power_w = 0.0
        self.aborted = False
        return vehicle

    @property
    def wants_w(self):
        """What car and gun would take now if nobody limited them, W at the AC side."""
        if self.vehicle is None or self.aborted or not self.enabled:
            return 0.0
        if self.plant.time_s - self._plugged_s < self.vehicle.start_delay_s - 1e-9:
            return 0.0
        accepts_w = self.vehicle.accepts_w() * self.vehicle.derating / self.efficiency
        if self.kind == "ac":
            accepts_w = min(accepts_w, self.vehicle.ac_w)
        return min(self.max_w, accepts_w)

    @property
    def state(self):
        if not self.enabled:
            return "fault"
        if self.vehicle is None:
            return "idle"
        if self.aborted:
            return "unavailable" if self.limit_w == 0 else "finishing"
        if self.power_w > 100.0 or self.power_w < -100.0:
            return "charging"
        if self.vehicle.soc >= self.vehicle.leave_soc:
            return "finishing"
        if self.plant.time_s - self._plugged_s < self.vehicle.start_delay_s - 1e-9:
            return "preparing"
        return "suspended" if self.session_wh > 1.0 else "preparing"

    @property
    def soc(self):
        return self.vehicle.soc if self.vehicle is not None else None

    @property
    def dc_w(self):
        return self.power_w * self.efficiency if self.power_w >= 0 else self.power_w / self.efficiency

    @property
    def voltage_v(self):
        if self.kind == "ac":
            return 230.0
        if self.vehicle is None:
            return 0.0
        nominal_v = 800.0 if self.max_w > 200e3 else 400.0
        return nominal_v * (0.9 + 0.2 * self.vehicle.soc)

    @property
    def current_a(self):
        """DC current, or the current of each phase in use."""
        if self.kind == "ac":
            return self.power_w / (self.phases * 230.0)
        return self.dc_w / self.voltage_v if self.voltage_v else 0.0

    def step(self, dt_s, now_s):
        self._limit.advance(now_s)
        if self.watchdog_s is not None and now_s - self._touched_s > self.watchdog_s:
            self.fallback_active = True
        elif not self.fallback_latches:
            self.fallback_active = False
        limit_w = self.fallback_w if self.fallback_active else self._limit.acting  # also when the last limit was lower
        if self.fallback_active and self.fallback_latches:
            self._limit.force(limit_w)
        if self.vehicle is None:
            self.power_w = 0.0
        else:
            self._drive(dt_s, limit_w)

    def _drive(self, dt_s, limit_w):
        vehicle, power_w = self.vehicle, self.power_w
        target_w = min(limit_w, self.wants_w) if limit_w >= self.min_w else 0.0
        if self.may_discharge and limit_w <= -self.min_w:
            target_w = limit_w if vehicle.soc > 0.2 else 0.0
        if target_w > power_w:
            self.power_w = power_w = min(target_w, power_w + self.ramp_up_w_s * dt_s)
        elif target_w < power_w:
            self.power_w = power_w = max(target_w, power_w - self.ramp_down_w_s * dt_s)
        if power_w:
            vehicle.soc = min(1.0, vehicle.soc + self.dc_w * dt_s / 3600.0 / vehicle.pack_wh)
            self.session_wh += power_w * dt_s / 3600.0
            self.total_wh += abs(power_w) * dt_s / 3600.0
