"""What control knows: the station's fixed facts, the inputs of this cycle, and the decisions, in preallocated integer
arrays.

Watts, milliseconds, permille. Signs: grid + import, storage and vehicles + charging, PV + generation. Control has no
clock: inputs carry ages, and `step()` is told how much time has passed. Everything fits 31 bits signed.
"""

ABSENT_AGE_MS = 1 << 29  # an age older than any: the value does not exist
NO_LIMIT_W = 1 << 29
STOPPED_W, OUT_OF_SERVICE_W = 0, -1  # as a limit of a gun: its session is ended

IDLE, PREPARING, CHARGING, SUSPENDED, FAULT, UNAVAILABLE = 0, 1, 2, 3, 4, 5  # gun states

ROTATION_MS = 900000  # turns are taken every quarter of an hour


class Inputs:
    """One snapshot. Firmware fills it; ages in ms (ABSENT_AGE_MS: no value). control/build.py has its fields."""


class Station:
    """Built once from a checked station file; the only place where control allocates. control/build.py has its fields.

    config: the dict of `station.json`. standby_w: per gun id, the limit that pauses it without ending the session
    (0 where absent).
    """

    def __init__(self, config, standby_w=None):
        from control import build  # at the start only: firmware takes it out of memory afterwards

        self.circuit_ids = [circuit["id"] for circuit in config["circuits"]]
        self.cycle_ms = config.get("cycle_ms", 200)
        build.station(self, config, standby_w or {})


import control.build  # noqa: E402, F401 now, while there is room for it; it needs the names above
