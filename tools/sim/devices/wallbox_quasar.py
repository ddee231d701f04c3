"""Wallbox Quasar 1, bidirectional DC on one phase, Modbus TCP.

Source: v2g-liberty driver (grade B). Function codes 3, 6, 16. A setpoint in W acts while the box is under remote
control (81), in power mode (83) and started (257); + charges. After the idle time-out (88) without traffic it pauses.
The state of charge is not known while it does not run.
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_MANY, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s16, u16

START, STOP = 1, 2
NO_CAR, CHARGING, WAITS_FOR_CAR, PAUSED, ERROR, DISCHARGING = 0, 1, 2, 4, 7, 11


class WallboxQuasar(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE, WRITE_MANY)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.gun = plant.guns[device["id"]]
        self.running = False
        self.setpoint_w = 0.0
        self._vehicle = None
        limit = round(self.gun.max_w)
        self.put(1, [0x0620, 0x0001, 0x2345])
        self.put(81, [0, 1, 0])
        self.put(88, u16(self.gun.watchdog_s or 0))
        self.put(256, [0, 0])
        self.put(260, 0)
        self.put(514, limit)
        self.put(526, 0)
        self.put(537, [0] * 6)
        self.settings = {
            81: Setting(self._changed, allowed=(0, 1)),
            82: Setting(allowed=(0, 1)),
            83: Setting(self._changed, allowed=(0, 1)),
            88: Setting(self.gun.set_watchdog),
            256: Setting(allowed=(0, 1)),
            257: Setting(self._action, allowed=(START, STOP)),
            260: Setting(self._write_setpoint, low=-limit, high=limit, signed=True),
        }
        self.gun.write_limit(0.0)
        self.fills = {device["id"]: self.fill}

    def heard(self, function, address):
        self.gun.touch()

    def fill(self):
        gun = self.gun
        self.put(526, s16(gun.power_w))
        self.put(537, [self._state(), u16(100 * gun.soc) if self.running and gun.soc is not None else 0])

    def _state(self):
        gun = self.gun
        if gun.state == "fault":
            return ERROR
        if gun.vehicle is None:
            return NO_CAR
        if gun.power_w > 100.0:
            return CHARGING
        if gun.power_w < -100.0:
            return DISCHARGING
        return WAITS_FOR_CAR if self.running else PAUSED

    def tick(self, now_s):
        """A new car starts by itself where autostart says so; without a car nothing runs."""
        if self.gun.vehicle is not self._vehicle:
            self._vehicle = self.gun.vehicle
            self.running = self._vehicle is not None and bool(self.holding[82])
            self._act()

    def _action(self, action):
        self.running = action == START and self.gun.vehicle is not None
        self._act()

    def _write_setpoint(self, watts):
        self.setpoint_w = float(watts)
        self._act()

    def _changed(self, _value):
        self._act()

    def _act(self):
        remote = self.holding[81] == 1 and self.holding[83] == 1
        if remote:
            self.gun.write_limit(self.setpoint_w if self.running else 0.0)
