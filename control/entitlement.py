"""What each gun may be drawing at this instant, at worst, and how much it asks for.

Entitlement: the largest of the limit it acknowledged, every limit written and not acknowledged, every older one that
may still act because the newer one has not had its lag and a cycle yet, its still-falling power, and, when it is deaf,
its last limit until its own watchdog has certainly acted and its fall-back limit after that. A gun without a watchdog
counts at its last limit for ever. A gun that nobody has heard since the start counts at its maximum until
its watchdog has acted.
"""

from control.native import const, micropython, ptr32
from control.station import CHARGING, PREPARING, SUSPENDED

_DEAF_MS = const(1500)  # a gun whose readings are older is deaf
_WATCHDOG_SLACK_MS = const(1000)
_DEFIANCE_MS = const(4000)  # beyond lag and ramp before a gun counts as disobedient
_UNUSED_MS = const(2500)  # a gun that does not use its grant for so long is trimmed
_REACH_MS = const(1500)  # lend no more than a gun can ramp into within this time
_FINISHED_MS = const(30000)  # a car that draws nothing at its minimum for so long has finished
_FOREVER_MS = const(1 << 28)
_SIGN = const(1 << 29)  # set in what is below 0 (control/native.py)


@micropython.viper
def update(s, dt_ms: int):
    """Set s.entitled_w for every gun. s: Station."""
    inputs = s.inputs
    power = ptr32(inputs.gun_w)
    age_ms = ptr32(inputs.gun_age_ms)
    held_w = ptr32(inputs.gun_upper_w)
    held_known = ptr32(inputs.gun_held_known)
    pause_w = ptr32(s.standby_w)
    most_w = ptr32(s.max_w)
    recent_w = ptr32(s.upper_recent_w)
    before_w = ptr32(s.upper_before_w)
    settle_ms = ptr32(s.settle_ms)
    lag_ms = ptr32(s.lag_now_ms)
    entitled_w = ptr32(s.entitled_w)
    deaf_ms = ptr32(s.deaf_ms)
    defy_ms = ptr32(s.defy_ms)
    fixed = ptr32(s.fixed)
    disobedient = ptr32(s.disobedient)
    cycle_ms = int(s.cycle_ms)
    for g in range(int(s.guns)):
        power_w = power[g]
        upper_w = most_w[g]  # that the limits it may hold allow; at its pause value a gun delivers nothing
        if held_known[g]:
            upper_w = held_w[g]
            if upper_w & _SIGN or upper_w <= pause_w[g]:
                upper_w = 0
        if age_ms[g] > _DEAF_MS:
            _deaf(s, g, dt_ms, upper_w)
            continue
        deaf_ms[g] = 0
        if power_w & _SIGN:
            power_w = 0
        if upper_w > recent_w[g]:
            recent_w[g] = upper_w
        if settle_ms[g] > dt_ms:
            settle_ms[g] -= dt_ms
        else:
            before_w[g] = recent_w[g]
            recent_w[g] = upper_w
            settle_ms[g] = lag_ms[g] + cycle_ms if before_w[g] > upper_w else 0
        worst_w = power_w
        if settle_ms[g] > 0:  # an older limit may still act
            if worst_w < before_w[g]:
                worst_w = before_w[g]
            if worst_w < recent_w[g]:
                worst_w = recent_w[g]
        if worst_w < upper_w:
            worst_w = upper_w
        entitled_w[g] = worst_w
        if power_w > upper_w + 1000 or defy_ms[g] > 0:
            _obedience(s, g, dt_ms, upper_w, power_w)
        fixed[g] = disobedient[g]


def _deaf(s, g, dt_ms, upper_w):
    """Silent since its last answer, not since we noticed."""
    silent_ms = max(s.deaf_ms[g] + dt_ms, min(s.inputs.gun_age_ms[g], s.uptime_ms))
    s.deaf_ms[g] = min(silent_ms, _FOREVER_MS)
    s.fixed[g] = 1
    upper_w = max(upper_w, s.inputs.gun_w[g])
    watchdog_ms = s.watchdog_ms[g]
    if watchdog_ms >= 0:
        upper_w = max(upper_w, s.fallback_w[g])  # it may have fallen back already, to more than it had
        falling_ms = max(0, upper_w - s.fallback_w[g]) * 10 // max(1, s.fall_now_w_s[g] // 100)
        if s.deaf_ms[g] > watchdog_ms + falling_ms + _WATCHDOG_SLACK_MS:
            upper_w = s.fallback_w[g]
    s.entitled_w[g] = upper_w


