"""Huawei's plant controllers: an EMMA and a SmartLogger 3000, each for all inverters of the station together.

Sources: huawei-solar register list for the EMMA (its client reads this one in a test), Tinkerforge huawei map for the
SmartLogger. Function code 3, high word first, read only. The EMMA counts feed-in as plus; the sign of the SmartLogger's
meter is not told by any source: + import (D).
"""

from tools.sim.devices.image import READ_HOLDING, RegisterImage
from tools.sim.devices.words import s32, text, u16, u32

INVERTER_EFFICIENCY = 0.97
WH_BEFORE = 12_345_600.0  # what the plant had yielded before the simulation began


class _Plant(RegisterImage):
    """devices: a `pv` that stands for all the plant's inverters, a `meter`, or both."""

    functions = (READ_HOLDING,)

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [device["id"] for device in devices])
        self.plant = plant
        pvs = [plant.pv[device["id"]] for device in devices if device["role"] == "pv"]
        self.pv = pvs[0] if pvs else None
        fills = {"pv": self.fill_pv, "meter": self.fill_meter}
        self.fills = {device["id"]: fills[device["role"]] for device in devices}


class HuaweiEmma(_Plant):
    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant)
        self.put(30222, text("EMMA-A02", 20))
        self.put(30354, [0] * 15)

    def fill_pv(self):
        self.put(30354, u32(self.pv.power_w))
        self.put(30364, s32(self.pv.power_w))

    def fill_meter(self):
        plant = self.plant
        self.put(30356, u32(max(0.0, plant.meter.power_w + plant.pv_w - plant.storage_w)))
        self.put(30358, s32(-plant.meter.power_w))
        self.put(30360, s32(plant.storage_w))
        share = [storage.soc for storage in plant.storage.values()]
        self.put(30368, u16(10000 * share[0]) if share else 0xFFFF)


class HuaweiSmartlogger(_Plant):
    def __init__(self, unit, devices, plant):
        super().__init__(unit, devices, plant)
        self.put(32260, [0] * 20)
        self.put(40521, [0] * 41)

    def fill_pv(self):
        self.put(40521, u32(self.pv.power_w / INVERTER_EFFICIENCY))
        self.put(40560, u32((WH_BEFORE + self.pv.total_wh) / 100))

    def fill_meter(self):
        for index, phase_w in enumerate(self.plant.meter.phase_power_w):
            self.put(32260 + 2 * index, u32(23000))
            self.put(32272 + 2 * index, s32(phase_w / 23))
        self.put(32278, s32(self.plant.meter.power_w))
