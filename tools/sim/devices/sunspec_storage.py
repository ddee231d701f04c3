"""SunSpec storage: power conversion and battery behind one unit id, with model 124 or with the DER models (704, 713).

Source: SunSpec model definitions 103, 120, 124, 701, 702, 704, 713 to 715, 802 (grade A). Powers are + discharging on
the wire. Model 124: the two rates are the ends of a window, each may be negative and then forces the other direction
(grade D; so described for Fronius devices). Model 704: a setpoint in W with an enable. Both fall back to 0 W when their
reversion time passes without a new write.
"""

from tools.sim.devices.sunspec_chain import SunspecChain, exponent_for
from tools.sim.devices.sunspec_heartbeat import ControllerHeartbeat

BATTERY_V = 768.0
_EVT_OVER_TEMPERATURE_ALARM = 1 << 1
_CONNECTED = 3


def sunspec_storage(unit, devices, plant):
    """The storage that its devices' profiles are for: with the DER models or with model 124."""
    is_der = any(device["profile"].startswith("sunspec_der") for device in devices)
    return (DerStorage if is_der else BasicStorage)(unit, devices, plant)


class _Storage(SunspecChain):
    """devices: the PCS, the BMS, or both."""

    def __init__(self, unit, devices, plant, models):
        super().__init__(unit, [device["id"] for device in devices], models)
        self.plant = plant
        first = devices[0]
        self.storage = plant.storage[first["id"] if first["role"] == "pcs" else first["storage"]]
        self.storage.ems_timeout_s = None  # the reversion time is kept here
        self.power_sf = exponent_for(2 * self.storage.rated_w)
        self.enabled, self.revert_s, self.revert_at_s = 0, 0, None
        for point, exponent in (("WChaDisChaMax_SF", self.power_sf), ("SoC_SF", -1), ("V_SF", -1), ("AMax_SF", -1)):
            self.scale(802, point, exponent)
        for point in ("WChaRteMax", "WDisChaRteMax"):
            self.set(802, point, self.storage.rated_w, "WChaDisChaMax_SF")
        self.set(802, "V", BATTERY_V, "V_SF")
        self.set(802, "State", _CONNECTED)
        self.fills = {device["id"]: self._fill_pcs if device["role"] == "pcs" else self._fill_bms for device in devices}

    def _fill_bms(self):
        storage = self.storage
        self.set(802, "SoC", 100 * storage.soc, "SoC_SF")
        self.set(802, "AChaMax", storage.charge_max_w / BATTERY_V, "AMax_SF")
        self.set(802, "ADisChaMax", storage.discharge_max_w / BATTERY_V, "AMax_SF")
        self.set(802, "Evt1", _EVT_OVER_TEMPERATURE_ALARM if storage.alarm else 0)
        self.set(802, "ChaSt", 4 if storage.power_w > 100 else 3 if storage.power_w < -100 else 6)

    def _write_enable(self, enable):
        self.enabled = enable
        self._act()

    def _write_revert(self, seconds):
        self.revert_s = seconds
        self._act()

    def _act(self, _value=None):
        self.storage.write_setpoint(self._asked_w() if self.enabled else 0.0)
        self.revert_at_s = self.plant.time_s + self.revert_s if self.enabled and self.revert_s else None

    def tick(self, now_s):
        if self.revert_at_s is not None and now_s >= self.revert_at_s:
            self.enabled = 0
            self._act()

    def word(self, model, offset):
        return self.holding[self.base(model) + offset]


