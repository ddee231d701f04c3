"""Heidelberg Energy Control wall box (AC), also sold by amperfied.

Source: evcc and OpenEMS drivers after the vendor's Modbus register table (grade A). Function code 4 reads the
measurements, 3, 6 and 16 the settings; the two banks are separate. Any request re-arms the watchdog of register 257
(milliseconds, 0 = off); when it expires the current of register 262 applies until somebody talks to the wall box
again.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s16, u16, u32

LOCKED, ERROR = 10, 9
WATCHDOG_MS, STANDBY, REMOTE_LOCK, CURRENT, FAILSAFE, PHASES = 257, 258, 259, 261, 262, 501


class HeidelbergEc(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.gun = plant.guns[device["id"]]
        self.watts_per_da = self.gun.phases * 23.0  # 0.1 A on each phase
        self.unlocked = True
        self.wanted_w = self.gun.limit_w
        min_da, max_da = self._tenths_a(self.gun.min_w), self._tenths_a(self.gun.max_w)
        self.put(4, [0] * 15, self.inputs)
        self.put(100, [max_da // 10, min_da // 10], self.inputs)
        self.put(WATCHDOG_MS, [u16(1000 * (self.gun.watchdog_s or 0)), 0, 1])
        self.put(CURRENT, [self._tenths_a(self.gun.limit_w), self._tenths_a(self.gun.fallback_w)])
        self.put(PHASES, self.gun.phases)
        currents = (0, *range(min_da, max_da + 1))
        self.settings = {
            WATCHDOG_MS: Setting(self._write_watchdog),
            STANDBY: Setting(allowed=(0, 4)),
            REMOTE_LOCK: Setting(self._write_lock, allowed=(0, 1)),
            CURRENT: Setting(self._write_current, allowed=currents),
            FAILSAFE: Setting(self._write_failsafe, allowed=currents),
            PHASES: Setting(allowed=(1, 3)),
        }
        self.fills = {device["id"]: self.fill}

    def _tenths_a(self, power_w):
        return u16(power_w / self.watts_per_da)

    def heard(self, function, address):
        self.gun.touch()

    def fill(self):
        gun = self.gun
        current_da = u16(10 * gun.current_a)
        others_da = current_da if gun.phases == 3 else 0
        self.put(4, [0x0108, self._state(), current_da, others_da, others_da, s16(310)], self.inputs)
        self.put(10, [230, 230, 230, int(self.unlocked), u16(gun.power_w)], self.inputs)
        self.put(15, u32(gun.total_wh) + u32(gun.total_wh), self.inputs)

    def _state(self):
        """2/3 no car, 4/5 car, 6/7 car asks for current; the odd one when the wall box allows it."""
        gun = self.gun
        if gun.state == "fault":
            return ERROR
        if not self.unlocked:
            return LOCKED
        allowed = int(gun.limit_w >= gun.min_w)
        if gun.vehicle is None:
            return 2 + allowed
        asks = gun.state == "charging" or (gun.wants_w > 0 and not allowed)
        return (6 if asks else 4) + allowed

    def _write_watchdog(self, milliseconds):
        self.gun.set_watchdog(milliseconds / 1000.0 if milliseconds else None)

    def _write_lock(self, unlocked):
        self.unlocked = bool(unlocked)
        self._act()

    def _write_current(self, tenths_a):
        self.wanted_w = tenths_a * self.watts_per_da
        self._act()

    def _write_failsafe(self, tenths_a):
        self.gun.set_fallback(tenths_a * self.watts_per_da)

    def _act(self):
        self.gun.write_limit(self.wanted_w if self.unlocked else 0.0)
