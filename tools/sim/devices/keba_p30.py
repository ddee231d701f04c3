"""KEBA P30 wall box (AC), Modbus TCP, unit 255.

Source: OpenEMS and evcc KEBA drivers (grade A). Function code 3 reads exactly one value of two registers, 6 writes;
reads belong 0.5 s apart and writes 5 s: `hurried` counts those that come too early. Energies in 0.1 Wh, power in mW.
"""

from pymodbus.constants import ExcCodes

from tools.sim.devices.image import READ_HOLDING, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import u16, u32

READ_GAP_S, WRITE_GAP_S = 0.5, 5.0
NOT_READY, READY, CHARGING, ERROR, SUSPENDED = 1, 2, 3, 4, 5
STATES = {
    "idle": NOT_READY,
    "preparing": READY,
    "charging": CHARGING,
    "suspended": SUSPENDED,
    "finishing": READY,
    "fault": ERROR,
    "unavailable": ERROR,
}
MIN_MA = 6000


class KebaP30(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.gun = plant.guns[device["id"]]
        self.watts_per_ma = self.gun.phases * 0.23
        self.enabled = False
        self.wanted_w = self.gun.limit_w
        self.hurried = {"read": 0, "write": 0}
        self._last_s = {"read": -1e9, "write": -1e9}
        values = (1000, 1004, 1006, 1008, 1010, 1012, 1014, 1016, 1018, 1020, 1036, 1040, 1042, 1044, 1046)
        for address in (*values, 1100, 1110, 1500, 1502, 1550, 1552, 1600, 1602):
            self.put(address, [0, 0])
        for address in (5004, 5010, 5012, 5014, 5016, 5018, 5050, 5052):
            self.put(address, 0)
        max_ma = u16(self.gun.max_w / self.watts_per_ma)
        currents = (0, *range(MIN_MA, max_ma + 1))
        self.settings = {
            5004: Setting(self._write_current, allowed=currents),
            5010: Setting(),
            5012: Setting(allowed=(0,)),
            5014: Setting(self._enable, allowed=(0, 1)),
            5016: Setting(self._write_failsafe, allowed=currents),
            5018: Setting(self._write_timeout, high=600),
        }
        self.fills = {device["id"]: self.fill}

    def refuses_read(self, function, address, count):
        return None if count == 2 and address < 5000 else ExcCodes.ILLEGAL_ADDRESS

    def heard(self, function, address):
        self.gun.touch()
        kind, gap_s = ("read", READ_GAP_S) if function == READ_HOLDING else ("write", WRITE_GAP_S)
        # A step of the plant is 20 ms, and a request may fall at either end of it.
        self.hurried[kind] += self.plant.time_s - self._last_s[kind] < gap_s - 0.05
        self._last_s[kind] = self.plant.time_s

    def fill(self):
        gun = self.gun
        connected = gun.vehicle is not None
        state = STATES[gun.state]
        self.put(1000, u32(NOT_READY if connected and not self.enabled and state != ERROR else state))
        self.put(1004, u32(7 if connected else 1))
        self.put(1006, u32(int(state == ERROR)))
        for phase in range(3):
            self.put(1008 + 2 * phase, u32(1000 * gun.current_a if phase < gun.phases else 0))
            self.put(1040 + 2 * phase, u32(230))
        self.put(1014, u32(20123456))
        self.put(1018, u32(0x30A1F))
        self.put(1020, u32(1000 * gun.power_w))
        self.put(1036, u32(10 * gun.total_wh))
        self.put(1046, u32(1000 if gun.power_w else 0))
        self.put(1100, u32(gun.limit_w / self.watts_per_ma))
        self.put(1110, u32(gun.max_w / self.watts_per_ma))
        self.put(1502, u32(10 * gun.session_wh))
        self.put(1600, u32(gun.fallback_w / self.watts_per_ma))
        self.put(1602, u32(gun.watchdog_s or 0))

    def _write_current(self, milliamps):
        self.wanted_w = milliamps * self.watts_per_ma
        self._act()

    def _enable(self, value):
        self.enabled = bool(value)
        self._act()

    def _write_failsafe(self, milliamps):
        self.gun.set_fallback(milliamps * self.watts_per_ma)

    def _write_timeout(self, seconds):
        self.gun.set_watchdog(seconds or None)

    def _act(self):
        self.gun.write_limit(self.wanted_w if self.enabled else 0.0)
