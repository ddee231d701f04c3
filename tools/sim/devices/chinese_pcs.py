"""Two Chinese power conversion systems: Sinexcel PWS with the 53xxx/54xxx map, and the 100 kW one with the 0x60xx map.

Source: one field source each (grade C). Neither source states the signs; here the Sinexcel counts discharging as +, as
in the maker's other map, and the 0x60xx charging. Neither keeps a time-out.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import s16, u16

BATTERY_V = 768.0
LINE_V = 400.0


class SinexcelPws54(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_ONE)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.storage = plant.storage[device["id"]]
        self.storage.ems_timeout_s = None
        self.fault_words = [0] * 10
        self.put(54200, [0] * 24, self.inputs)
        self.put(55200, [0] * 24, self.inputs)
        for start, count in ((53000, 11), (53600, 2), (53620, 6), (53650, 15), (53900, 4), (54900, 2)):
            self.put(start, [0] * count)
        limit = round(self.storage.rated_w / 100)
        self.settings = {
            53622: Setting(self._write_setpoint, low=-limit, high=limit, signed=True),
            53623: Setting(low=-limit, high=limit, signed=True),
            53900: Setting(self._start, allowed=(1,)),
            53901: Setting(self._stop, allowed=(1,)),
            53903: Setting(self._clear, allowed=(1,)),
        }
        self.fills = {device["id"]: self.fill}

    def fill(self):
        storage = self.storage
        kilowatts, amps = -storage.power_w / 1000, abs(storage.power_w) / LINE_V / 3**0.5
        phases = [u16(10 * kilowatts / 3 + 4000)] * 3
        block = [u16(10 * LINE_V)] * 3 + [u16(10 * amps + 15000)] * 3 + [5000, 0, 0] + phases + [4000] * 3
        block += [u16(10 * abs(kilowatts) / 3 + 4000)] * 3 + [200] * 3
        block += [u16(10 * kilowatts + 12000), 12000, u16(10 * abs(kilowatts) + 12000)]
        self.put(54200, block, self.inputs)
        self.put(55200, block, self.inputs)
        self.put(53000, self.fault_words)
        self.put(53010, int(storage.running) | 1 << 2)
        self.put(53622, s16(-storage.setpoint_w / 100))

    def _write_setpoint(self, tenths_kw):
        self.storage.write_setpoint(-100.0 * tenths_kw)

    def _start(self, _value):
        self.storage.running = not any(self.fault_words)

    def _stop(self, _value):
        self.storage.running = False

    def _clear(self, _value):
        self.fault_words = [0] * 10


class Pcs0x60(RegisterImage):
    functions = (READ_HOLDING, WRITE_ONE)

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.storage = plant.storage[device["id"]]
        self.storage.ems_timeout_s = None
        self.fault = False
        for start, count in ((0x0291, 1), (0x0D57, 1), (0x1700, 8), (0x6020, 0x3B)):
            self.put(start, [0] * count)
        limit = round(self.storage.rated_w / 100)
        self.settings = {
            0x0291: Setting(self._run, allowed=(0, 1)),
            0x0D57: Setting(self._write_setpoint, low=-limit, high=limit, signed=True),
        }
        self.fills = {device["id"]: self.fill}

    def fill(self):
        storage = self.storage
        amps = abs(storage.power_w) / LINE_V / 3**0.5
        self.put(0x6020, [u16(10 * LINE_V)] * 3)
        self.put(0x6026, [u16(10 * amps)] * 3)
        self.put(0x6039, [s16(storage.power_w / 100), 0])
        self.put(0x6050, u16(10 * 800.0))
        self.put(0x6053, [u16(10 * BATTERY_V), s16(10 * storage.power_w / BATTERY_V)])
        self.put(0x6057, [int(storage.running) | int(self.fault) << 6, s16(350), s16(360), s16(340)])
        self.put(0x0D57, s16(storage.setpoint_w / 100))

    def _write_setpoint(self, tenths_kw):
        self.storage.write_setpoint(100.0 * tenths_kw)

    def _run(self, value):
        self.storage.running = bool(value) and not self.fault
