"""Acrel meters beside the DTSD1352, and the meter of Sungrow that is called DTSU666 and has Acrel's registers.

Sources: ADL400 vendor sheet, primary-side block (one field source, grade C); ADW300 of evcc acrel-adw300 and one field
source; DJSF1352-RN of EVerest; DTSU666-20 of mbmd issue 355. Function code 3, high word first.
"""

from tools.sim.devices.acrel_dtsd1352 import AcrelDtsd1352
from tools.sim.devices.image import READ_HOLDING, WRITE_MANY, RegisterImage
from tools.sim.devices.words import f32, s16, s32, u16, u32

LINE_VOLTAGE_V = 230.0


class Dtsu666Sungrow(AcrelDtsd1352):
    """DTSU666-20: integers at 0x0061 and 0x0164, as the DTSD1352."""


class _Acrel(RegisterImage):
    functions = (READ_HOLDING, WRITE_MANY)
    ranges = ()

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [devices[0]["id"]])
        self.meter = plant.meter
        self.ratio = devices[0].get("ct_ratio", 1) * devices[0].get("pt_ratio", 1)
        for start, count in self.ranges:
            self.put(start, [0] * count)
        self.fills = {devices[0]["id"]: self.fill}


class AcrelAdl400(_Acrel):
    """The primary-side block: floats in kW, energies in 0.1 kWh, transformers already counted in."""

    ranges = ((0x0800, 0x60),)

    def fill(self):
        self.put(0x0800, f32(LINE_VOLTAGE_V) * 3)
        for index, phase_w in enumerate(self.meter.phase_power_w):
            self.put(0x080C + 2 * index, f32(phase_w / LINE_VOLTAGE_V))
            self.put(0x0814 + 2 * index, f32(phase_w / 1000))
        self.put(0x081A, f32(self.meter.power_w / 1000))
        self.put(0x0832, f32(1.0) + f32(50.0))
        self.put(0x0842, u32((self.meter.import_wh + self.meter.export_wh) / 100))
        self.put(0x084C, u32(self.meter.import_wh / 100))
        self.put(0x0856, u32(self.meter.export_wh / 100))


class AcrelAdw300(_Acrel):
    """Secondary side of the transformers: 1 W, 0.01 kWh."""

    ranges = ((20, 50),)

    def fill(self):
        self.put(20, [u16(10 * LINE_VOLTAGE_V)] * 3)
        phases_w = self.meter.phase_power_w
        self.put(26, [u16(100 * abs(phase_w) / LINE_VOLTAGE_V / self.ratio) for phase_w in phases_w])
        for index, power_w in enumerate((*phases_w, self.meter.power_w)):
            self.put(30 + 2 * index, s32(power_w / self.ratio))
        self.put(62, u32(self.meter.import_wh / 10 / self.ratio))
        self.put(64, u32(self.meter.export_wh / 10 / self.ratio))


class AcrelDjsf1352(_Acrel):
    """DC meter: mantissa and decimal point, raw * 10^(dp - 3) V, A, kW; energies in Wh."""

    ranges = ((0, 20), (50, 6))
    BUS_V = 750.0
    COUNTS_PER_WH = 1

    def fill(self):
        power_w = self.meter.power_w
        self.put(0, [u16(self.BUS_V * 10), 2])
        point = 0  # the decimal point moves with the value, so it must be read with it
        while abs(power_w) / 10**point > 32767:
            point += 1
        self.put(2, [s16(power_w / self.BUS_V * 10), 2])
        self.put(8, [s16(power_w / 10**point), point])
        for at, energy_wh in ((12, self.meter.import_wh), (14, self.meter.export_wh)):
            self.put(at, u32(self.COUNTS_PER_WH * energy_wh))
        self.put(50, f32(self.BUS_V) + f32(power_w / self.BUS_V) + f32(power_w / 1000))


class AcrelDjsf1352Rn6(AcrelDjsf1352):
    COUNTS_PER_WH = 10