def _obedience(s, g, dt_ms, upper_w, power_w):
    if power_w > upper_w + max(1000, s.max_w[g] // 50):
        s.defy_ms[g] = min(s.defy_ms[g] + dt_ms, _FOREVER_MS)
        falling_ms = (s.max_w[g] - upper_w) * 10 // max(1, s.fall_now_w_s[g] // 100)
        if s.defy_ms[g] > s.lag_now_ms[g] + falling_ms + _DEFIANCE_MS:
            s.disobedient[g] = 1
    else:
        s.defy_ms[g] = max(0, s.defy_ms[g] - dt_ms)
        if s.defy_ms[g] == 0:
            s.disobedient[g] = 0
    if s.disobedient[g]:
        s.entitled_w[g] = max(s.entitled_w[g], power_w + s.max_w[g] // 50)


@micropython.viper
def demands(s, dt_ms: int):
    """Set s.demand_w for every gun: what it draws and what it can reach soon; a little above what it draws when it does
    not use its grant; never more than the platform permits.
    """
    state = ptr32(s.inputs.gun_state)
    power = ptr32(s.inputs.gun_w)
    least_w = ptr32(s.min_w)
    most_w = ptr32(s.max_w)
    grant_w = ptr32(s.grant_w)
    ramp_w_s = ptr32(s.ramp_up_w_s)
    demand_w = ptr32(s.demand_w)
    pause_w = ptr32(s.standby_w)
    unused_ms = ptr32(s.unused_ms)
    idle_draw_ms = ptr32(s.idle_draw_ms)
    rose_from_w = ptr32(s.rose_from_w)
    permitted_w = ptr32(s.inputs.gun_limit_w)
    charging, suspended, preparing = int(CHARGING), int(SUSPENDED), int(PREPARING)
    for g in range(int(s.guns)):
        power_w = 0 if power[g] & _SIGN else power[g]
        granted_w = 0 if grant_w[g] & _SIGN else grant_w[g]
        if state[g] == charging:
            margin_w = power_w // 20 + 500
            if margin_w > most_w[g] // 50:
                margin_w = most_w[g] // 50
            if margin_w < 500:
                margin_w = 500
            if power_w > rose_from_w[g] + margin_w // 2 or power_w + margin_w // 2 > granted_w:
                rose_from_w[g] = power_w
                unused_ms[g] = 0
            elif unused_ms[g] < _UNUSED_MS:
                unused_ms[g] += dt_ms
            if power_w < rose_from_w[g]:
                rose_from_w[g] = power_w
            if unused_ms[g] < _UNUSED_MS and margin_w < ramp_w_s[g] // 10 * _REACH_MS // 100:
                margin_w = ramp_w_s[g] // 10 * _REACH_MS // 100
            wants_w = power_w + margin_w
            if wants_w > most_w[g]:
                wants_w = most_w[g]
            if wants_w < least_w[g]:
                wants_w = least_w[g]
            demand_w[g] = wants_w
            idle_draw_ms[g] = 0
        elif state[g] == suspended or state[g] == preparing:
            if state[g] == suspended and power_w < 100 and granted_w >= least_w[g]:
                if idle_draw_ms[g] < _FINISHED_MS:  # it waits at its minimum
                    idle_draw_ms[g] += dt_ms
            demand_w[g] = least_w[g] if idle_draw_ms[g] < _FINISHED_MS else pause_w[g]
            unused_ms[g] = 0
            rose_from_w[g] = power_w
        else:
            demand_w[g] = pause_w[g]
            idle_draw_ms[g] = 0
        if permitted_w[g] & _SIGN:
            demand_w[g] = 0
        elif demand_w[g] > permitted_w[g]:
            demand_w[g] = permitted_w[g]
