"""What the station draws and gives that no limit commands: PV that is certain, guns at their worst, and the load that
nobody meters.

The unmetered load is grid + PV - storage - guns at one instant. The meter shows a sample 0.1 to 0.3 s old, the
devices answer at other
instants: what the devices moved by in that window is the estimate's uncertainty. Inside it the estimate stays where
it was; beyond it, it rises at once and falls slowly, so a ramp of our own guns is not mistaken for a new load, and a
new load is never waited for. It falls only when each gun that drew has been heard since the grid fell: a car that lets
go of its own accord shows at the meter first.
"""

from control import validity
from control.native import const

_WINDOW = const(3)  # cycles that a meter sample can belong to
_PV_MEMORY = const(15)  # cycles: PV counts at its lowest of the last 3 s
_PV_STALE_MS = const(1000)
_GUN_STALE_MS = const(1500)
_UNUSED_MS = const(2500)
_ACT_MS = const(150)  # from a decision until the PCS has answered it: bus and response
_REACTION = const(3)  # cycles from a step of the load until the guns have followed a cut
_LEARN_AFTER_MS = const(15000)  # the first estimates after a start are no steps
_CONFIRM_MS = const(1000)
_FADE_MS = const(6 * 3600 * 1000)
_PEAK_MS = const(10000)


def observe(s, dt_ms):
    """Take the snapshot into the estimates. s: Station. dt_ms: time since the last cycle."""
    _guns(s)
    _pv(s, dt_ms)
    _remember(s)
    _span(s)
    validity.judge(s, dt_ms)
    _base(s, dt_ms)


