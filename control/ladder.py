"""How blind the station is, in steps: 0 fresh, 1 held without increases, 2 pessimistic, 3 open loop, 4 fall-back
minimum.

One step down as soon as the age of the grid reading demands it; back up one step after 2 s of calm each.
"""

from control.native import const

FRESH, HOLD, PESSIMISTIC, OPEN_LOOP, FALL_BACK = 0, 1, 2, 3, 4

_CALM_MS = const(2000)
_HOLD_MS = const(600)
_PESSIMISTIC_MS = const(1000)
_OPEN_LOOP_MS = const(3000)
_FALL_BACK_MS = const(60000)


def update(s, dt_ms):
    """Set s.ladder from s.blind_ms. s: Station."""
    blind_ms = s.blind_ms
    wanted = FRESH
    if blind_ms > _FALL_BACK_MS:
        wanted = FALL_BACK
    elif blind_ms > _OPEN_LOOP_MS:
        wanted = OPEN_LOOP
    elif blind_ms > _PESSIMISTIC_MS:
        wanted = PESSIMISTIC
    elif blind_ms > _HOLD_MS:
        wanted = HOLD
    if wanted >= s.ladder:
        s.ladder = wanted
        s.ladder_calm_ms = 0
    else:
        s.ladder_calm_ms += dt_ms
        if s.ladder_calm_ms >= _CALM_MS:
            s.ladder -= 1
            s.ladder_calm_ms = 0


def base_hi_w(s):
    """The load that nobody meters, at its worst for this step of the ladder, W."""
    if s.ladder >= OPEN_LOOP:
        return max(s.base_max_w, s.base_peak_w)
    if s.ladder == PESSIMISTIC:
        return max(s.base_w, s.base_peak_w)
    return s.base_w
