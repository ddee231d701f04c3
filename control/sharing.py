"""Weighted max-min sharing over a tree of circuits: minima first, then every gun's share above its minimum rises at
its weight's pace until it has what it asks or a circuit on its way to the grid is full. Exact to the watt, no
allocation.
"""

from control import turns
from control.station import NO_LIMIT_W


def allocate(s):
    """Set s.target_w, s.admitted and s.bound_by from s.demand_w and s.circuit_allowed_w.

    A gun that asks for less than its minimum is paused; its pause value takes no room. A minimum that does not fit is
    refused whole and the gun is paused, with the circuit that refused it in s.bound_by.
    """
    for c in range(s.circuits):
        s.circuit_room_w[c] = s.circuit_allowed_w[c]
    for g in range(s.guns):
        s.target_w[g] = s.standby_w[g]
        s.bound_by[g] = -1
        s.admitted[g] = 0
        s.fills[g] = 0
    _admit_minima(s)
    _fill(s)


def occupy(s, g, watts):
    """Take watts out of s.circuit_room_w of every circuit between gun g and the grid."""
    for k in range(g * s.depth, (g + 1) * s.depth):
        c = s.path[k]
        if c >= 0:
            s.circuit_room_w[c] -= watts * s.path_share[k]


def room_for(s, g):
    """Watts that every circuit on the gun's way can still carry for it; below 0 where one is over-committed."""
    least_w = NO_LIMIT_W
    for k in range(g * s.depth, (g + 1) * s.depth):
        if s.path[k] >= 0:
            least_w = min(least_w, s.circuit_room_w[s.path[k]] // s.path_share[k])
    return least_w


def tightest(s, g):
    """Index of the circuit on the gun's way with the least room."""
    least = g * s.depth
    for k in range(g * s.depth, (g + 1) * s.depth):
        if s.path[k] >= 0:
            room_w = s.circuit_room_w[s.path[k]] // s.path_share[k]
            if room_w < s.circuit_room_w[s.path[least]] // s.path_share[least]:
                least = k
    return s.path[least]


def _admit_minima(s):
    """Every minimum if all fit; else in the order of s.turn_key (control/turns.py), the lower index first."""
    if _all_fit(s):
        return
    for c in range(s.circuits):
        s.circuit_room_w[c] = s.circuit_allowed_w[c]
    for g in range(s.guns):
        if s.admitted[g]:
            s.target_w[g] = s.standby_w[g]
            s.admitted[g] = 0
    for _ in range(s.guns):
        best = -1
        for g in range(s.guns):
            if s.admitted[g] == 0 and s.bound_by[g] < 0 and s.turn_key[g] >= 0 and s.demand_w[g] >= s.min_w[g]:
                if best < 0 or s.turn_key[g] > s.turn_key[best]:
                    best = g
        if best < 0:
            return
        full = tightest(s, best)
        if room_for(s, best) >= s.min_w[best]:
            _admit(s, best)
        else:
            s.bound_by[best] = full
            turns.note_refused(s, best)


def _all_fit(s):
    for g in range(s.guns):
        if s.turn_key[g] >= 0 and s.demand_w[g] >= s.min_w[g]:
            _admit(s, g)
    for c in range(s.circuits):
        if s.circuit_room_w[c] < 0:
            return False
    return True


def _admit(s, g):
    s.target_w[g] = s.min_w[g]
    s.admitted[g] = 1
    occupy(s, g, s.min_w[g])


def _fill(s):
    """Raise all unsatisfied guns by the step that the tightest circuit can give each of them, until nobody can rise.

    A step never lifts anyone above the fair level, because it is dealt as if nobody were satisfied on the way; what the
    satisfied hand back is dealt in the next round.
    """
    # One by one: a tuple of four would be allocated.
    target_w = s.target_w
    demand_w = s.demand_w
    weights = s.weight_now
    fills = s.fills
    rooms_w = s.circuit_room_w
    circuit_weight = s.circuit_weight
    for c in range(s.circuits):
        circuit_weight[c] = 0
    rising = 0
    for g in range(s.guns):
        fills[g] = 1 if s.admitted[g] and demand_w[g] > target_w[g] else 0
        if fills[g]:
            rising += 1
            _weigh_down(s, g, weights[g])
    while rising > 0:
        step = NO_LIMIT_W
        for c in range(s.circuits):
            if circuit_weight[c] > 0:
                step = min(step, max(0, rooms_w[c]) // circuit_weight[c])
        if step == 0:
            rising -= _close_full(s)
            continue
        step = min(step, 1 << 21)
        for c in range(s.circuits):
            rooms_w[c] -= step * circuit_weight[c]
        for g in range(s.guns):
            if fills[g]:
                rise_w = step * weights[g]
                missing_w = demand_w[g] - target_w[g]
                if missing_w > rise_w:
                    target_w[g] += rise_w
                else:
                    target_w[g] = demand_w[g]
                    fills[g] = 0
                    rising -= 1
                    occupy(s, g, missing_w - rise_w)
                    _weigh_down(s, g, -weights[g])


def _weigh_down(s, g, weight):
    for k in range(g * s.depth, (g + 1) * s.depth):
        c = s.path[k]
        if c >= 0:
            s.circuit_weight[c] += weight * s.path_share[k]


def _close_full(s):
    """A circuit cannot give one more watt of level to all: its last watts go to the first in line, and its guns stop
    rising. Gives how many stopped.
    """
    closed = 0
    for g in range(s.guns):
        if not s.fills[g]:
            continue
        for k in range(g * s.depth, (g + 1) * s.depth):
            c = s.path[k]
            if c >= 0 and s.circuit_room_w[c] < s.circuit_weight[c]:
                last_w = min(room_for(s, g), s.demand_w[g] - s.target_w[g])
                if last_w > 0:
                    s.target_w[g] += last_w
                    occupy(s, g, last_w)
                s.fills[g] = 0
                _weigh_down(s, g, -s.weight_now[g])
                if s.target_w[g] < s.demand_w[g]:
                    s.bound_by[g] = c
                closed += 1
                break
    return closed
