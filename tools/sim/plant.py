"""The station's physics: what the copper does, in steps of 20 ms.

No I/O and no clock: the caller steps it, so real time and virtual time run the same code. Floats, watts, seconds.
Signs: grid + import, storage and vehicles + charging, PV + generation. Device constants are no softer than those of the
published step bench this project compares with: gun command lag 0.25 s, DC ramp 80 kW/s down and 40 kW/s up, PCS
response 0.1 s, grid meter sampled every 0.2 s and published 0.1 s later.
"""

import random

from tools.sim.gun import Gun
from tools.sim.sources import GridMeter, Pv, Storage

STEP_S = 0.02
AC_PROFILES = ("abb_terra_ac", "foxess_evc", "heidelberg_ec", "keba_p30")
DISCHARGING_PROFILES = ("ambibox", "cn_pile_v2", "sigenergy_evdc", "wallbox_quasar")


CUSTOM = "custom:"


def simulated_profile(device):
    """The built-in profile whose simulated device stands for a device of a station file: its own, or what a custom
    profile's `simulated_as` names ("" when it names none)."""
    return device.get("simulated_as", "") if device["profile"].startswith(CUSTOM) else device["profile"]


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
        profile = simulated_profile(device)
        kind = "ac" if profile in AC_PROFILES else "dc"
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
        gun.zero_aborts = profile == "alpitronic_hyc"
        gun.may_discharge = profile in DISCHARGING_PROFILES
        gun.fallback_latches = profile != "heidelberg_ec"
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
