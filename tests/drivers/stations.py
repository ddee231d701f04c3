"""Devices for tests, by the station file's own keys."""

from drivers.device import Device
from drivers.profiles import registry

PARAMS = {
    "acrel_dtsd1352": {"role": "meter", "ct_ratio": 160, "pt_ratio": 1},
    "sunspec_inverter": {"role": "pv", "rated_w": 160000},
    "bcu_generic": {"role": "bms"},
    "sinexcel_pws2": {"role": "pcs", "rated_w": 200000, "watchdog_s": 60},
    "alpitronic_hyc": {"role": "gun", "connector": 2, "max_w": 480000, "watchdog_s": 10},
    "cn_pile_v2": {"role": "gun", "max_w": 60000, "watchdog_s": None},
    "foxess_evc": {"role": "gun", "phases": 3, "max_w": 11040, "fallback_w": 4140, "watchdog_s": 10},
    "heidelberg_ec": {"role": "gun", "phases": 3, "max_w": 11040, "fallback_w": 4140, "watchdog_s": 10},
}


def params(profile, **others):
    result = {"id": profile, "profile": profile, "bus": "bus", "unit": 1}
    result.update(PARAMS[profile])
    result.update(others)
    return result


def device(profile, **others):
    return Device(params(profile, **others), registry.load(profile))


def words(*values):
    """The bytes of registers."""
    data = b""
    for value in values:
        data += bytes((value >> 8 & 0xFF, value & 0xFF))
    return data
