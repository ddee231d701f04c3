"""Gold (高特) battery control unit over RTU.

Source: a field EMS and three agreeing descriptions of the split (grade C+): function code 4, registers 1 to 64, with
the rack current offset by 1600 A; function code 2, alarms 1 to 58. + is discharging here (the source does not say).
"""

from tools.sim.devices.image import READ_DISCRETE, READ_INPUT, RegisterImage
from tools.sim.devices.words import u16

CELLS = 240
CURRENT_OFFSET_DA = 16000
CELL_OVER_TEMPERATURE = 18  # level 3; its milder levels are 16 and 17
CONTACTORS_ON = 0x25


class GoldBcu(RegisterImage):
    functions = (READ_DISCRETE, READ_INPUT)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.storage = plant.storage[device["storage"]]
        self.alarms = set()  # further alarm numbers that are on
        self.put(1, [0] * 64, self.inputs)
        self.discrete = dict.fromkeys(range(1, 59), 0)
        self.fills = {device["id"]: self.fill}

    def fill(self):
        storage, bank = self.storage, self.inputs
        rack_v = CELLS * (3.05 + 0.35 * storage.soc)
        rack_a = -storage.power_w / rack_v
        self.put(1, [u16(10 * rack_v), u16(10 * rack_a + CURRENT_OFFSET_DA), u16(100 * storage.soc), 100], bank)
        self.put(5, [5000, 5000, 1 if rack_a < -0.5 else 2 if rack_a > 0.5 else 3], bank)
        self.put(8, CONTACTORS_ON if storage.running else 0, bank)
        hottest_c = 55 if storage.alarm else 28
        self.put(11, [hottest_c + 40, 1, 1, 22 + 40, 1, 2, 25 + 40], bank)
        cell_mv = u16(1000 * rack_v / CELLS)
        self.put(19, [cell_mv, cell_mv + 4, 1, 1, cell_mv - 4, 1, 2], bank)
        charge_da, discharge_da = 10 * storage.charge_max_w / rack_v, 10 * storage.discharge_max_w / rack_v
        forbidden = int(storage.charge_max_w < 1.0) | int(storage.discharge_max_w < 1.0) << 1
        self.put(59, [u16(charge_da), u16(discharge_da), forbidden | int(storage.alarm) << 2, 8, hottest_c - 22], bank)
        hot = {CELL_OVER_TEMPERATURE - level for level in (0, 1, 2)} if storage.alarm else set()
        for number in self.discrete:
            self.discrete[number] = int(number in hot or number in self.alarms)
