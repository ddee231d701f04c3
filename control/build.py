"""Builds the memory of control: every field of Station and Inputs, from a checked station file."""

from array import array

from control.response import OBSERVED, WATCHED
from control.station import ABSENT_AGE_MS, NO_LIMIT_W, ROTATION_MS, Inputs

_RING = 16  # cycles of history: 3.2 s at 200 ms


def station(s, config, standby_w):
    """Give s, a Station, all its fields."""
    phase_of = _circuits(s, config)
    devices = config["devices"]
    _guns(s, [d for d in devices if d["role"] == "gun"], config, standby_w, phase_of)
    _sources(s, devices, config)
    s.inputs = Inputs()
    _inputs(s, s.inputs)
    _estimates(s)
    _decisions(s)


def _zeros(count, value=0):
    return array("i", [value] * count)


def _inputs(s, inputs):
    inputs.grid_w = 0
    inputs.grid_age_ms = ABSENT_AGE_MS
    inputs.grid_is_new = False  # a meter answer arrived since the last cycle
    inputs.pv_w = _zeros(s.pvs)
    inputs.pv_age_ms = _zeros(s.pvs, ABSENT_AGE_MS)
    inputs.storage_w = 0
    inputs.storage_age_ms = ABSENT_AGE_MS
    inputs.storage_upper_w = 0  # most charging power the PCS may hold a setpoint for
    inputs.soc_permille = 0
    inputs.charge_max_w = 0
    inputs.discharge_max_w = 0
    inputs.bms_age_ms = ABSENT_AGE_MS
    inputs.gun_state = _zeros(s.guns)
    inputs.gun_w = _zeros(s.guns)
    inputs.gun_age_ms = _zeros(s.guns, ABSENT_AGE_MS)
    # largest limit the gun may hold: acknowledged, or written and not acknowledged
    inputs.gun_upper_w = _zeros(s.guns)
    inputs.gun_held_known = _zeros(s.guns)  # 0: nobody has read or written its limit since the start
    inputs.circuit_limit_w = _zeros(s.circuits, NO_LIMIT_W)  # tightest limit in force beside the contract
    # what the platform permits, at most max_w; STOPPED_W, OUT_OF_SERVICE_W
    inputs.gun_limit_w = array("i", [s.max_w[g] for g in range(s.guns)])
    inputs.gun_required_w = _zeros(s.guns)  # mean power that the car needs until it leaves, 0 unknown
    inputs.quarter_left_ms = -1  # until the next quarter of an hour of the wall clock, -1 unknown
    inputs.storage_wish_w = NO_LIMIT_W  # power that the platform asks of the storage, + charging; NO_LIMIT_W none
    inputs.emergency_stop = False


def _circuits(s, config):
    """Gives where the phases of a circuit begin: {circuit id: index of L1}."""
    circuits = config["circuits"]
    s.named_circuits = len(circuits)
    s.circuit_parent = array("i", [-1 if c["parent"] is None else s.circuit_ids.index(c["parent"]) for c in circuits])
    caps_w = [c["cap_w"] for c in circuits]
    # The phases of a circuit are circuits of their own, counted in thirds of a watt: a three-phase gun puts a third
    # of its power on each, a single-phase gun all of it on one.
    phase_of = {}
    for circuit in circuits:
        if circuit.get("phase_cap_w"):
            phase_of[circuit["id"]] = len(caps_w)
            for phase in ("L1", "L2", "L3"):
                s.circuit_ids.append(circuit["id"] + " " + phase)
                caps_w.append(3 * circuit["phase_cap_w"])
    s.circuits = len(caps_w)
    s.circuit_cap_w = array("i", caps_w)
    s.root = list(s.circuit_parent).index(-1)
    s.headroom_w = s.circuit_cap_w[s.root] // 1000 * config.get("headroom_permille", 20)
    s.base_max_w = config["base_load"]["max_w"]
    s.base_min_w = config["base_load"].get("min_w", 0)  # below 0 where PV that nobody meters feeds in
    s.circuit_room_w = _zeros(s.circuits)
    s.circuit_weight = _zeros(s.circuits)
    s.circuit_allowed_w = _zeros(s.circuits)  # sum of gun entitlements that each circuit can carry now
    return phase_of


