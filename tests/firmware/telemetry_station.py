"""A station whose parts are the real ones (control, limits, alarms, readings), with values a test chooses."""

from control.station import Station
from control.step import step
from drivers.reading import Reading
from firmware.alarms import Alarms
from firmware.limits import LimitsInForce
from firmware.telemetry import Telemetry

CONFIG = {
    "station": {"id": "GC-T", "name": {"zh": "测试站", "en": "Test station"}, "language": "zh"},
    "board": "unix",
    "cycle_ms": 200,
    "headroom_permille": 20,
    "base_load": {"max_w": 60000},
    "circuits": [{"id": "grid", "parent": None, "cap_w": 400000}, {"id": "hall", "parent": "grid", "cap_w": 300000}],
    "devices": [
        {"id": "meter", "role": "meter", "profile": "acrel_dtsd1352", "bus": "b1", "unit": 1, "circuit": "grid"},
        {"id": "pv1", "role": "pv", "profile": "sunspec_inverter", "bus": "b2", "unit": 1, "rated_w": 160000},
        {"id": "bms1", "role": "bms", "profile": "bcu_generic", "bus": "b3", "unit": 1},
        {"id": "pcs1", "role": "pcs", "profile": "sinexcel_pws2", "bus": "b4", "unit": 1, "bms": "bms1",
         "rated_w": 200000},
        {"id": "gun1", "role": "gun", "profile": "alpitronic_hyc", "bus": "b5", "unit": 1, "connector": 1,
         "circuit": "hall", "class": "super", "min_w": 5000, "max_w": 480000, "fallback_w": 20000, "watchdog_s": 10},
        {"id": "gun2", "role": "gun", "profile": "cn_pile_v2", "bus": "b6", "unit": 1, "circuit": "hall",
         "class": "fast", "min_w": 5000, "max_w": 60000, "fallback_w": 60000, "watchdog_s": None},
    ],
    "storage": {"reserve_soc_permille": 200, "support_w": 80000, "charge_w": 50000},
    "class_weights": {"guaranteed": 4, "super": 2, "fast": 1, "slow": 1},
}

_READINGS = {
    "meter": ("power_w", "import_wh", "export_wh"),
    "pv": ("power_w", "status"),
    "bms": ("soc_permille", "charge_max_w", "discharge_max_w", "alarm", "emergency_stop"),
    "pcs": ("power_w", "status"),
    "gun": ("state", "power_w", "energy_wh", "soc_permille"),
}
_SETPOINTS = {"pv": "limit_w", "pcs": "power_w", "gun": "limit_w"}


class Held:
    """What telemetry asks of a setpoint: the value the device is known to hold."""

    def __init__(self):
        self.held = 0
        self.held_known = False


class Part:
    """What telemetry asks of a device: its readings and setpoints by name."""

    def __init__(self, name, role):
        self.id = name
        self.readings = {name: Reading() for name in _READINGS[role]}
        self.setpoints = {_SETPOINTS[role]: Held()} if role in _SETPOINTS else {}


class Lateness:
    """What telemetry asks of the cycle."""

    count, missed, late_max_ms, step_us_max = 300, 1, 9, 410

    def late_ms_at(self, permille):
        return {500: 0, 990: 2}[permille]


class Stop:
    active = False


class Rig:
    def __init__(self):
        self.station = Station(CONFIG)
        self.devices = {each["id"]: Part(each["id"], each["role"]) for each in CONFIG["devices"]}
        self.limits = LimitsInForce(CONFIG["circuits"])
        self.alarms = Alarms(4, self.station.circuit_ids)
        self.stop = Stop()
        self.seen = Telemetry(
            CONFIG, self.station, self.devices, self.limits, Lateness(), self.stop, self.alarms, now_ms=0
        )

    def read(self, device, at_ms=0, **values):
        for name in values:
            self.devices[device].readings[name].good(values[name], at_ms)

    def hold(self, device, name, value):
        self.devices[device].setpoints[name].held = value
        self.devices[device].setpoints[name].held_known = True

    def step(self):
        step(self.station, 200)


def charging_rig():
    """Both guns charge out of a hall that is full; the storage shaves the peak."""
    rig = Rig()
    rig.read("meter", 900, power_w=391000)
    rig.read("pv1", 900, power_w=128000)
    rig.read("bms1", 900, soc_permille=600, charge_max_w=100000, discharge_max_w=150000)
    rig.read("pcs1", 900, power_w=-40000)
    rig.hold("pcs1", "power_w", -41000)
    rig.read("gun1", 900, state=2, power_w=149000, energy_wh=5120, soc_permille=431)
    rig.hold("gun1", "limit_w", 150000)
    rig.read("gun2", 900, state=2, power_w=-3000)
    inputs = rig.station.inputs
    for _ in range(30):
        inputs.grid_w, inputs.grid_age_ms, inputs.grid_is_new = 391000, 100, True
        inputs.pv_w[0], inputs.pv_age_ms[0] = 128000, 100
        inputs.storage_w, inputs.storage_age_ms = -40000, 100
        inputs.soc_permille, inputs.charge_max_w, inputs.discharge_max_w, inputs.bms_age_ms = 600, 100000, 150000, 100
        for gun in range(2):
            inputs.gun_state[gun], inputs.gun_w[gun] = 2, (149000, 40000)[gun]
            inputs.gun_age_ms[gun], inputs.gun_held_known[gun] = 100, 1
            inputs.gun_upper_w[gun] = (150000, 60000)[gun]
        rig.step()
    return rig
