"""What sharing could do at best: one-minute steps without any delay, ramp or noise, on the same day, cars, battery and
headroom as the plant. Rules: `water_fill` (max-min), `equal_share` (each of n cars is promised 1/n, unused or not) and
`first_come` (arrival order).
"""

from tools.baseline import share_equally
from tools.loop_day import MINUTE_S, accepts_kw

_HOUR = MINUTE_S / 3600.0
EFFICIENCY = 0.95
_FULL, _RESERVE = 0.95, 0.10


def unlimited(_, wants_kw):
    return list(wants_kw)


def water_fill(total_kw, wants_kw):
    return share_equally(total_kw, wants_kw)


def equal_share(total_kw, wants_kw):
    each_kw = total_kw / max(1, len(wants_kw))
    return [min(each_kw, want_kw) for want_kw in wants_kw]


def first_come(total_kw, wants_kw):
    shares = []
    for want_kw in wants_kw:
        shares.append(min(want_kw, max(0.0, total_kw)))
        total_kw -= shares[-1]
    return shares


class Battery:
    """Gives what the cars want beyond the cap while it is above its reserve, takes what is left over."""

    def __init__(self, power_kw, capacity_kwh, soc=0.5):
        self.power_kw, self.capacity_kwh, self.soc = power_kw, capacity_kwh, soc

    def may_give_kw(self):
        return max(0.0, min(self.power_kw, (self.soc - _RESERVE) * self.capacity_kwh * EFFICIENCY / _HOUR))

    def may_take_kw(self):
        return max(0.0, min(self.power_kw, (_FULL - self.soc) * self.capacity_kwh / EFFICIENCY / _HOUR))

    def move(self, kw):
        """kw + charging, for one minute."""
        kwh = kw * _HOUR
        self.soc += (kwh * EFFICIENCY if kw > 0 else kwh / EFFICIENCY) / self.capacity_kwh


def run(day, cap_kw, rule, battery=None):
    """-> session number -> kWh at its battery. cap_kw: headroom already taken off, or None for no cap."""
    sessions = day["sessions"]
    served = {number: 0.0 for number in range(len(sessions))}
    order = sorted(served, key=lambda number: sessions[number]["arr"])
    for minute in range(len(day["pv"])):
        here = [number for number in order if sessions[number]["arr"] <= minute < sessions[number]["dep"]]
        wants_kw = [_wants_kw(sessions[number], served[number]) for number in here]
        room_kw = float("inf") if cap_kw is None else cap_kw - day["base"][minute] + day["pv"][minute]
        helped_kw = room_kw + (battery.may_give_kw() if battery else 0.0)
        shares_kw = rule(max(0.0, helped_kw), wants_kw)
        if battery is not None:
            left_kw = room_kw - sum(shares_kw)
            battery.move(max(-battery.may_give_kw(), min(battery.may_take_kw(), left_kw)))
        for number, share_kw in zip(here, shares_kw, strict=True):
            served[number] += share_kw * sessions[number]["eta"] * _HOUR
    return served


def _wants_kw(session, served_kwh):
    """AC side; no more in this minute than the car still needs."""
    left_kwh = session["need"] - served_kwh
    soc = session["soc0"] + 100.0 * served_kwh / session["cap"]
    return max(0.0, min(session["gmax"], accepts_kw(session, soc) / session["eta"], left_kwh / session["eta"] / _HOUR))
