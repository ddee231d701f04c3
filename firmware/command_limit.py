"""The command `limit`: a limit on a circuit, and its end. Loaded when one comes."""

from firmware.command_memory import limits_with
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

_LIMIT_FIELDS = ("circuit", "limit_w", "expires_s")


def outcome(commands, who, command, common, now_ms) -> Outcome:
    """A signed one."""
    return limit(commands, command, common, who, command["issued"], now_ms)


def limit(commands, command, common, source, issued_s, now_ms) -> Outcome:
    """A limit on a circuit, or its withdrawal (`limit_w` null). issued_s: None for a command that nobody signed."""
    limits, now_s = commands.limits, commands.clock.now_s(now_ms)
    # Who is not known, and what cannot be dated, may only tighten.
    may_loosen = issued_s is not None and now_s is not None
    problem = unknown_field(command, common + _LIMIT_FIELDS) or _limit_problem(command, may_loosen)
    if problem is not None:
        return refusal("bad_field", problem)
    circuit, limit_w, expires_s = command["circuit"], command["limit_w"], command.get("expires_s", 0)
    if circuit not in limits.circuits:
        return refusal("unknown_circuit", (shown(circuit), ", ".join(limits.circuits)))
    source_at, circuit_at = limits.sources.index(source), limits.circuits.index(circuit)
    if may_loosen and limit_w is not None:
        expires_s = left_s(commands, issued_s, expires_s, now_ms)
        if expires_s < 1:
            return refusal("expired", (1 - expires_s,))
    too_loose = loosens(limits, source_at, circuit_at, limit_w, may_loosen, now_ms)
    if too_loose is not None:
        return too_loose

    def effect():
        put_in_force(limits, source_at, circuit_at, limit_w, may_loosen, expires_s, now_ms)

    kept = None
    if issued_s is not None:
        new = (source, circuit, limit_w, expires_s, may_loosen)
        kept = {"limits": limits_with(limits, commands.clock, new, now_ms)}
    if limit_w is None:
        return Outcome("done", "limit_withdrawn", (circuit_at,), effect, kept)
    return Outcome("accepted", "limit_set", (circuit_at, limit_w, expires_s), effect, kept)


def _limit_problem(command, may_withdraw):
    if not isinstance(command.get("circuit"), str):
        return "circuit", shown(command.get("circuit")), "a circuit id"
    if may_withdraw and "limit_w" in command and command["limit_w"] is None:
        return None
    if not is_int_in(command.get("limit_w"), 0, 10_000_000):
        return "limit_w", shown(command.get("limit_w")), "0..10000000 W"
    return expiry_problem(command)
