"""Weighted max-min sharing over a tree of circuits: minima first, then every gun's share above its minimum rises at
its weight's pace until it has what it asks or a circuit on its way to the grid is full. Exact to the watt, no
allocation.
"""

from control import turns
from control.native import const, micropython, ptr32

_FULL = const(1 << 29)  # more than any circuit's room
_STEP = const(1 << 21)  # times the weights of a circuit it stays within 31 bits
_SIGN = const(1 << 29)  # set in what is below 0 (control/native.py)
_LOW = const((1 << 29) - 1)


def allocate(s):
    """Set s.target_w, s.admitted and s.bound_by from s.demand_w and s.circuit_allowed_w.

    A gun that asks for less than its minimum is paused; its pause value takes no room. A minimum that does not fit is
    refused whole and the gun is paused, with the circuit that refused it in s.bound_by.
    """
    if _admit_all(s) > 0:
        _admit_in_turn(s)
    for g in range(s.guns):
        s.fills[g] = 1 if s.admitted[g] and s.demand_w[g] > s.target_w[g] else 0
    _fill(s)


@micropython.viper
def occupy(s, g: int, watts: int):
    """Take watts out of s.circuit_room_w of every circuit between gun g and the grid."""
    path = ptr32(s.path)
    share = ptr32(s.path_share)
    room_w = ptr32(s.circuit_room_w)
    depth = int(s.depth)
    for k in range(g * depth, g * depth + depth):
        if share[k]:
            room_w[path[k]] -= watts * share[k]


@micropython.viper
def room_for(s, g: int) -> int:
    """Watts that every circuit on the gun's way can still carry for it; below 0 where one is over-committed."""
    path = ptr32(s.path)
    share = ptr32(s.path_share)
    room_w = ptr32(s.circuit_room_w)
    depth = int(s.depth)
    least_w = _FULL
    for k in range(g * depth, g * depth + depth):
        if share[k]:
            here_w = room_w[path[k]]
            here_w = ((here_w & _LOW) - (here_w & _SIGN)) // share[k]
            if here_w < least_w:
                least_w = here_w
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


@micropython.viper
def free_rooms(s, taken) -> int:
    """s.circuit_room_w: what each circuit can carry beside `taken` (an array, W by gun) of the guns that are not fixed.
    Gives how many circuits are over-committed (room below 0).
    """
    path = ptr32(s.path)
    share = ptr32(s.path_share)
    room_w = ptr32(s.circuit_room_w)
    allowed_w = ptr32(s.circuit_allowed_w)
    fixed = ptr32(s.fixed)
    watts = ptr32(taken)
    depth = int(s.depth)
    circuits = int(s.circuits)
    for c in range(circuits):
        room_w[c] = allowed_w[c]
    for g in range(int(s.guns)):
        if fixed[g] == 0:
            for k in range(g * depth, g * depth + depth):
                if share[k]:
                    room_w[path[k]] -= watts[g] * share[k]
    over = 0
    for c in range(circuits):
        if room_w[c] & _SIGN:
            over += 1
    return over


@micropython.viper
def _admit_all(s) -> int:
    """Every minimum that is asked for. Gives how many circuits cannot carry them."""
    target_w = ptr32(s.target_w)
    demand_w = ptr32(s.demand_w)
    least_w = ptr32(s.min_w)
    pause_w = ptr32(s.standby_w)
    turn_key = ptr32(s.turn_key)
    admitted = ptr32(s.admitted)
    bound_by = ptr32(s.bound_by)
    for g in range(int(s.guns)):
        bound_by[g] = -1
        admitted[g] = 0
        target_w[g] = 0
        if turn_key[g] & _SIGN == 0 and demand_w[g] >= least_w[g]:
            admitted[g] = 1
            target_w[g] = least_w[g]
    over = int(free_rooms(s, s.target_w))
    for g in range(int(s.guns)):
        if admitted[g] == 0:
            target_w[g] = pause_w[g]
    return over


def _admit_in_turn(s):
    """In the order of s.turn_key (control/turns.py), the lower index first."""
    for g in range(s.guns):
        s.target_w[g] = 0
        s.admitted[g] = 0
    free_rooms(s, s.target_w)
    for g in range(s.guns):
        s.target_w[g] = s.standby_w[g]
    for _ in range(s.guns):
        best = -1
        for g in range(s.guns):
            if s.admitted[g] == 0 and s.bound_by[g] < 0 and s.turn_key[g] >= 0 and s.demand_w[g] >= s.min_w[g]:
                if best < 0 or s.turn_key[g] > s.turn_key[best]:
                    best = g
        if best < 0:
            return
        if room_for(s, best) >= s.min_w[best]:
            s.target_w[best] = s.min_w[best]
            s.admitted[best] = 1
            occupy(s, best, s.min_w[best])
        else:
            s.bound_by[best] = tightest(s, best)
            turns.note_refused(s, best)


@micropython.viper
def _fill(s):
    """Raise all unsatisfied guns by the step that the tightest circuit can give each of them, until nobody can rise.

    A step never lifts anyone above the fair level, because it is dealt as if nobody were satisfied on the way; what the
    satisfied hand back is dealt in the next round. When a circuit cannot give one more watt of level to all, its last
    watts go to the first in line, and its guns stop rising.
    """
    path = ptr32(s.path)
    share = ptr32(s.path_share)
    room_w = ptr32(s.circuit_room_w)
    rising = ptr32(s.circuit_weight)  # what one watt of level takes out of each circuit
    weight = ptr32(s.weight_now)
    fills = ptr32(s.fills)
    target_w = ptr32(s.target_w)
    demand_w = ptr32(s.demand_w)
    bound_by = ptr32(s.bound_by)
    depth = int(s.depth)
    circuits = int(s.circuits)
    for c in range(circuits):
        rising[c] = 0
    for g in range(int(s.guns)):
        if fills[g]:
            for k in range(g * depth, g * depth + depth):
                if share[k]:
                    rising[path[k]] += weight[g] * share[k]
    while True:
        step = _STEP + 1
        for c in range(circuits):
            if rising[c] and room_w[c] // rising[c] < step:
                step = room_w[c] // rising[c]
        if step > _STEP:
            return
        for c in range(circuits):
            room_w[c] -= step * rising[c]
        for g in range(int(s.guns)):
            if fills[g] == 0:
                continue
            rise_w = step * weight[g]
            missing_w = demand_w[g] - target_w[g]
            if missing_w > rise_w:
                target_w[g] += rise_w
                if step:
                    continue
                full = 0
                for k in range(g * depth, g * depth + depth):
                    if share[k]:
                        c = path[k]
                        if room_w[c] < rising[c]:
                            full = c + 1
                        if room_w[c] // share[k] < missing_w:
                            missing_w = room_w[c] // share[k]
                if full == 0:
                    continue
                target_w[g] += missing_w
                if target_w[g] < demand_w[g]:
                    bound_by[g] = full - 1
            else:
                target_w[g] = demand_w[g]
            fills[g] = 0
            for k in range(g * depth, g * depth + depth):
                if share[k]:
                    room_w[path[k]] -= (missing_w - rise_w) * share[k]
                    rising[path[k]] -= weight[g] * share[k]
