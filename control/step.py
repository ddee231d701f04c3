"""One cycle of decisions: snapshot in, grants out, each with its reason. Pure, integer, no clock, no allocation.

The promise, asserted each cycle: sum of the guns' entitlements + unmetered load at its worst - certain PV - certain
storage <= cap in force. Decreases are decided at once; increases only out of room that no entitlement holds any more.
"""

from control import entitlement, estimate, ladder, response, sharing, storage, turns, why
from control.native import const, micropython, ptr32
from control.station import NO_LIMIT_W, STOPPED_W

# by now a limit that can be read back has been; a gun that has none is taken over by what it draws
_READ_BACK_MS = const(1000)
_START_GRACE_MS = const(3000)
_RAISES = const(8)  # of guns in one cycle: the wires write no more in one, and a board must be done in time
_PATIENCE_MS = const(30000)  # a gun that has not come down by then is not told to pause but to stop


def step(s, dt_ms):
    """Decide. s: Station with filled inputs. dt_ms: ms since the last call, 0..10000 (longer counts as 10000)."""
    dt_ms = max(0, min(10000, dt_ms))
    s.uptime_ms = min(s.uptime_ms + dt_ms, 1 << 28)
    s.cap_w = min(s.circuit_cap_w[s.root], s.inputs.circuit_limit_w[s.root])
    s.raised_w = 0
    estimate.observe(s, dt_ms)
    ladder.update(s, dt_ms)
    response.observe(s, dt_ms)
    entitlement.update(s, dt_ms)
    entitlement.demands(s, dt_ms)
    storage.certain(s, dt_ms)
    base_w = ladder.base_hi_w(s)
    _budget(s, base_w)
    if s.inputs.emergency_stop:
        _stop_all(s)
    elif _may_decide(s):
        turns.update(s, dt_ms)
        sharing.allocate(s)
        _decrease(s)
        _increase(s)
    if s.started or s.inputs.emergency_stop:
        storage.setpoint(s, base_w, dt_ms)
    _assert_promise(s, base_w)
    why.explain(s)


def _may_decide(s):
    """Nothing is changed after a start until every gun's limit has been read back and the grid is known, or the
    grace is over.
    """
    if s.started:
        return True
    ready = s.base_known
    for g in range(s.guns):
        if s.fixed[g] or (not s.inputs.gun_held_known[g] and s.uptime_ms < _READ_BACK_MS):
            ready = False
    if not ready and s.uptime_ms < _START_GRACE_MS:
        return False
    s.started = True
    s.storage_setpoint_w = s.storage_before_w = s.storage_long_before_w = s.inputs.storage_w
    for g in range(s.guns):
        s.grant_w[g] = _taken_over_w(s, g)
    return True


def _taken_over_w(s, g):
    """The first grant after a start: what the gun holds; where that cannot be known, what it draws, or a pause."""
    if s.inputs.gun_held_known[g]:
        return s.inputs.gun_upper_w[g]
    if s.fixed[g]:
        return s.fallback_w[g] if s.watchdog_ms[g] >= 0 else s.standby_w[g]
    power_w = s.inputs.gun_w[g]
    return min(s.max_w[g], max(power_w, s.min_w[g])) if power_w > 0 else s.standby_w[g]


