"""What a device gets when it is made: the readings of its role, the setpoints of its profile. Only needed at the
start."""

from drivers.command import Setpoint
from drivers.device import Health
from drivers.point import bound
from drivers.reading import WHY_NOT_IMPLEMENTED, Reading

# What each role offers to the firmware.
READINGS = {
    "meter": ("power_w", "import_wh", "export_wh"),
    "pv": ("power_w", "status"),
    "bms": ("soc_permille", "charge_max_w", "discharge_max_w", "alarm", "emergency_stop"),
    "pcs": ("power_w", "status"),
    "gun": ("state", "power_w", "energy_wh", "soc_permille"),
    "cabinet": (),
}


def made(params: dict, profile):
    """(readings, setpoints, health) of a new device. ValueError when its parameters do not suit its profile."""
    role = params["role"]
    if profile.role != role:
        text = "%s.role: profile %s is a %s, found %s"
        raise ValueError(text % (params["id"], profile.name, profile.role, role))
    for name in profile.needs:
        if params.get(name) is None:
            raise ValueError("%s.%s: profile %s needs it" % (params["id"], name, profile.name))
    readings = {name: Reading() for name in READINGS[role] + profile.extra}
    offered = [point.name for point in profile.points]
    for name, reading in readings.items():
        if name not in offered:
            reading.absent(WHY_NOT_IMPLEMENTED)
    setpoints = {output.name: Setpoint(bound(output.high, params)) for output in profile.outputs}
    if role == "gun" and "limit_w" not in setpoints:  # read only: it counts with all that it can draw
        setpoints["limit_w"] = Setpoint(params["max_w"])
    return readings, setpoints, Health()
