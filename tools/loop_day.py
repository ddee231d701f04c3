"""A whole day at a station in virtual time: cars come and go by the minute, sun and base load follow a table.

The day is a dict of kW, kWh and minutes: `sessions` (each with `kind` DC, V2G or AC, `gun`, `arr`, `dep`, `cap`, `soc0`
in %, `need` kWh at the battery, `segs` [[kW, kW per % of SOC], ...] whose lowest line is the charging curve, `gmax`,
`eta`), `pv` and `base` by the minute. Within a minute, sun and load go to their new value in `EDGE_S` and stay there: a
cloud's edge passes in seconds.
"""

import random

from tools.run_world import Ramp
from tools.sim.gun import Vehicle
from tools.sim.plant import STEP_S, Plant
from tools.sim.vehicles import generate_session, taper

EDGE_S = 10.0
MINUTE_S = 60.0
_DC_MIN_W, _AC_MIN_W = 5000, 4140
_NOISE_W = 400.0  # of the base load, one step of the meter
_GENTLE_W = 2000.0  # an edge of so little needs no steps of 20 ms
_BUS_PORT = 15021


def accepts_kw(session, soc_percent):
    """kW that the session's battery takes at this SOC."""
    return max(0.0, min(a + m * soc_percent for a, m in session["segs"]))


def gun_key(session):
    return f"{session['kind'].lower()}{session['gun']}"


