"""A generic two-level battery control unit (BCU) towards an EMS, with liquid cooling and fire detection.

Source: requirements sheet "V1.3" of a BCU-EMS interface, one field source (grade C). Function codes 3, 4, 6, 16; at
most 120 registers a read; high word first. The sign of the rack current is not in the sheet: + is discharging here.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, WRITE_ONE, RegisterImage, Setting
from tools.sim.devices.words import counter16, s16, u16, u32

CELLS = 240
SENSORS = 120
OVER_TEMPERATURE = 1 << 6
EMERGENCY_STOP = 1 << 9


class BcuGeneric(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY)
    max_read = 120

    def __init__(self, unit, devices, plant):
        device = devices[0]
        super().__init__(unit, [device["id"]])
        self.plant = plant
        self.storage = plant.storage[device["storage"]]
        self.emergency_stop = False
        self.fire_level = 0
        self.high_voltage_off = False
        self._spread_c = 0.0  # how far the cells are above the coolant: follows the power slowly
        self._ticked_s = plant.time_s
        for start, count in ((0x0012, 0x33), (0x0210, 0x66), (0x0A00, 0x0F), (0x0A40, 0x20)):
            self.put(start, [0] * count)
        self.put(0x1401, [0] * 0x200)
        self.put(0x1801, [0] * 0x200)
        for address in (0x0402, 0x0403, 0x0465, 0x0900, 0x0901):
            self.put(address, 0)
        self.settings = {
            0x0402: Setting(self._high_voltage_off, allowed=(1,)),
            0x0403: Setting(self._reset, allowed=(1,)),
            0x0465: Setting(self._clear_faults, allowed=(1,)),
            0x0900: Setting(words=2, high=0xFFFFFFFF),
            0x0A02: Setting(low=150, high=300),
            0x0A03: Setting(allowed=(0, 1)),
        }
        self.put(0x0A02, [200, 1])
        self.fills = {device["id"]: self.fill}

    def fill(self):
        storage = self.storage
        rack_v = CELLS * (3.05 + 0.35 * storage.soc)
        rack_a = -storage.power_w / rack_v
        self._fill_alarms(rack_a)
        self.put(0x0225, [u16(storage.charge_max_w / rack_v * 10), u16(storage.discharge_max_w / rack_v * 10)])
        self.put(0x0227, [u16(storage.soc * 1000), 1000])
        self.put(0x0231, u16(rack_v * 10))
        self.put(0x0234, s16(rack_a * 10))
        self.put(0x0237, [5000, 10000, 10000])
        self.put(0x0248, u32(storage.discharged_wh / 1000) + u32(storage.discharged_wh / rack_v))
        self.put(0x024C, u32(storage.discharged_wh / 1000) + u32(storage.discharged_wh / rack_v))
        self.put(0x0270, [u16(storage.charge_max_w / 100), u16(storage.discharge_max_w / 100), u16(storage.soc * 1000)])
        self._fill_cells(1000 * rack_v / CELLS)
        self._fill_cooling()

    def _fill_alarms(self, rack_a):
        storage = self.storage
        level = OVER_TEMPERATURE if storage.alarm else 0  # a critical temperature has passed the two milder levels too
        self.put(0x0012, [level, level, level])
        self.put(0x0018, 3 if storage.running else 0)
        no_charge, no_discharge = storage.charge_max_w < 1.0, storage.discharge_max_w < 1.0
        self.put(
            0x0019,
            4 if not storage.running or (no_charge and no_discharge) else 1 if no_charge else 2 if no_discharge else 0,
        )
        self.put(0x001A, counter16(int(self.plant.time_s + 0.001)))
        self.put(0x001D, 1 if rack_a > 0.5 else 2 if rack_a < -0.5 else 0)
        self.put(0x001E, int(storage.soc >= 0.999) | int(storage.soc <= 0.05) << 1)
        self.put(0x001F, 0b01101 if storage.running and not self.emergency_stop else 0b01000)
        self.put(0x0040, [2 if self._spread_c > 0.5 else 1, 3 if storage.alarm else 0])
        hardware = EMERGENCY_STOP if self.emergency_stop else 0
        if self.fire_level:
            hardware |= 1 << (5 + self.fire_level)
        self.put(0x0042, [0, 0, hardware])

    def _fill_cells(self, mean_mv):
        """Cells differ by up to 8 mV and 1 K in a fixed pattern."""
        cells = [u16(mean_mv + (index * 7) % 9 - 4) for index in range(CELLS)]
        base = 220 + 10 * self._spread_c + (300 if self.storage.alarm else 0)
        sensors = [s16(base + (index * 3) % 11 - 5) for index in range(SENSORS)]
        self.put(0x1401, cells)
        self.put(0x1801, sensors)
        self.put(0x0210, max(cells))
        self.put(0x0214, min(cells))
        self.put(0x0218, [max(cells) - min(cells), u16(mean_mv)])
        self.put(0x021A, max(sensors))
        self.put(0x021E, min(sensors))
        self.put(0x0222, s16(base))

    def _fill_cooling(self):
        on = self.holding[0x0A03]
        self.put(0x0A00, 28)
        self.put(0x0A01, 2 if on else 0)
        self.put(0x0A04, [on, on, 0, on])
        self.put(0x0A08, [s16(self.holding[0x0A02]), s16(self.holding[0x0A02] + 10 * self._spread_c)])
        self.put(0x0A0A, [u16(180), u16(90), 0])
        self.put(0x0A0D, [0, 0])
        self.put(0x0A40, [self.fire_level, 0])
        self.put(0x0A56, [0, 22 + 40, 0])

    def tick(self, now_s):
        """Open relays stop the PCS; cells settle 12 K above the coolant at rated power, time constant 10 minutes."""
        step_s, self._ticked_s = now_s - self._ticked_s, now_s
        target_c = 12.0 * (self.storage.power_w / self.storage.rated_w) ** 2
        if self.emergency_stop or self.high_voltage_off:
            self.storage.running = False  # with open relays a started PCS delivers nothing
        self._spread_c += (target_c - self._spread_c) * min(1.0, step_s / 600.0)

    def _high_voltage_off(self, _value):
        self.high_voltage_off = True
        self.storage.running = False

    def _reset(self, _value):
        self.high_voltage_off = False
        self.storage.running = not self.emergency_stop

    def _clear_faults(self, _value):
        if not self.storage.alarm:
            self.fire_level = 0
