"""What was learned of the guns and of the load: to and from the state file, and for who asks. Loaded for it.

    "rise_w": 30000, "gun.gun1": "300 40000 80000 480000:900,880,2,16000,16000,3,0,0,0,400"

with the gun's lag, ramps and maximum in the station file, then its part of `station.observed`. What was learned belongs
to those numbers: where somebody has changed one, the gun is another one, or he knows better, and it begins anew.
"""

from control.response import FALL, LAG, OBSERVED, RESOLUTION, RISE, widen

_MOST_BYTES = 6000  # of the 8 KB of a state file; it may not be refused for what is learned
_MOST = 1 << 28


def stored(station, values) -> dict:
    """`values` and what was learned; the guns whose bounds are wider than their file's come first."""
    found = dict(values)
    found["rise_w"] = station.learned_rise_w
    room = _MOST_BYTES
    for wider in (True, False):
        for g in range(station.guns):
            seen = station.observed[g * OBSERVED : (g + 1) * OBSERVED]
            if is_wider(station, g) != wider or not seen[LAG + 2] + seen[FALL + 2] + seen[RISE + 2]:
                continue
            key, text = "gun." + station.gun_ids[g], _file(station, g) + ":" + ",".join([str(each) for each in seen])
            room -= len(key) + len(text) + 8
            if room >= 0:
                found[key] = text
    return found


def restore(station, values) -> None:
    """Takes what was learned out of `values` (of a state file) into the station, before its first cycle."""
    rise_w = values.pop("rise_w", 0)
    if isinstance(rise_w, int) and 0 < rise_w < _MOST:
        station.learned_rise_w = min(rise_w, station.circuit_cap_w[station.root] // 5)
    for key in [key for key in values if key.startswith("gun.")]:
        text = values.pop(key)
        if key[4:] in station.gun_ids and isinstance(text, str):
            _restore_gun(station, station.gun_ids.index(key[4:]), text)


def _restore_gun(station, g, text):
    file, _, seen = text.partition(":")
    try:
        numbers = [int(each) for each in seen.split(",")]
    except ValueError:
        return
    if file != _file(station, g) or len(numbers) != OBSERVED or not 0 <= min(numbers) <= max(numbers) < _MOST:
        return
    for place in range(OBSERVED):
        station.observed[g * OBSERVED + place] = numbers[place]
    widen(station, g)


def _file(station, g):
    return "%d %d %d %d" % (station.lag_ms[g], station.ramp_up_w_s[g], station.ramp_down_w_s[g], station.max_w[g])


def is_wider(station, g) -> bool:
    """Whether gun g is known to be worse than its station file says."""
    slower = station.lag_now_ms[g] > station.lag_ms[g] or station.fall_now_w_s[g] < station.ramp_down_w_s[g]
    return slower or station.rise_now_w_s[g] > station.ramp_up_w_s[g]


def told(station, g) -> dict:
    """How gun g answers its limits: what its station file says, what is counted with, and what was observed."""
    first = g * OBSERVED
    return {
        "gun": station.gun_ids[g],
        "lag_ms": _kind(station, first + LAG, station.lag_ms[g], station.lag_now_ms[g]),
        "within_ms": station.observed[first + RESOLUTION],
        "ramp_up_w_s": _kind(station, first + RISE, station.ramp_up_w_s[g], station.rise_now_w_s[g]),
        "ramp_down_w_s": _kind(station, first + FALL, station.ramp_down_w_s[g], station.fall_now_w_s[g]),
    }


def _kind(station, at, file, counted) -> dict:
    """seen: the second worst observation, which another one confirms."""
    count = station.observed[at + 2]
    return {"file": file, "counted": counted, "seen": station.observed[at + 1] if count > 1 else None, "count": count}
