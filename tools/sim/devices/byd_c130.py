"""BYD Battery-Box Commercial C130.

Source: OpenEMS BYD Battery-Box Commercial C130 driver (grade B). Function code 3; 6 on 0x2010, the main contactor: 1
starts the pre-charge, which takes some seconds, 0 opens. The sign of the current is not in the source: + is
discharging here.
"""

from tools.sim.devices.image import READ_HOLDING, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s16, u16

RACK_V = 768.0
PRECHARGE_S = 2.0
OPEN, CONNECTING, PRECHARGING, CLOSED, FAILED = 0, 1, 2, 3, 4
OVER_TEMPERATURE = 1 << 2


class BydC130(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.storage = plant.storage[device["storage"]]
        self.contactor = CLOSED
        self.precharge_fails = False
        self.alarms = {}  # register 0x2140 to 0x2147 -> bits
        self._closes_s = None
        self.put(0x2010, CLOSED)
        self.put(0x2100, [0] * 0x80)
        self.settings = {0x2010: Setting(self._command, allowed=(OPEN, CONNECTING, CLOSED), functions=(WRITE_ONE,))}
        self.fills = {device["id"]: self.fill}

    def fill(self):
        storage = self.storage
        amps = -storage.power_w / RACK_V
        self.put(0x2010, self.contactor)
        self.put(0x2100, [u16(10 * RACK_V), s16(10 * amps), 1 if amps > 0.5 else 2 if amps < -0.5 else 0])
        self.put(0x2103, [u16(100 * storage.soc), 100, 1, 3210, 2, 3205, 1, s16(255), 2, s16(245)])
        for address in range(0x2140, 0x2148):
            self.put(address, self.alarms.get(address, 0))
        if storage.alarm:
            self.put(0x2143, OVER_TEMPERATURE)
        self.put(0x216C, [u16(10 * storage.charge_max_w / RACK_V), u16(10 * storage.discharge_max_w / RACK_V)])

    def tick(self, now_s):
        if self._closes_s is not None and now_s >= self._closes_s:
            self._closes_s = None
            self.contactor = FAILED if self.precharge_fails else CLOSED
            self.storage.running = self.contactor == CLOSED

    def _command(self, value):
        if value == OPEN:
            self._closes_s = None
            self.contactor = OPEN
            self.storage.running = False
        elif self.contactor != CLOSED:
            self.contactor = PRECHARGING
            self._closes_s = self.plant.time_s + PRECHARGE_S
