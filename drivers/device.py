"""A device of the station: its readings, its setpoints, its health."""

from drivers.health import Health
from drivers.point import bound
from drivers.reading import WHY_NOT_IMPLEMENTED, WHY_SILENT, Reading
from drivers.setpoint import Setpoint
from drivers.ticks import ticks_diff

# What each role offers to the firmware.
READINGS = {
    "meter": ("power_w", "import_wh", "export_wh"),
    "pv": ("power_w", "status"),
    "bms": ("soc_permille", "charge_max_w", "discharge_max_w", "alarm", "emergency_stop"),
    "pcs": ("power_w", "status"),
    "gun": ("state", "power_w", "energy_wh", "soc_permille"),
    "cabinet": (),
}
# Gun states after normalisation.
IDLE, PREPARING, CHARGING, SUSPENDED, FAULT, UNAVAILABLE = 0, 1, 2, 3, 4, 5


class Device:
    """id, role, unit, bus_id as in the station file; params: the device's object of the station file."""

    def __init__(self, params: dict, profile):
        if profile.role != params["role"]:
            text = "%s.role: profile %s is a %s, found %s"
            raise ValueError(text % (params["id"], profile.name, profile.role, params["role"]))
        for name in profile.needs:
            if params.get(name) is None:
                raise ValueError("%s.%s: profile %s needs it" % (params["id"], name, profile.name))
        self.id = params["id"]
        self.role = params["role"]
        self.profile_name = profile.name
        self.profile = profile
        self.params = params
        self.bus_id = params["bus"]
        self.unit = params["unit"]
        self.lost_after_ms = params.get("lost_after_ms", profile.lost_after_ms)
        self.readings = {name: Reading(name) for name in READINGS[self.role] + profile.extra}
        offered = [point.name for point in profile.points]
        for name, reading in self.readings.items():
            if name not in offered:
                reading.absent(WHY_NOT_IMPLEMENTED)
        self.setpoints = {o.name: Setpoint(o.name, bound(o.high, params)) for o in profile.outputs}
        if self.role == "gun" and "limit_w" not in self.setpoints:  # read only: it counts with all that it can draw
            self.setpoints["limit_w"] = Setpoint("limit_w", params["max_w"])
        self.health = Health()
        self.facts = {}  # what the device told about itself, e.g. SunSpec scale factors
        self.gave_up = False  # silent for so long that ticks would wrap: set by the bus

    def alive(self, now_ms: int) -> bool:
        """It answered within its `lost_after_ms`."""
        health = self.health
        if not health.ever_answered or self.gave_up:
            return False
        return ticks_diff(now_ms, health.last_good_ms) <= self.lost_after_ms

    def answered(self, now_ms: int, turnaround_ms: int):
        health = self.health
        health.last_good_ms = now_ms
        health.ever_answered = True
        health.answers += 1
        health.turnaround.add(turnaround_ms)
        self.gave_up = False

    def give_up(self):
        """Silent for minutes: its values are no values any more, however the ticks wrap."""
        self.gave_up = True
        for reading in self.readings.values():
            reading.absent(WHY_SILENT)
