"""The command `gun`: a limit on one gun, a stop, and the end of both. Loaded when one comes."""

from control.station import STOPPED_W
from firmware.command_memory import limits_with, orders_of
from firmware.command_steps import withdraw
from firmware.command_types import (
    Outcome,
    expiry_problem,
    is_int_in,
    left_s,
    loosens,
    put_in_force,
    refusal,
    shown,
    unknown_field,
)

_ACTIONS = {"limit": ("limit_w", "expires_s"), "stop": ("expires_s",), "start": ()}


def outcome(commands, who, command, common, now_ms) -> Outcome:
    """who: whose command it is; he ends only what he has ordered himself."""
    action = command.get("action")
    if not isinstance(action, str) or action not in _ACTIONS:
        return refusal("bad_field", ("action", shown(action), "limit, stop, start"))
    problem = unknown_field(command, common + ("gun", "action") + _ACTIONS[action]) or _problem(command, action)
    if problem is not None:
        return refusal("bad_field", problem)
    station, gun = commands.running.station, command["gun"]
    if gun not in station.gun_ids:
        return refusal("unknown_gun", (shown(gun), ", ".join(station.gun_ids)))
    if action == "start":
        return _start(commands, who, gun, now_ms)
    return _limit(commands, who, command, now_ms)


def _problem(command, action):
    if not isinstance(command.get("gun"), str):
        return "gun", shown(command.get("gun")), "a gun id"
    if action == "limit" and not is_int_in(command.get("limit_w"), 1, 10_000_000):
        return "limit_w", shown(command.get("limit_w")), "1..10000000 W"
    return expiry_problem(command) if action != "start" else None


def _limit(commands, who, command, now_ms):
    """A stop is a limit of 0 W. By a clock that is not known it may only tighten, and adds to those before."""
    orders, gun, has_time = orders_of(commands), command["gun"], commands.clock.now_s(now_ms) is not None
    limits = orders.guns
    source_at, gun_at = limits.sources.index(who), limits.circuits.index(gun)
    limit_w = command["limit_w"] if command["action"] == "limit" else STOPPED_W
    expires_s = left_s(commands, command["issued"], command["expires_s"], now_ms)
    if expires_s < 1:
        return refusal("expired", (1 - expires_s,))
    too_loose = loosens(limits, source_at, gun_at, limit_w, has_time, now_ms)
    if too_loose is not None:
        return too_loose

    def effect():
        put_in_force(limits, source_at, gun_at, limit_w, has_time, expires_s, now_ms)
        orders.changed = True

    kept = limits_with(limits, commands.clock, (who, gun, limit_w, expires_s, has_time), now_ms)
    if limit_w == STOPPED_W:
        return Outcome("accepted", "gun_stopped", (gun, expires_s), effect, {"guns": kept})
    return Outcome("accepted", "gun_limited", (gun, limit_w, expires_s), effect, {"guns": kept})


def _start(commands, who, gun, now_ms):
    if commands.clock.now_s(now_ms) is None:
        return refusal("clock_unknown", ())
    orders = orders_of(commands)
    limits = orders.guns

    def effect():
        withdraw(limits, limits.sources.index(who), limits.circuits.index(gun))
        orders.changed = True

    kept = limits_with(limits, commands.clock, (who, gun, None, 0, True), now_ms)
    return Outcome("done", "gun_released", (gun,), effect, {"guns": kept})
