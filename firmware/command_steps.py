"""Puts limits in force and ends them: the staircases of firmware/limits.py. Loaded when a command comes.

limits: LimitsInForce. source_index, circuit_index: places in its `sources` and `circuits`.
"""

from drivers.ticks import ticks_add, ticks_diff
from firmware.limits import FREE, STEPS

# Ticks wrap at 2^30 ms on boards and compare over half of that, 6.2 days; a day stays far inside.
MAX_EXPIRES_S = 86_400


def tighten(limits, source_index: int, circuit_index: int, limit_w: int, expires_s: int, now_ms: int) -> None:
    """Put a limit in force for `expires_s` (1..86,400 s). The caller has made sure that it loosens nothing.

    Raises ValueError when it would, or when the time is out of range.
    """
    in_force_w = limits.limit_w(source_index, circuit_index, now_ms)
    if not 0 <= limit_w <= limits.cap_w(circuit_index) or (0 <= in_force_w < limit_w):
        raise ValueError("limit_w: %d would loosen what is in force" % limit_w)
    if not 1 <= expires_s <= MAX_EXPIRES_S:
        raise ValueError("expires_s: %d, allowed 1..%d" % (expires_s, MAX_EXPIRES_S))
    until_ms = ticks_add(now_ms, expires_s * 1000)
    first = (source_index * len(limits.circuits) + circuit_index) * STEPS
    # Every limit in force is at least as loose as the new one: those that end no later are covered by it.
    for at in range(first, first + STEPS):
        if limits.steps_w[at] != FREE and ticks_diff(limits.steps_until_ms[at], until_ms) <= 0:
            limits.steps_w[at] = FREE
    at = _free(limits, first)
    limits.steps_w[at] = limit_w
    limits.steps_until_ms[at] = until_ms


def withdraw(limits, source_index: int, circuit_index: int) -> None:
    """End everything that this source has in force on this circuit."""
    first = (source_index * len(limits.circuits) + circuit_index) * STEPS
    for at in range(first, first + STEPS):
        limits.steps_w[at] = FREE


def _free(limits, first: int) -> int:
    """A free step. Without one, the two that last longest become one: the tighter power for the longer time."""
    for at in range(first, first + STEPS):
        if limits.steps_w[at] == FREE:
            return at
    last = second = -1
    for at in range(first, first + STEPS):
        if last < 0 or ticks_diff(limits.steps_until_ms[at], limits.steps_until_ms[last]) > 0:
            last, second = at, last
        elif second < 0 or ticks_diff(limits.steps_until_ms[at], limits.steps_until_ms[second]) > 0:
            second = at
    limits.steps_w[last] = min(limits.steps_w[last], limits.steps_w[second])
    return second
