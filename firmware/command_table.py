"""Which types of commands there are, who may give them, and which of them this station carries out."""

# (type, authorities that may give it, whether the firmware can carry it out)
_TYPES = (
    ("limit", ("operator", "grid"), True),
    ("emergency_stop", ("operator", "grid", "service"), True),
    ("time", ("operator", "grid", "service"), True),
    ("dispatch", ("operator", "grid"), True),
    ("gun", ("operator", "service"), True),
    ("config", ("service",), True),
    ("maintenance", ("service",), True),
    ("tariff", ("operator",), False),
    ("v2g", ("operator",), False),
)
UNSIGNED = ("limit", "emergency_stop")


def names() -> list:
    return [each[0] for each in _TYPES]


def rights(kind: str) -> tuple:
    """The authorities that may give commands of this type; empty for an unknown one."""
    for each in _TYPES:
        if each[0] == kind:
            return each[1]
    return ()


def supported(commands) -> list:
    """The types that this station carries out, as it is made and with the keys that it has. commands: Commands."""
    if not commands.keys:
        return list(UNSIGNED)
    station = commands.running.station
    missing = ["dispatch"] if not station.has_storage else []
    return [each[0] for each in _TYPES if each[2] and each[0] not in missing]
