"""Whether the station that a file describes can keep its promise: the grid cap holds even when the controller dies.

Three things are needed. The grid must be measured at one place. When every gun has fallen back by its own watchdog, the
fall-backs (with the largest base load) must fit under the cap of each circuit. And until the last gun has fallen back,
the storage that supports it must not let go.
"""

from firmware.config_rules import entries, integer, of_role, root, text
from firmware.config_schema import RAMP_SLOW_W_S, RAMP_W_S
from firmware.config_texts import MISSING, Problem


def check(config, problems):
    """config: a dict in any state; appends Problems."""
    circuits = entries(config, "circuits")
    devices = entries(config, "devices")
    top = root(circuits)
    if top is not None:
        _grid_meter(devices, top, problems)
    _fallbacks(config, circuits, of_role(devices, "gun"), top, problems)
    _storage_holds_on(devices, problems)


def ramp_w_s(gun):
    """(up, down) in W/s: the gun's own figures, else those of its class."""
    up, down = RAMP_SLOW_W_S if gun.get("class") == "slow" else RAMP_W_S
    return integer(gun, "ramp_up_w_s") or up, integer(gun, "ramp_down_w_s") or down


def _grid_meter(devices, top, problems):
    first = None
    for index, meter in of_role(devices, "meter"):
        if text(meter, "circuit") != top:
            continue
        path = "devices[{}]".format(index)
        if first is not None:
            problems.append(Problem(path + ".circuit", "two_grid_meters", top, first))
        else:
            first = path
    if first is None:
        problems.append(Problem("devices", "no_grid_meter", MISSING, top))


def _fallbacks(config, circuits, guns, top, problems):
    base_load = config.get("base_load")
    base_w = integer(base_load, "max_w") if isinstance(base_load, dict) else None
    parents = {text(circuit, "id"): text(circuit, "parent") for _, circuit in circuits}
    for index, circuit in circuits:
        name, cap_w = text(circuit, "id"), integer(circuit, "cap_w")
        # An unknown base load only makes the sum smaller; its own problem is reported elsewhere.
        need_w = (base_w or 0) if name == top else 0
        for _, gun in guns:
            if _hangs_on(text(gun, "circuit"), name, parents):
                need_w += _without_controller_w(gun)
        if cap_w is not None and name is not None and 0 < cap_w < need_w:
            problems.append(Problem("circuits[{}].cap_w".format(index), "fallback_over_cap", cap_w, need_w))


def _without_controller_w(gun):
    """What a gun may draw for ever once nobody writes to it: nothing tells a gun without a watchdog to fall back."""
    key = "max_w" if gun.get("watchdog_s", 0) is None else "fallback_w"
    return integer(gun, key) or 0


def _hangs_on(circuit, name, parents):
    for _ in range(len(parents) + 1):  # a cycle has its own problem, here it must only end
        if circuit == name:
            return True
        circuit = parents.get(circuit)
        if circuit is None:
            return False
    return False


def _storage_holds_on(devices, problems):
    """A PCS that stops discharging while a gun still holds its old limit puts that power on the grid at once."""
    slowest_s, slowest = 0, None
    for _, gun in of_role(devices, "gun"):
        watchdog_s, max_w, fallback_w = integer(gun, "watchdog_s"), integer(gun, "max_w"), integer(gun, "fallback_w")
        if watchdog_s is None or max_w is None or fallback_w is None:
            continue
        down_w_s = ramp_w_s(gun)[1]
        release_s = watchdog_s + (max(max_w - fallback_w, 0) + down_w_s - 1) // down_w_s
        if release_s > slowest_s:
            slowest_s, slowest = release_s, gun.get("id")
    for index, pcs in of_role(devices, "pcs"):
        watchdog_s = integer(pcs, "watchdog_s")
        if watchdog_s is not None and watchdog_s < slowest_s:
            path = "devices[{}].watchdog_s".format(index)
            problems.append(Problem(path, "storage_first", watchdog_s, slowest, slowest_s))