def _budget(s, base_w):
    """Watts of gun entitlement that each circuit can carry now."""
    for c in range(s.circuits):
        s.circuit_allowed_w[c] = min(s.circuit_cap_w[c], s.inputs.circuit_limit_w[c])
    loose_w = 0  # a silent PCS may go on charging by its last setpoint
    if s.has_storage and s.storage_certain_w == 0:
        loose_w = max(0, s.inputs.storage_w, s.inputs.storage_upper_w)
    s.loose_w = loose_w
    # A step as large as one seen before must be bearable: by the storage's spare discharge, or by more headroom.
    unborne_w = s.learned_rise_w - max(0, s.storage_certain_w - s.support_w)
    s.headroom_now_w = max(s.headroom_w, min(unborne_w, s.cap_w // 10))
    allowed_w = s.cap_w - s.headroom_now_w - base_w - loose_w + s.pv_lo_w + s.support_w
    s.circuit_allowed_w[s.root] = max(0, min(allowed_w, NO_LIMIT_W))
    for g in range(s.guns):
        if s.fixed[g]:
            for k in range(g * s.depth, (g + 1) * s.depth):
                if s.path_share[k]:
                    s.circuit_allowed_w[s.path[k]] -= s.entitled_w[g] * s.path_share[k]
            s.demand_w[g] = 0
        elif s.ladder >= ladder.FALL_BACK:
            s.demand_w[g] = min(s.demand_w[g], max(s.fallback_w[g], s.standby_w[g]))
    for c in range(s.circuits):
        s.circuit_allowed_w[c] = max(0, s.circuit_allowed_w[c])


def _decrease(s):
    """Cuts act at once. A little noise of the budget is carried by the headroom instead of being written to every
    gun each cycle, but nobody waits for the room of it. Sets s.fills: who is below its target.
    """
    sharing.free_rooms(s, s.entitled_w)  # what is left beside every entitlement held now
    s.room_w = s.circuit_room_w[s.root]
    # Three at a time: a tuple of four would be allocated.
    grants_w, targets_w, pauses_w = s.grant_w, s.target_w, s.standby_w
    fixed, fills, permitted_w = s.fixed, s.fills, s.inputs.gun_limit_w
    is_awaited = _room_is_awaited(s)
    for g in range(s.guns):
        if permitted_w[g] <= STOPPED_W:
            targets_w[g] = 0  # not its pause value: the session is to end
        target_w, grant_w = targets_w[g], grants_w[g]
        fills[g] = 0
        if fixed[g]:
            _calm_fixed(s, g)
        elif target_w < grant_w:
            clear = grant_w - target_w > max(500, grant_w // 50) or target_w <= pauses_w[g]
            if clear or is_awaited or grant_w > permitted_w[g] or sharing.room_for(s, g) < -(s.headroom_w // 4):
                grants_w[g] = target_w
        elif target_w > pauses_w[g]:
            fills[g] = target_w - grant_w
        else:
            grants_w[g] = target_w  # a pause that keeps the session, after a stop: it takes no room


@micropython.viper
def _room_is_awaited(s) -> int:
    """1 when a gun is below its target by more than noise and the room for that is not there."""
    grant_w = ptr32(s.grant_w)
    target_w = ptr32(s.target_w)
    least_w = ptr32(s.min_w)
    fixed = ptr32(s.fixed)
    for g in range(int(s.guns)):
        missing_w = target_w[g] - grant_w[g]
        if missing_w > 500 and missing_w > grant_w[g] // 50 and target_w[g] >= least_w[g] and fixed[g] == 0:
            if int(sharing.room_for(s, g)) < missing_w:
                return 1
    return 0


def _calm_fixed(s, g):
    """A deaf gun is wanted at its fall-back when it returns; a disobedient one is told to pause again and again."""
    permitted_w = s.inputs.gun_limit_w[g]
    if permitted_w < s.min_w[g]:  # a pause, or with a stop its end
        permitted_w = s.standby_w[g] if permitted_w > STOPPED_W else 0
    s.grant_w[g] = min(s.grant_w[g], permitted_w)
    if s.disobedient[g]:
        pause_w = s.standby_w[g] if s.defy_ms[g] < _PATIENCE_MS else 0  # then its session is ended
        s.grant_w[g] = min(s.grant_w[g], pause_w)
    elif s.watchdog_ms[g] >= 0 and s.entitled_w[g] <= s.fallback_w[g]:
        s.grant_w[g] = min(s.grant_w[g], max(s.fallback_w[g], s.standby_w[g]))


def _increase(s):
    """Raise gun by gun out of confirmed room, the worst served first."""
    s.hold = s.ladder > ladder.FRESH
    s.wants_more = s.hold or max(s.bound_by) >= 0
    for _ in range(0 if s.hold else _RAISES):
        worst = _worst_served(s)
        if worst < 0:
            return
        s.fills[worst] = 0
        _raise(s, worst)


@micropython.viper
def _worst_served(s) -> int:
    """Among s.fills the gun with the smallest grant for its weight, the lower index first; -1 when nobody is left."""
    grant_w = ptr32(s.grant_w)
    weight = ptr32(s.weight_now)
    fills = ptr32(s.fills)
    worst = -1
    for g in range(int(s.guns)):
        if fills[g] and (worst < 0 or grant_w[g] * weight[worst] < grant_w[worst] * weight[g]):
            worst = g
    return worst


def _raise(s, g):
    entitled_w, grant_w, target_w = s.entitled_w[g], s.grant_w[g], s.target_w[g]
    room_w = sharing.room_for(s, g)
    new_w = max(0, grant_w, entitled_w) + room_w
    if new_w < target_w:
        s.wants_more = True
    else:
        new_w = target_w
    if room_w <= 0 or new_w < s.min_w[g]:
        return  # below its minimum a gun cannot run: wait until the whole minimum is free
    if new_w - grant_w < max(200, grant_w // 64) and new_w < s.max_w[g]:
        return
    s.grant_w[g] = new_w
    rise_w = new_w - entitled_w
    if rise_w > 0:
        s.entitled_w[g] = new_w
        s.raised_w += rise_w
        sharing.occupy(s, g, rise_w)
        # The storage must be on its way before the gun is: its setpoint of this cycle counts the raise already.
        s.guns_hi_w += min(rise_w, s.rise_now_w_s[g] // 100 * s.cycle_ms // 10)


def _stop_all(s):
    s.hold = True
    for g in range(s.guns):
        s.grant_w[g] = 0


def _assert_promise(s, base_w):
    """An excess that control can do nothing more about is counted apart, in s.forced_cycles: nothing was raised, and
    what is decided already fits, or nobody has a grant any more. A source or the cap fell faster than guns can, or a
    gun that nobody reaches fills the cap alone. Every other excess is a breach.
    """
    excess_w = base_w + s.loose_w - s.pv_lo_w - s.storage_certain_w - s.cap_w
    for watts in s.entitled_w:
        excess_w += watts
    s.invariant_excess_w = max(0, excess_w)
    if excess_w <= 0 or not s.started:
        return
    granted_w = 0
    for g in range(s.guns):
        if not s.fixed[g]:
            keeps_w = s.grant_w[g] if s.grant_w[g] > s.standby_w[g] else 0
            excess_w -= max(0, s.entitled_w[g] - keeps_w)
            granted_w += keeps_w
    if s.raised_w == 0 and (excess_w <= 0 or granted_w == 0):
        s.forced_cycles = min(s.forced_cycles + 1, 1 << 28)
    else:
        s.invariant_breaches = min(s.invariant_breaches + 1, 1 << 28)
