"""A SunSpec PV inverter: models 1, 103, 120, 121, 123 and the end model; marker at 40000.

Source: SunSpec model definitions (grade A). A limit takes effect with WMaxLim_Ena = 1; if WMaxLimPct_RvrtTms is not 0
and nobody writes the limit again within that many seconds, the inverter goes back to full power by itself.
"""

from tools.sim.devices.image import RegisterImage, Setting
from tools.sim.devices.percent_limit import PercentLimit
from tools.sim.devices.words import s16, text, u16, u32

BASE = 40000
COMMON = BASE + 2
INVERTER = COMMON + 68
NAMEPLATE = INVERTER + 52
BASIC_SETTINGS = NAMEPLATE + 28
CONTROLS = BASIC_SETTINGS + 32
END = CONTROLS + 26
NOT_S16, NOT_U16 = 0x8000, 0xFFFF  # "not implemented" of the standard
PERCENT_SF = -2  # WMaxLimPct in 0.01 %
THROTTLED, MPPT, SLEEPING = 5, 4, 2


class SunspecInverter(PercentLimit, RegisterImage):
    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.pv = plant.pv[device["id"]]
        self.sf = 0  # power scale factor: the smallest at which twice the rating still fits a signed word
        while 2 * self.pv.rated_w / 10**self.sf > 32767:
            self.sf += 1
        self.enabled = False
        self.percent = 10000
        self.revert_s = 0
        self.revert_at_s = None
        self._lay_out(device["id"])
        self.settings = {
            CONTROLS + 4: Setting(allowed=(0, 1)),
            CONTROLS + 5: Setting(self._write_percent, high=10000),
            CONTROLS + 6: Setting(),
            CONTROLS + 7: Setting(self._write_revert),
            CONTROLS + 8: Setting(),
            CONTROLS + 9: Setting(self._write_enable, allowed=(0, 1)),
        }
        self.fills = {device["id"]: self.fill}

    def _lay_out(self, device_id):
        self.put(BASE, [0x5375, 0x6E53])
        self.put(COMMON, [1, 66] + text("Simulated Solar", 16) + text("SIM-INV", 16) + text("", 8) + text("1.0", 8))
        self.put(COMMON + 50, text(device_id, 16) + [self.unit, NOT_S16])
        self.put(INVERTER, [103, 50] + [NOT_U16] * 50)
        self.put(INVERTER + 40, [0] * 12)
        self.put(NAMEPLATE, [120, 26, 4] + [NOT_U16] * 24 + [NOT_S16])
        self.put(BASIC_SETTINGS, [121, 30] + [NOT_U16] * 30)
        scale = s16(self.sf)
        rated = u16(self.pv.rated_w / 10**self.sf)
        self.put(NAMEPLATE + 3, [rated, scale])
        for scale_factor in (6, 11, 13, 18, 20, 22, 24, 26):
            self.put(NAMEPLATE + scale_factor, NOT_S16)
        self.put(BASIC_SETTINGS + 2, rated)
        self.put(BASIC_SETTINGS + 22, [scale] + [NOT_S16] * 9)
        self.put(CONTROLS, [123, 24, 0, 0, 1, self.percent, 0, 0, 0, 0])
        self.put(CONTROLS + 10, [NOT_S16, 0, 0, 0, 0] + [NOT_S16] * 3 + [0] * 5 + [s16(PERCENT_SF), NOT_S16, NOT_S16])
        self.put(END, [0xFFFF, 0])

    def fill(self):
        power_w = self.pv.power_w
        amps = power_w / 690.0
        at = INVERTER
        self.put(at + 2, [u16(amps * 30), u16(amps * 10), u16(amps * 10), u16(amps * 10), s16(-1)])
        self.put(at + 7, [u16(3984)] * 3 + [u16(2300)] * 3 + [s16(-1)])
        self.put(at + 14, [s16(power_w / 10**self.sf), s16(self.sf), u16(5000), s16(-2)])
        self.put(at + 18, [s16(power_w / 10**self.sf), s16(self.sf), 0, s16(self.sf), s16(1000), s16(-1)])
        self.put(at + 24, u32(self.pv.total_wh) + [0])
        dc_w = power_w / 0.98
        self.put(at + 27, [u16(dc_w / 65.0), s16(-1), u16(6500), s16(-1), s16(dc_w / 10**self.sf), s16(self.sf)])
        self.put(at + 33, [s16(350 + 200 * power_w / self.pv.rated_w), NOT_S16, NOT_S16, NOT_S16, s16(-1)])
        limited = self.pv.limit_w is not None and self.pv.limit_w < self.pv.available_w
        self.put(at + 38, [THROTTLED if limited else MPPT if power_w > 0 else SLEEPING, NOT_U16])
        self.put(CONTROLS + 9, int(self.enabled))

    def heard(self, function, address):
        self.pv.touch()
