"""How fast a station reacts, and the headroom that this requires: the arithmetic of `tools.budget`, without I/O.

Two disturbances count: the sun goes (a ramp), and a declared piece of base load is switched on (a step). Both are
answered twice, by the storage and by the guns. A chain is the longest time from the disturbance to the moment at which
the last setpoint against it acts; what rises until then is over the cap unless the headroom carries it.
"""

from control.station import Station
from drivers import timing

LATE_MS = 10  # lateness of the cycle itself, what the project holds at p99
PCS_RESPONSE_MS = 100  # from a setpoint in the PCS to its power (the step bench this project compares with; else D)
PV_DROP_PERMILLE = 800  # of the rating: the deepest cloud front that counts
PV_RISE_PERMILLE_S = 200  # of the rating in a second: -80 % in 4 s (published 1-min irradiance cannot show it; D)
TOLERANCE_MS = 5  # energy over the cap that an event may cost, in ms of the cap: 2 kW·s at 400 kW
_LEAD_CYCLES = 2  # control adds the fall of PV over two cycles to what it sees
_STEP_MS = 10
_MOST_STEPS = 20000  # a trace that would be longer is taken in longer steps


class Chain:
    """items: [(code, ms), ...] in the order of the way. The last one, "shed", is the ramp; `dead_ms` is before it."""

    def __init__(self, items):
        self.items = items

    @property
    def dead_ms(self):
        return sum(ms for code, ms in self.items if code != "shed")

    @property
    def total_ms(self):
        return sum(ms for _, ms in self.items)