class BasicStorage(_Storage):
    """Models 103, 120, 124, 802."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant, (103, 120, 124, 802))
        rated_w = self.storage.rated_w
        self.scale(103, "W_SF", self.power_sf)
        self.scale(120, "WRtg_SF", self.power_sf)
        self.set(120, "WRtg", rated_w, "WRtg_SF")
        self.scale(124, "WChaMax_SF", self.power_sf)
        self.set(124, "WChaMax", rated_w, "WChaMax_SF")
        self.scale(124, "InOutWRte_SF", -2)
        self.scale(124, "ChaState_SF", -1)
        for point in ("StorCtl_Mod", "OutWRte", "InWRte", "InOutWRte_WinTms", "InOutWRte_RvrtTms"):
            self.set(124, point, 0)
        self.writable(124, "StorCtl_Mod", self._write_enable, high=3)
        for point in ("OutWRte", "InWRte"):
            self.writable(124, point, self._act, low=-10000, high=10000, signed=True)
        self.writable(124, "InOutWRte_WinTms")
        self.writable(124, "InOutWRte_RvrtTms", self._write_revert)

    def _asked_w(self):
        rates = [self.word(124, offset) for offset in (12, 13)]
        discharge, charge = ((rate - 0x10000 if rate & 0x8000 else rate) / 10000 for rate in rates)
        low = -discharge if self.enabled & 2 else -1.0
        high = charge if self.enabled & 1 else 1.0
        return self.storage.rated_w * max(low, min(high, 0.0))

    def _fill_pcs(self):
        self.set(103, "W", -self.storage.power_w, "W_SF")
        self.set(103, "St", 4 if self.storage.running else 1)
        self.set(124, "StorCtl_Mod", self.enabled)

    def _fill_bms(self):
        super()._fill_bms()
        self.set(124, "ChaState", 100 * self.storage.soc, "ChaState_SF")


class DerStorage(ControllerHeartbeat, _Storage):
    """Models 701, 702, 704, 713, 714, 715, 802."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant, (701, 702, 704, 713, 714, 715, 802))
        rated_w = self.storage.rated_w
        for model in (701, 702):
            self.scale(model, "W_SF", self.power_sf)
        for point in ("WMaxRtg", "WMax", "WChaRteMax", "WDisChaRteMax"):
            self.set(702, point, rated_w, "W_SF")
        self.scale(713, "Pct_SF", -1)
        self.scale(714, "DCW_SF", self.power_sf)
        for point, value in (("NPrt", 1), ("Prt.PrtTyp", 1), ("Prt.ID", 1)):
            self.set(714, point, value)
        self.scale(704, "WSet_SF", 0)
        for point in ("WSetEna", "WSetMod", "WSet", "WSetEnaRvrt", "WSetRvrtTms"):
            self.set(704, point, 0)
        self.writable(704, "WSetEna", self._write_enable, allowed=(0, 1))
        self.writable(704, "WSetMod", self._act, allowed=(0, 1))
        limit = round(rated_w)
        self.writable(704, "WSet", self._act, low=-limit, high=limit, signed=True)
        self.writable(704, "WSetEnaRvrt", allowed=(0, 1))
        self.writable(704, "WSetRvrtTms", self._write_revert)
        self._lay_out_heartbeat()

    def tick(self, now_s):
        super().tick(now_s)
        self._listen(now_s)

    def _asked_w(self):
        """WSetMod 1 makes WSet watts (0: a share of the rating, which this device does not do)."""
        watts = self.word(704, 24) << 16 | self.word(704, 25)
        watts -= (watts >> 31) << 32
        return -watts if self.word(704, 23) == 1 else 0.0

    def _fill_pcs(self):
        self.set(701, "W", -self.storage.power_w, "W_SF")
        self.set(701, "St", 1 if self.storage.running else 0)
        self.set(701, "InvSt", 3 if self.storage.running else 0)
        self.set(714, "DCW", -self.storage.power_w, "DCW_SF")
        self.set(704, "WSetEna", self.enabled)
        self.set(715, "DERHb", int(self.plant.time_s))

    def _fill_bms(self):
        super()._fill_bms()
        self.set(713, "SoC", 100 * self.storage.soc, "Pct_SF")
        self.set(713, "Sta", 1 if self.storage.alarm else 0)