def station_of(day, cap_w, headroom_permille=20, storage_w=500000):
    """A station file for the day, as data: every gun of the day, on TCP gateways of four."""
    guns = {}
    for session in day["sessions"]:
        guns[gun_key(session)] = max(session["gmax"] * 1000, guns.get(gun_key(session), 0))
    buses = [{"id": "rs485-meter", "kind": "rtu", "port": "UART1", "baud": 19200, "parity": "N", "stop_bits": 1}]
    devices = [
        {"id": "meter", "role": "meter", "profile": "acrel_dtsd1352", "bus": "rs485-meter", "unit": 1,
         "circuit": "grid", "ct_ratio": 400, "pt_ratio": 1, "refresh_ms": 200, "lag_ms": 100},
        {"id": "pv1", "role": "pv", "profile": "sunspec_inverter", "bus": "lan-pv", "unit": 1, "rated_w": 400000},
        {"id": "bms1", "role": "bms", "profile": "bcu_generic", "bus": "lan-bms", "unit": 1},
        {"id": "pcs1", "role": "pcs", "profile": "sinexcel_pws2", "bus": "lan-pcs", "unit": 1, "bms": "bms1",
         "rated_w": storage_w, "watchdog_s": 60},
    ]
    names = ["lan-pv", "lan-bms", "lan-pcs", *(f"lan-guns{n}" for n in range((len(guns) + 3) // 4))]
    for place, name in enumerate(names):
        buses.append({"id": name, "kind": "tcp", "host": "127.0.0.1", "tcp_port": _BUS_PORT + place})
    for place, (key, max_w) in enumerate(sorted(guns.items())):
        slow = key.startswith("ac")
        least_w = min(max_w, _AC_MIN_W if slow else _DC_MIN_W)
        devices.append(
            {"id": key, "role": "gun", "profile": "foxess_evc" if slow else "alpitronic_hyc",
             "bus": f"lan-guns{place // 4}", "unit": place % 4 + 1, "connector": 1, "circuit": "grid",
             "class": "slow" if slow else "fast", "min_w": least_w, "max_w": int(max_w),
             "fallback_w": least_w, "watchdog_s": 10}
        )
    return {
        "cycle_ms": 200,
        "headroom_permille": headroom_permille,
        "base_load": {"max_w": int(1100 * max(day["base"]))},
        "circuits": [{"id": "grid", "parent": None, "cap_w": cap_w}],
        "buses": buses,
        "devices": devices,
        "storage": {"reserve_soc_permille": 80, "support_w": storage_w, "charge_w": storage_w},
    }


class _Car(Vehicle):
    """Looks at its curve from where it was last: its battery only fills."""

    _place = 0

    def accepts_w(self):
        if self.soc >= self.leave_soc:
            return 0.0
        points, place = self.curve, self._place
        while place < len(points) and self.soc > points[place][0]:
            place += 1
        self._place = place
        if place == 0 or place == len(points):
            return points[place - (place > 0)][1]
        (s0, w0), (s1, w1) = points[place - 1], points[place]
        return w0 + (w1 - w0) * (self.soc - s0) / (s1 - s0)


class _DayPlant(Plant):
    """A gun without a car moves nothing: only the occupied ones (a part of `guns`) are stepped."""

    def __init__(self, *conditions):
        super().__init__(*conditions)
        self.occupied = {}

    def step(self, dt_s=STEP_S):
        every_gun, self.guns = self.guns, self.occupied
        super().step(dt_s)
        self.guns = every_gun


class DayWorld:
    """The world of one day for `tools.loop.Loop`. from_min, soc: where it starts; capacity_wh: of the battery."""

    def __init__(self, day, station, from_min=0, soc=0.5, capacity_wh=1e6):
        self.plant = _DayPlant.from_station(station, 1000.0 * day["base"][from_min], _NOISE_W, 1, soc, capacity_wh)
        self._day, self._from_min = day, from_min
        self._sun = Ramp(1000.0 * day["pv"][from_min])
        self._base = Ramp(1000.0 * day["base"][from_min])
        self._events = []  # (at s, order, function), departures before arrivals
        for number, session in enumerate(day["sessions"]):
            if session["dep"] > from_min:
                arrives_s = MINUTE_S * max(0, session["arr"] - from_min)
                leaves_s = MINUTE_S * (session["dep"] - from_min)
                self._events.append((arrives_s, 1, number, self._arrive))
                self._events.append((leaves_s, 0, number, self._leave))
        self._events.sort(key=lambda event: event[:3])
        self._next = 0
        self._minute_s, self._edge_until_s = MINUTE_S, 0.0
        self.cars = {}  # session number -> Vehicle
        for pv in self.plant.pv.values():
            pv.available_w = self._sun.value
            pv.step(STEP_S)

    def next_event_s(self):
        """When the world next does something that nobody at the station decides."""
        now_s = self.plant.time_s
        if now_s < self._edge_until_s - 1e-9:
            return now_s
        coming_s = self._events[self._next][0] if self._next < len(self._events) else float("inf")
        return min(coming_s, self._minute_s)

    def step(self, dt_s=STEP_S):
        now_s = self.plant.time_s
        if now_s + 1e-9 >= self._minute_s:
            self._minute_s += MINUTE_S
            self._edge(now_s)
        while self._next < len(self._events) and self._events[self._next][0] <= now_s + 1e-9:
            _, _, number, function = self._events[self._next]
            self._next += 1
            function(number)
        for pv in self.plant.pv.values():
            pv.available_w = self._sun.step(dt_s)
        self.plant.base_w = self._base.step(dt_s)
        self.plant.step(dt_s)

    def _edge(self, now_s):
        minute = min(len(self._day["pv"]) - 1, self._from_min + round(now_s / MINUTE_S))
        sun_w, base_w = 1000.0 * self._day["pv"][minute], 1000.0 * self._day["base"][minute]
        if abs(sun_w - self._sun.value) + abs(base_w - self._base.value) > _GENTLE_W:
            self._edge_until_s = now_s + EDGE_S
        self._sun.go(sun_w, EDGE_S)
        self._base.go(base_w, EDGE_S)

    def _arrive(self, number):
        session = self._day["sessions"][number]
        gun = self.plant.guns[gun_key(session)]
        gun.efficiency = session["eta"]
        points = sorted({session["soc0"], 100.0, *_corners(session["segs"])})
        curve = [(soc / 100.0, 1000.0 * accepts_kw(session, soc)) for soc in points]
        leave_soc = min(1.0, session["soc0"] / 100.0 + session["need"] / session["cap"])
        car = _Car(
            1000.0 * session["cap"], session["soc0"] / 100.0, curve, leave_soc, 1000.0 * session["gmax"], 0.0
        )
        self.cars[number] = car
        gun.plug(car)
        self.plant.occupied[gun.id] = gun

    def _leave(self, number):
        gun = self.plant.occupied.pop(gun_key(self._day["sessions"][number]))
        gun.unplug()

    def served_kwh(self):
        """session number -> kWh in its battery so far."""
        return {number: (car.soc - car.arrived_soc) * car.pack_wh / 1000.0 for number, car in self.cars.items()}


def _corners(segments):
    """SOC in % at which one line of the curve hands over to the next."""
    found = []
    for place, (a0, m0) in enumerate(segments):
        for a1, m1 in segments[place + 1 :]:
            if m0 != m1 and 0.0 < (a1 - a0) / (m0 - m1) < 100.0:
                found.append((a1 - a0) / (m0 - m1))
    return found


def generated_day(seed, dc_guns=16, ac_guns=4, minutes=1440, sessions_per_gun=12):
    """A day after the published quantiles of tools/sim/vehicles.py (synthetic): sessions at random times, a bell of sun
    with clouds, an even base load.
    """
    rng = random.Random(seed)
    sessions = []
    for gun in range(dc_guns + ac_guns):
        free_from = rng.randrange(max(1, minutes // (2 * sessions_per_gun)))
        while free_from < minutes - 10:
            sessions.append(_generated_session(rng, gun, gun < dc_guns, free_from, minutes))
            free_from = sessions[-1]["dep"] + 1 + rng.randrange(max(2, minutes // sessions_per_gun))
    pv, cloud = [], 1.0
    for minute in range(minutes):
        cloud = max(0.2, min(1.0, cloud + rng.uniform(-0.25, 0.25)))
        day_share = (minute / minutes - 0.25) * 2.0
        pv.append(round(max(0.0, 4.0 * day_share * (1.0 - day_share)) * 320.0 * cloud, 1))
    base = [35.0 + 5.0 * (minute // 60 % 3) for minute in range(minutes)]
    return {"sessions": sessions, "pv": pv, "base": base}


def _generated_session(rng, gun, is_dc, arrives, minutes):
    row = generate_session(rng)
    kind, limit_kw = ("DC", 480 if gun % 4 == 0 else 180) if is_dc else ("AC", 11)
    pack_kwh = row["cap_wh"] / 1000.0
    segments = [[11.0, 0.0]] if not is_dc else _lines(taper(row["preq_max_w"] / 1000.0, rng.uniform(0.35, 0.5)))
    stay_min = round(row["stay_min"]) if is_dc else 60 * rng.randrange(2, 8)
    need_kwh = pack_kwh * (row["soc_dep"] - row["soc_arr"]) / 100.0
    return {
        "kind": kind, "gun": gun, "arr": arrives, "dep": min(minutes, arrives + max(3, stay_min)), "cap": pack_kwh,
        "soc0": row["soc_arr"], "need": need_kwh, "segs": segments, "gmax": limit_kw, "eta": 0.95 if is_dc else 1.0,
    }


def _lines(curve):
    """[[kW, kW per %], ...] of a concave curve of (SOC 0..1, kW) points."""
    lines = []
    for (s0, p0), (s1, p1) in zip(curve, curve[1:], strict=False):
        slope = (p1 - p0) / (100.0 * (s1 - s0))
        lines.append([p0 - slope * 100.0 * s0, slope])
    return lines