class Disturbance:
    """A rise of import in W: `rate_w_s` until `size_w` is reached, or at once where the rate is 0."""

    def __init__(self, name, size_w, rate_w_s=0):
        self.name, self.size_w, self.rate_w_s = name, size_w, rate_w_s

    def at(self, ms):
        if ms <= 0:
            return 0
        return min(self.size_w, self.rate_w_s * ms // 1000) if self.rate_w_s else self.size_w


class Answer:
    """What becomes of a disturbance. over_w: for each `step_ms`, by how much it exceeds what has answered it so far."""

    def __init__(self, disturbance, guns, storage, over_w, step_ms):
        self.disturbance, self.guns, self.storage = disturbance, guns, storage
        self.over_w, self.step_ms = sorted(over_w, reverse=True), step_ms

    @property
    def peak_w(self):
        """Headroom with which not a watt is over the cap."""
        return max(0, self.over_w[0])

    def need_w(self, tolerance_ws):
        """Smallest headroom with which at most `tolerance_ws` (W·s) are over the cap."""
        allowed = tolerance_ws * 1000 // self.step_ms  # sum of what sticks out
        sum_w = 0
        for count, watts in enumerate(self.over_w, 1):
            sum_w += watts
            below_w = self.over_w[count] if count < len(self.over_w) else 0
            if sum_w - count * max(0, below_w) > allowed or below_w <= 0:
                return max(0, -(-(sum_w - allowed) // count))
        return 0

    def over_ws(self, headroom_w):
        return sum(max(0, watts - headroom_w) for watts in self.over_w) * self.step_ms // 1000

    def over_for_ms(self, headroom_w):
        return sum(watts > headroom_w for watts in self.over_w) * self.step_ms


class Reaction:
    """config: a checked station. requests: {bus id: [Request, ...]}."""

    def __init__(self, config, requests):
        self.config, self.requests = config, requests
        self.station = Station(config)
        self.headroom_w = self.station.headroom_w
        self.cycle_ms = config["cycle_ms"] + LATE_MS
        self.cover_w = max(0, self.station.pcs_rated_w - self.station.support_max_w)
        pvs = [each for each in config["devices"] if each["role"] == "pv"]
        self.pv_w = sum(each["rated_w"] for each in pvs)
        self._pv_age_ms = max([self._age_ms(each) for each in pvs], default=0)

    def answers(self, base_step_w, pv_rise_permille_s=PV_RISE_PERMILLE_S):
        """An Answer for each disturbance, with the station's storage where it has one."""
        found = [Disturbance("base", base_step_w)]
        if self.pv_w:
            size_w, rate_w_s = self.pv_w * PV_DROP_PERMILLE // 1000, self.pv_w * pv_rise_permille_s // 1000
            found.append(Disturbance("pv", size_w, rate_w_s))
        return [self.answer(each, self.cover_w) for each in found]

    def answer(self, disturbance, cover_w):
        """cover_w: what the storage can add at once."""
        ramp_w_s = self.ramp_w_s(disturbance)
        guns, storage = self.guns_chain(disturbance, ramp_w_s), self.storage_chain(disturbance)
        if storage is None:
            cover_w = 0
        over_w, step_ms = self._trace(disturbance, guns, storage, cover_w, ramp_w_s)
        return Answer(disturbance, guns, storage if cover_w else None, over_w, step_ms)

    # -- chains --
    def guns_chain(self, disturbance, ramp_w_s):
        guns = [each for each in self.config["devices"] if each["role"] == "gun"]
        if not guns:
            return None
        writes = {each["id"]: self._write_ms(each) for each in guns}
        last = max(guns, key=lambda gun: writes[gun["id"]] + gun["lag_ms"])
        chain = Chain([*self._seen(disturbance), ("write", writes[last["id"]]), ("device", last["lag_ms"])])
        shed_w = disturbance.at(chain.dead_ms)
        chain.items.append(("shed", -(-shed_w * 1000 // ramp_w_s)))
        return chain

    def storage_chain(self, disturbance):
        pcs = [each for each in self.config["devices"] if each["role"] == "pcs"]
        if not pcs:
            return None
        write_ms = max(self._write_ms(each) for each in pcs)
        return Chain([*self._seen(disturbance), ("write", write_ms), ("device", PCS_RESPONSE_MS)])

    def _seen(self, disturbance):
        if disturbance.name == "pv":
            return [("reading", self._pv_age_ms), ("cycle", self.cycle_ms)]
        root = self.station.circuit_ids[self.station.root]
        meter = next(each for each in self.config["devices"] if each["role"] == "meter" and each["circuit"] == root)
        return [
            ("refresh", meter["refresh_ms"]),
            ("lag", meter["lag_ms"]),
            ("reading", self._age_ms(meter)),
            ("cycle", self.cycle_ms),
        ]

    def _age_ms(self, device):
        return timing.device_age_ms(self.requests[device["bus"]], device["id"])

    def _write_ms(self, device):
        requests = self.requests[device["bus"]]
        writes = [each for each in requests if each.device == device["id"] and each.kind == timing.WRITE]
        return max([timing.write_ms(requests, each) for each in writes], default=0)

    # -- power --
    def ramp_w_s(self, disturbance):
        """Smallest ramp down of guns that can together draw what they draw when the disturbance begins at the cap:
        those that move least for their size, filled up to that power."""
        left_w = self._guns_w(disturbance)
        station = self.station
        order = sorted(range(station.guns), key=lambda g: station.ramp_down_w_s[g] / station.max_w[g])
        ramp_w_s = 0
        for g in order:
            part_w = min(left_w, station.max_w[g])
            ramp_w_s += station.ramp_down_w_s[g] * part_w // station.max_w[g]
            left_w -= part_w
        return max(1, ramp_w_s)

    def slack_w(self, disturbance):
        """Power by which all guns at their maximum stay below the cap less the headroom when the disturbance begins."""
        return max(0, self._room_w(disturbance) - sum(self.station.max_w))

    def _guns_w(self, disturbance):
        return max(0, min(sum(self.station.max_w), self._room_w(disturbance)))

    def _room_w(self, disturbance):
        station, of_pv = self.station, disturbance.name == "pv"
        base_w = station.base_max_w if of_pv else max(0, station.base_max_w - disturbance.size_w)
        pv_w = self.pv_w if of_pv else 0
        return station.circuit_cap_w[station.root] - self.headroom_w - base_w + pv_w + station.support_max_w

    def _trace(self, disturbance, guns, storage, cover_w, ramp_w_s):
        """Each chain sees the disturbance as it was its dead time ago, with control's look ahead. The storage gives at
        once what it is told, the guns come down by their ramp, and not for what control leaves to the headroom."""
        lead_ms = _LEAD_CYCLES * self.config["cycle_ms"] if disturbance.rate_w_s else 0
        left_w, slack_w = self.headroom_w // 4, self.slack_w(disturbance)
        end_ms = (disturbance.size_w * 1000 // disturbance.rate_w_s if disturbance.rate_w_s else 0) + 1000
        if guns:
            end_ms += guns.dead_ms + disturbance.size_w * 1000 // ramp_w_s
        over_w, cut_w, step_ms = [], 0, max(_STEP_MS, end_ms // _MOST_STEPS)
        for ms in range(0, end_ms, step_ms):
            if guns:
                wanted_w = _foreseen(disturbance, ms - guns.dead_ms, lead_ms) - left_w
                cut_w = max(cut_w, min(wanted_w, cut_w + ramp_w_s * step_ms // 1000))
            given_w = 0
            if cover_w:
                given_w = max(0, min(cover_w, _foreseen(disturbance, ms - storage.dead_ms, lead_ms) - cut_w))
            over_w.append(disturbance.at(ms) - cut_w - given_w - slack_w)
        return over_w, step_ms


def _foreseen(disturbance, ms, lead_ms):
    """What control makes of the disturbance as it was at `ms`: the same rise once more over the look ahead."""
    seen_w = disturbance.at(ms)
    return min(disturbance.size_w, 2 * seen_w - disturbance.at(ms - lead_ms)) if lead_ms else seen_w
