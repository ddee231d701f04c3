"""Why each gun has what it has: the reason and its numbers (control/reasons.py), after everything is decided."""

from control import ladder, reasons
from control.station import FAULT, IDLE, OUT_OF_SERVICE_W, PREPARING, STOPPED_W, UNAVAILABLE


def explain(s):
    """Set s.reason, s.reason_a and s.reason_b of every gun. s: Station, after the decisions of a cycle."""
    reason, first, second = s.reason, s.reason_a, s.reason_b
    bounds, admitted, fixed = s.bound_by, s.admitted, s.fixed
    allowed_w = s.circuit_allowed_w
    stopped, permitted_w, most_w = s.inputs.emergency_stop, s.inputs.gun_limit_w, s.max_w
    for g in range(s.guns):
        bound = bounds[g]
        first[g] = bound
        second[g] = allowed_w[bound] if bound >= 0 else s.room_w
        if stopped:
            reason[g] = reasons.EMERGENCY_STOP
        elif fixed[g]:
            reason[g] = _fixed_reason(s, g)
        elif permitted_w[g] < most_w[g] and _is_ordered(s, g):
            second[g] = permitted_w[g]  # and the reason is set
        elif bound >= 0 and admitted[g] and s.ladder == ladder.FRESH:
            limited = s.inputs.circuit_limit_w[bound] < s.circuit_cap_w[bound]
            reason[g] = reasons.LIMIT_IN_FORCE if limited else reasons.CAP_BINDS
        else:
            reason[g] = _own_reason(s, g, bound)


def _is_ordered(s, g):
    """Whether the platform's limit is why gun g has no more; sets its reason then."""
    permitted_w, state = s.inputs.gun_limit_w[g], s.inputs.gun_state[g]
    if state == FAULT:
        return False
    if permitted_w <= STOPPED_W:  # such a gun may call itself idle or unavailable
        code = reasons.OUT_OF_SERVICE if permitted_w == OUT_OF_SERVICE_W else reasons.PLATFORM_STOP
    elif state == IDLE or state == UNAVAILABLE:
        return False
    elif permitted_w < s.min_w[g]:
        code = reasons.PLATFORM_PAUSE
    elif s.grant_w[g] >= permitted_w:
        code = reasons.PLATFORM_LIMIT
    else:
        return False
    s.reason[g] = code
    return True


def _fixed_reason(s, g):
    if s.disobedient[g]:
        return reasons.DISOBEDIENT
    return reasons.FALLS_BACK if s.watchdog_ms[g] >= 0 and s.entitled_w[g] <= s.fallback_w[g] else reasons.DEAF


def _own_reason(s, g, bound):
    state = s.inputs.gun_state[g]
    if state == IDLE:
        return reasons.IDLE
    if state == FAULT or state == UNAVAILABLE:
        return reasons.DEVICE_FAULT
    if s.admitted[g] == 0 and (bound >= 0 or s.turn_key[g] < 0):
        return reasons.WAITS_MINIMUM
    if s.ladder != ladder.FRESH:
        return _BLIND[s.ladder]
    grant_w = s.grant_w[g]
    if s.target_w[g] > grant_w + max(200, grant_w // 64):
        return reasons.WAITS_FOR_ROOM
    if state == PREPARING:
        return reasons.STARTING
    return reasons.GUN_LIMIT if grant_w >= s.max_w[g] else reasons.TAKES_WHAT_IT_ASKS


# by step of the ladder
_BLIND = (-1, reasons.HOLD_STALE_METER, reasons.PESSIMISTIC, reasons.OPEN_LOOP, reasons.OPEN_LOOP)
