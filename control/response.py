"""How does each gun answer its limits? Lag, fall and rise, from its own limits and readings while it serves.

A step counts when nothing older is under way and the gun draws clearly more than the new, lower limit: from the limit
held until its power follows is its lag, the way down to that limit its fall. What its power gains, for whatever reason,
is its rise. Only a reading that has changed is a sample of a slope: one that is repeated says nothing.

The second worst of all observations counts, so one confirms the other, and neither order nor a single wild one matters.
Where it is worse than the station file says, the bounds become wider at once: a longer lag, a slower fall, a faster
rise. They are never narrower than the file's.
"""

from control.native import const, micropython, ptr32

# One gun's part of s.observed. The kinds have three places each: worst, second worst, count.
OBSERVED = const(10)
LAG = const(0)  # ms
FALL = const(3)  # W/s
RISE = const(6)  # W/s
RESOLUTION = const(9)  # ms: how much longer than observed a lag may have been, at the best observation

# One gun's part of s.watched: the cycle before, and the step that is being watched. Its clock is _TOLD_MS.
WATCHED = const(14)
_UPPER_W = const(0)
_POWER_W = const(1)
_PHASE = const(2)
_REST_MS = const(3)  # until no limit older than the newest can act any more
_TOLD_MS = const(4)  # since the lower limit was decided
_HELD_MS = const(5)  # when it was held
_KEPT_MS = const(6)  # when the newest sample was taken that had not followed
_TOP_W = const(7)  # before it fell; the lowest of its fall
_LIMIT_W = const(8)
_FROM_W = const(9)  # its fall
_FROM_MS = const(10)
_TO_MS = const(11)
_ROSE_W = const(12)  # the sample that a rise is counted from
_ROSE_MS = const(13)  # since it was taken, 0: there is none

_QUIET = const(0)
_TOLD = const(1)
_HELD = const(2)
_FALLING = const(3)

_STALE_MS = const(1500)
_REST_ENOUGH_MS = const(2000)  # beside its lag
_LATE_MS = const(2000)  # a limit that was held so late has no sharp beginning
_GIVE_UP_MS = const(9000)
_STALL_MS = const(2000)
_FALL_LEAST_MS = const(300)
_RISE_LEAST_MS = const(400)
_RISE_MOST_MS = const(2000)
_SIGN = const(1 << 29)  # set in what is below 0 (control/native.py)

# What is learned cannot stop a station: no lag beyond 5 s, no ramp beyond eight times the file's either way.
_MOST_LAG_MS = const(5000)
_MOST_TIMES = const(8)
_MOST_RISE_W_S = const(2000000)
_MOST_COUNT = const(63)


@micropython.viper
def observe(s, dt_ms: int):
    """Take the snapshot into what is known of each gun; before anything is decided in this cycle. s: Station."""
    inputs = s.inputs
    power = ptr32(inputs.gun_w)
    ages_ms = ptr32(inputs.gun_age_ms)
    held_w = ptr32(inputs.gun_upper_w)
    held_known = ptr32(inputs.gun_held_known)
    granted_w = ptr32(s.grant_w)
    pause_w = ptr32(s.standby_w)
    most_w = ptr32(s.max_w)
    lag_ms = ptr32(s.lag_now_ms)
    watched = ptr32(s.watched)
    for g in range(int(s.guns)):
        at = g * WATCHED
        power_w = 0 if power[g] & _SIGN else power[g]
        upper_w = 0 if held_w[g] & _SIGN or held_w[g] <= pause_w[g] else held_w[g]
        grant_w = 0 if granted_w[g] <= pause_w[g] else granted_w[g]
        before_w, was_w = watched[at + _UPPER_W], watched[at + _POWER_W]
        watched[at + _UPPER_W] = upper_w
        watched[at + _POWER_W] = power_w
        phase = watched[at + _PHASE]
        if phase:
            watched[at + _TOLD_MS] += dt_ms
        if watched[at + _REST_MS] > dt_ms:
            watched[at + _REST_MS] -= dt_ms
        else:
            watched[at + _REST_MS] = 0
        if watched[at + _ROSE_MS]:
            watched[at + _ROSE_MS] += dt_ms
            if watched[at + _ROSE_MS] > _RISE_MOST_MS + ages_ms[g]:
                watched[at + _ROSE_MS] = watched[at + _ROSE_W] = 0
        if ages_ms[g] > _STALE_MS or not held_known[g]:
            if phase:
                _forget(s, g)
            watched[at + _REST_MS] = lag_ms[g] + _REST_ENOUGH_MS
            watched[at + _ROSE_MS] = watched[at + _ROSE_W] = 0
            continue
        noise_w = most_w[g] >> 8
        if noise_w < 300:
            noise_w = 300
        if power_w != was_w:
            _rise(s, g, power_w, noise_w)
        if phase == _QUIET:
            # -1, a grant that is not decided yet, has its sign
            if not granted_w[g] & _SIGN and grant_w < before_w and not watched[at + _REST_MS]:
                phase = _TOLD
                watched[at + _TOLD_MS] = dt_ms
                watched[at + _TOP_W] = power_w
        elif upper_w > before_w:
            if phase == _FALLING:
                _land(s, g, noise_w)
            phase = _QUIET
        if upper_w < before_w:
            watched[at + _REST_MS] = lag_ms[g] + _REST_ENOUGH_MS
            if phase == _TOLD:
                phase = _HELD if power_w > upper_w + 4 * noise_w + 800 else _QUIET
                watched[at + _HELD_MS] = watched[at + _TOLD_MS]
                watched[at + _LIMIT_W] = upper_w
                if watched[at + _TOLD_MS] > _LATE_MS:
                    phase = _QUIET
        elif phase == _TOLD and grant_w >= upper_w:
            phase = _QUIET
        if phase == _QUIET and watched[at + _TOLD_MS]:
            _forget(s, g)
        watched[at + _PHASE] = phase
        if phase and watched[at + _TOLD_MS] > ages_ms[g]:
            _follow(s, g, power_w, noise_w)


