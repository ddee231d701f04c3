"""Puts in force again what signed commands had ordered before a restart. Needed once, at the start."""

from firmware.command_memory import Memory, orders_of
from firmware.command_steps import tighten


def restore(commands, now_ms: int):
    """What was in force before a restart, as long as it lasts. Nobody knows how long the restart took while the clock
    is not known: then it lasts as long as when it was saved. Returns the problem of the file, None for none.
    """
    memory, now_s = Memory(commands.path), commands.clock.now_s(now_ms)
    _put_back(commands.limits, memory.limits("limits"), now_s, now_ms)
    commands.telemetry_ms = memory.setting("telemetry_ms")
    guns, out, dispatch = memory.limits("guns"), memory.out(), memory.dispatch()
    if commands.running is not None and (guns or out or dispatch):
        orders = orders_of(commands)
        _put_back(orders.guns, guns, now_s, now_ms)
        for gun in out:
            if gun in orders.guns.circuits:
                orders.out[orders.guns.circuits.index(gun)] = 1
        if dispatch and commands.running.station.has_storage:
            left_s = _left_s(dispatch[2], dispatch[3], now_s)
            if left_s > 0:
                orders.ask(dispatch[0], dispatch[1], left_s, now_ms)
    return memory.problem


def _put_back(limits, entries, now_s, now_ms):
    # The loosest first: a tighter one never ends a looser one.
    for source, circuit, limit_w, left_s, until_s in sorted(entries, key=_looseness):
        if source in limits.sources and circuit in limits.circuits:
            at, circuit_at = limits.sources.index(source), limits.circuits.index(circuit)
            left_s = _left_s(left_s, until_s, now_s)
            if left_s > 0:
                limit_w = min(limit_w, limits.cap_w(circuit_at))  # the contract may have changed
                tighten(limits, at, circuit_at, limit_w, left_s, now_ms)


def _left_s(left_s, until_s, now_s):
    return min(left_s, until_s - now_s) if until_s and now_s is not None else left_s


def _looseness(entry):
    return -entry[2]