def _guns(s):
    inputs = s.inputs
    powers_w, ages_ms, uppers_w = inputs.gun_w, inputs.gun_age_ms, inputs.gun_upper_w
    entitled_w, unused_ms, fixed = s.entitled_w, s.unused_ms, s.fixed
    act_ms = s.cycle_ms + _ACT_MS
    now_w = hi_w = lo_w = oldest_ms = 0
    s.gun_unheard = False
    for g in range(s.guns):
        power_w, age_ms, upper_w = powers_w[g], ages_ms[g], uppers_w[g]
        ahead_ms = min(age_ms, 1000) + act_ms
        if fixed[g] and age_ms > _GUN_STALE_MS:
            s.gun_unheard = True  # at its fall-back it draws that, not what was last read
            now_w += min(power_w, entitled_w[g])
            hi_w += max(min(power_w, entitled_w[g]), _risen_w(s, g, power_w, ahead_ms))
            continue
        now_w += power_w
        if power_w > 0 and age_ms > oldest_ms:
            oldest_ms = age_ms
        if upper_w < power_w:  # told to come down: it may be on its way
            lo_w += max(upper_w, power_w - s.ramp_down_w_s[g] // 100 * ahead_ms // 10)
        else:
            lo_w += power_w
        # a car that did not want its grant for long does not want it all at once
        if unused_ms[g] < _UNUSED_MS and entitled_w[g] > power_w:
            power_w = _risen_w(s, g, power_w, ahead_ms)
        hi_w += power_w
    s.guns_now_w = now_w
    s.guns_hi_w = hi_w
    s.guns_lo_w = lo_w
    s.oldest_gun_ms = oldest_ms


def _risen_w(s, g, power_w, ahead_ms):
    return min(s.entitled_w[g], power_w + s.rise_now_w_s[g] // 100 * ahead_ms // 10)


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
    s.source_unheard = stale or (s.has_storage and inputs.storage_age_ms > _PV_STALE_MS)
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
    ahead_w = 0  # what cars that stop of their own accord, and a PV that rises, may have changed since they were read
    if s.ring_filled > 1:
        ahead_w = max(0, s.pv_now_w - s.pv_history_w[ring - 1])
        ahead_w += max(0, s.guns_history_w[ring - 1] - s.guns_now_w)
    s.others_lo_w[ring] = s.guns_lo_w + s.inputs.storage_w - s.pv_now_w - ahead_w
    s.others_hi_w[ring] = s.guns_hi_w + s.inputs.storage_w - s.pv_lead_w


def _span(s):
    """Between what bounds the commanded and metered parts were when the meter took its newest sample."""
    s.spanned = s.ring_filled >= _WINDOW
    if not s.spanned:
        return
    low_w, high_w = s.others_lo_w[s.ring], s.others_hi_w[s.ring]
    for back in range(1, _WINDOW):
        low_w = min(low_w, s.others_lo_w[s.ring - back])
        high_w = max(high_w, s.others_hi_w[s.ring - back])
    s.others_least_w = low_w
    s.others_most_w = high_w


def _base(s, dt_ms):
    if s.fall_ms >= 0:
        s.fall_ms = min(s.fall_ms + dt_ms, 1 << 28)
    if s.inputs.grid_is_new and s.spanned and not s.grid_frozen and not s.grid_suspect:
        least_w = max(s.base_min_w, s.inputs.grid_w - s.others_most_w)
        most_w = max(s.base_min_w, s.inputs.grid_w - s.others_least_w)
        if not s.base_known:
            s.base_known = True
            s.base_w = most_w
        else:
            _follow(s, least_w, most_w, dt_ms)
    s.base_peak_age_ms = min(s.base_peak_age_ms + dt_ms, 1 << 28)
    if s.base_w >= s.base_peak_w or s.base_peak_age_ms > _PEAK_MS:
        if s.blind_ms < _PV_STALE_MS:
            s.base_peak_w = s.base_w
            s.base_peak_age_ms = 0
    _learn_rise(s, dt_ms)


def _follow(s, least_w, most_w, dt_ms):
    if most_w >= s.base_w:
        s.fall_ms = -1
    elif s.fall_ms < 0:
        s.fall_ms = 0
    if least_w > s.base_w:
        s.base_w = least_w  # one sample is enough: a wild one costs a few seconds of service, a real one the cap
        return
    if s.gun_unheard:
        return  # what a deaf gun stopped drawing is not a smaller load: it may draw again
    if s.fall_ms > s.oldest_gun_ms:
        fall_w = s.cap_w // 100 * dt_ms // 1000 + (s.base_w - most_w) // 16
        s.base_w = max(most_w, s.base_w - fall_w)
    elif s.fall_ms < 0 and most_w - least_w < s.cap_w // 400:  # quiet: follow the middle gently
        s.base_w += ((least_w + most_w) // 2 - s.base_w) // 4


def _learn_rise(s, dt_ms):
    """The worst step of the unmetered load so far, over the time that a cut of the guns takes; it fades over weeks. A
    step counts when it is still there a second later.
    """
    ring = s.ring
    s.base_history_w[ring] = s.base_w
    if s.rise_ms > 0:
        if s.spanned and s.inputs.grid_is_new and s.inputs.grid_w - s.others_least_w < s.rise_level_w - s.rise_w // 4:
            s.rise_ms = 0
        else:
            s.rise_ms -= dt_ms
            if s.rise_ms <= 0:
                rise_w = min(s.rise_w, s.cap_w // 5)
                if rise_w > s.learned_rise_w:
                    s.learned_rise_w = rise_w
                    s.learned_count = min(s.learned_count + 1, 1 << 28)
    elif s.base_known and s.ring_filled > _REACTION and s.uptime_ms > _LEARN_AFTER_MS:
        rise_w = s.base_w - s.base_history_w[ring - _REACTION]
        if rise_w > s.learned_rise_w:
            s.rise_w = rise_w
            s.rise_level_w = s.base_w
            s.rise_ms = _CONFIRM_MS
    s.fade_ms += dt_ms
    if s.fade_ms >= _FADE_MS:
        s.fade_ms = 0
        s.learned_rise_w -= s.learned_rise_w // 64
