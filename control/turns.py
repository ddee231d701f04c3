"""Whose turn it is when not every minimum fits: who runs goes on, who waits is admitted by class and waiting time, and
every quarter of an hour the one that has run longest makes way. No gun waits for ever, none flutters.
"""

from control.native import const
from control.station import ROTATION_MS

MIN_ON_MS = const(300000)
MIN_OFF_MS = const(180000)  # a gun paused for want of room; a cut itself never waits

_SETTLED_MS = const(60000)
_LONG_MS = const(1 << 28)
_RUNNING = const(1 << 24)
_OVERDUE = const(1 << 22)  # waited a whole turn: class counts no more


def update(s, dt_ms):
    """Set s.turn_key (order of admission; -1: not now) and s.weight_now from the demands. s: Station."""
    # Three at a time: a tuple of four would be allocated.
    demands_w, grants_w, least_w = s.demand_w, s.grant_w, s.min_w
    runs_ms, waits_ms, cuts_ms = s.run_ms, s.wait_ms, s.cut_ms
    weights, weights_now, required_w = s.weight, s.weight_now, s.inputs.gun_required_w
    keys, fixed = s.turn_key, s.fixed
    waiting = 0
    for g in range(s.guns):
        weight = weights[g]
        if required_w[g] > 0:
            weight = _urgent(s, g, weight)
        weights_now[g] = weight
        cut_ms = cuts_ms[g]
        if cut_ms < MIN_OFF_MS:
            cuts_ms[g] = cut_ms + dt_ms
        asks = demands_w[g] >= least_w[g] and not fixed[g]
        if asks and grants_w[g] >= least_w[g]:
            keys[g] = 0 if s.yields[g] else _RUNNING + weights[g]
            runs_ms[g] = min(runs_ms[g] + dt_ms, _LONG_MS)
            waits_ms[g] = 0
            continue
        s.yields[g] = runs_ms[g] = 0
        waited_ms = min(waits_ms[g] + dt_ms, _LONG_MS) if asks else 0
        waits_ms[g] = waited_ms
        if asks and s.bound_by[g] >= 0:
            waiting += 1
        if cut_ms + dt_ms < MIN_OFF_MS:
            keys[g] = -1
        elif waited_ms >= ROTATION_MS:
            keys[g] = _OVERDUE + waited_ms // 1000
        else:
            keys[g] = (weight << 10) + waited_ms // 1000
    _take_turns(s, dt_ms, waiting)


def _urgent(s, g, weight):
    """A car that leaves soon weighs up to four times its class: by the power that it needs on average until then."""
    required_w = min(s.inputs.gun_required_w[g], s.max_w[g])
    return weight + weight * (3 * required_w // 1000) // max(1, s.max_w[g] // 1000)


def _take_turns(s, dt_ms, waiting):
    s.rotation_ms -= dt_ms
    if s.inputs.quarter_left_ms >= 0:
        s.rotation_ms = min(s.rotation_ms, s.inputs.quarter_left_ms)
    if s.rotation_ms <= 0:
        s.rotation_ms = ROTATION_MS
        for _ in range(waiting):
            _make_way(s)


def _make_way(s):
    """The gun that has run longest yields; one of the guaranteed class never does."""
    longest = -1
    for g in range(s.guns):
        if s.run_ms[g] >= MIN_ON_MS and not s.yields[g] and not s.guaranteed[g]:
            if longest < 0 or s.run_ms[g] > s.run_ms[longest]:
                longest = g
    if longest >= 0:
        s.yields[longest] = 1
        s.turn_key[longest] = 0


def note_refused(s, g):
    """The minimum of gun g did not fit. In the first minute that is no want of room: guns not heard yet count at their
    maximum.
    """
    if s.grant_w[g] >= s.min_w[g]:
        s.cut_ms[g] = MIN_OFF_MS if s.yields[g] or s.uptime_ms < _SETTLED_MS else 0
