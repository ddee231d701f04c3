"""What the parts of a station file mean to each other: references, duplicates, the tree of circuits, the board.

Every rule looks only at values whose own shape is right, so that one wrong type does not hide the other problems and
does not make new ones.
"""

from drivers.profiles.registry import may_share_unit
from firmware import config_profiles as profiles
from firmware.config_schema import MAX_CT_PT
from firmware.config_shape import is_int
from firmware.config_texts import MISSING, Problem

SERIAL = ("rtu", "dlt645")  # kinds of bus on a port of the board


def check(config, board, problems):
    """config: a dict in any state. board: the constants of the board it names (None: not known). Appends Problems."""
    circuits = entries(config, "circuits")
    buses = entries(config, "buses")
    devices = entries(config, "devices")
    for name, listed in (("circuits", circuits), ("buses", buses), ("devices", devices)):
        _ids(name, listed, problems)
    _tree(circuits, problems)
    _ports(buses, problems)
    _references(devices, circuits, buses, problems)
    _units(devices, problems)
    for index, device in devices:
        _device("devices[{}]".format(index), device, problems)
    if board is not None:
        _board(config, buses, board, problems)


def entries(config, key):
    """[(index, entry)] of those entries of a list that are objects."""
    listed = config.get(key)
    if not isinstance(listed, list):
        return []
    return [(index, entry) for index, entry in enumerate(listed) if isinstance(entry, dict)]


def text(entry, key):
    value = entry.get(key)
    return value if isinstance(value, str) else None


def integer(entry, key):
    value = entry.get(key)
    return value if is_int(value) else None


def of_role(devices, role):
    return [(index, device) for index, device in devices if device.get("role") == role]


def root(circuits):
    """The id of the only circuit without a parent, or None."""
    roots = [text(circuit, "id") for _, circuit in circuits if circuit.get("parent", "") is None]
    return roots[0] if len(roots) == 1 else None


def _ids(name, listed, problems):
    seen = {}
    for index, entry in listed:
        value = text(entry, "id")
        path = "{}[{}]".format(name, index)
        if value in seen:
            problems.append(Problem(path + ".id", "duplicate_id", value, seen[value]))
        elif value is not None:
            seen[value] = path


def _tree(circuits, problems):
    if not circuits:
        return
    parents = {text(c, "id"): c.get("parent") for _, c in circuits if text(c, "id") is not None}
    roots = [index for index, circuit in circuits if circuit.get("parent", "") is None]
    known = ", ".join([text(circuit, "id") or "?" for _, circuit in circuits])
    if not roots:
        problems.append(Problem("circuits", "no_root", MISSING))
    for index in roots[1:]:
        problems.append(Problem("circuits[{}].parent".format(index), "many_roots", None))
    for index, circuit in circuits:
        parent = text(circuit, "parent")
        path = "circuits[{}].parent".format(index)
        if parent is not None and parent not in parents:
            problems.append(Problem(path, "no_such_circuit", parent, known))
        elif text(circuit, "id") is not None and _on_a_cycle(circuit["id"], parents):
            problems.append(Problem(path, "cycle", parent))


def _on_a_cycle(start, parents):
    current = parents.get(start)
    for _ in range(len(parents)):
        if current == start:
            return True
        if not isinstance(current, str):
            return False
        current = parents.get(current)
    return False


def _ports(buses, problems):
    seen = {}
    for index, bus in buses:
        path = "buses[{}]".format(index)
        host, tcp_port = text(bus, "host"), bus.get("tcp_port", 502)
        if bus.get("kind") in SERIAL and text(bus, "port") is not None:
            key, found = "port", bus["port"]
        elif bus.get("kind") in ("tcp", "rtu_tcp") and host is not None and is_int(tcp_port):
            key, found = "tcp_port", "{}:{}".format(host, tcp_port)
        else:
            continue
        if found in seen:
            problems.append(Problem(path + "." + key, "duplicate_port", found, seen[found]))
        else:
            seen[found] = path


def _references(devices, circuits, buses, problems):
    circuit_ids = [text(circuit, "id") for _, circuit in circuits]
    bus_ids = [text(bus, "id") for _, bus in buses]
    bms_ids = [text(device, "id") for _, device in of_role(devices, "bms")]
    for index, device in devices:
        for key, ids, code in (("circuit", circuit_ids, "no_such_circuit"), ("bus", bus_ids, "no_such_bus"),
                               ("bms", bms_ids, "no_such_bms")):
            value = text(device, key)
            if value is not None and value not in ids:
                allowed = ", ".join([known for known in ids if known is not None]) or "-"
                problems.append(Problem("devices[{}].{}".format(index, key), code, value, allowed))
    used = {}
    first = None
    for index, device in of_role(devices, "pcs"):
        if first is not None:
            problems.append(Problem("devices[{}]".format(index), "two_pcs", text(device, "id") or "pcs", first))
        first = first or "devices[{}]".format(index)
        bms = text(device, "bms")
        if bms in used:
            problems.append(Problem("devices[{}].bms".format(index), "bms_shared", bms))
        elif bms is not None:
            used[bms] = index


