"""alpitronic HYC DC charger: a station block and up to four connectors behind one unit id.

Source: evcc and OpenEMS alpitronic drivers (grade A). Input registers (function code 4) hold measurements, holding
registers (3, 16) the limits; both banks use the same addresses for different things. A limit of 0 W makes the
connector unavailable and ends its session. A station that is not polled within its GridFallbackTimeout goes to the
fall-back limit: any request counts as polling.
"""

from tools.sim.devices.image import READ_HOLDING, READ_INPUT, WRITE_MANY, RegisterImage, Setting
from tools.sim.devices.words import text, u16, u32, u64

AVAILABLE, PREPARING, CHARGING, SUSPENDED_EV, SUSPENDED_EVSE, FINISHING, UNAVAILABLE, FAULTED = 0, 2, 3, 4, 5, 6, 8, 10
GB_T = 5


class AlpitronicHyc(RegisterImage):
    functions = (READ_HOLDING, READ_INPUT, WRITE_MANY)
    separate_inputs = True

    def __init__(self, unit, devices, plant):
        super().__init__(unit, [device["id"] for device in devices])
        self.plant = plant
        self.connectors = {}  # connector number -> gun
        self._numbers = {}
        self._plugged = {}  # connector number -> (vehicle, time_s of its arrival)
        for device in devices:
            number = device.get("connector", 1)
            if not 1 <= number <= 4:
                raise ValueError(f"{device['id']}: connector {number}, allowed 1..4")
            if number in self.connectors:
                raise ValueError(
                    f"{device['id']}: connector {number} of unit {unit} is taken by {self.connectors[number].id}"
                )
            self._add_connector(number, device["id"], plant.guns[device["id"]])
        self.put(0, [0] * 60, self.inputs)
        self.put(0, u32(sum(gun.max_w for gun in self.connectors.values())) + [0, 0])
        self.fills[""] = self._fill_station  # the station block: frozen with none of its connectors

    def _add_connector(self, number, device_id, gun):
        self.connectors[number] = gun
        self._numbers[device_id] = number
        self.put(100 * number, [0] * 40, self.inputs)
        self.put(100 * number, [0] * 4)
        self.settings[100 * number] = Setting(gun.write_limit, high=0xFFFFFFFF, words=2)
        self.settings[100 * number + 2] = Setting(words=2, signed=True, low=-480000, high=480000)
        self.fills[device_id] = lambda: self._fill_connector(number, gun)

    def owns(self, device_id, address):
        return device_id in self._numbers and address // 100 in (0, self._numbers[device_id])

    def heard(self, function, address):
        for gun in self.connectors.values():
            gun.touch()

    def _fill_station(self):
        self.put(0, u32(1_700_000_000 + self.plant.time_s), self.inputs)
        self.put(2, [len(self.connectors), AVAILABLE], self.inputs)
        self.put(4, u32(sum(max(0.0, gun.power_w) for gun in self.connectors.values())), self.inputs)
        self.put(6, text("HYC-SIM", 12), self.inputs)
        self.put(46, [2, 4, 0], self.inputs)

    def _fill_connector(self, number, gun):
        at = 100 * number
        bank = self.inputs
        self.put(at, self._state(gun), bank)
        self.put(at + 1, u32(100 * gun.voltage_v) + [u16(100 * gun.current_a)], bank)
        self.put(at + 4, u32(gun.dc_w) + [u16(self._charging_s(number, gun)), u16(gun.session_wh / 10)], bank)
        self.put(at + 8, [u16(10000 * gun.soc) if gun.soc is not None else 0, GB_T], bank)
        self.put(at + 10, u32(gun.max_w * gun.efficiency) + u32(gun.min_w * gun.efficiency), bank)
        self.put(at + 18, text(f"VID{number:05d}" if gun.vehicle is not None else "", 4), bank)
        self.put(at + 32, u64(gun.total_wh) + u32(gun.power_w), bank)
        self.put(at, u32(gun.limit_w))

    def _state(self, gun):
        if gun.state == "fault":
            return FAULTED
        if gun.limit_w == 0:
            return UNAVAILABLE
        if gun.state == "suspended":
            return SUSPENDED_EVSE if gun.limit_w < gun.min_w else SUSPENDED_EV
        return {
            "idle": AVAILABLE,
            "preparing": PREPARING,
            "charging": CHARGING,
            "finishing": FINISHING,
            "unavailable": UNAVAILABLE,
        }[gun.state]

    def _charging_s(self, number, gun):
        """Seconds since the car came, as far as anybody has looked."""
        vehicle, since_s = self._plugged.get(number, (None, 0.0))
        if gun.vehicle is not vehicle:
            since_s = self.plant.time_s
            self._plugged[number] = (gun.vehicle, since_s)
        return self.plant.time_s - since_s if gun.vehicle is not None else 0

    def tick(self, now_s):
        for number, gun in self.connectors.items():
            self._charging_s(number, gun)
