"""Stations made of inverters, storage and meters, for tests: parts of one machine share a unit id."""


def station(*buses):
    """buses: (id, "tcp", "rtu" or "dlt645", [device, ...]); a device is (id, role, profile, unit, {further keys})."""
    result = {"buses": [], "devices": []}
    for bus_id, kind, devices in buses:
        bus = {"id": bus_id, "kind": kind}
        if kind == "rtu":
            bus.update(port="UART1", baud=115200, parity="N", stop_bits=1)
        elif kind == "dlt645":
            bus.update(port="UART2", baud=9600)
        else:
            bus.update(host="127.0.0.1", tcp_port=1)
        result["buses"].append(bus)
        for device_id, role, profile, unit, further in devices:
            device = {"id": device_id, "role": role, "profile": profile, "bus": bus_id, "unit": unit, **further}
            result["devices"].append(device)
    return result


HUAWEI = ("huawei", "tcp", [
    ("pv", "pv", "huawei_sun2000_hybrid", 1, {"rated_w": 50000}),
    ("pcs", "pcs", "huawei_luna2000", 1, {"rated_w": 20000, "watchdog_s": 60, "bms": "bms"}),
    ("bms", "bms", "huawei_luna2000_bms", 1, {}),
    ("meter", "meter", "huawei_meter", 1, {}),
])  # fmt: skip
HUAWEI_STRING = ("huawei-string", "tcp", [("string", "pv", "huawei_sun2000", 1, {"rated_w": 100000})])
HUAWEI_PLANTS = ("emma", "tcp", [
    ("emma", "pv", "huawei_emma", 0, {"rated_w": 60000}),
    ("emma-meter", "meter", "huawei_emma_meter", 0, {}),
])  # fmt: skip
SMARTLOGGER = ("smartlogger", "tcp", [
    ("logger", "pv", "huawei_smartlogger", 3, {"rated_w": 900000}),
    ("logger-meter", "meter", "huawei_smartlogger_meter", 3, {}),
])  # fmt: skip
SUNGROW = ("sungrow", "tcp", [
    ("sh", "pv", "sungrow_sh", 1, {"rated_w": 12000}),
    ("sh-pcs", "pcs", "sungrow_sh_pcs", 1, {"rated_w": 12000, "watchdog_s": None, "bms": "sh-bms"}),
    ("sh-bms", "bms", "sungrow_sh_bms", 1, {}),
    ("sh-meter", "meter", "sungrow_sh_meter", 1, {}),
    ("sg", "pv", "sungrow_sg", 2, {"rated_w": 110000}),
    ("sg-meter", "meter", "sungrow_sg_meter", 4, {}),
    ("old", "pcs", "sungrow_sh_pcs", 3,
     {"rated_w": 12000, "watchdog_s": None, "bms": "old-bms", "simulated_as": "old"}),
    ("old-bms", "bms", "sungrow_sh_bms", 3, {}),
])  # fmt: skip
SUNSPEC = ("sunspec", "tcp", [
    ("int", "pv", "sunspec_inverter", 1, {"rated_w": 160000}),
    ("float", "pv", "sunspec_inverter", 2, {"rated_w": 50000, "simulated_as": "113"}),
    ("der", "pv", "sunspec_der", 3, {"rated_w": 100000}),
    ("grid-meter", "meter", "sunspec_meter", 4, {}),
    ("pv-meter", "meter", "sunspec_meter_2", 5, {}),
    ("basic", "pcs", "sunspec_storage", 6, {"rated_w": 100000, "watchdog_s": 60, "bms": "basic-bms"}),
    ("basic-bms", "bms", "sunspec_battery", 6, {}),
    ("full", "pcs", "sunspec_der_storage", 7, {"rated_w": 200000, "watchdog_s": 3, "bms": "full-bms"}),
    ("full-bms", "bms", "sunspec_der_battery", 7, {}),
])  # fmt: skip
METERS = ("line", "rtu", [
    ("sdm630", "meter", "sdm630", 1, {}),
    ("dtsu666", "meter", "dtsu666", 2, {}),
    ("dtsu666-h", "meter", "dtsu666_huawei", 3, {}),
    ("dtsu666-20", "meter", "dtsu666_sungrow", 4, {}),
    ("adl400", "meter", "acrel_adl400", 5, {}),
    ("adw300", "meter", "acrel_adw300", 6, {"ct_ratio": 100}),
    ("djsf1352", "meter", "acrel_djsf1352", 7, {}),
    ("djsf1352-6", "meter", "acrel_djsf1352_rn6", 8, {}),
])  # fmt: skip
JANITZA = ("umg", "tcp", [("janitza", "meter", "janitza_umg", 1, {})])
