"""The numbers that belong to the reasons of control, in the order of their texts in firmware/texts.tsv.

station: control.station.Station, after a step.
"""

from control import reasons


def explain_gun(station, at: int, args: list) -> None:
    """args[0..3]: the numbers of the reason of gun `at`, None where its text needs none."""
    code = station.reason[at]
    a = b = c = d = None
    if code == reasons.CAP_BINDS or code == reasons.LIMIT_IN_FORCE:
        a, b, c = station.reason_a[at], station.grant_w[at], station.reason_b[at]
        if code == reasons.LIMIT_IN_FORCE and 0 <= a < station.circuits:
            b = station.inputs.circuit_limit_w[a]
    elif code == reasons.WAITS_FOR_ROOM:
        a, b = station.target_w[at], max(0, station.reason_b[at])
    elif code == reasons.WAITS_MINIMUM:
        a, b, c, d = station.min_w[at], station.reason_a[at], station.reason_b[at], station.rotation_ms
    elif code in (reasons.HOLD_STALE_METER, reasons.PESSIMISTIC, reasons.OPEN_LOOP):
        a = station.blind_ms if station.blind_ms < (1 << 28) else None
    elif code == reasons.DEAF:
        a = station.entitled_w[at]
    elif code == reasons.FALLS_BACK:
        a = station.fallback_w[at]
    elif code == reasons.DISOBEDIENT:
        a, b = station.inputs.gun_w[at], station.inputs.gun_upper_w[at]
    elif code == reasons.GUN_LIMIT:
        a = station.max_w[at]
    elif code == reasons.PLATFORM_LIMIT or code == reasons.PLATFORM_PAUSE:
        a, b = station.reason_b[at], station.min_w[at]
    elif code == reasons.STARTING:
        a = station.grant_w[at]
    args[0], args[1], args[2], args[3] = a, b, c, d


def explain_storage(station, args: list) -> None:
    """args[0..1]: the numbers of the reason of the storage."""
    args[0], args[1] = abs(station.storage_setpoint_w), None
    if station.storage_reason == reasons.STORAGE_DISPATCHED:
        args[0], args[1] = station.storage_setpoint_w, station.inputs.storage_wish_w
    if station.storage_reason == reasons.STORAGE_SOC_RESERVE:
        args[0] = station.reserve_soc_permille
    elif station.storage_reason == reasons.STORAGE_BMS_LIMIT:
        args[0], args[1] = station.inputs.charge_max_w, station.inputs.discharge_max_w
