"""A Chinese DC pile that can discharge: 充电桩 MODBUS 协议 V2.0, one gun.

Source: one field source, slave side (grade C). Only function code 3 from 0 with a count of exactly 13 (else exception
02), and function code 6 on 0x2000 (limit, 0.1 kW) and 0x3000 (command); a bad value is 03, any other function code
01. It has no watchdog. Power is that of the DC side, without sign: the direction is in the current. A car starts by
itself (local start) unless a stop was sent.
"""

from pymodbus.constants import ExcCodes

from tools.sim.devices.image import READ_HOLDING, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import counter16, s16, u16

BLOCK = 13
LIMIT, COMMAND = 0x2000, 0x3000
START_CHARGE, STOP_CHARGE, START_DISCHARGE, STOP_DISCHARGE = 0x01AA, 0x0155, 0x02AA, 0x0255
IDLE, STARTING, CHARGING, STOPPED, ERROR = 0, 1, 2, 3, 4
STATES = {
    "idle": IDLE,
    "preparing": STARTING,
    "charging": CHARGING,
    "suspended": STOPPED,
    "finishing": STOPPED,
    "fault": ERROR,
    "unavailable": ERROR,
}
PRICE_CNY_PER_KWH = 1.2


class CnPileV2(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE)
    whole_address_space = True

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.gun = plant.guns[device["id"]]
        self.limit_w = self.gun.limit_w
        self.direction = 1
        self._vehicle = None
        self._plugged_s = 0.0
        self.put(0, [0] * BLOCK)
        self.settings = {
            LIMIT: Setting(self._write_limit, high=round(self.gun.max_w / 100)),
            COMMAND: Setting(self._write_command, allowed=(START_CHARGE, STOP_CHARGE, START_DISCHARGE, STOP_DISCHARGE)),
        }
        self.fills = {device["id"]: self.fill}

    def refuses_read(self, function, address, count):
        return None if (address, count) == (0, BLOCK) else ExcCodes.ILLEGAL_ADDRESS

    def fill(self):
        gun = self.gun
        connected = gun.vehicle is not None
        stopped = connected and self.direction == 0
        self.put(0, [self.unit, 1, STOPPED if stopped and gun.state != "charging" else STATES[gun.state], 1])
        self.put(4, [u16(100 * gun.soc) if gun.soc is not None else 0, 1 if connected else 2])
        self.put(6, [u16(10 * gun.voltage_v), s16(10 * gun.current_a), u16(abs(gun.dc_w) / 100)])
        self.put(9, u16(self.plant.time_s - self._plugged_s) if connected else 0)
        session_kwh = abs(gun.session_wh) / 1000
        self.put(10, [u16(10 * session_kwh), u16(10 * session_kwh * PRICE_CNY_PER_KWH), counter16(gun.total_wh / 100)])

    def heard(self, function, address):
        self.gun.touch()
        self._look_at_the_car()

    def _write_limit(self, tenths_kw):
        self.limit_w = 100.0 * tenths_kw
        self._act()

    def _write_command(self, command):
        self.direction = {START_CHARGE: 1, START_DISCHARGE: -1}.get(command, 0)
        self._act()

    def _act(self):
        self.gun.write_limit(self.direction * self.limit_w)

    def tick(self, now_s):
        self._look_at_the_car()

    def _look_at_the_car(self):
        """A new car starts to charge locally, whatever was commanded to the one before."""
        if self.gun.vehicle is not self._vehicle:
            self._vehicle = self.gun.vehicle
            self._plugged_s = self.plant.time_s
            if self._vehicle is not None and self.direction != 1:
                self.direction = 1
                self._act()
