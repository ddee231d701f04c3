"""Whose turn it is when not every minimum fits: who runs goes on, who waits is admitted by class and waiting time, and
every quarter of an hour the one that has run longest makes way. No gun waits for ever, none flutters.
"""

from control.station import ROTATION_MS

MIN_ON_MS = 300000
MIN_OFF_MS = 180000  # a gun paused for want of room; a cut itself never waits

_SETTLED_MS = 60000
_RUNNING = 1 << 24
_OVERDUE = 1 << 22  # waited a whole turn: class counts no more


def update(s, dt_ms):
    """Set s.turn_key (order of admission; -1: not now) and s.weight_now from the demands. s: Station."""
    waiting = 0
    for g in range(s.guns):
        asks = s.demand_w[g] >= s.min_w[g] and not s.fixed[g]
        runs = asks and s.grant_w[g] >= s.min_w[g]
        s.run_ms[g] = min(s.run_ms[g] + dt_ms, 1 << 28) if runs else 0
        s.wait_ms[g] = min(s.wait_ms[g] + dt_ms, 1 << 28) if asks and not runs else 0
        s.cut_ms[g] = min(s.cut_ms[g] + dt_ms, 1 << 28)
        if not runs:
            s.yields[g] = 0
        if asks and not runs and s.bound_by[g] >= 0:
            waiting += 1
        _weigh(s, g)
        s.turn_key[g] = _key(s, g, runs)
    s.rotation_ms -= dt_ms
    if s.inputs.quarter_left_ms >= 0:
        s.rotation_ms = min(s.rotation_ms, s.inputs.quarter_left_ms)
    if s.rotation_ms <= 0:
        s.rotation_ms = ROTATION_MS
        for _ in range(waiting):
            _make_way(s)


def _weigh(s, g):
    """A car that leaves soon weighs up to four times its class: by the power that it needs on average until then."""
    required_w = min(s.inputs.gun_required_w[g], s.max_w[g])
    s.weight_now[g] = s.weight[g] + s.weight[g] * (3 * required_w // 1000) // max(1, s.max_w[g] // 1000)


def _key(s, g, runs):
    if runs:
        return _RUNNING + s.weight[g] if not s.yields[g] else 0
    if s.cut_ms[g] < MIN_OFF_MS and s.rotation_ms > 0:
        return -1
    waited_s = s.wait_ms[g] // 1000
    if waited_s >= ROTATION_MS // 1000:
        return _OVERDUE + min(waited_s, _OVERDUE - 1)
    return (s.weight_now[g] << 10) + min(waited_s, 1023)


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
        s.rotated = True


def note_refused(s, g):
    """The minimum of gun g did not fit. In the first minute that is no want of room: guns not heard yet count at their
    maximum.
    """
    if s.grant_w[g] >= s.min_w[g]:
        s.cut_ms[g] = MIN_OFF_MS if s.yields[g] or s.uptime_ms < _SETTLED_MS else 0
