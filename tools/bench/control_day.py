"""A composed day of 247 sessions at three caps: energy against an unlimited station and against ideal sharing in
one-minute steps, fairness, and the cap, by the plant's truth.

The day's file is not part of the project; without it the rows say "not measured".
"""

import json
import statistics
import time
from pathlib import Path

from tools.bench import control_ideal as ideal
from tools.loop import Controlled, Loop
from tools.loop_day import EDGE_S, DayWorld, station_of

CAPS = {1000000: 99.9, 600000: 93.5, 400000: 81.7}  # W: least energy served, % of an unlimited station
HEADROOM_PERMILLE = 20
IDEAL_POINTS = 0.5
STRIDE_S = 2.0
SOC, CAPACITY_WH, STORAGE_W = 0.5, 1e6, 500000
DAY_S = 86400.0
HOUR_FROM_MIN, HOUR_CAP_W = 840, 600000  # the busiest hour
_SETTLES_S = 5.0  # after a car came or went, or an edge of sun or load: what follows is the steady state


class _Unlimited:
    """No controller at all: every gun at its rating, the storage idle."""

    def __init__(self, station, wires):
        self.plant = wires.plant

    def cycle(self, now_s, dt_ms):
        for gun in self.plant.guns.values():
            gun.touch()
            if gun.limit_w != gun.max_w:
                gun.write_limit(gun.max_w)

    def between(self, now_s):
        """There is nothing to look at."""


class _Over:
    """kW*s over the cap, in all and in the steady state."""

    def __init__(self, world, cap_w):
        self._world, self._cap_w = world, cap_w
        self.all_kws = self.steady_kws = self.peak_kw = 0.0
        self._event_s, self._until_s = None, 0.0

    def step(self, dt_s):
        plant, event_s = self._world.plant, self._world.next_event_s()
        if event_s != self._event_s:
            self._event_s, self._until_s = event_s, plant.time_s + _SETTLES_S
        over_kws = max(0.0, plant.grid_w - self._cap_w) * dt_s / 1000.0
        if over_kws > 0.0:
            self.all_kws += over_kws
            self.peak_kw = max(self.peak_kw, (plant.grid_w - self._cap_w) / 1000.0)
            if plant.time_s > self._until_s:
                self.steady_kws += over_kws


def run_plant(day, cap_w, controller=Controlled, seconds=DAY_S, from_min=0, stride_s=STRIDE_S):
    """-> {"served": kWh by session, "over": _Over, "cpu_s", "loop"}."""
    station = station_of(day, cap_w, HEADROOM_PERMILLE, STORAGE_W)
    world = DayWorld(day, station, from_min, SOC, CAPACITY_WH)
    over = _Over(world, cap_w)
    loop = Loop(station, world, controller, over.step, stride_s=stride_s)
    began_s = time.process_time()
    loop.run(seconds)
    return {"served": world.served_kwh(), "over": over, "cpu_s": time.process_time() - began_s, "loop": loop}


def jain(shares):
    return sum(shares) ** 2 / (len(shares) * sum(share * share for share in shares))


def fractions(served, unlimited):
    return [served.get(number, 0.0) / full for number, full in unlimited.items() if full > 0.01]


def measure(report, file):
    """file: the composed day, or None."""
    if file is None or not Path(file).is_file():
        for name in ("energy at 1000 kW", "energy at 600 kW", "energy at 400 kW", "one day of 32 guns and more"):
            report.not_measured(f"composed day: {name}", "%", "the file of the composed day is not here (DAY=file)")
        return
    day = json.loads(Path(file).read_text(encoding="utf-8"))
    _same_result(report, day)
    unlimited = run_plant(day, 3000000, _Unlimited)["served"]
    ideal_unlimited = sum(ideal.run(day, None, ideal.unlimited).values())
    for cap_w, least_percent in CAPS.items():
        _one_cap(report, day, cap_w, least_percent, unlimited, ideal_unlimited)


def _one_cap(report, day, cap_w, least_percent, unlimited, ideal_unlimited):
    result = run_plant(day, cap_w)
    name = f"composed day at {cap_w // 1000} kW"
    percent = 100.0 * sum(result["served"].values()) / sum(unlimited.values())
    rules = {}
    for rule in (ideal.water_fill, ideal.equal_share, ideal.first_come):
        battery = ideal.Battery(STORAGE_W / 1000.0, CAPACITY_WH / 1000.0, SOC)
        served = ideal.run(day, cap_w / 1000.0 * (1.0 - HEADROOM_PERMILLE / 1000.0), rule, battery)
        rules[rule.__name__] = 100.0 * sum(served.values()) / ideal_unlimited
    best = rules["water_fill"]
    others = f"equal share {rules['equal_share']:.2f} %, first come {rules['first_come']:.2f} %, in ideal steps"
    report.add(
        f"{name}: energy of an unlimited station", round(percent, 2), "%", baseline=round(rules["first_come"], 2),
        ratio=round(percent / rules["first_come"], 4), floor=round(best, 2), bound=("value", ">=", least_percent),
        note=f"floor: ideal one-minute water-fill; {others}",
    )
    report.add(
        f"{name}: below the ideal water-fill by", round(best - percent, 2), "points",
        bound=("value", "<=", IDEAL_POINTS),
    )
    over = result["over"]
    report.add(
        f"{name}: over the cap in steady state", round(over.steady_kws, 3), "kW*s", bound=("value", "<=", 0.0),
        note=f"with the {_SETTLES_S:g} s after each arrival, departure and edge of {EDGE_S:g} s: "
        f"{over.all_kws:.2f} kW*s, peak {over.peak_kw:.1f} kW",
    )
    shares = fractions(result["served"], unlimited)
    report.add(f"{name}: Jain index of the served fractions", round(jain(shares), 4), "")
    report.add(f"{name}: 5th percentile of the served fractions", round(statistics.quantiles(shares, n=20)[0], 3), "")
    guns = len(result["loop"].plant.guns)
    report.add(
        f"{name}: time of one day of {guns} guns on CPython", round(result["cpu_s"], 1), "s CPU",
        bound=("value", "<=", 60.0), note=f"{result['loop'].cycles} cycles, {result['loop'].strides} of them strides",
    )


def _same_result(report, day):
    fine = run_plant(day, HOUR_CAP_W, seconds=3600.0, from_min=HOUR_FROM_MIN, stride_s=0.0)
    coarse = run_plant(day, HOUR_CAP_W, seconds=3600.0, from_min=HOUR_FROM_MIN)
    fine_kwh, coarse_kwh = sum(fine["served"].values()), sum(coarse["served"].values())
    report.add(
        "busiest hour at 600 kW: strides against 20 ms throughout", round(100 * abs(coarse_kwh / fine_kwh - 1), 4), "%",
        bound=("value", "<=", 0.1), note=f"{fine_kwh:.2f} and {coarse_kwh:.2f} kWh",
    )
