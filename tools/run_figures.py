"""The figures of a run, taken from the plant at every 20 ms step: what really flowed and what the guns really held.

The controller has no part in them. `PlantFigures.step()` is called once after each step of the physics.
"""

from collections import deque

COMPLIANCE_S = 5.0  # a limit received over MQTT counts as the cap this long after it was sent
FILLED_WH = 10.0  # from here on a gun counts as having served
CHARGING_W = 100.0  # below this a gun is not charging
RECENT_S = 30.0
MINIMUM_S = 10.0


class LimitsInForce:
    """The cap by which a run is judged: the contract, or a tighter limit sent to the station, `COMPLIANCE_S` after it
    was sent.
    """

    def __init__(self, contract_w):
        self.contract_w = float(contract_w)
        self._limits = []  # (from s, to s, W)

    def received(self, now_s, limit_w, expires_s):
        self._limits.append((now_s + COMPLIANCE_S, now_s + expires_s, float(limit_w)))

    def cap_w(self, now_s):
        cap_w = self.contract_w
        for from_s, to_s, limit_w in self._limits:
            if from_s <= now_s < to_s and limit_w < cap_w:
                cap_w = limit_w
        return cap_w


class Over:
    """What went over a cap: kW*s (no dead band), highest peak, longest stretch."""

    def __init__(self):
        self.kws = self.peak_kw = self.longest_s = 0.0
        self._stretch_s = 0.0

    def step(self, power_w, cap_w, dt_s):
        over_w = power_w - cap_w
        if over_w <= 0.0:
            self._stretch_s = 0.0
            return
        self.kws += over_w * dt_s / 1000.0
        self.peak_kw = max(self.peak_kw, over_w / 1000.0)
        self._stretch_s += dt_s
        self.longest_s = max(self.longest_s, self._stretch_s)


class _GunFigures:
    def __init__(self):
        self.served_wh = self.wanted_wh = 0.0
        self.was_charging = False
        self.interruptions = 0
        self.starved_at_s = None  # last time it had less than its minimum although the car wanted it
        self.zero_after_s = None
        self.fallback_after_s, self.may_fall = None, False


