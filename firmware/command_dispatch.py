"""The command `dispatch`: power that the storage is asked for. Loaded when one comes.

Control fulfils it inside the cap, the guns' needs, and what battery and PCS allow (control/storage.py). One wish is in
force at a time; the grid's goes before the operator's.
"""

from firmware.command_memory import orders_of
from firmware.command_types import Outcome, expiry_problem, is_int_in, left_s, refusal, shown, unknown_field

_MOST_W = 10_000_000
_FIRST = "grid"


def outcome(commands, who, command, common, now_ms) -> Outcome:
    fields = ("storage_w",) if command.get("storage_w", 0) is None else ("storage_w", "expires_s")
    problem = unknown_field(command, common + fields) or _problem(command)
    if problem is not None:
        return refusal("bad_field", problem)
    now_s = commands.clock.now_s(now_ms)
    if now_s is None:
        return refusal("clock_unknown", ())
    orders, storage_w = orders_of(commands), command["storage_w"]
    in_force_s = orders.storage_left_s(now_ms)
    if in_force_s and orders.asker == _FIRST and who != _FIRST:
        return refusal("outranked", (orders.storage_w, in_force_s))
    if storage_w is None:
        return Outcome("done", "dispatch_ended", (), lambda: orders.ask("", 0, 0, now_ms), {"dispatch": []})
    expires_s = left_s(commands, command["issued"], command["expires_s"], now_ms)
    if expires_s < 1:
        return refusal("expired", (1 - expires_s,))
    kept = [who, storage_w, expires_s, now_s + expires_s]
    return Outcome(
        "accepted", "dispatched", (storage_w, expires_s), lambda: orders.ask(who, storage_w, expires_s, now_ms),
        {"dispatch": kept},
    )  # fmt: skip


def _problem(command):
    if "storage_w" in command and command["storage_w"] is None:
        return None
    if not is_int_in(command.get("storage_w"), -_MOST_W, _MOST_W):
        return "storage_w", shown(command.get("storage_w")), "-%d..%d W, null" % (_MOST_W, _MOST_W)
    return expiry_problem(command)
