"""Acrel DTSD1352 three-phase meter behind current transformers: all registers hold secondary-side values.

Source: Acrel DTSD1352 manual and two independent field libraries (grade A for this block). Function codes 3 and 16,
high word first. Power has a step of 1 W on the secondary side, so PT x CT watts at the connection point.
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_MANY, RegisterImage, Setting
from tools.sim.devices.words import s16, s32, u16, u32

LINE_VOLTAGE_V = 230.0
DEMAND_WINDOW_S = 900.0


class AcrelDtsd1352(RegisterImage):
    functions = (READ_HOLDING, WRITE_MANY)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.meter = plant.meter
        self.pt, self.ct = device.get("pt_ratio", 1), device.get("ct_ratio", 1)
        self.ratio = self.pt * self.ct
        self._demand_marks = []  # (time_s, import_wh, export_wh), one each minute
        self._demand_w = [0.0, 0.0]
        self.put(0x0000, [0] * 0x3C)
        self.put(0x0061, [0] * 0x1F)
        # Settings of the meter's own display: registers stay secondary-side, and the copper does not change.
        self.put(0x008D, [self.pt, self.ct])
        self.settings = {
            0x008D: Setting(low=1, high=9999, functions=(WRITE_MANY,)),
            0x008E: Setting(low=1, high=9999, functions=(WRITE_MANY,)),
        }
        self.fills = {device["id"]: self.fill}

    def fill(self):
        imported, exported = self.meter.import_wh / 10 / self.ratio, self.meter.export_wh / 10 / self.ratio
        self.put(0x0000, u32(imported + exported))
        self.put(0x000A, u32(imported))
        self.put(0x0014, u32(exported))
        self.put(0x0087, u32((imported + exported) / 3) * 3)
        self.put(0x0061, [u16(10 * LINE_VOLTAGE_V / self.pt)] * 3)
        phases_w = self.meter.phase_power_w
        # Currents carry no sign; the direction is in the phase power.
        self.put(0x0064, [u16(100 * abs(phase_w) / LINE_VOLTAGE_V / self.ct) for phase_w in phases_w])
        self.put(0x0077, u16(5000))
        self.put(0x0078, [u16(10 * LINE_VOLTAGE_V * 3**0.5 / self.pt)] * 3)
        self.put(0x007B, u16(self._demand_w[0] / self.ratio))
        self.put(0x007E, u16(self._demand_w[1] / self.ratio))
        for index, power_w in enumerate((*phases_w, self.meter.power_w)):
            self.put(0x0164 + 2 * index, s32(power_w / self.ratio))
            self.put(0x016C + 2 * index, [0, 0])
            self.put(0x0174 + 2 * index, s32(abs(power_w) / self.ratio))
            self.put(0x017C + index, s16(-1000 if power_w < 0 else 1000))

    def tick(self, now_s):
        """Largest 15-minute mean so far, in a window that slides by one minute."""
        marks = self._demand_marks
        if marks and now_s - marks[-1][0] < 60.0:
            return
        marks.append((now_s, self.meter.import_wh, self.meter.export_wh))
        while now_s - marks[0][0] > DEMAND_WINDOW_S + 1.0:
            marks.pop(0)
        if now_s - marks[0][0] >= DEMAND_WINDOW_S - 1.0:
            hours = (now_s - marks[0][0]) / 3600.0
            for index in (0, 1):
                mean_w = (marks[-1][1 + index] - marks[0][1 + index]) / hours
                self._demand_w[index] = max(self._demand_w[index], mean_w)