class PlantFigures:
    """Figures of one run. plant: the physics; contract_w: the contract cap in W.

    `pcs_answers` is set by the runner: while the PCS is silent its discharge is what it happens to be, not what it
    could be.
    """

    def __init__(self, plant, contract_w):
        self.plant = plant
        self.limits = LimitsInForce(contract_w)
        self.over_cap, self.over_contract = Over(), Over()
        self.pcs_answers = True
        self.elapsed_s = 0.0
        self.import_ws = 0.0
        self.invariant_breaches, self.invariant_peak_kw = 0, 0.0
        self.guns = {gun_id: _GunFigures() for gun_id in plant.guns}
        self.stopped_at_s, self._stop_active, self._ramp_s = None, False, {}
        self.killed_at_s = None
        self._recent = deque()  # (s, import W*s, cap W*s), one entry a step
        self._recent_import_ws = self._recent_cap_ws = 0.0

    # -- what happens --
    def emergency_stop(self):
        """The stop was given now. Each gun's own time to reach 0: its command lag and its ramp from where it is."""
        self.stopped_at_s, self._stop_active = self.plant.time_s, True
        for gun in self.plant.guns.values():
            self._ramp_s[gun.id] = gun.command_lag_s + abs(gun.power_w) / gun.ramp_down_w_s

    def controller_killed(self):
        """From now on the guns are on their own. One that is at its fall-back already cannot show that it falls."""
        self.killed_at_s = self.plant.time_s
        for gun_id, figures in self.guns.items():
            figures.fallback_after_s = None
            figures.may_fall = not self.plant.guns[gun_id].fallback_active

    def emergency_stop_released(self):
        """What follows is normal operation again and is no longer judged as a stop."""
        self._stop_active = False

    # -- one step --
    def step(self, dt_s):
        plant, now_s = self.plant, self.plant.time_s
        cap_w = self.limits.cap_w(now_s)
        self.elapsed_s += dt_s
        self.over_cap.step(plant.grid_w, cap_w, dt_s)
        self.over_contract.step(plant.grid_w, self.limits.contract_w, dt_s)
        self.import_ws += plant.grid_w * dt_s
        self._remember(now_s, plant.grid_w * dt_s, cap_w * dt_s)
        self._invariant(cap_w)
        for gun_id, figures in self.guns.items():
            self._gun(plant.guns[gun_id], figures, now_s, dt_s)

    def _remember(self, now_s, import_ws, cap_ws):
        self._recent.append((now_s, import_ws, cap_ws))
        self._recent_import_ws += import_ws
        self._recent_cap_ws += cap_ws
        while self._recent[0][0] <= now_s - RECENT_S + 1e-9:
            _, old_import_ws, old_cap_ws = self._recent.popleft()
            self._recent_import_ws -= old_import_ws
            self._recent_cap_ws -= old_cap_ws

    def held_w(self):
        """Watts at the grid that the station is committed to: largest of held limit and power of each gun, plus base,
        less certain
        PV and storage (what it may discharge while the PCS answers, else what it does)."""
        plant = self.plant
        guns_w = sum(max(gun.limit_held_w, gun.power_w, 0.0) for gun in plant.guns.values())
        storage_w = 0.0
        for storage in plant.storage.values():
            if self.pcs_answers and storage.running and not storage.timed_out:
                storage_w += min(storage.rated_w, storage.discharge_max_w)
            else:
                storage_w -= storage.power_w
        return guns_w + plant.base_w + plant.noise.value_w - plant.pv_w - storage_w

    def _invariant(self, cap_w):
        over_w = self.held_w() - cap_w
        if over_w > 0.0:
            self.invariant_breaches += 1
            self.invariant_peak_kw = max(self.invariant_peak_kw, over_w / 1000.0)

    def _gun(self, gun, figures, now_s, dt_s):
        figures.served_wh += max(0.0, gun.power_w) * dt_s / 3600.0
        figures.wanted_wh += gun.wants_w * dt_s / 3600.0
        wants_more = gun.vehicle is not None and gun.vehicle.still_wants_wh > 0.0
        charging = gun.power_w > CHARGING_W
        if figures.was_charging and not charging and wants_more and not self._stop_active:
            figures.interruptions += 1
        figures.was_charging = charging and wants_more
        if gun.wants_w >= gun.min_w and gun.power_w < gun.min_w - 1.0:
            figures.starved_at_s = now_s
        if self._stop_active:
            if gun.power_w != 0.0:
                figures.zero_after_s = None
            elif figures.zero_after_s is None:
                figures.zero_after_s = now_s - self.stopped_at_s
        if figures.may_fall and figures.fallback_after_s is None:
            if max(gun.limit_held_w, gun.power_w) <= gun.fallback_w + 1.0 and gun.fallback_active:
                figures.fallback_after_s = now_s - self.killed_at_s

    # -- what came out --
    def mean_import_recent_kw(self):
        span_s = min(self.elapsed_s, RECENT_S)
        return self._recent_import_ws / span_s / 1000.0 if span_s else 0.0

    def import_recent_permille_of_cap(self):
        return 1000.0 * self._recent_import_ws / self._recent_cap_ws if self._recent_cap_ws else 0.0

    def stop_zero_ms(self):
        """ms each gun took from the emergency stop to 0 W, less its own command lag and ramp; None for one that never
        reached 0.
        """
        if self.stopped_at_s is None:
            return {}
        return {
            gun_id: None
            if figures.zero_after_s is None
            else max(0.0, 1000.0 * (figures.zero_after_s - self._ramp_s[gun_id]))
            for gun_id, figures in self.guns.items()
        }

    def report(self):
        """Everything the plant knows, as JSON."""
        last_s = self.plant.time_s - MINIMUM_S
        served_wh = {gun_id: figures.served_wh for gun_id, figures in self.guns.items()}
        report = {
            "cap_kw": self.limits.cap_w(self.plant.time_s) / 1000.0,
            "contract_kw": self.limits.contract_w / 1000.0,
            "over_cap_kws": self.over_cap.kws,
            "over_cap_peak_kw": self.over_cap.peak_kw,
            "over_cap_longest_s": self.over_cap.longest_s,
            "over_contract_kws": self.over_contract.kws,
            "over_contract_peak_kw": self.over_contract.peak_kw,
            "mean_import_kw": self.import_ws / self.elapsed_s / 1000.0 if self.elapsed_s else 0.0,
            "mean_import_last_30s_kw": self.mean_import_recent_kw(),
            "import_last_30s_permille_of_cap": self.import_recent_permille_of_cap(),
            "served_kwh": sum(served_wh.values()) / 1000.0,
            "wanted_kwh": sum(figures.wanted_wh for figures in self.guns.values()) / 1000.0,
            "served_per_gun_kwh": {gun_id: energy_wh / 1000.0 for gun_id, energy_wh in served_wh.items()},
            "guns_served": sum(1 for energy_wh in served_wh.values() if energy_wh >= FILLED_WH),
            "plant_invariant_breaches": self.invariant_breaches,
            "plant_invariant_peak_kw": self.invariant_peak_kw,
            "interruptions": {gun_id: figures.interruptions for gun_id, figures in self.guns.items()},
            "below_minimum_last_10s": [
                gun_id
                for gun_id, figures in self.guns.items()
                if figures.starved_at_s is not None and figures.starved_at_s > last_s
            ],
            "storage_soc_permille": {
                pcs_id: round(1000 * storage.soc) for pcs_id, storage in self.plant.storage.items()
            },
        }
        if self.stopped_at_s is not None:
            report["stop_zero_ms"] = self.stop_zero_ms()
        if self.killed_at_s is not None:
            report["fallback_after_s"] = {gun_id: figures.fallback_after_s for gun_id, figures in self.guns.items()}
        return report
