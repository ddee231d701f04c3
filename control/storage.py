"""The storage's setpoint: it discharges just what the grid would otherwise exceed, and charges from what is left over,
or does what the platform asks as far as cap, guns and battery leave room for it.

The setpoint comes from the parts (unmetered load + guns - PV), never from the grid reading less the storage's own
power: those two are of different instants, and a loop closed over them oscillates.
"""

from control import ladder, reasons
from control.native import const
from control.station import NO_LIMIT_W

_SILENT_MS = const(1000)
_FADE_PERMILLE = const(50)  # support fades over the last 5 % above the reserve
_FULL_PERMILLE = const(950)
_SHORT_MS = const(3000)  # by then the BMS has told its new limit
_TOLERANCE_W = const(2000)


def certain(s, dt_ms):
    """Discharge that can be had at once (s.storage_certain_w) and the part of it that guns may be promised
    (s.support_w).
    """
    inputs = s.inputs
    s.storage_certain_w = 0
    s.support_w = 0
    if not s.has_storage or inputs.emergency_stop:
        return
    if inputs.storage_age_ms > _SILENT_MS or inputs.bms_age_ms > 5 * _SILENT_MS:
        return
    s.storage_certain_w = max(0, min(s.pcs_rated_w, inputs.discharge_max_w))
    _notice_shortfall(s, dt_ms)
    if s.storage_short_ms > 0:
        s.storage_certain_w = min(s.storage_certain_w, s.storage_short_w)
    promised_w = s.support_max_w // _FADE_PERMILLE * _above_reserve_permille(s)
    s.support_w = min(promised_w, s.storage_certain_w // 2)


def _notice_shortfall(s, dt_ms):
    """A PCS that gives less than each of the last setpoints has been derated: its power says so before its BMS does."""
    s.storage_short_ms = max(0, s.storage_short_ms - dt_ms)
    expected_w = max(s.storage_setpoint_w, s.storage_before_w, s.storage_long_before_w)
    s.storage_long_before_w = s.storage_before_w
    s.storage_before_w = s.storage_setpoint_w
    if s.started and s.inputs.storage_w - expected_w > max(_TOLERANCE_W, s.pcs_rated_w // 20):
        s.storage_short_ms = _SHORT_MS
        s.storage_short_w = max(0, -s.inputs.storage_w)


def setpoint(s, base_w, dt_ms):
    """Set s.storage_setpoint_w and its reason. base_w: the unmetered load at its worst."""
    inputs = s.inputs
    if not s.has_storage:
        return
    if inputs.emergency_stop:
        s.storage_setpoint_w = 0
        s.storage_reason = reasons.STORAGE_EMERGENCY_STOP
        return
    if inputs.storage_age_ms > _SILENT_MS or inputs.bms_age_ms > 5 * _SILENT_MS:
        s.storage_reason = reasons.STORAGE_PCS_SILENT
        return
    _wish(s, base_w)
    wish_w = s.storage_wish_w
    least_w, most_w = -min(s.pcs_rated_w, inputs.discharge_max_w), min(s.pcs_rated_w, inputs.charge_max_w)
    if wish_w < least_w or wish_w > most_w:
        wish_w = max(least_w, min(most_w, wish_w))
        s.storage_reason = reasons.STORAGE_BMS_LIMIT
    # letting go takes a second for the full range; taking over takes one cycle
    easing_w = s.pcs_rated_w // 1000 * dt_ms
    s.storage_setpoint_w = min(wish_w, s.storage_setpoint_w + easing_w)


def _wish(s, base_w):
    """What the storage should do if its battery allowed everything: s.storage_wish_w and the reason."""
    rest_w = s.cap_w - s.headroom_w - (base_w + s.guns_hi_w - s.pv_lead_w)
    if s.inputs.storage_wish_w != NO_LIMIT_W and _dispatch(s, rest_w):
        return
    if rest_w >= 0:
        _charge(s, rest_w, base_w)
    elif s.inputs.soc_permille <= s.reserve_soc_permille // 2:
        _decide(s, rest_w, reasons.STORAGE_SOC_RESERVE)
    else:
        _decide(s, rest_w, reasons.STORAGE_PEAK_SHAVING)


def _dispatch(s, rest_w):
    """What the platform asks, inside rest_w: charging never takes what the cap and the guns need. False: they need more
    discharge than it asks for."""
    asked_w, reason = s.inputs.storage_wish_w, reasons.STORAGE_DISPATCHED
    if asked_w < 0:
        most_w = s.pcs_rated_w // _FADE_PERMILLE * _above_reserve_permille(s)
        if most_w == 0:
            reason = reasons.STORAGE_SOC_RESERVE
        asked_w = -min(-asked_w, most_w, _own_draw_w(s))
    elif s.inputs.soc_permille >= _FULL_PERMILLE:
        asked_w = 0
    if asked_w > rest_w:
        if rest_w < 0:
            return False
        asked_w = rest_w
    _decide(s, asked_w, reason)
    return True


def _own_draw_w(s):
    """What the station certainly draws without its storage, less the headroom: more discharge could feed the grid."""
    base_w = s.base_w if s.base_known and s.ladder == ladder.FRESH else s.base_min_w
    return max(0, base_w + s.guns_lo_w - s.pv_now_w - s.headroom_w)


def _above_reserve_permille(s):
    return max(0, min(_FADE_PERMILLE, s.inputs.soc_permille - s.reserve_soc_permille))


def _charge(s, rest_w, base_w):
    surplus_w = s.pv_lo_w - base_w - s.guns_hi_w
    room_w = s.charge_policy_w if s.ladder == 0 and not s.wants_more else 0
    if s.inputs.soc_permille >= _FULL_PERMILLE or max(surplus_w, room_w) <= 0:
        _decide(s, 0, reasons.STORAGE_STANDBY)
    elif surplus_w >= room_w:
        _decide(s, min(surplus_w, rest_w), reasons.STORAGE_CHARGING_SURPLUS)
    else:
        _decide(s, min(room_w, rest_w), reasons.STORAGE_CHARGING_ROOM)


def _decide(s, wish_w, reason):
    s.storage_wish_w = wish_w
    s.storage_reason = reason
