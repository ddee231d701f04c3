"""Sungrow inverters: SG (string) and SH (hybrid with battery and meter on the same unit id).

Source: Tinkerforge sungrow maps and evcc sungrow-inverter and sungrow-hybrid templates agree (grade A); addresses are
those of the wire (the vendor's documents count from 1). Function code 4 reads measurements, 3 reads and 6 and 16 write
settings; 32-bit values have the low word first. No watchdog.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import low_first, s16, s32, u16, u32

_ON, _OFF = 0xAA, 0x55
_CHARGE, _DISCHARGE, _STOP = 0xAA, 0xBB, 0xCC
_FORCED = 2
_NO_METER = 0x7FFFFFFF
_CHARGING, _DISCHARGING = 1 << 1, 1 << 2


class _Sungrow(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [device["id"] for device in devices])
        self.plant = plant
        self.roles = {device["role"]: device for device in devices}
        self.pv = plant.pv[self.roles["pv"]["id"]] if "pv" in self.roles else None
        self.put(4999, [0] * 120, self.inputs)
        self.put(5018, [2300] * 3, self.inputs)
        self.put(5035, 500, self.inputs)
        self.put(5005, [0xCF, _OFF, 1000])
        if self.pv:
            self.put(5000, u16(self.pv.rated_w / 100), self.inputs)
            self.put(5001, 1, self.inputs)
        self.settings = {
            5005: Setting(allowed=(0xCE, 0xCF)),
            5006: Setting(self._limit, allowed=(_ON, _OFF)),
            5007: Setting(self._limit, high=1100),
        }

    def _limit(self, _value):
        share = self.holding[5007] / 1000 if self.holding[5006] == _ON else None
        self.pv.write_limit(None if share is None else share * self.pv.rated_w)

    def _fill_pv(self, wh_a_step):
        power_w = self.pv.power_w
        self.put(5002, u16(self.pv.total_wh / 100), self.inputs)
        self.put(5003, low_first(u32(self.pv.total_wh / wh_a_step)), self.inputs)
        self.put(5007, s16(385), self.inputs)
        self.put(5008, low_first(u32(power_w)), self.inputs)
        self.put(5010, [6500, u16(power_w / 130), 6500, u16(power_w / 130), 0, 0], self.inputs)
        self.put(5016, low_first(u32(power_w)) + [2300] * 3, self.inputs)
        self.put(5021, [u16(power_w / 69)] * 3, self.inputs)
        self.put(5034, [s16(1000), u16(500)], self.inputs)


class SungrowSg(_Sungrow):
    """devices: the inverter (pv), its meter, or both. The sign of the meter is + import, and what is shown without one
    0x7FFFFFFF (D: no source tells it)."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant)
        self.put(5082, low_first(s32(_NO_METER)), self.inputs)
        fills = {"pv": self.fill, "meter": self.fill_meter}
        self.fills = {device["id"]: fills[device["role"]] for device in devices}

    def fill(self):
        self._fill_pv(1000)
        self.put(5030, low_first(s32(self.pv.power_w)), self.inputs)

    def fill_meter(self):
        meter = self.plant.meter
        self.put(5082, low_first(s32(meter.power_w)), self.inputs)
        for index, phase_w in enumerate(meter.phase_power_w):
            self.put(5084 + 2 * index, low_first(s32(phase_w)), self.inputs)
        self.put(5094, low_first(u32(meter.export_wh / 100)), self.inputs)
        self.put(5098, low_first(u32(meter.import_wh / 100)), self.inputs)


class SungrowSh(_Sungrow):
    """devices: any of the inverter (pv), its battery (pcs, bms) and its meter. `simulated_as` "old" on the PCS: the
    battery power of older firmware, without a sign."""

    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant)
        pcs, bms = self.roles.get("pcs"), self.roles.get("bms")
        self.storage = plant.storage[pcs["id"] if pcs else bms["storage"]] if pcs or bms else None
        self.unsigned = bool(pcs) and pcs.get("simulated_as") == "old"
        self.put(13000, [0] * 50, self.inputs)
        self.put(13049, [0, _STOP, 0])
        if self.storage:
            self.storage.ems_timeout_s = None
            self.put(33046, [u16(self.storage.rated_w / 10)] * 2)
            self.settings.update({
                13049: Setting(self._command, allowed=(0, _FORCED, 3, 4)),
                13050: Setting(self._command, allowed=(_CHARGE, _DISCHARGE, _STOP)),
                13051: Setting(self._command, high=min(0xFFFF, round(self.storage.rated_w))),
            })  # fmt: skip
            for at in (33046, 33047):
                self.settings[at] = Setting(low=1, high=u16(self.storage.rated_w / 10))
        self.fills = {device["id"]: self.fill for device in devices}

    def fill(self):
        storage_w = self.storage.power_w if self.storage else 0.0
        pv_w = self.pv.power_w if self.pv else 0.0
        meter = self.plant.meter
        if self.pv:
            self._fill_pv(100)
        state = int(pv_w > 0) | (_CHARGING if storage_w > 0 else _DISCHARGING if storage_w < 0 else 0)
        self.put(13000, state, self.inputs)
        self.put(13007, low_first(s32(meter.power_w + pv_w - storage_w)), self.inputs)
        self.put(13009, low_first(s32(-meter.power_w)), self.inputs)
        self.put(13033, low_first(s32(pv_w - storage_w)), self.inputs)
        self.put(13036, low_first(u32(meter.import_wh / 100)), self.inputs)
        self.put(13045, low_first(u32(meter.export_wh / 100)), self.inputs)
        if self.storage:
            self.put(13019, [4000, s16(-storage_w / 40)], self.inputs)
            self.put(13021, s16(abs(storage_w) if self.unsigned else -storage_w), self.inputs)
            self.put(13022, [u16(1000 * self.storage.soc), 1000, s16(250)], self.inputs)
            self.put(13026, low_first(u32(self.storage.discharged_wh / 100)), self.inputs)
            self.put(13040, low_first(u32(self.storage.charged_wh / 100)), self.inputs)
            self.put(13038, u16(self.storage.capacity_wh / 100), self.inputs)

    def _command(self, _value):
        mode, command, watts = (self.holding[at] for at in (13049, 13050, 13051))
        sign = {_CHARGE: 1, _DISCHARGE: -1}.get(command, 0) if mode == _FORCED else 0
        self.storage.write_setpoint(sign * watts)
