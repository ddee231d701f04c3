"""XJ (许继) DC pile with one or two guns, read only.

Source: one field source with a simulator of its own (grade C). Function codes 3 and 4; gun n at 0x2000 + 0x100 (n - 1).
The layout of the control frame at 0x4000 is not known, so nothing can be written: each gun gives its full power.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, RegisterImage
from tools.sim.devices.words import u16, u32

IDLE, CHARGING, FAULT = 0, 3, 4
STATES = {"charging": CHARGING, "fault": FAULT, "unavailable": FAULT}
PRICE_CNY_PER_KWH = 1.2


class XjDual(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT)

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [device["id"] for device in devices])
        self.plant = plant
        self._bases = {}
        self.put(0x1000, [len(devices), u16(sum(plant.guns[d["id"]].max_w for d in devices) / 1000)])
        for device in devices:
            base = 0x2000 + 0x100 * (device["connector"] - 1)
            if base in self._bases.values():
                raise ValueError(f"{device['id']}: connector {device['connector']} of unit {unit} is taken")
            self._bases[device["id"]] = base
            self.put(base, [0] * 0x14)
            gun = plant.guns[device["id"]]
            gun.watchdog_s = None
            gun.write_limit(gun.max_w)
            self.fills[device["id"]] = lambda base=base, gun=gun: self._fill(base, gun)

    def owns(self, device_id, address):
        return device_id in self._bases and 0 <= address - self._bases[device_id] < 0x100

    def _fill(self, base, gun):
        session_kwh = gun.session_wh / 1000
        self.put(base, [STATES.get(gun.state, IDLE), 0, *u32(0), *u32(int(gun.state == "fault")), *u32(gun.total_wh)])
        self.put(base + 0x08, u32(100 * session_kwh * PRICE_CNY_PER_KWH) + u32(gun.session_wh) + u32(self.plant.time_s))
        self.put(base + 0x0E, u32(gun.dc_w) + [u16(10 * gun.voltage_v), u16(100 * gun.current_a)])
        self.put(base + 0x12, [u16(100 * gun.soc) if gun.soc is not None else 0, 30])
