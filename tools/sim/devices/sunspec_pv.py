"""SunSpec PV inverters other than the integer one: with float models (113), or with the DER models of IEEE 1547 (701+).

Source: SunSpec model definitions 113, 120 to 123, 701 to 704, 715 (grade A). A limit acts while it is enabled; when its
reversion time is not 0 and nobody writes it again in time, the inverter goes back to full power by itself.
"""

from tools.sim.devices.percent_limit import PercentLimit
from tools.sim.devices.sunspec_chain import SunspecChain, exponent_for
from tools.sim.devices.sunspec_heartbeat import ControllerHeartbeat
from tools.sim.devices.sunspec_inverter import SunspecInverter

_OFF, _RUNNING, _THROTTLED = 0, 3, 4  # InvSt of model 701
_PERCENT_SF = -2


def sunspec_pv(unit, devices, plant):
    """The inverter that the device's `simulated_as` asks for: "103" (the default), "113" or "701"."""
    kinds = {"103": SunspecInverter, "113": FloatInverter, "701": DerInverter}
    return kinds[devices[0].get("simulated_as", "103")](unit, devices, plant)


class _Limited(PercentLimit, SunspecChain):
    """What a limit in percent does: enabled, percent, time after which it is dropped."""

    def __init__(self, unit, devices, plant, models):
        super().__init__(unit, [devices[0]["id"]], models)
        self.plant = plant
        self.pv = plant.pv[devices[0]["id"]]
        self.enabled, self.percent, self.revert_s, self.revert_at_s = False, 10000, 0, None
        self.fills = {devices[0]["id"]: self.fill}

    def _limit(self, model, percent, enable, revert):
        self.scale(model, "WMaxLimPct_SF", _PERCENT_SF)
        self.set(model, percent, 10000)
        for point in (enable, revert):
            self.set(model, point, 0)
        self.writable(model, percent, self._write_percent, high=10000)
        self.writable(model, revert, self._write_revert)
        self.writable(model, enable, self._write_enable, allowed=(0, 1))

    @property
    def throttled(self):
        return self.pv.limit_w is not None and self.pv.limit_w < self.pv.available_w


class FloatInverter(_Limited):
    """Models 113 and 120 to 123."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant, (113, 120, 121, 122, 123))
        rated_sf = exponent_for(self.pv.rated_w)
        self.scale(120, "WRtg_SF", rated_sf)
        self.scale(121, "WMax_SF", rated_sf)
        self.scale(122, "WAval_SF", rated_sf)
        self.set(120, "DERTyp", 4)
        self.set(120, "WRtg", self.pv.rated_w, "WRtg_SF")
        self.set(121, "WMax", self.pv.rated_w, "WMax_SF")
        self._limit(123, "WMaxLimPct", "WMaxLim_Ena", "WMaxLimPct_RvrtTms")
        self.set(123, "Conn", 1)
        for point in ("WMaxLimPct_WinTms", "WMaxLimPct_RmpTms"):
            self.set(123, point, 0)
            self.writable(123, point)

    def fill(self):
        power_w = self.pv.power_w
        for point, value in (("W", power_w), ("Hz", 50.0), ("WH", self.pv.total_wh), ("DCW", power_w / 0.98)):
            self.set(113, point, value)
        for phase in "ABC":
            self.set(113, f"PhVph{phase}", 230.0)
            self.set(113, f"Aph{phase}", power_w / 690.0)
        self.set(113, "St", 5 if self.throttled else 4 if power_w > 0 else 2)
        self.set(122, "ActWh", self.pv.total_wh)
        self.set(122, "WAval", self.pv.available_w, "WAval_SF")
        self.set(123, "WMaxLim_Ena", int(self.enabled))


class DerInverter(ControllerHeartbeat, _Limited):
    """Models 701 to 704 and 715."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant, (701, 702, 703, 704, 715))
        exponent = exponent_for(2 * self.pv.rated_w)
        for model in (701, 702):
            self.scale(model, "W_SF", exponent)
        self.set(702, "WMaxRtg", self.pv.rated_w, "W_SF")
        self.set(702, "WMax", self.pv.rated_w, "W_SF")
        self.scale(701, "Hz_SF", -2)
        self.set(701, "Hz", 50.0, "Hz_SF")
        self.set(701, "ACType", 3)
        self.scale(701, "TotWh_SF", 0)
        self.set(703, "ES", 1)
        self._limit(704, "WMaxLimPct", "WMaxLimPctEna", "WMaxLimPctRvrtTms")
        self.set(704, "WMaxLimPctRvrt", 10000)
        self.set(704, "WMaxLimPctEnaRvrt", 0)
        self.writable(704, "WMaxLimPctRvrt", high=10000)
        self.writable(704, "WMaxLimPctEnaRvrt", allowed=(0, 1))
        self._lay_out_heartbeat()

    def tick(self, now_s):
        super().tick(now_s)
        self._listen(now_s)

    def fill(self):
        power_w = self.pv.power_w
        self.set(701, "W", power_w, "W_SF")
        self.set(701, "TotWhInj", self.pv.total_wh)
        self.set(701, "St", 1)
        self.set(701, "InvSt", _THROTTLED if self.throttled else _RUNNING if power_w > 0 else _OFF)
        self.set(704, "WMaxLimPctEna", int(self.enabled))
        self.set(715, "DERHb", int(self.plant.time_s))
