"""What control knows: the station's fixed facts, the inputs of this cycle, and the decisions, in preallocated integer
arrays.

Watts, milliseconds, permille. Signs: grid + import, storage and vehicles + charging, PV + generation. Control has no
clock: inputs carry ages, and `step()` is told how much time has passed. Everything fits 31 bits signed.
"""

from array import array

ABSENT_AGE_MS = 1 << 29  # an age older than any: the value does not exist
NO_LIMIT_W = 1 << 29

IDLE, PREPARING, CHARGING, SUSPENDED, FAULT, UNAVAILABLE = 0, 1, 2, 3, 4, 5  # gun states

ROTATION_MS = 900000  # turns are taken every quarter of an hour

_RING = 16  # cycles of history: 3.2 s at 200 ms


def _zeros(count, value=0):
    return array("i", [value] * count)


class Inputs:
    """One snapshot. Firmware fills it; ages in ms (ABSENT_AGE_MS: no value)."""

    def __init__(self, guns, pvs, circuits):
        self.grid_w = 0
        self.grid_age_ms = ABSENT_AGE_MS
        self.grid_is_new = False  # a meter answer arrived since the last cycle
        self.pv_w = _zeros(pvs)
        self.pv_age_ms = _zeros(pvs, ABSENT_AGE_MS)
        self.storage_w = 0
        self.storage_age_ms = ABSENT_AGE_MS
        self.storage_upper_w = 0  # most charging power the PCS may hold a setpoint for
        self.soc_permille = 0
        self.charge_max_w = 0
        self.discharge_max_w = 0
        self.bms_age_ms = ABSENT_AGE_MS
        self.gun_state = _zeros(guns)
        self.gun_w = _zeros(guns)
        self.gun_age_ms = _zeros(guns, ABSENT_AGE_MS)
        self.gun_upper_w = _zeros(guns)  # largest limit the gun may hold: acknowledged, or written and not acknowledged
        self.gun_held_known = _zeros(guns)  # 0: nobody has read or written its limit since the start
        self.circuit_limit_w = _zeros(circuits, NO_LIMIT_W)  # tightest limit in force beside the contract
        self.gun_required_w = _zeros(guns)  # mean power that the car needs until it leaves, 0 unknown
        self.quarter_left_ms = -1  # until the next quarter of an hour of the wall clock, -1 unknown
        self.emergency_stop = False


