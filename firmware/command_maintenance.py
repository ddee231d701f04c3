"""The command `maintenance`: a new start of the station, guns out of service and back. Loaded when one comes."""

from firmware.command_memory import orders_of
from firmware.command_types import Outcome, refusal, shown, unknown_field

_ACTIONS = {"restart": (), "out_of_service": ("gun",), "in_service": ("gun",)}


def outcome(commands, who, command, common, now_ms) -> Outcome:
    action = command.get("action")
    if not isinstance(action, str) or action not in _ACTIONS:
        return refusal("bad_field", ("action", shown(action), ", ".join(sorted(_ACTIONS))))
    problem = unknown_field(command, common + ("action",) + _ACTIONS[action])
    if problem is not None:
        return refusal("bad_field", problem)
    if action != "out_of_service" and commands.clock.now_s(now_ms) is None:
        return refusal("clock_unknown", ())
    if action == "restart":
        return Outcome("accepted", "restarting", (), lambda: _leave(commands))
    gun, gun_ids = command.get("gun"), commands.running.station.gun_ids
    if not isinstance(gun, str):
        return refusal("bad_field", ("gun", shown(gun), "a gun id"))
    if gun not in gun_ids:
        return refusal("unknown_gun", (shown(gun), ", ".join(gun_ids)))
    return _service(commands, gun_ids, gun_ids.index(gun), action == "out_of_service")


def _leave(commands):
    commands.leaves = True


def _service(commands, gun_ids, gun_at, is_out):
    orders = orders_of(commands)

    def effect():
        orders.out[gun_at] = 1 if is_out else 0
        orders.changed = True

    kept = [gun_ids[g] for g in range(len(gun_ids)) if (is_out if g == gun_at else orders.out[g])]
    if is_out:
        return Outcome("accepted", "gun_out", (gun_ids[gun_at],), effect, {"out": kept})
    return Outcome("done", "gun_in", (gun_ids[gun_at],), effect, {"out": kept})
