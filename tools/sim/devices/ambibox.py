"""ambibox ambiCHARGE bidirectional DC wall box, Modbus TCP.

Source: evcc ambibox driver (grade B). Connector c: 104 input registers at 4000 + 200 (c - 1), all values in 32 bits,
high word first, some of them floats; holding registers at 3000 + 100 (c - 1), function code 16: target in W, negative
= charging. The measured power has the same sign here (the source does not say).
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, RegisterImage, Setting
from tools.sim.devices.words import f32, s32, u32

SETUP, PARAMETERS, CHARGE_LOOP, PAUSED, STOPPED, ERROR = 0, 2, 5, 7, 8, 9
STATES = {
    "idle": SETUP,
    "preparing": PARAMETERS,
    "charging": CHARGE_LOOP,
    "suspended": PAUSED,
    "finishing": STOPPED,
    "fault": ERROR,
    "unavailable": ERROR,
}


class Ambibox(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_MANY)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [device["id"] for device in devices])
        self._connectors = {}
        for device in devices:
            number, gun = device.get("connector", 1), plant.guns[device["id"]]
            if number in self._connectors.values():
                raise ValueError(f"{device['id']}: connector {number} of unit {unit} is taken")
            self._connectors[device["id"]] = number
            base, target = 4000 + 200 * (number - 1), 3000 + 100 * (number - 1)
            self.put(base, [0] * 104, self.inputs)
            self.put(target, [0] * 4)
            limit = round(gun.max_w)
            self.settings[target] = Setting(
                lambda watts, gun=gun: gun.write_limit(-watts), low=-limit, high=limit, words=2, signed=True
            )
            self.settings[target + 2] = Setting(allowed=(0, 1))
            self.fills[device["id"]] = lambda base=base, target=target, gun=gun: self._fill(base, target, gun)

    def owns(self, device_id, address):
        number = self._connectors.get(device_id)
        if number is None:
            return False
        return 0 <= address - 4000 - 200 * (number - 1) < 104 or 0 <= address - 3000 - 100 * (number - 1) < 100

    def _fill(self, base, target, gun):
        bank = self.inputs
        amps = -gun.power_w / 230.0 / 3.0
        for phase in range(3):
            self.put(base + 4 + 2 * phase, f32(amps), bank)
            self.put(base + 12 + 2 * phase, f32(230.0), bank)
        self.put(base + 18, s32(-gun.power_w), bank)
        self.put(base + 26, f32(gun.total_wh) + f32(0.0), bank)
        self.put(base + 36, u32(3), bank)
        self.put(base + 48, f32(gun.vehicle.pack_wh if gun.vehicle is not None else float("nan")), bank)
        self.put(base + 54, f32(100.0 * gun.soc if gun.soc is not None else float("nan")), bank)
        self.put(base + 82, u32(STATES[gun.state]) + u32(int(gun.vehicle is not None)), bank)
        self.put(base + 98, f32(max(0.0, gun.session_wh)), bank)
        self.put(target, s32(-gun.limit_w))