class Station:
    """Built once from a checked station file; the only place where control allocates.

    config: the dict of `station.json`. standby_w: per gun id, the limit that pauses it without ending the session
    (0 where absent).
    """

    def __init__(self, config, standby_w=None):
        self._circuits(config)
        devices = config["devices"]
        self._guns([d for d in devices if d["role"] == "gun"], config, standby_w or {})
        self._sources(devices, config)
        self.cycle_ms = config.get("cycle_ms", 200)
        self.inputs = Inputs(self.guns, self.pvs, self.circuits)
        self._estimates()
        self._decisions()

    def _circuits(self, config):
        circuits = config["circuits"]
        self.circuit_ids = [c["id"] for c in circuits]
        self.named_circuits = len(circuits)
        self.circuit_parent = array(
            "i", [-1 if c["parent"] is None else self.circuit_ids.index(c["parent"]) for c in circuits]
        )
        caps_w = [c["cap_w"] for c in circuits]
        # The phases of a circuit are circuits of their own, counted in thirds of a watt: a three-phase gun puts a third
        # of its power on each, a single-phase gun all of it on one.
        self.phase_of = {}
        for circuit in circuits:
            if circuit.get("phase_cap_w"):
                self.phase_of[circuit["id"]] = len(caps_w)
                for phase in ("L1", "L2", "L3"):
                    self.circuit_ids.append(circuit["id"] + " " + phase)
                    caps_w.append(3 * circuit["phase_cap_w"])
        self.circuits = len(caps_w)
        self.circuit_cap_w = array("i", caps_w)
        self.root = list(self.circuit_parent).index(-1)
        self.headroom_w = self.circuit_cap_w[self.root] // 1000 * config.get("headroom_permille", 20)
        self.base_max_w = config["base_load"]["max_w"]
        self.base_min_w = config["base_load"].get("min_w", 0)  # below 0 where PV that nobody meters feeds in
        self.circuit_room_w = _zeros(self.circuits)
        self.circuit_weight = _zeros(self.circuits)
        self.circuit_allowed_w = _zeros(self.circuits)  # sum of gun entitlements that each circuit can carry now

    def _guns(self, guns, config, standby_w):
        weights = config.get("class_weights", {})
        self.gun_ids = [g["id"] for g in guns]
        self.guns = len(guns)
        self.min_w = array("i", [g["min_w"] for g in guns])
        self.max_w = array("i", [g["max_w"] for g in guns])
        self.fallback_w = array("i", [g["fallback_w"] for g in guns])
        self.watchdog_ms = array("i", [-1 if g.get("watchdog_s") is None else g["watchdog_s"] * 1000 for g in guns])
        self.standby_w = array("i", [standby_w.get(g["id"], 0) for g in guns])
        self.weight = array("i", [weights.get(g["class"], 1) for g in guns])
        self.guaranteed = array("i", [1 if g["class"] == "guaranteed" else 0 for g in guns])
        slow = [g["class"] == "slow" for g in guns]
        self.lag_ms = array("i", [g.get("lag_ms", 300) for g in guns])
        self.ramp_up_w_s = array("i", [g.get("ramp_up_w_s", 4000 if slow[i] else 40000) for i, g in enumerate(guns)])
        self.ramp_down_w_s = array(
            "i", [g.get("ramp_down_w_s", 8000 if slow[i] else 80000) for i, g in enumerate(guns)]
        )
        ways = [self._way(gun) for gun in guns]
        self.depth = max([len(way) for way in ways] + [1])
        flat = []
        for way in ways:
            flat += way + [(-1, 1)] * (self.depth - len(way))
        # Gun g hangs on circuits path[g * depth ...], innermost first, -1 ends; a watt of it counts path_share there.
        self.path = array("i", [circuit for circuit, _ in flat])
        self.path_share = array("i", [share for _, share in flat])

    def _way(self, gun):
        """[(circuit index, share), ...] from the gun to the grid, phases included."""
        circuit, way = self.circuit_ids.index(gun["circuit"]), []
        while circuit != -1:
            way.append((circuit, 1))
            first = self.phase_of.get(self.circuit_ids[circuit])
            if first is not None and gun.get("phases", 3) == 1:
                way.append((first + int(gun["phase"][1]) - 1, 3))
            elif first is not None:
                way += [(first, 1), (first + 1, 1), (first + 2, 1)]
            circuit = self.circuit_parent[circuit]
        return way

    def _sources(self, devices, config):
        self.pv_ids = [d["id"] for d in devices if d["role"] == "pv"]
        self.pvs = len(self.pv_ids)
        pcs = [d for d in devices if d["role"] == "pcs"]
        self.has_storage = bool(pcs)
        self.pcs_rated_w = sum(d["rated_w"] for d in pcs)
        policy = config.get("storage", {})
        self.reserve_soc_permille = policy.get("reserve_soc_permille", 200)
        self.support_max_w = policy.get("support_w", 0) if pcs else 0
        self.charge_policy_w = policy.get("charge_w", 0) if pcs else 0

    def _estimates(self):
        self.uptime_ms = 0
        self.started = False  # every gun known, or the grace after the start is over
        self.base_w = self.base_max_w  # load that nobody meters: worst case until measured
        self.base_known = False
        self.base_peak_w = 0  # its largest value of the last seconds, kept for a blind meter
        self.base_peak_age_ms = 0
        self.others_lo_w = _zeros(_RING)  # guns + storage - PV, cycle by cycle, as low as each may have been by then
        self.others_hi_w = _zeros(_RING)  # and as high
        self.pv_history_w = _zeros(_RING)
        self.guns_history_w = _zeros(_RING)
        self.ring = 0
        self.ring_filled = 0
        self.grid_last_w = 0
        self.grid_same_ms = 0  # how long the meter has shown the very same value
        self.moved_w = 0  # how much the station moved meanwhile
        self.grid_frozen = False
        self.grid_suspect = False
        self.suspect_ms = 0
        self.contradictions = 0
        self.spanned = False  # the ring reaches back as far as a meter sample may be old
        self.others_least_w = 0
        self.others_most_w = 0
        self.rise_w = 0  # a step of the unmetered load that has yet to prove itself, and where it led
        self.rise_level_w = 0
        self.rise_ms = 0
        self.base_history_w = _zeros(_RING)
        self.learned_rise_w = 0
        self.fade_ms = 0
        self.blind_ms = ABSENT_AGE_MS  # age of the grid reading, a frozen one counting since it froze
        self.ladder = 0
        self.ladder_calm_ms = 0
        self.pv_now_w = 0
        self.pv_lo_w = 0
        self.pv_lead_w = 0
        self.guns_now_w = 0
        self.guns_hi_w = 0
        self.guns_lo_w = 0
        self.gun_unheard = False
        self.source_unheard = False  # a PV inverter or the PCS

    def _decisions(self):
        guns = self.guns
        self.grant_w = _zeros(guns)  # limit wanted for each gun; -1: leave it as it is
        self.entitled_w = array("i", [self.max_w[g] for g in range(guns)])
        self.demand_w = _zeros(guns)
        self.target_w = _zeros(guns)
        self.admitted = _zeros(guns)
        self.fills = _zeros(guns)
        self.bound_by = _zeros(guns, -1)  # circuit that stopped the filling of this gun, -1 none
        self.settle_ms = _zeros(guns)
        self.upper_last_w = _zeros(guns)
        self.deaf_ms = _zeros(guns)
        self.defy_ms = _zeros(guns)
        self.disobedient = _zeros(guns)
        self.fixed = _zeros(guns)  # 1: deaf or disobedient, its entitlement is not ours to change
        self.unused_ms = _zeros(guns)
        self.weight_now = array("i", [self.weight[g] for g in range(guns)])
        self.turn_key = _zeros(guns)
        self.run_ms = _zeros(guns)
        self.wait_ms = _zeros(guns)
        self.cut_ms = _zeros(guns, 1 << 28)  # since it was paused for want of room
        self.yields = _zeros(guns)
        self.rotation_ms = ROTATION_MS
        self.rotated = False
        self.rose_from_w = _zeros(guns)
        self.idle_draw_ms = _zeros(guns)
        self.reason = _zeros(guns)
        self.reason_a = _zeros(guns)
        self.reason_b = _zeros(guns)
        self.storage_setpoint_w = 0
        self.storage_wish_w = 0  # before the battery's limits
        self.storage_before_w = 0  # setpoint one cycle ago, and two
        self.storage_long_before_w = 0
        self.storage_short_ms = 0  # time left in which the PCS counts only with what it really gave
        self.storage_short_w = 0
        self.storage_reason = 0
        self.storage_certain_w = 0
        self.support_w = 0
        self.loose_w = 0  # charging power of a silent PCS
        self.cap_w = self.circuit_cap_w[self.root]
        self.headroom_now_w = self.headroom_w
        self.room_w = 0
        self.invariant_breaches = 0
        self.invariant_excess_w = 0
        self.wants_more = False
        self.hold = True
        for gun in range(guns):
            self.grant_w[gun] = -1