def _units(devices, problems):
    """Two devices answer to one unit only as connectors of one charger, that is with different `connector`, or as
    inverter, battery and meter of one machine."""
    seen = {}
    for index, device in devices:
        bus, unit = text(device, "bus"), integer(device, "unit")
        if bus is None or unit is None:
            continue
        connector = integer(device, "connector")
        profile = text(device, "profile")
        path = "devices[{}]".format(index)
        for other, other_connector, other_profile in seen.get((bus, unit), ()):
            if may_share_unit(profile or "", other_profile or ""):
                continue
            if connector is None or connector == other_connector or other_connector is None or profile != other_profile:
                found = "{}, unit {}{}".format(bus, unit, "" if connector is None else ", connector %d" % connector)
                problems.append(Problem(path + ".unit", "duplicate_unit", found, other))
                break
        seen.setdefault((bus, unit), []).append((path, connector, profile))


def _device(path, device, problems):
    _profile(path, device, problems)
    ct, pt = integer(device, "ct_ratio"), integer(device, "pt_ratio")
    if ct is not None and (pt or 1) * ct > MAX_CT_PT:
        problems.append(Problem(path + ".ct_ratio", "ct_pt", "{} x {}".format(ct, pt or 1), MAX_CT_PT))
    highest = integer(device, "max_w")
    for key in ("min_w", "fallback_w"):
        value = integer(device, key)
        if value is not None and highest is not None and value > highest:
            problems.append(Problem(path + "." + key, "not_above", value, "max_w", highest))


def _profile(path, device, problems):
    name, role = text(device, "profile"), text(device, "role")
    if name is None or profiles.is_refused(name):
        return
    playing = profiles.role(name)
    if playing is None:
        problems.append(Problem(path + ".profile", "unknown_profile", name, ", ".join(profiles.names(None))))
        return
    candidates = profiles.names(role)
    if role is not None and playing != role and candidates:
        problems.append(Problem(path + ".profile", "profile_role", name, role, ", ".join(candidates)))
        return
    for key in profiles.needs(name):
        if key not in device:
            problems.append(Problem("{}.{}".format(path, key), "missing", MISSING, "{} ({})".format(key, name)))
    watchdog = integer(device, "watchdog_s")
    permitted = profiles.watchdog_s(name)
    if watchdog is not None and permitted is None:
        # Counting on a watchdog that is not there would let the cap be exceeded when the controller dies.
        problems.append(Problem(path + ".watchdog_s", "watchdog_none", watchdog))
    elif watchdog is not None and watchdog > 0 and not permitted[0] <= watchdog <= permitted[1]:
        problems.append(Problem(path + ".watchdog_s", "range", watchdog, permitted[0], permitted[1], " s"))


def _board(config, buses, board, problems):
    if board.UARTS is not None:
        for index, bus in buses:
            if bus.get("kind") in SERIAL and text(bus, "port") is not None and bus["port"] not in board.UARTS:
                names = ", ".join(sorted(board.UARTS))
                problems.append(Problem("buses[{}].port".format(index), "board_port", bus["port"], names))
    connections = len([bus for _, bus in buses if bus.get("kind") in ("tcp", "rtu_tcp")])
    if isinstance(config.get("mqtt"), dict) and "uart" not in config["mqtt"]:
        connections += 1
    if connections > board.MAX_TCP:
        problems.append(Problem("buses", "board_tcp", connections, board.MAX_TCP))
    inputs = config.get("inputs")
    seen = {}
    for key in ("emergency_stop", "reset"):
        contact = inputs.get(key) if isinstance(inputs, dict) else None
        pin = text(contact, "pin") if isinstance(contact, dict) else None
        if pin is None:
            continue
        path = "inputs.{}.pin".format(key)
        if board.CONTACTS is not None and pin not in board.CONTACTS:
            problems.append(Problem(path, "board_pin", pin, ", ".join(sorted(board.CONTACTS))))
        if pin in seen:
            problems.append(Problem(path, "same_pin", pin, seen[pin]))
        seen[pin] = key
