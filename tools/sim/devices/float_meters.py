"""Meters whose registers are IEEE 754 singles, high word first: Eastron SDM630, two of the three meters that are called
DTSU666, Janitza UMG.

Sources: Tinkerforge eastron and janitza maps, EVerest SDM630 model, SmartEVSE meter table, OpenEMS janitza and evcc
agree (grade A); DTSU666-H of Huawei: values direct (mbmd issue 355).
"""

from pymodbus.constants import ExcCodes

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, RegisterImage
from tools.sim.devices.words import f32

LINE_VOLTAGE_V = 230.0


class _FloatMeter(RegisterImage):
    """ranges: (first register, how many) that exist."""

    ranges = ()

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [devices[0]["id"]])
        self.meter = plant.meter
        for start, count in self.ranges:
            self.put(start, [0] * count)
        self.fills = {devices[0]["id"]: self.fill}

    def singles(self, start, *values):
        for index, value in enumerate(values):
            self.put(start + 2 * index, f32(value))

    @property
    def currents_a(self):
        return [phase_w / LINE_VOLTAGE_V for phase_w in self.meter.phase_power_w]


class Sdm630(_FloatMeter):
    """Function code 4 for measurements; even addresses and counts only, at most 80 registers."""

    functions = (READ_INPUT, READ_HOLDING, WRITE_MANY)
    max_read = 80
    ranges = ((0, 108), (200, 46), (342, 18))

    def refuses_read(self, function, address, count):
        if address % 2 or count % 2:
            return ExcCodes.ILLEGAL_ADDRESS
        return super().refuses_read(function, address, count)

    def fill(self):
        power_w = self.meter.power_w
        self.singles(0, *[LINE_VOLTAGE_V] * 3, *self.currents_a, *self.meter.phase_power_w)
        self.singles(52, power_w)
        self.singles(70, 50.0, self.meter.import_wh / 1000, self.meter.export_wh / 1000)
        self.singles(342, (self.meter.import_wh + self.meter.export_wh) / 1000)


class Dtsu666(_FloatMeter):
    """Chint DTSU666: every value has a step of its own, 0.1 V, 0.001 A, 0.1 W; energies in kWh."""

    functions = (READ_HOLDING, WRITE_MANY)
    ranges = ((0x2000, 0x52), (0x101E, 12), (0x0006, 2))
    volt = watt = 10.0
    ampere = 1000.0

    def fill(self):
        self.singles(0x2000, *[3**0.5 * LINE_VOLTAGE_V * self.volt] * 3, *[LINE_VOLTAGE_V * self.volt] * 3)
        self.singles(0x200C, *[current_a * self.ampere for current_a in self.currents_a])
        self.singles(0x2012, self.meter.power_w * self.watt)
        self.singles(0x2014, *[phase_w * self.watt for phase_w in self.meter.phase_power_w])
        self.singles(0x2044, 50.0 * (100.0 if self.watt != 1.0 else 1.0))
        self.singles(0x101E, self.meter.import_wh / 1000)
        self.singles(0x1028, self.meter.export_wh / 1000)


class Dtsu666Huawei(Dtsu666):
    """DTSU666-H: the same places, values direct."""

    volt = watt = ampere = 1.0


class JanitzaUmg(_FloatMeter):
    """Function codes 3 and 4 give the same; energies in Wh."""

    functions = (READ_HOLDING, READ_INPUT)
    ranges = ((19000, 122),)

    def fill(self):
        power_w = self.meter.power_w
        self.singles(19000, *[LINE_VOLTAGE_V] * 3, *[3**0.5 * LINE_VOLTAGE_V] * 3, *self.currents_a)
        self.singles(19020, *self.meter.phase_power_w, power_w)
        self.singles(19050, 50.0)
        self.singles(19060, self.meter.import_wh - self.meter.export_wh)
        self.singles(19068, self.meter.import_wh)
        self.singles(19076, self.meter.export_wh)
