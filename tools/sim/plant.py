"""The station's physics: what the copper does, in steps of 20 ms.

No I/O and no clock: the caller steps it, so real time and virtual time run the same code. Floats, watts, seconds.
Signs: grid + import, storage and vehicles + charging, PV + generation. Device constants are no softer than those of the
published step bench this project compares with: gun command lag 0.25 s, DC ramp 80 kW/s down and 40 kW/s up, PCS
response 0.1 s, grid meter sampled every 0.2 s and published 0.1 s later.
"""

import random

STEP_S = 0.02


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


class _Delayed:
    """A setpoint that acts some time after it was accepted."""

    def __init__(self, value, delay_s):
        self.value = value  # newest accepted
        self.acting = value
        self.delay_s = delay_s
        self._queue = []  # (acts at, value)

    def accept(self, value, now_s):
        self.value = value
        self._queue.append((now_s + self.delay_s, value))

    def advance(self, now_s):
        while self._queue and self._queue[0][0] <= now_s + 1e-9:
            self.acting = self._queue.pop(0)[1]

    def force(self, value):
        self._queue.clear()
        self.value = self.acting = value

    def largest(self):
        return max([self.acting] + [value for _, value in self._queue])


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
        self._limit = _Delayed(float(fallback_w), 0.25)

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
        accepts_w = self.vehicle.accepts_w() / self.efficiency
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
        target_w = min(limit_w, self.wants_w) if limit_w >= self.min_w else 0.0
        if self.may_discharge and limit_w <= -self.min_w and self.vehicle is not None:
            target_w = limit_w if self.vehicle.soc > 0.2 else 0.0
        if self.wants_w == 0.0 and self.vehicle is None:
            self.power_w = 0.0
        elif target_w > self.power_w:
            self.power_w = min(target_w, self.power_w + self.ramp_up_w_s * dt_s)
        else:
            self.power_w = max(target_w, self.power_w - self.ramp_down_w_s * dt_s)
        if self.vehicle is not None:
            gained_wh = self.dc_w * dt_s / 3600.0
            self.vehicle.soc = min(1.0, self.vehicle.soc + gained_wh / self.vehicle.pack_wh)
            self.session_wh += self.power_w * dt_s / 3600.0
            self.total_wh += abs(self.power_w) * dt_s / 3600.0


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
        self._setpoint = _Delayed(0.0, 0.1)

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
                self.power_w = sample_w


class Noise:
    """Slow random wandering around 0 (first-order, seeded): what small loads do."""

    def __init__(self, sigma_w, seed, time_constant_s=2.0):
        self.sigma_w, self.time_constant_s = float(sigma_w), time_constant_s
        self.value_w = 0.0
        self._random = random.Random(seed)

    def step(self, dt_s):
        keep = max(0.0, 1.0 - dt_s / self.time_constant_s)
        self.value_w = keep * self.value_w + self.sigma_w * (1.0 - keep * keep) ** 0.5 * self._random.gauss(0.0, 1.0)
        return self.value_w


class Plant:
    """The whole station. Build it with `Plant.from_station(station)` (the station file as data) or add parts by
    hand.
    """

    def __init__(self, base_w=25e3, base_noise_w=0.0, seed=1):
        self.time_s = 0.0
        self.guns = {}
        self.pv = {}
        self.storage = {}
        self.meter = GridMeter()
        self.base_w = float(base_w)  # the load that nobody meters or commands, set by the caller
        self.noise = Noise(base_noise_w, seed)
        self.grid_w = float(base_w)

    @classmethod
    def from_station(cls, station, base_w=25e3, base_noise_w=0.0, seed=1, soc=0.6, capacity_wh=None):
        """Parts after the `devices` of a station file: profiles and ratings only, never its register tables."""
        plant = cls(base_w, base_noise_w, seed)
        for device in station["devices"]:
            if device["role"] == "gun":
                plant._add_gun(device)
            elif device["role"] == "pv":
                plant.pv[device["id"]] = Pv(device["rated_w"])
            elif device["role"] == "pcs":
                size_wh = capacity_wh if capacity_wh is not None else 2.0 * device["rated_w"]
                plant.storage[device["id"]] = Storage(
                    plant, device["rated_w"], size_wh, soc, device.get("watchdog_s", 60)
                )
            elif device["role"] == "meter":
                plant.meter = GridMeter(device.get("refresh_ms", 200) / 1000.0, device.get("lag_ms", 100) / 1000.0)
        return plant

    def _add_gun(self, device):
        kind = "ac" if device["profile"] in ("foxess_evc", "heidelberg_ec") else "dc"
        gun = Gun(
            device["id"],
            self,
            kind,
            device["max_w"],
            device["min_w"],
            device["fallback_w"],
            device.get("watchdog_s"),
            device.get("phases", 3),
        )
        gun.zero_aborts = device["profile"] == "alpitronic_hyc"
        gun.may_discharge = device["profile"] == "cn_pile_v2"
        gun.fallback_latches = device["profile"] != "heidelberg_ec"
        self.guns[device["id"]] = gun

    @property
    def guns_w(self):
        return sum(gun.power_w for gun in self.guns.values())

    @property
    def pv_w(self):
        return sum(pv.power_w for pv in self.pv.values())

    @property
    def storage_w(self):
        return sum(storage.power_w for storage in self.storage.values())

    def step(self, dt_s=STEP_S):
        """One step of physics. dt_s at most 0.02 wherever figures are taken."""
        self.time_s += dt_s
        now_s = self.time_s
        for gun in self.guns.values():
            gun.step(dt_s, now_s)
        for pv in self.pv.values():
            pv.step(dt_s)
        for storage in self.storage.values():
            storage.step(dt_s, now_s)
        self.grid_w = self.base_w + self.noise.step(dt_s) + self.guns_w - self.pv_w + self.storage_w
        self.meter.step(dt_s, now_s, self.grid_w)
