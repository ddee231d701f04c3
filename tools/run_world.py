"""The world around the station: sky, base load and cars after a scenario file, applied to the plant. No I/O and no
clock.

The same World drives a run in real time and the baseline in virtual time, so both meet exactly the same sun, load and
cars.
"""

from tools.sim.plant import STEP_S, Noise, Plant
from tools.sim.vehicles import VehicleSource

# standard deviation (permille of what the profile gives) and time constant of the clouds
CLOUDS = {"none": (0.0, 20.0), "mild": (15.0, 20.0), "broken": (120.0, 15.0)}
REPLACED_AFTER_S = 20.0  # with `turnover`: how long a gun stays empty
DONE_LINGERS_S = 30.0  # with `turnover`: how long a full car blocks the gun


class Ramp:
    """A quantity on its way from one value to another."""

    def __init__(self, value):
        self.value = float(value)
        self._target, self._rate = self.value, 0.0

    def go(self, target, over_s):
        self._target = float(target)
        self._rate = abs(self._target - self.value) / max(over_s, STEP_S)

    def step(self, dt_s):
        step = self._rate * dt_s
        self.value += max(-step, min(step, self._target - self.value))
        return self.value


class World:
    """Builds the plant of a scenario and moves everything that nobody at the station commands.

    `step()` is one 20 ms step of sky, load, cars and plant. `apply(begins, event)` applies an event that is physics
    and returns True, or returns False for one that belongs to wires or processes. `served_w` of a gun and all figures
    are the plant's.
    """

    def __init__(self, scenario, station, sessions=None):
        conditions = scenario.data["conditions"]
        self.plant = Plant.from_station(
            station,
            base_w=conditions["base_w"],
            base_noise_w=conditions.get("base_noise_w", 0.0),
            seed=scenario.seed,
            soc=conditions.get("storage_soc_permille", 600) / 1000.0,
            capacity_wh=conditions.get("storage_capacity_wh"),
        )
        for gun_id, ramps in conditions.get("gun_ramps", {}).items():
            gun = self.plant.guns[gun_id]
            gun.ramp_up_w_s, gun.ramp_down_w_s = float(ramps["up_w_s"]), float(ramps["down_w_s"])
            gun.command_lag_s = ramps.get("lag_ms", 250) / 1000.0
        self._profile = conditions.get("pv_profile") or [[0, conditions.get("pv_available_permille", 0)]]
        sigma, time_constant_s = CLOUDS[conditions.get("clouds", "none")]
        self._clouds = Noise(sigma, scenario.seed + 1, time_constant_s)
        self._sun = Ramp(1.0)
        self._base = Ramp(conditions["base_w"])
        self._source = VehicleSource(scenario.seed, sessions)
        self._turnover = conditions.get("turnover", False)
        self._specs, self._arrived_s, self._free_since_s, self._done_since_s = {}, {}, {}, {}
        for entry in scenario.data["vehicles"]:
            self._plug(entry["gun"], entry["vehicle"])
        self._move_sky_and_load(0.0)
        for pv in self.plant.pv.values():
            pv.step(STEP_S)

    def _plug(self, gun_id, spec):
        self.plant.guns[gun_id].plug(self._source.make(spec))
        self._specs[gun_id] = spec
        self._arrived_s[gun_id] = self.plant.time_s

    def _sun_permille(self, now_s):
        points = self._profile
        if now_s <= points[0][0]:
            return points[0][1]
        for (t0, p0), (t1, p1) in zip(points, points[1:], strict=False):
            if now_s <= t1:
                return p0 + (p1 - p0) * (now_s - t0) / (t1 - t0)
        return points[-1][1]

    def _move_sky_and_load(self, dt_s):
        share = (self._sun_permille(self.plant.time_s) + self._clouds.step(dt_s)) * self._sun.step(dt_s) / 1000.0
        for pv in self.plant.pv.values():
            pv.available_w = max(0.0, share) * pv.rated_w
        self.plant.base_w = self._base.step(dt_s)

    def step(self, dt_s=STEP_S):
        self._move_sky_and_load(dt_s)
        if self._turnover:
            self._turn_over()
        self.plant.step(dt_s)

    def apply(self, begins, event):
        kind = event["event"]
        if kind == "pv_drop":
            self._sun.go(self._sun.value * event["to_permille"] / 1000.0, event["over_s"])
        elif kind == "base_step":
            self._base.go(max(0.0, self._base.value + event["by_w"]), event.get("over_s", 0.0))
        elif kind == "plug_in":
            self._plug(event["gun"], event["vehicle"])
        elif kind == "plug_out":
            self.plant.guns[event["gun"]].unplug()
        elif kind == "disobedient_gun":
            self.plant.guns[event["gun"]].disobedient = begins
        elif kind == "bms_derating":
            storage = self.plant.storage[event["pcs"]]
            storage.derating = event["to_permille"] / 1000.0 if begins else 1.0
        elif kind == "vehicle_derating":
            if self.plant.guns[event["gun"]].vehicle is not None:
                self.plant.guns[event["gun"]].vehicle.derating = event["to_permille"] / 1000.0 if begins else 1.0
        elif kind == "meter_reversed":
            self.plant.meter.reversed = begins
        else:
            return False
        return True

    def _turn_over(self):
        """Cars that are done, or have stayed as long as their session did, leave; another of the same kind comes."""
        now_s = self.plant.time_s
        for gun_id, spec in self._specs.items():
            gun = self.plant.guns[gun_id]
            if gun.vehicle is None:
                if now_s - self._free_since_s.setdefault(gun_id, now_s) >= REPLACED_AFTER_S:
                    self._plug(gun_id, spec)
                    self._free_since_s.pop(gun_id)
                    self._done_since_s.pop(gun_id, None)
                continue
            if gun.vehicle.still_wants_wh <= 0.0:
                self._done_since_s.setdefault(gun_id, now_s)
            lingered = now_s - self._done_since_s.get(gun_id, now_s) >= DONE_LINGERS_S
            if lingered or (gun.vehicle.stay_s is not None and now_s - self._arrived_s[gun_id] >= gun.vehicle.stay_s):
                gun.unplug()
                self._done_since_s.pop(gun_id, None)
