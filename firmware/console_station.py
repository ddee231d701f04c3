"""Console: `status` and `why GUN`."""

import gc

from control.reasons import GUN_REASONS, STORAGE_REASONS
from drivers.reading import ABSENT
from firmware.console_session import row
from firmware.explain import explain_gun, explain_storage
from firmware.texts import fill, pair

_COLUMNS = (9, 10, -9, -9)  # id, state, draw, grant; the reason has the rest
_UNKNOWN_STATE = 6


async def status(session, argument):
    running = session.running
    s, cycle, devices = running.station, running.cycle, running.devices
    await session.tell("title", running.title, _clock(cycle.count * s.cycle_ms // 1000))
    if running.stop.active:
        await session.tell("stop", session.who(running.stop.source))
    age_ms = s.inputs.grid_age_ms
    known = age_ms < 1 << 28
    await session.tell(
        "grid", s.inputs.grid_w if known else None, age_ms if known else None, s.cap_w, s.room_w if known else None
    )
    for each in s.pv_ids:
        await session.tell("pv", each, _value(devices[each], "power_w"))
    for device in devices.values():
        if device.role == "pcs":
            setpoint, soc_permille = device.setpoints["power_w"], s.inputs.soc_permille
            await session.tell(
                "storage", device.id, _value(device, "power_w"), setpoint.held if setpoint.held_known else None,
                soc_permille if s.inputs.bms_age_ms < 1 << 28 else None,
            )  # fmt: skip
            args = [None, None]
            explain_storage(s, args)
            await session.say("  " + _reason(session, STORAGE_REASONS[s.storage_reason], args))
    await session.say(_row(session.text("gun_head").split("|")))
    for g in range(s.guns):
        await _gun(session, g)
    free = "%d kB" % (gc.mem_free() // 1024) if hasattr(gc, "mem_free") else "?"
    await session.tell(
        "totals", len(running.alarms.active()), cycle.missed, cycle.late_max_ms, cycle.step_us_max, free
    )


async def why(session, gun_id):
    running = session.running
    s = running.station
    if gun_id not in s.gun_ids:
        await session.tell("no_gun", gun_id or "-", ", ".join(s.gun_ids))
        return
    g = s.gun_ids.index(gun_id)
    await _gun(session, g)
    limit = running.devices[gun_id].setpoints["limit_w"]
    await session.tell("why_watts", limit.held if limit.held_known else None, s.entitled_w[g], s.target_w[g])
    await session.tell("why_own", s.min_w[g], s.max_w[g], s.fallback_w[g])
    now_ms = running.cycle.heartbeat_ms
    for circuit in s.path[g * s.depth : (g + 1) * s.depth]:
        if 0 <= circuit < s.named_circuits:
            limits = running.limits
            await session.tell(
                "why_circuit", circuit, limits.effective_w(circuit, now_ms),
                session.who(limits.source(circuit, now_ms)),
                _counted_w(s, circuit),
            )  # fmt: skip


async def _gun(session, g):
    s = session.running.station
    gun = session.running.devices[s.gun_ids[g]]
    state, draw_w, grant_w = _value(gun, "state"), _value(gun, "power_w"), s.grant_w[g]
    args = [None] * 4
    explain_gun(s, g, args)
    cells = [
        gun.id, session.text("gun_states").split("|")[_UNKNOWN_STATE if state is None else state], _kw(draw_w),
        _kw(grant_w if grant_w >= 0 else None), _reason(session, GUN_REASONS[s.reason[g]], args),
    ]  # fmt: skip
    await session.say(_row(cells))


def _row(cells):
    return row(cells, _COLUMNS) + "  " + cells[-1]


def _reason(session, code, args):
    return fill(pair("reason." + code)[session.console.language], args, session.running.station.circuit_ids)


def _counted_w(s, circuit):
    """What the guns below a circuit count there."""
    total_w = 0
    for g in range(s.guns):
        for at in range(g * s.depth, (g + 1) * s.depth):
            if s.path[at] == circuit:
                total_w += s.entitled_w[g]
    return total_w


def _value(device, name):
    reading = device.readings.get(name)
    return None if reading is None or reading.quality == ABSENT else reading.value


def _kw(value_w):
    return "?" if value_w is None else fill("{0:kw}", (value_w,), ())[:-3]


def _clock(seconds):
    return "%d:%02d:%02d" % (seconds // 3600, seconds // 60 % 60, seconds % 60)
