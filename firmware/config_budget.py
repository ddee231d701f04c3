"""The last check of a station file: whether the drivers for it are here, and whether its buses can bring its readings
and setpoints in time, by the latency budget (docs/latency-budget.md).

It needs the drivers' plans instead of the tables of the other checks; a board loads one after the other. `tools.budget`
is stricter: it judges the headroom too, and refuses a line so busy that its readings do not keep their periods.
"""

import sys

# A board has only the code that its station needed when the firmware was installed.
_CODE = {
    "rtu": ("drivers.modbus.rtu", "drivers.modbus.serial_link"),
    "dlt645": ("drivers.dlt645", "drivers.modbus.serial_link"),
    "tcp": ("drivers.modbus.tcp", "drivers.modbus.tcp_link"),
    "rtu_tcp": ("drivers.modbus.rtu", "drivers.modbus.tcp_link"),
}


def check(config) -> list:
    """config: a checked station, its defaults put in. A Problem for each bus and device whose code is not on the board;
    else for each device whose readings become older than control trusts, and for each watchdog that a refresh can miss.

    The grid meter must keep its limit: without it nothing is ever increased. Another device may be as slow as it is by
    itself, since control then counts it at its worst; but its neighbours and its `poll_ms` must not make it much slower
    than that.
    """
    found = _not_installed(config)  # (path, code, found, arguments)
    if not found:
        _look_at_times(config, found)
    if not found:
        return []
    from firmware.config_texts import Problem

    return [Problem(*each) for each in found]


def _not_installed(config):
    from drivers.profiles import loading

    found = []
    for index, bus in enumerate(config["buses"]):
        try:
            for module in _CODE[bus["kind"]]:
                __import__(module)
        except ImportError:
            found.append(("buses[%d].kind" % index, "not_installed", bus["kind"]))
    for index, device in enumerate(config["devices"]):
        try:
            loading.load(device["profile"], device.get("profile_file"))
        except (ImportError, ValueError):
            found.append(("devices[%d].profile" % index, "not_installed", device["profile"]))
    return found


def _look_at_times(config, found):
    from drivers import timing

    roots = [circuit["id"] for circuit in config["circuits"] if circuit["parent"] is None]
    for bus in config["buses"]:
        members = [(index, each) for index, each in enumerate(config["devices"]) if each["bus"] == bus["id"]]
        requests = timing.requests_of(bus, [each for _, each in members])
        for index, device in members:
            path = "devices[%d]." % index
            age_ms, allowed_ms = timing.device_age_ms(requests, device["id"]), timing.TRUSTED_MS.get(device["role"])
            if device["role"] == "meter" and device["circuit"] not in roots:
                allowed_ms = None
            if allowed_ms is not None and age_ms > allowed_ms:
                if device["role"] != "meter":
                    allowed_ms = max(allowed_ms, _by_itself_ms(bus, device, members, timing) * 3 // 2)
                if age_ms > allowed_ms:
                    found.append((path + "poll_ms", "reading_old", age_ms, allowed_ms))
            least_s = _least_watchdog_s(device, requests, timing)
            if least_s:
                found.append((path + "watchdog_s", "refresh_slow", device["watchdog_s"], least_s))
    if sys.implementation.name == "micropython":  # nobody needs it once the station runs
        del sys.modules["drivers.timing"]
        delattr(sys.modules["drivers"], "timing")


def _by_itself_ms(bus, device, members, timing):
    """Age of the readings of a device whose unit is alone on its line and is asked as often as its profile wants."""
    own = [dict(each) for _, each in members if each["unit"] == device["unit"]]
    for each in own:
        each.pop("poll_ms", None)
    return timing.device_age_ms(timing.requests_of(bus, own), device["id"])


def _least_watchdog_s(device, requests, timing):
    """Shortest watchdog that does not end between two writes of what does not change; 0 when the device's does not."""
    watchdog_s, least_s = device.get("watchdog_s"), 0
    if watchdog_s is None:
        return 0
    for each in requests:
        if each.device == device["id"] and each.kind == timing.WRITE:
            slowest_ms = timing.refresh_ms(requests, each)
            if slowest_ms >= 1000 * watchdog_s:
                # Most are refreshed after a third of their watchdog: what comes on top must fit in two thirds.
                on_top_ms = slowest_ms - each.period_ms
                least_s = max(least_s, slowest_ms // 1000 + 1, on_top_ms * 3 // 2000 + 1)
    return least_s
