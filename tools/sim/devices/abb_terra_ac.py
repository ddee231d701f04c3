"""ABB Terra AC wall box.

Source: evcc ABB Terra AC driver (grade B). Function code 3, 32-bit values, high word first; 16 writes the limit in mA.
Reading keeps it alive. The state is the third of four bytes, with its highest bit for something else.
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_MANY, RegisterImage, Setting
from tools.sim.devices.words import u32

NO_CAR, CAR, CAR_ALLOWED, ASKS, CHARGING, STOPPED = 0, 1, 2, 3, 4, 5
STATES = {
    "idle": NO_CAR,
    "preparing": CAR_ALLOWED,
    "charging": CHARGING,
    "suspended": ASKS,
    "finishing": CAR_ALLOWED,
    "fault": NO_CAR,
    "unavailable": NO_CAR,
}
UPPERMOST_BIT = 0x80
SOCKET_EMPTY, SOCKET_CABLE_IN = 0x0000, 0x0111
MIN_MA = 6000


class AbbTerraAc(RegisterImage):
    functions = (READ_HOLDING, WRITE_MANY)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.gun = plant.guns[device["id"]]
        self.watts_per_ma = self.gun.phases * 0.23
        self.stopped = False
        self.wanted_w = self.gun.limit_w
        self.put(0x4000, [0] * 0x20)
        self.put(0x4100, [0] * 6)
        max_ma = round(self.gun.max_w / self.watts_per_ma)
        self.settings = {
            0x4100: Setting(self._write_current, allowed=(0, *range(MIN_MA, max_ma + 1)), words=2),
            0x4105: Setting(self._write_session, allowed=(0, 1)),
        }
        self.fills = {device["id"]: self.fill}

    def heard(self, function, address):
        self.gun.touch()

    def fill(self):
        gun = self.gun
        connected = gun.vehicle is not None
        state = STOPPED if self.stopped else STATES[gun.state]
        self.put(0x4006, u32(gun.max_w / self.watts_per_ma) + u32(int(gun.state == "fault")))
        self.put(0x400A, u32(SOCKET_CABLE_IN if connected else SOCKET_EMPTY) + [0, (state | UPPERMOST_BIT) << 8])
        self.put(0x400E, u32(gun.limit_w / self.watts_per_ma))
        for phase in range(3):
            self.put(0x4010 + 2 * phase, u32(1000 * gun.current_a if phase < gun.phases else 0))
            self.put(0x4016 + 2 * phase, u32(2300))
        self.put(0x401C, u32(gun.power_w) + u32(gun.session_wh))

    def _write_current(self, milliamps):
        self.wanted_w = milliamps * self.watts_per_ma
        self._act()

    def _write_session(self, stop):
        self.stopped = bool(stop)
        self._act()

    def _act(self):
        self.gun.write_limit(0.0 if self.stopped else self.wanted_w)