def _follow(s, g, power_w, noise_w):
    """A sample of a gun that has been told to come down."""
    watched, at = s.watched, g * WATCHED
    sample_ms = watched[at + _TOLD_MS] - s.inputs.gun_age_ms[g]
    if watched[at + _PHASE] == _FALLING:
        # Down to the limit that began it: what acts below that came later.
        if power_w <= watched[at + _LIMIT_W] + noise_w or sample_ms - watched[at + _TO_MS] >= _STALL_MS:
            _land(s, g, noise_w)
        elif power_w < watched[at + _TOP_W]:
            watched[at + _TOP_W] = power_w
            watched[at + _TO_MS] = sample_ms
        return
    if power_w > watched[at + _TOP_W]:
        watched[at + _TOP_W] = power_w
    below_w = watched[at + _TOP_W] - power_w
    if below_w <= noise_w // 4:
        watched[at + _KEPT_MS] = max(watched[at + _KEPT_MS], sample_ms)
    if watched[at + _TOLD_MS] > _GIVE_UP_MS:
        _forget(s, g)
    elif below_w >= noise_w and watched[at + _PHASE] == _HELD:
        lag_ms = max(0, watched[at + _KEPT_MS] - watched[at + _HELD_MS])
        finest = g * OBSERVED + RESOLUTION
        if not s.observed[g * OBSERVED + LAG + 2] or sample_ms - lag_ms < s.observed[finest]:
            s.observed[finest] = max(0, sample_ms - lag_ms)
        note(s, g, LAG, lag_ms)
        watched[at + _PHASE] = _FALLING
        watched[at + _FROM_W] = watched[at + _TOP_W] = power_w
        watched[at + _FROM_MS] = watched[at + _TO_MS] = sample_ms


def _land(s, g, noise_w):
    """The fall is over, or the limit rises again."""
    watched, at = s.watched, g * WATCHED
    fell_w, span_ms = watched[at + _FROM_W] - watched[at + _TOP_W], watched[at + _TO_MS] - watched[at + _FROM_MS]
    _forget(s, g)
    if span_ms >= _FALL_LEAST_MS and fell_w >= noise_w:
        note(s, g, FALL, max(1, fell_w * 100 // span_ms * 10))


def _forget(s, g):
    """The step is over. What is 0 takes no room in a recording."""
    for place in range(g * WATCHED + _TOLD_MS, g * WATCHED + _ROSE_W):
        s.watched[place] = 0
    s.watched[g * WATCHED + _PHASE] = _QUIET


def _rise(s, g, power_w, noise_w):
    """From one changed reading to another, at least 0.4 s apart."""
    watched, at = s.watched, g * WATCHED
    span_ms = watched[at + _ROSE_MS] - s.inputs.gun_age_ms[g]
    rose_w = power_w - watched[at + _ROSE_W]
    if rose_w >= 0 and watched[at + _ROSE_MS]:
        if span_ms < _RISE_LEAST_MS:
            return
        if rose_w >= 2 * noise_w:
            note(s, g, RISE, rose_w * 100 // span_ms * 10)
    watched[at + _ROSE_W] = power_w
    watched[at + _ROSE_MS] = max(1, s.inputs.gun_age_ms[g])


def note(s, g, kind, value):
    """One more observation. kind: LAG (ms), FALL or RISE (W/s)."""
    observed, at = s.observed, g * OBSERVED + kind
    count, sign = observed[at + 2], -1 if kind == FALL else 1  # a slow fall is worse, else what is more
    is_news = count < 2 or (value - observed[at + 1]) * sign > 0
    if count == 0 or (value - observed[at]) * sign > 0:
        observed[at + 1] = observed[at]
        observed[at] = value
    elif is_news:
        observed[at + 1] = value
    observed[at + 2] = min(count + 1, _MOST_COUNT)
    if is_news:
        s.learned_count = min(s.learned_count + 1, 1 << 28)
        widen(s, g)


def widen(s, g):
    """The bounds of gun g from its file and what was observed."""
    observed, at = s.observed, g * OBSERVED
    file_ms, fall_w_s, rise_w_s = s.lag_ms[g], s.ramp_down_w_s[g], s.ramp_up_w_s[g]
    seen_ms, seen_fall_w_s, seen_rise_w_s = observed[at + LAG + 1], observed[at + FALL + 1], observed[at + RISE + 1]
    s.lag_now_ms[g] = file_ms
    if observed[at + LAG + 2] > 1 and seen_ms > file_ms:
        s.lag_now_ms[g] = max(file_ms, min(seen_ms + observed[at + RESOLUTION], _MOST_LAG_MS))
    # an eighth is what the instants of two samples may be wrong by
    s.fall_now_w_s[g] = fall_w_s
    if observed[at + FALL + 2] > 1 and seen_fall_w_s < fall_w_s - fall_w_s // 8:
        s.fall_now_w_s[g] = max(seen_fall_w_s - seen_fall_w_s // 8, fall_w_s // _MOST_TIMES)
    s.rise_now_w_s[g] = rise_w_s
    if observed[at + RISE + 2] > 1 and seen_rise_w_s > rise_w_s + rise_w_s // 8:
        most_w_s = max(rise_w_s, min(rise_w_s * _MOST_TIMES, _MOST_RISE_W_S))
        s.rise_now_w_s[g] = min(seen_rise_w_s + seen_rise_w_s // 8, most_w_s)
