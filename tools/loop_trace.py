"""What happened in a virtual run, cycle by cycle: the plant's powers, the controller's decisions and their reasons."""

from control.reasons import GUN_REASONS, STORAGE_REASONS


class Trace:
    """Lists of equal length, one entry a cycle: `time_s`, `cap_kw`, `grid_kw` (highest since the last cycle), `pv_kw`,
    `storage_kw`, `base_kw`, `ladder`, `storage_reason`, and by gun id `gun_kw`, `grant_kw`, `reason`.
    """

    def __init__(self):
        self.time_s, self.cap_kw, self.grid_kw, self.pv_kw = [], [], [], []
        self.storage_kw, self.base_kw, self.ladder, self.storage_reason = [], [], [], []
        self.gun_kw, self.grant_kw, self.reason = {}, {}, {}
        self._highest_w = None

    def plant_step(self, plant):
        self._highest_w = plant.grid_w if self._highest_w is None else max(self._highest_w, plant.grid_w)

    def cycle(self, loop, cap_w):
        plant, control = loop.plant, loop.controller.control
        self.time_s.append(plant.time_s)
        self.cap_kw.append(cap_w / 1000.0)
        self.grid_kw.append((plant.grid_w if self._highest_w is None else self._highest_w) / 1000.0)
        self._highest_w = None
        self.pv_kw.append(plant.pv_w / 1000.0)
        self.storage_kw.append(plant.storage_w / 1000.0)
        self.base_kw.append((plant.base_w + plant.noise.value_w) / 1000.0)
        self.ladder.append(control.ladder)
        self.storage_reason.append(STORAGE_REASONS[control.storage_reason])
        for index, gun_id in enumerate(control.gun_ids):
            self.gun_kw.setdefault(gun_id, []).append(plant.guns[gun_id].power_w / 1000.0)
            self.grant_kw.setdefault(gun_id, []).append(max(0, control.grant_w[index]) / 1000.0)
            self.reason.setdefault(gun_id, []).append(GUN_REASONS[control.reason[index]])
