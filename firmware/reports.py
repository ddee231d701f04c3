"""What the station says of itself now and then: state, capability. Loaded for it.

seen: Telemetry. Numbers are in the unit of their name, with the signs of the house.
"""

from control.reasons import CAP_BINDS, LIMIT_IN_FORCE, WAITS_FOR_ROOM, WAITS_MINIMUM
from firmware.telemetry import GUN_STATES, value

_WANT_MORE = (CAP_BINDS, LIMIT_IN_FORCE, WAITS_FOR_ROOM, WAITS_MINIMUM)
_CHARGING = 2


def state(seen, now_ms: int, commands, journal, boot) -> dict:
    """What changes seldom: sent, retained, when it does."""
    guns = []
    for gun in seen.guns:
        known = value(gun.readings.get("state"))
        guns.append({"id": gun.id, "state": None if known is None else GUN_STATES[known]})
    limits, orders = seen.limits.items(now_ms), seen.limits.orders
    if orders is not None:
        limits += orders.items(now_ms)
    for each in limits:
        del each["expires_s"]
    return {
        "boot": boot,
        "ladder": seen.station.ladder,
        "estop": bool(seen.stop.active),
        "guns": guns,
        "limits": limits,
        "alarms": [{"code": each["code"], "device": each["device"]} for each in seen.alarms.active()],
        "commands": {
            "signed": bool(commands.keys),
            "accepted": commands.accepted,
            "repeated": commands.repeated,
            "refused": commands.refusals,
        },
        "journal": {"on_flash": journal.pages is not None, "lost": journal.lost, "damaged": journal.damaged},
    }


def capability(seen, commands) -> dict:
    """By how much the import from the grid can be moved now, W, while every gun that charges goes on charging; and by
    how much more when they pause. Nothing here is promised: the caps and the cars have the last word. And which types
    of commands the station carries out."""
    from firmware.command_table import supported

    station, down_w, pause_w, up_w = seen.station, 0, 0, 0
    for at in range(len(seen.guns)):
        readings = seen.guns[at].readings
        power_w = value(readings.get("power_w"))
        if power_w is None or power_w <= 0:
            continue
        down_w += max(0, power_w - station.min_w[at])
        pause_w += power_w
        if value(readings.get("state")) == _CHARGING and station.reason[at] in _WANT_MORE:
            up_w += max(0, station.max_w[at] - power_w)
    storage_down_w = storage_up_w = 0
    storage_w = value(seen.storages[0].readings.get("power_w")) if seen.storages else None
    if storage_w is not None:
        inputs = station.inputs
        storage_up_w = max(0, min(inputs.charge_max_w, station.pcs_rated_w) - storage_w)
        if inputs.soc_permille > station.reserve_soc_permille:
            storage_down_w = max(0, min(inputs.discharge_max_w, station.pcs_rated_w) + storage_w)
    grid_w = value(seen.grid)
    room_w = 0 if grid_w is None else max(0, station.cap_w - station.headroom_w - grid_w)
    return {
        "import_w": grid_w,
        "cap_w": station.cap_w,
        "down_w": down_w + storage_down_w,
        "up_w": min(room_w, up_w + storage_up_w),
        "guns_down_w": down_w,
        "guns_pause_w": pause_w,
        "guns_up_w": up_w,
        "storage_down_w": storage_down_w,
        "storage_up_w": storage_up_w,
        "commands": supported(commands),
    }
