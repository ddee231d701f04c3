"""What each gun may be drawing at this instant, at worst, and how much it asks for.

Entitlement: the largest of the limit it acknowledged, every limit written and not acknowledged, its still-falling
power, and, when it is deaf, its last limit until its own watchdog has certainly acted and its fall-back limit after
that. A gun without a
watchdog counts at its last limit for ever. A gun that nobody has heard since the start counts at its maximum until
its watchdog has acted.
"""

from control.station import CHARGING, PREPARING, SUSPENDED

_DEAF_MS = 1500  # a gun whose readings are older is deaf
_WATCHDOG_SLACK_MS = 1000
_DEFIANCE_MS = 4000  # beyond lag and ramp before a gun counts as disobedient
_UNUSED_MS = 2500  # a gun that does not use its grant for so long is trimmed
_REACH_MS = 1500  # lend no more than a gun can ramp into within this time
_FINISHED_MS = 30000  # a car that draws nothing at its minimum for so long has finished


def update(s, dt_ms):
    """Set s.entitled_w and s.demand_w for every gun. s: Station."""
    for g in range(s.guns):
        deaf = s.inputs.gun_age_ms[g] > _DEAF_MS
        if deaf:  # silent since its last answer, not since we noticed
            s.deaf_ms[g] = min(max(s.deaf_ms[g] + dt_ms, min(s.inputs.gun_age_ms[g], s.uptime_ms)), 1 << 28)
            _entitle_deaf(s, g)
        else:
            s.deaf_ms[g] = 0
            _entitle(s, g, dt_ms)
        s.fixed[g] = 1 if deaf or s.disobedient[g] else 0
        _demand(s, g, dt_ms)


def _upper_w(s, g):
    """Largest power that the limits it may hold allow. At its pause value a gun delivers nothing."""
    if not s.inputs.gun_held_known[g]:
        return s.max_w[g]
    return s.inputs.gun_upper_w[g] if s.inputs.gun_upper_w[g] > s.standby_w[g] else 0


def _entitle_deaf(s, g):
    upper_w = max(_upper_w(s, g), s.inputs.gun_w[g])
    watchdog_ms = s.watchdog_ms[g]
    if watchdog_ms >= 0:
        upper_w = max(upper_w, s.fallback_w[g])  # it may have fallen back already, to more than it had
        falling_ms = max(0, upper_w - s.fallback_w[g]) * 10 // max(1, s.ramp_down_w_s[g] // 100)
        if s.deaf_ms[g] > watchdog_ms + falling_ms + _WATCHDOG_SLACK_MS:
            upper_w = s.fallback_w[g]
    s.entitled_w[g] = upper_w


def _entitle(s, g, dt_ms):
    inputs = s.inputs
    upper_w = _upper_w(s, g)
    power_w = max(0, inputs.gun_w[g])
    if upper_w < s.upper_last_w[g]:
        s.settle_ms[g] = s.lag_ms[g] + s.cycle_ms
    elif s.settle_ms[g] > 0:
        s.settle_ms[g] -= dt_ms
    s.upper_last_w[g] = upper_w
    if s.settle_ms[g] > 0:  # the old limit may still act: the gun may even have risen since it was read
        ahead_ms = min(inputs.gun_age_ms[g] + s.lag_ms[g], 2000)
        may_w = power_w + s.ramp_up_w_s[g] // 100 * ahead_ms // 10
        s.entitled_w[g] = max(upper_w, min(s.entitled_w[g], may_w))
    else:
        s.entitled_w[g] = max(upper_w, power_w)
    _obedience(s, g, dt_ms, upper_w, power_w)


def _obedience(s, g, dt_ms, upper_w, power_w):
    if power_w > upper_w + max(1000, s.max_w[g] // 50):
        s.defy_ms[g] = min(s.defy_ms[g] + dt_ms, 1 << 28)
        falling_ms = (s.max_w[g] - upper_w) * 10 // max(1, s.ramp_down_w_s[g] // 100)
        if s.defy_ms[g] > s.lag_ms[g] + falling_ms + _DEFIANCE_MS:
            s.disobedient[g] = 1
    else:
        s.defy_ms[g] = max(0, s.defy_ms[g] - dt_ms)
        if s.defy_ms[g] == 0:
            s.disobedient[g] = 0
    if s.disobedient[g]:
        s.entitled_w[g] = max(s.entitled_w[g], power_w + s.max_w[g] // 50)


def _demand(s, g, dt_ms):
    """What the gun asks for: what it draws and what it can reach soon; a little above what it draws when it does
    not use its grant.
    """
    state = s.inputs.gun_state[g]
    power_w = max(0, s.inputs.gun_w[g])
    if state == PREPARING or state == SUSPENDED:
        waits_at_minimum = s.grant_w[g] >= s.min_w[g] and state == SUSPENDED and power_w < 100
        s.idle_draw_ms[g] = min(s.idle_draw_ms[g] + dt_ms, 1 << 28) if waits_at_minimum else s.idle_draw_ms[g]
        s.demand_w[g] = s.min_w[g] if s.idle_draw_ms[g] < _FINISHED_MS else s.standby_w[g]
        s.unused_ms[g] = 0
        s.rose_from_w[g] = power_w
        return
    s.idle_draw_ms[g] = 0
    if state != CHARGING:
        s.demand_w[g] = s.standby_w[g]
        return
    margin_w = max(500, min(s.max_w[g] // 50, power_w // 20 + 500))
    if power_w > s.rose_from_w[g] + margin_w // 2 or power_w + margin_w // 2 > s.grant_w[g]:
        s.rose_from_w[g] = power_w
        s.unused_ms[g] = 0
    else:
        s.unused_ms[g] = min(s.unused_ms[g] + dt_ms, 1 << 28)
        s.rose_from_w[g] = min(s.rose_from_w[g], power_w)
    reach_w = margin_w
    if s.unused_ms[g] < _UNUSED_MS:
        reach_w = max(margin_w, s.ramp_up_w_s[g] // 10 * _REACH_MS // 100)
    s.demand_w[g] = max(s.min_w[g], min(s.max_w[g], power_w + reach_w))
