"""Is the grid meter to be believed? A value that stands still while the station moves, or that contradicts the sum of
the devices, counts as no value from then on: its age grows, and the ladder does the rest.
"""

from control.native import const

_FROZEN_MS = const(1200)
_CONTRADICTIONS = const(3)  # samples in a row that make the meter suspect, and that make it good again


def judge(s, dt_ms):
    """Set s.grid_frozen, s.grid_suspect and s.blind_ms. s: Station whose ring holds this cycle."""
    _frozen(s, dt_ms)
    _balance(s, dt_ms)
    s.blind_ms = s.inputs.grid_age_ms
    if s.grid_frozen:
        s.blind_ms = max(s.blind_ms, s.grid_same_ms)
    if s.grid_suspect:
        s.blind_ms = max(s.blind_ms, s.suspect_ms)


def _frozen(s, dt_ms):
    """The very same value while guns or PV have moved by 1 % of the cap."""
    ring = s.ring
    if s.ring_filled > 1:
        s.moved_w += abs(s.pv_history_w[ring] - s.pv_history_w[ring - 1])
        s.moved_w += abs(s.guns_history_w[ring] - s.guns_history_w[ring - 1])
        s.moved_w = min(s.moved_w, 1 << 28)
    if s.inputs.grid_is_new and s.inputs.grid_w != s.grid_last_w:
        s.grid_last_w = s.inputs.grid_w
        s.grid_same_ms = 0
        s.moved_w = 0
    elif s.moved_w > s.cap_w // 100:  # a quiet station may stand still for long: time counts from the movement
        s.grid_same_ms = min(s.grid_same_ms + dt_ms, 1 << 28)
    s.grid_frozen = s.grid_same_ms >= _FROZEN_MS


def _balance(s, dt_ms):
    """A load that would have to be below nothing: the meter's sign is turned, its ratio wrong, or it measures something
    else.
    """
    if s.grid_suspect:
        s.suspect_ms = min(s.suspect_ms + dt_ms, 1 << 28)
    if not s.inputs.grid_is_new or not s.spanned or s.gun_unheard or s.source_unheard:
        return  # what somebody else may have done meanwhile is no contradiction
    contradicts = s.inputs.grid_w - s.others_least_w < s.base_min_w - s.cap_w // 20
    if contradicts == s.grid_suspect:
        s.contradictions = 0
        return
    s.contradictions += 1
    if s.contradictions >= _CONTRADICTIONS:
        s.contradictions = 0
        s.grid_suspect = contradicts
        s.suspect_ms = _CONTRADICTIONS * dt_ms
