"""The bodies of journal entries that are not alarms: samples, records, decisions. Loaded when one is made.

seen: Telemetry. Numbers are in the unit of their name, with the signs of the house.
"""

from control.reasons import GUN_REASONS, STORAGE_REASONS
from firmware.explain import explain_gun, explain_storage
from firmware.telemetry import value


def _values(devices, name):
    return [value(each.readings.get(name)) for each in devices]


def sample(seen) -> dict:
    """An instant of the station; lists are in the order of the birth message's devices."""
    station = seen.station
    return {
        "cap_w": station.cap_w,
        "grid_w": value(seen.grid),
        "base_w": station.base_w if station.base_known else None,
        "pv_w": _values(seen.pvs, "power_w"),
        "storage_w": _values(seen.storages, "power_w"),
        "soc_permille": _values(seen.bms, "soc_permille"),
        "gun_w": _values(seen.guns, "power_w"),
        "grant_w": [each if each >= 0 else None for each in station.grant_w],
        "ladder": station.ladder,
    }


def record(energy, span, seen, now_ms: int) -> dict:
    """A quarter of an hour. span: (its start in unix s or None, its length in s)."""
    return {
        "start_unix_s": span[0],
        "seconds": span[1],
        "energy_wh": energy.take(now_ms),
        "session_wh": {gun.id: value(gun.readings.get("energy_wh")) for gun in seen.guns},
        "soc_permille": _values(seen.bms, "soc_permille"),
    }


def decision(seen, before) -> dict:
    """What control has decided differently than before. before: array of reasons, of the guns and of the storage; it is
    brought up to now."""
    station, guns, storages = seen.station, [], []
    for at in range(len(seen.guns)):
        code = station.reason[at]
        if code != before[at]:
            before[at] = code
            args = [None, None, None, None]
            explain_gun(station, at, args)
            guns.append(_reason(seen.guns[at], GUN_REASONS[code], station.grant_w[at], args))
    if station.has_storage and before[-1] != station.storage_reason:
        before[-1] = station.storage_reason
        args = [None, None]
        explain_storage(station, args)
        code = STORAGE_REASONS[station.storage_reason]
        storages = [_reason(each, code, station.storage_setpoint_w, args) for each in seen.storages]
    return {"guns": guns, "storage": storages}


def _reason(device, code, power_w, args):
    """Numbers as in the sentence of the reason; those it does not have are cut off."""
    while args and args[-1] is None:
        args.pop()
    return {"id": device.id, "reason": code, "w": power_w, "args": args}
