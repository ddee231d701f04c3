"""FoxESS EVC wall box (AC).

Source: evcc FoxESS driver after the vendor's "Modbus TCP Protocol 1.6" (grade B). Function code 3 reads; 16 writes
the settings at 0x3000, 6 or 16 the commands at 0x4001. A setpoint holds for the validity of 0x3005 (10-60 s); reading
does not renew it, only writing a setpoint does; afterwards the wall box goes to the fall-back current of 0x3006.
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_MANY, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import text, u16, u32

IDLE, CONNECTED, STARTED, CHARGING, PAUSED, FINISHED, FAULT = 0, 1, 2, 3, 4, 5, 6
STATES = {
    "idle": IDLE,
    "preparing": STARTED,
    "charging": CHARGING,
    "suspended": PAUSED,
    "finishing": FINISHED,
    "fault": FAULT,
    "unavailable": FAULT,
}
START, STOP = 1, 2


class FoxessEvc(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE, WRITE_MANY)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.gun = plant.guns[device["id"]]
        self.watts_per_da = self.gun.phases * 23.0  # 0.1 A on each phase
        self.stopped = False
        self.wanted_w = self.gun.limit_w
        self.put(0x1000, [0] * 0x32)
        self.put(0x3000, [0] * 7)
        self.put(0x4001, [0, 3])
        self.put(0x3005, u16(self.gun.watchdog_s or 60))
        min_da, max_da = self._tenths_a(self.gun.min_w), self._tenths_a(self.gun.max_w)
        self.put(0x1011, [u16(self.gun.max_w / 100), u16(self.gun.min_w / 100), max_da, min_da])
        self.put(0x101E, text("EVC-SIM", 4) + text(device["id"], 16))
        settings_only = (WRITE_MANY,)
        self.settings = {
            0x3000: Setting(high=2, functions=settings_only),
            0x3001: Setting(self._write_current, high=max_da, functions=settings_only),
            0x3002: Setting(self._write_power, high=u16(self.gun.max_w / 100), functions=settings_only),
            0x3003: Setting(functions=settings_only),
            0x3004: Setting(functions=settings_only),
            0x3005: Setting(self.gun.set_watchdog, low=10, high=60, functions=settings_only),
            0x3006: Setting(self._write_fallback, low=min_da, high=max_da, functions=settings_only),
            0x4001: Setting(self._write_session, allowed=(0, START, STOP)),
            0x4002: Setting(allowed=(1, 3)),
        }
        self.fills = {device["id"]: self.fill}

    def _tenths_a(self, power_w):
        return u16(power_w / self.watts_per_da)

    def fill(self):
        gun = self.gun
        connected = gun.vehicle is not None
        state = PAUSED if self.stopped and connected and gun.state != "charging" else STATES[gun.state]
        self.put(0x1000, [self.unit, 0x0106, 0, state, 2 if connected else 0, int(connected), 750, 730])
        current_da = u16(10 * gun.current_a)
        self.put(
            0x1008,
            [2300, 2300, 2300, current_da, current_da if gun.phases == 3 else 0, current_da if gun.phases == 3 else 0],
        )
        self.put(0x100E, [u16(gun.power_w / 100), int(connected), 0])
        self.put(0x1016, u32(gun.total_wh / 100) + u32(gun.session_wh / 100) + u32(int(gun.state == "fault")))
        self.put(0x3001, [self._tenths_a(gun.limit_w), u16(gun.limit_w / 100)])
        self.put(0x3006, self._tenths_a(gun.fallback_w))

    def _write_current(self, tenths_a):
        self.wanted_w = tenths_a * self.watts_per_da
        self._act()

    def _write_power(self, tenths_kw):
        self.wanted_w = 100.0 * tenths_kw
        self._act()

    def _write_fallback(self, tenths_a):
        self.gun.set_fallback(tenths_a * self.watts_per_da)

    def _write_session(self, command):
        if command:
            self.stopped = command == STOP
            self._act()

    def _act(self):
        self.gun.write_limit(0.0 if self.stopped else self.wanted_w)
