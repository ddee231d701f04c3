"""What a station file must say about a device of each profile, beyond its role: parameters and the watchdog it has.

Which profiles exist and what role each plays is known to drivers.profiles.registry.
"""

from drivers.profiles.registry import ROLES

# name: (parameters that must be in the file, (shortest, longest) watchdog in s or None for a device without one).
# A device without a watchdog keeps its last limit for ever when the controller dies, so its file must say
# `"watchdog_s": null`, and its `max_w` counts as its fall-back.
_FACTS = {
    # Acrel DTSD1352 manual: registers hold secondary-side values, so the transformer ratio belongs to the station.
    "acrel_dtsd1352": (("ct_ratio",), None),
    # OpenEMS Sinexcel driver: register 327 "EMS timeout", seconds (grade B).
    "sinexcel_pws2": ((), (1, 3600)),
    # evcc and OpenEMS alpitronic drivers: up to four connectors a station; the fall-back after a time without polls is
    # set in the charger by its installer (grade A).
    "alpitronic_hyc": (("connector",), (1, 3600)),
    # Charging pile Modbus protocol V2.0: no register for a watchdog or a fall-back (grade C).
    "cn_pile_v2": ((), None),
    # evcc FoxESS driver: 0x3005 command validity 10-60 s (grade B); limits are amperes a phase.
    "foxess_evc": (("phases",), (10, 60)),
    # evcc and OpenEMS Heidelberg drivers: holding register 257 is a watchdog in ms, U16 (grade A).
    "heidelberg_ec": (("phases",), (1, 65)),
}
_NOTHING_KNOWN = ((), (1, 3600))


def role(name):
    """The role that a profile plays, or None when there is no such profile."""
    return ROLES.get(name)


def needs(name):
    """Parameters that a device with this profile must have in the station file."""
    return _FACTS.get(name, _NOTHING_KNOWN)[0]


def watchdog_s(name):
    """(shortest, longest) watchdog in seconds, or None for a device without one."""
    return _FACTS.get(name, _NOTHING_KNOWN)[1]


def names(of_role=None):
    """Known profile names, sorted; only those of one role when it is given."""
    return sorted([name for name in ROLES if of_role is None or ROLES[name] == of_role])