def _guns(s, guns, config, standby_w, phase_of):
    weights = config.get("class_weights", {})
    s.gun_ids = [g["id"] for g in guns]
    s.guns = len(guns)
    s.min_w = array("i", [g["min_w"] for g in guns])
    s.max_w = array("i", [g["max_w"] for g in guns])
    s.fallback_w = array("i", [g["fallback_w"] for g in guns])
    s.watchdog_ms = array("i", [-1 if g.get("watchdog_s") is None else g["watchdog_s"] * 1000 for g in guns])
    s.standby_w = array("i", [standby_w.get(g["id"], 0) for g in guns])
    s.weight = array("i", [weights.get(g["class"], 1) for g in guns])
    s.guaranteed = array("i", [1 if g["class"] == "guaranteed" else 0 for g in guns])
    slow = [g["class"] == "slow" for g in guns]
    s.lag_ms = array("i", [g.get("lag_ms", 300) for g in guns])
    s.ramp_up_w_s = array("i", [g.get("ramp_up_w_s", 4000 if slow[i] else 40000) for i, g in enumerate(guns)])
    s.ramp_down_w_s = array("i", [g.get("ramp_down_w_s", 8000 if slow[i] else 80000) for i, g in enumerate(guns)])
    # The bounds in force: the station file's, or wider ones that were learned (control/response.py).
    s.lag_now_ms = array("i", [each for each in s.lag_ms])
    s.rise_now_w_s = array("i", [each for each in s.ramp_up_w_s])
    s.fall_now_w_s = array("i", [each for each in s.ramp_down_w_s])
    s.observed = _zeros(OBSERVED * s.guns)
    s.watched = _zeros(WATCHED * s.guns)
    s.learned_count = 0  # grows when something was learned that should outlive a restart
    ways = [_way(s, gun, phase_of) for gun in guns]
    s.depth = max([len(way) for way in ways] + [1])
    flat = []
    for way in ways:
        flat += way + [(-1, 0)] * (s.depth - len(way))
    # Gun g hangs on circuits path[g * depth ...], innermost first, share 0 ends; a watt of it counts path_share there.
    s.path = array("i", [circuit for circuit, _ in flat])
    s.path_share = array("i", [share for _, share in flat])


def _way(s, gun, phase_of):
    """[(circuit index, share), ...] from the gun to the grid, phases included."""
    circuit, way = s.circuit_ids.index(gun["circuit"]), []
    while circuit != -1:
        way.append((circuit, 1))
        first = phase_of.get(s.circuit_ids[circuit])
        if first is not None and gun.get("phases", 3) == 1:
            way.append((first + int(gun["phase"][1]) - 1, 3))
        elif first is not None:
            way += [(first, 1), (first + 1, 1), (first + 2, 1)]
        circuit = s.circuit_parent[circuit]
    return way


def _sources(s, devices, config):
    s.pv_ids = [d["id"] for d in devices if d["role"] == "pv"]
    s.pvs = len(s.pv_ids)
    pcs = [d for d in devices if d["role"] == "pcs"]
    s.has_storage = bool(pcs)
    s.pcs_rated_w = sum(d["rated_w"] for d in pcs)
    policy = config.get("storage", {})
    s.reserve_soc_permille = policy.get("reserve_soc_permille", 200)
    s.support_max_w = policy.get("support_w", 0) if pcs else 0
    s.charge_policy_w = policy.get("charge_w", 0) if pcs else 0


