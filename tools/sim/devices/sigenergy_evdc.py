"""Sigenergy EVDC bidirectional DC charger behind its hybrid inverter, Modbus TCP.

Source: evcc Sigenergy EVDC driver (grade B). Function code 4 reads; 6 writes 41000 (0 start, 1 stop), 16 the limits
41002 (charge) and 41004 (discharge) in W. A charge limit below 500 W is refused here, because it must not be written.
At most one request a second: `hurried` counts those that come earlier. It has no keep-alive.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s32, u16, u32

MIN_PERIOD_S = 1.0
SMALLEST_W = 500
START, STOP = 0, 1
IDLE, OCCUPIED, PREPARING, CHARGING, FAULT, ENDED, DISCHARGING = 0, 1, 2, 3, 4, 6, 8
STATES = {
    "idle": IDLE,
    "preparing": PREPARING,
    "charging": CHARGING,
    "suspended": OCCUPIED,
    "finishing": ENDED,
    "fault": FAULT,
    "unavailable": FAULT,
}


class SigenergyEvdc(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.gun = plant.guns[device["id"]]
        self.gun.watchdog_s = None
        self.wanted_w = self.gun.limit_w
        self.running = True
        self.hurried = 0
        self._last_s = -1e9
        self.put(31500, [0] * 27, self.inputs)
        self.put(41000, [0] * 6)
        limit = round(self.gun.max_w)
        self.settings = {
            41000: Setting(self._write_command, allowed=(START, STOP), functions=(WRITE_ONE,)),
            41002: Setting(self._write_charge, low=SMALLEST_W, high=limit, words=2, functions=(WRITE_MANY,)),
            41004: Setting(self._write_discharge, high=limit, words=2, functions=(WRITE_MANY,)),
        }
        self.fills = {device["id"]: self.fill}

    def heard(self, function, address):
        # A step of the plant is 20 ms, and a request may fall at either end of it.
        self.hurried += self.plant.time_s - self._last_s < MIN_PERIOD_S - 0.05
        self._last_s = self.plant.time_s

    def fill(self):
        gun, bank = self.gun, self.inputs
        state = DISCHARGING if gun.power_w < -100.0 else STATES[gun.state]
        amps = gun.current_a
        self.put(31500, [u16(10 * gun.voltage_v), u16(10 * max(0.0, amps)), *s32(gun.power_w)], bank)
        self.put(31504, [u16(1000 * gun.soc) if gun.soc is not None else 0, *u32(gun.session_wh / 10)], bank)
        self.put(31513, [state, u16(10 * max(0.0, -amps))], bank)
        self.put(31519, u32(gun.total_wh / 10), bank)
        self.put(31523, u32(gun.max_w) + u32(gun.max_w), bank)

    def _write_command(self, command):
        self.running = command == START
        self._act()

    def _write_charge(self, watts):
        self.wanted_w = float(watts)
        self._act()

    def _write_discharge(self, watts):
        self.wanted_w = -float(watts)
        self._act()

    def _act(self):
        self.gun.write_limit(self.wanted_w if self.running else 0.0)
