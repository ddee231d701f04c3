"""Sinexcel PWS2-30K power conversion system.

Source: OpenEMS Sinexcel driver after the vendor sheet "pws2-30k-sunspec v106" (grade B). Function code 3 reads, 6
writes. The setpoint is in 0.1 kW, + = discharging; power in 0.01 kW with the same sign. Register 327: seconds without
traffic until it drops the setpoint.
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s16, text, u16, u32

BATTERY_V = 768.0


class SinexcelPws2(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.storage = plant.storage[device["id"]]
        for start, count in ((1, 50), (101, 48), (200, 30), (320, 20), (650, 9), (790, 30)):
            self.put(start, [0] * count)
        self.put(148, 25)
        self.put(1, text("PWS2-SIM", 16) + text(device["id"], 8))
        self.put(327, [u16(self.storage.ems_timeout_s or 0), 0, 60, 0, 1])
        limit = round(self.storage.rated_w / 100)
        self.settings = {
            135: Setting(self._write_setpoint, low=-limit, high=limit, signed=True),
            136: Setting(low=-limit, high=limit, signed=True),
            327: Setting(self._write_timeout, high=3600),
            329: Setting(high=3600),
            650: Setting(self._start, allowed=(1,)),
            651: Setting(self._stop, allowed=(1,)),
            652: Setting(allowed=(1,)),
            653: Setting(allowed=(1,)),
            655: Setting(allowed=(1,)),
            657: Setting(allowed=(1,)),
            793: Setting(high=1),
            794: Setting(high=1),
            811: Setting(high=6553),
            812: Setting(high=6553),
        }
        self.fills = {device["id"]: self.fill}

    def heard(self, function, address):
        self.storage.touch()

    def fill(self):
        storage = self.storage
        power_w = -storage.power_w
        on = storage.running
        charging, discharging = storage.power_w > 100.0, storage.power_w < -100.0
        self.put(32, int(storage.alarm) << 1 | int(on) << 2 | 1 << 3 | 1 << 6 | int(not on) << 7)
        self.put(
            40, int(charging) | int(discharging) << 1 | int(storage.soc >= 0.999) << 2 | int(storage.soc <= 0.05) << 3
        )
        self.put(44, int(storage.timed_out) << 5)
        amps = abs(power_w) / 690.0
        self.put(101, [2300, 2300, 2300, u16(10 * amps), u16(10 * amps), u16(10 * amps), 5000])
        self.put(110, [s16(power_w / 30)] * 3 + [0] * 3 + [u16(abs(power_w) / 30)] * 3 + [100] * 3)
        self.put(122, [s16(power_w / 10), 0, s16(abs(power_w) / 10), 100])
        self.put(132, u16(30 + 25 * abs(power_w) / storage.rated_w))
        self.put(135, s16(-storage.setpoint_w / 100))
        dc_w = power_w / storage.efficiency if power_w > 0 else power_w * storage.efficiency
        self.put(141, [s16(dc_w / 10), u16(10 * BATTERY_V), s16(10 * dc_w / BATTERY_V)])
        self.put(144, u32(storage.charged_wh / 100) + u32(storage.discharged_wh / 100))
        self.put(225, [u16(10 * storage.charge_max_w / BATTERY_V), u16(10 * storage.discharge_max_w / BATTERY_V)])

    def _write_setpoint(self, tenths_kw):
        self.storage.write_setpoint(-100.0 * tenths_kw)

    def _write_timeout(self, seconds):
        self.storage.ems_timeout_s = seconds or None

    def _start(self, _value):
        self.storage.running = True

    def _stop(self, _value):
        self.storage.running = False
