"""Pylontech PowerCube M2 battery.

Source: OpenEMS Pylontech PowerCube M2 driver (grade B). Function code 3, high word first; 6 on 0x1090 (sleep, wake).
Currents in 0.01 A, + charging; the discharge limit is negative. A forbidding mark is 0xAA (D).
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s16, s32, u16, u32

PILE_V = 768.0
FORBIDDEN = 0xAA
OVER_TEMPERATURE = 1 << 5  # charging, in the protection word 0x1101
IDLE, CHARGING, DISCHARGING, PROTECTED = 1 << 10, 1 << 11, 1 << 12, 1 << 6
EMERGENCY_STOP = 1 << 13


class PylontechM2(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.storage = plant.storage[device["storage"]]
        self.emergency_stop = False
        self.warnings = 0
        self.put(0x1090, 0)
        self.put(0x1100, [0] * 0x50)
        self.settings = {0x1090: Setting(allowed=(0x55, 0xAA), functions=(WRITE_ONE,))}
        self.fills = {device["id"]: self.fill}

    def fill(self):
        storage = self.storage
        amps = storage.power_w / PILE_V
        state = CHARGING if amps > 0.5 else DISCHARGING if amps < -0.5 else IDLE
        self.put(0x1100, [state | (PROTECTED if storage.alarm else 0), OVER_TEMPERATURE if storage.alarm else 0])
        self.put(0x1102, [self.warnings, u16(10 * PILE_V), *s32(100 * amps), s16(250), u16(100 * storage.soc), 321])
        self.put(0x1109, [u16(10 * 852.0), *s32(100 * storage.charge_max_w / PILE_V), u16(10 * 690.0)])
        self.put(0x110D, s32(-100 * storage.discharge_max_w / PILE_V))
        self.put(0x1110, [3210, 3205, 1, 2, s16(255), s16(245)])
        self.put(0x1120, [100, *u32(storage.soc * storage.capacity_wh / PILE_V)])
        self.put(0x1123, u32(storage.charged_wh) + u32(storage.discharged_wh))
        self.put(0x1132, EMERGENCY_STOP if self.emergency_stop else 0)
        self.put(0x1138, FORBIDDEN if storage.charge_max_w < 1.0 else 0)
        self.put(0x1139, FORBIDDEN if storage.discharge_max_w < 1.0 else 0)
        self.put(0x1148, 5000)

    def tick(self, now_s):
        if self.emergency_stop:
            self.storage.running = False
