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
    while _raise_level(s):
        pass


def _take(s, g, watts):
    s.target_w[g] += watts
    occupy(s, g, watts)


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
    """Minima in the order of s.turn_key (control/turns.py), the lower index first among equals."""
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
            s.target_w[best] = 0
            _take(s, best, s.min_w[best])
            s.admitted[best] = 1
            s.fills[best] = 1
        else:
            s.bound_by[best] = full
            turns.note_refused(s, best)


def _raise_level(s):
    """One rise of the common level to the next gun satisfied or circuit full. False when nobody can rise."""
    for c in range(s.circuits):
        s.circuit_weight[c] = 0
    step = -1
    for g in range(s.guns):
        if s.fills[g]:
            missing_w = s.demand_w[g] - s.target_w[g]
            if missing_w <= 0:
                s.fills[g] = 0
                continue
            rise = (missing_w + s.weight_now[g] - 1) // s.weight_now[g]
            step = rise if step < 0 else min(step, rise)
            for k in range(g * s.depth, (g + 1) * s.depth):
                if s.path[k] >= 0:
                    s.circuit_weight[s.path[k]] += s.weight_now[g] * s.path_share[k]
    if step < 0:
        return False
    for c in range(s.circuits):
        if s.circuit_weight[c] > 0:
            step = min(step, max(0, s.circuit_room_w[c]) // s.circuit_weight[c])
    if step > 0:
        for g in range(s.guns):
            if s.fills[g]:
                _take(s, g, min(step * s.weight_now[g], s.demand_w[g] - s.target_w[g]))
        return True
    return _close_full(s)


def _close_full(s):
    """A circuit cannot give one more step to all: its last watts go to the first in line, and its guns stop rising."""
    closed = False
    for g in range(s.guns):
        if not s.fills[g]:
            continue
        for k in range(g * s.depth, (g + 1) * s.depth):
            c = s.path[k]
            if c >= 0 and s.circuit_room_w[c] < s.circuit_weight[c]:
                last_w = min(room_for(s, g), s.demand_w[g] - s.target_w[g])
                if last_w > 0:
                    _take(s, g, last_w)
                s.fills[g] = 0
                if s.target_w[g] < s.demand_w[g]:
                    s.bound_by[g] = c
                closed = True
                break
    return closed