def _estimates(s):
    s.uptime_ms = 0
    s.started = False  # every gun known, or the grace after the start is over
    s.base_w = s.base_max_w  # load that nobody meters: worst case until measured
    s.base_known = False
    s.base_peak_w = 0  # its largest value of the last seconds, kept for a blind meter
    s.base_peak_age_ms = 0
    s.fall_ms = -1  # since when the meter has shown less than the estimate holds for possible; -1: it does not
    s.oldest_gun_ms = 0  # age of the oldest reading of a gun that drew then
    s.others_lo_w = _zeros(_RING)  # guns + storage - PV, cycle by cycle, as low as each may have been by then
    s.others_hi_w = _zeros(_RING)  # and as high
    s.pv_history_w = _zeros(_RING)
    s.guns_history_w = _zeros(_RING)
    s.ring = 0
    s.ring_filled = 0
    s.grid_last_w = 0
    s.grid_same_ms = 0  # how long the meter has shown the very same value
    s.moved_w = 0  # how much the station moved meanwhile
    s.grid_frozen = False
    s.grid_suspect = False
    s.suspect_ms = 0
    s.contradictions = 0
    s.spanned = False  # the ring reaches back as far as a meter sample may be old
    s.others_least_w = 0
    s.others_most_w = 0
    s.rise_w = 0  # a step of the unmetered load that has yet to prove itself, and where it led
    s.rise_level_w = 0
    s.rise_ms = 0
    s.base_history_w = _zeros(_RING)
    s.learned_rise_w = 0
    s.fade_ms = 0
    s.blind_ms = ABSENT_AGE_MS  # age of the grid reading, a frozen one counting since it froze
    s.ladder = 0
    s.ladder_calm_ms = 0
    s.pv_now_w = 0
    s.pv_lo_w = 0
    s.pv_lead_w = 0
    s.guns_now_w = 0
    s.guns_hi_w = 0
    s.guns_lo_w = 0
    s.gun_unheard = False
    s.source_unheard = False  # a PV inverter or the PCS


def _decisions(s):
    guns = s.guns
    s.grant_w = _zeros(guns)  # limit wanted for each gun; -1: leave it as it is
    s.entitled_w = array("i", [s.max_w[g] for g in range(guns)])
    s.demand_w = _zeros(guns)
    s.target_w = _zeros(guns)
    s.admitted = _zeros(guns)
    s.fills = _zeros(guns)
    s.bound_by = _zeros(guns, -1)  # circuit that stopped the filling of this gun, -1 none
    s.settle_ms = _zeros(guns)
    # the largest limit it may have held in the last lag and cycle, and in the one before
    s.upper_recent_w = _zeros(guns)
    s.upper_before_w = _zeros(guns)
    s.deaf_ms = _zeros(guns)
    s.defy_ms = _zeros(guns)
    s.disobedient = _zeros(guns)
    s.fixed = _zeros(guns)  # 1: deaf or disobedient, its entitlement is not ours to change
    s.unused_ms = _zeros(guns)
    s.weight_now = array("i", [s.weight[g] for g in range(guns)])
    s.turn_key = _zeros(guns)
    s.run_ms = _zeros(guns)
    s.wait_ms = _zeros(guns)
    s.cut_ms = _zeros(guns, 1 << 28)  # since it was paused for want of room
    s.yields = _zeros(guns)
    s.rotation_ms = ROTATION_MS
    s.rose_from_w = _zeros(guns)
    s.idle_draw_ms = _zeros(guns)
    s.reason = _zeros(guns)
    s.reason_a = _zeros(guns)
    s.reason_b = _zeros(guns)
    s.storage_setpoint_w = 0
    s.storage_wish_w = 0  # before the battery's limits
    s.storage_before_w = 0  # setpoint one cycle ago, and two
    s.storage_long_before_w = 0
    s.storage_short_ms = 0  # time left in which the PCS counts only with what it really gave
    s.storage_short_w = 0
    s.storage_reason = 0
    s.storage_certain_w = 0
    s.support_w = 0
    s.loose_w = 0  # charging power of a silent PCS
    s.cap_w = s.circuit_cap_w[s.root]
    s.headroom_now_w = s.headroom_w
    s.room_w = 0
    s.invariant_breaches = 0
    s.invariant_excess_w = 0
    s.forced_cycles = 0  # in which the promise did not hold and nothing more could be done
    s.raised_w = 0  # in this cycle
    s.wants_more = False
    s.hold = True
    for gun in range(guns):
        s.grant_w[gun] = -1
