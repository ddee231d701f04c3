"""What the station draws and gives that no limit commands: PV that is certain, guns at their worst, and the load that
nobody meters.

The unmetered load is grid + PV - storage - guns at one instant. The meter shows a sample 0.1 to 0.3 s old, the
devices answer at other
instants: what the devices moved by in that window is the estimate's uncertainty. Inside it the estimate stays where
it was; beyond it, it rises at once and falls slowly, so a ramp of our own guns is not mistaken for a new load, and a
new load is never
waited for.
"""

_WINDOW = 3  # cycles that a meter sample can belong to
_PV_MEMORY = 15  # cycles: PV counts at its lowest of the last 3 s
_PV_STALE_MS = 1000
_GUN_STALE_MS = 1500
_ACT_MS = 150  # from a decision until the PCS has answered it: bus and response
_FROZEN_MS = 1200
_PEAK_MS = 10000


def observe(s, dt_ms):
    """Take the snapshot into the estimates. s: Station. dt_ms: time since the last cycle."""
    _guns(s, dt_ms)
    _pv(s, dt_ms)
    _remember(s)
    _frozen(s, dt_ms)
    _base(s, dt_ms)


def _guns(s, dt_ms):
    inputs = s.inputs
    now_w = 0
    hi_w = 0
    lo_w = 0
    s.gun_unheard = False
    for g in range(s.guns):
        power_w = inputs.gun_w[g]
        if s.fixed[g] and inputs.gun_age_ms[g] > _GUN_STALE_MS:
            s.gun_unheard = True
            power_w = min(power_w, s.entitled_w[g])  # a deaf gun at its fall-back draws that, not what was last read
        now_w += power_w
        ahead_ms = min(inputs.gun_age_ms[g], 1000) + s.cycle_ms + _ACT_MS
        hi_w += max(power_w, min(s.entitled_w[g], power_w + s.ramp_up_w_s[g] // 100 * ahead_ms // 10))
        if inputs.gun_upper_w[g] < power_w:  # told to come down: it may be on its way
            power_w = max(inputs.gun_upper_w[g], power_w - s.ramp_down_w_s[g] // 100 * ahead_ms // 10)
        lo_w += power_w
    s.guns_now_w = now_w
    s.guns_hi_w = hi_w
    s.guns_lo_w = lo_w


def _pv(s, dt_ms):
    """PV now; PV that is certain for the budget (lowest of 3 s, less its fall over the reaction time); PV ahead
    for the storage.
    """
    inputs = s.inputs
    now_w = 0
    stale = False
    for p in range(s.pvs):
        if inputs.pv_age_ms[p] <= _PV_STALE_MS:
            now_w += max(0, inputs.pv_w[p])
        else:
            stale = True
    if stale:  # a silent inverter's credit decays by 20 % a second from what it was
        kept_w = s.pv_now_w - s.pv_now_w // 1000 * (dt_ms // 5)
        now_w = max(now_w, min(kept_w, s.pv_now_w - dt_ms))
    s.pv_now_w = max(0, now_w)


def _remember(s):
    ring = s.ring + 1
    if ring >= len(s.others_lo_w):
        ring = 0
    s.ring = ring
    if s.ring_filled < len(s.others_lo_w):
        s.ring_filled += 1
    s.pv_history_w[ring] = s.pv_now_w
    s.guns_history_w[ring] = s.guns_now_w
    low_w = s.pv_now_w
    for back in range(1, min(_PV_MEMORY, s.ring_filled)):
        low_w = min(low_w, s.pv_history_w[ring - back])
    fall_w = 0
    if s.ring_filled > 2:
        fall_w = max(0, s.pv_history_w[ring - 2] - s.pv_now_w)  # over two cycles, about the time until a setpoint acts
    s.pv_lo_w = max(0, low_w - fall_w)
    s.pv_lead_w = max(0, s.pv_now_w - fall_w)
    rise_w = s.pv_now_w - s.pv_history_w[ring - 1] if s.ring_filled > 1 else 0
    s.others_lo_w[ring] = s.guns_lo_w + s.inputs.storage_w - s.pv_now_w - max(0, rise_w)
    s.others_hi_w[ring] = s.guns_hi_w + s.inputs.storage_w - s.pv_lead_w


def _frozen(s, dt_ms):
    """A meter that shows the very same value while guns, PV or storage move is frozen; it counts as silent since
    then.
    """
    inputs = s.inputs
    ring = s.ring
    if s.ring_filled > 1:
        s.moved_w += abs(s.pv_history_w[ring] - s.pv_history_w[ring - 1])
        s.moved_w += abs(s.guns_history_w[ring] - s.guns_history_w[ring - 1])
        s.moved_w = min(s.moved_w, 1 << 28)
    if inputs.grid_is_new and inputs.grid_w != s.grid_last_w:
        s.grid_last_w = inputs.grid_w
        s.grid_same_ms = 0
        s.moved_w = 0
    else:
        s.grid_same_ms = min(s.grid_same_ms + dt_ms, 1 << 28)
    s.grid_frozen = s.grid_same_ms >= _FROZEN_MS and s.moved_w > s.cap_w // 100
    s.blind_ms = max(inputs.grid_age_ms, s.grid_same_ms) if s.grid_frozen else inputs.grid_age_ms


def _base(s, dt_ms):
    inputs = s.inputs
    if inputs.grid_is_new and not s.grid_frozen and s.ring_filled >= _WINDOW:
        low_w, high_w = s.others_lo_w[s.ring], s.others_hi_w[s.ring]
        for back in range(1, _WINDOW):
            low_w = min(low_w, s.others_lo_w[s.ring - back])
            high_w = max(high_w, s.others_hi_w[s.ring - back])
        least_w = max(0, inputs.grid_w - high_w)
        most_w = max(0, inputs.grid_w - low_w)
        if not s.base_known:
            s.base_known = True
            s.base_w = most_w
        elif least_w > s.base_w:
            s.base_w = least_w
        elif s.gun_unheard:
            pass  # what a deaf gun stopped drawing is not a smaller load: it may draw again
        elif most_w < s.base_w:
            fall_w = s.cap_w // 100 * dt_ms // 1000 + (s.base_w - most_w) // 16
            s.base_w = max(most_w, s.base_w - fall_w)
        elif high_w - low_w < s.cap_w // 400:  # quiet: follow the middle gently
            s.base_w += ((least_w + most_w) // 2 - s.base_w) // 4
    s.base_peak_age_ms = min(s.base_peak_age_ms + dt_ms, 1 << 28)
    if s.base_w >= s.base_peak_w or s.base_peak_age_ms > _PEAK_MS:
        if s.blind_ms < _PV_STALE_MS:
            s.base_peak_w = s.base_w
            s.base_peak_age_ms = 0
