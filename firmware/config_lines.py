"""Whether the devices of a station file can talk on the buses they are on: kind of bus, unit ids, meter addresses."""

from firmware.config_rules import entries, integer, text
from firmware.config_texts import MISSING, Problem

_METERS = "dlt645"  # kind of bus, and the only profile on it
_METER_PROFILE = "dlt645_meter"
_LARGEST_SERIAL_UNIT = 247  # Modbus over Serial Line V1.02, 2.2; some TCP devices use 255


def check(config, problems):
    """config: a dict in any state; appends Problems."""
    devices = entries(config, "devices")
    kinds = {text(bus, "id"): bus.get("kind") for _, bus in entries(config, "buses")}
    for index, device in devices:
        path = "devices[{}]".format(index)
        kind, name = kinds.get(text(device, "bus")), text(device, "profile")
        if kind is None or name is None:
            continue
        if (kind == _METERS) != (name == _METER_PROFILE):
            allowed = _METERS if name == _METER_PROFILE else "rtu, rtu_tcp, tcp"
            problems.append(Problem(path + ".bus", "bus_kind", kind, allowed))
        unit = integer(device, "unit")
        largest = _LARGEST_SERIAL_UNIT if kind == "rtu" else 255
        # 0 is the broadcast address of a line; over TCP it is the gateway itself.
        if kind != "tcp" and unit is not None and (unit == 0 or largest < unit <= 255):
            problems.append(Problem(path + ".unit", "range", unit, 1, largest, ""))
        if kind == _METERS:
            alone = len([1 for _, other in devices if other.get("bus") == device["bus"]]) == 1
            _address(path + ".meter_address", device, alone, problems)


def _address(path, device, alone, problems):
    """Without an address every meter of the line would answer at once."""
    address = text(device, "meter_address")
    if address is not None and [digit for digit in address if not "0" <= digit <= "9"]:
        problems.append(Problem(path, "meter_address", address))
    elif "meter_address" not in device and not alone:
        problems.append(Problem(path, "missing", MISSING, "meter_address"))
