"""Was the run sound, and did the scenario show the outcome it must show? Every failure is a sentence in Chinese and
English.

Three judgements that do not trust each other: the plant's figures against the scenario's bounds, the controller's own
figures against the meter polls seen on the wire, and the threat itself against the plant (a scenario that threatens
nothing proves nothing).
"""

THREAT_WANTS = 1.3  # the vehicles want at least this many times the room
THREAT_IMPORT = 0.9  # and the station imports at least this share of its cap
SLACK_CYCLES = 15
SLACK_SHARE = 0.03
POLL_GAP_SLACK_MS = 600  # period of the meter polls, one time-out and a retry
NEEDS_S = {"import_last_30s_permille_min": 40, "all_above_minimum": 25}  # a shorter run cannot judge them
PHYSICS_P99_MS = 100.0
PHYSICS_MAX_MS = 1000.0


def failure(zh, en):
    return {"zh": zh, "en": en}


# -- the threat --
def measure_threat(plant, cap_w):
    """What the plant knows just before the first threatening event."""
    room_w = cap_w - plant.base_w - plant.noise.value_w + plant.pv_w + max(0.0, -plant.storage_w)
    wants_w = sum(gun.wants_w for gun in plant.guns.values())
    return {
        "room_kw": room_w / 1000.0,
        "wants_kw": wants_w / 1000.0,
        "wants_over_room": wants_w / room_w if room_w > 0 else float("inf"),
        "import_share_of_cap": plant.grid_w / cap_w,
    }


def check_threat(threat):
    if threat is None:
        return [failure("没有发生威胁事件", "no threatening event happened")]
    failures = []
    ratio, share = threat["wants_over_room"], threat["import_share_of_cap"]
    if ratio < THREAT_WANTS:
        failures.append(
            failure(
                f"场景没有构成威胁: 需求是可用功率的 {ratio:.2f} 倍，应不低于 {THREAT_WANTS}",
                f"the scenario threatens nothing: vehicles want {ratio:.2f} times the room, needed {THREAT_WANTS}",
            )
        )
    if share < THREAT_IMPORT:
        failures.append(
            failure(
                f"场景没有构成威胁: 事件前进线功率是上限的 {share:.3f}，应不低于 {THREAT_IMPORT}",
                f"the scenario threatens nothing: import was {share:.3f} of the cap before it, needed {THREAT_IMPORT}",
            )
        )
    return failures


def check_baseline(baseline, bound_kws, factor):
    """The plain controller must end at least `factor` times over the bound, in the median of its phases."""
    found, needed = baseline["median_kws"], factor * bound_kws
    if found >= needed and found > 0.0:
        return []
    return [
        failure(
            f"场景没有构成威胁: 普通 10 s 反馈控制只超出 {found:.1f} kW·s，应不低于 {needed:.1f}",
            f"the scenario threatens nothing: plain 10 s feedback is only {found:.1f} kW*s over, needed {needed:.1f}",
        )
    ]


# -- soundness --
def check_physics(late_p99_ms, late_max_ms):
    if late_p99_ms <= PHYSICS_P99_MS and late_max_ms <= PHYSICS_MAX_MS:
        return []
    return [
        failure(
            f"仿真跟不上实时: 延迟 p99 {late_p99_ms:.0f} ms，最大 {late_max_ms:.0f} ms",
            f"the physics did not keep up: late p99 {late_p99_ms:.0f} ms, max {late_max_ms:.0f} ms",
        )
    ]


def check_wire(life, polls_s, faults, cycle_ms):
    """The controller's claim about one of its lives against the meter polls of that life.

    life: {"from_s", "to_s", "telemetry", "telemetry_at_s"}; polls_s: times of the meter polls; faults: [(from s, to
    s)] in which the meter's line was disturbed. All on one monotonic clock. -> (report, failures)
    """
    seen = [poll_s for poll_s in polls_s if life["from_s"] <= poll_s <= life["to_s"]]
    report = {"meter_polls": len(seen), "largest_gap_ms": None}
    if not seen:
        return report, [failure("总线上没有看到读取电表", "no poll of the meter was seen on the wire")]
    gaps = list(zip(seen, [*seen[1:], life["to_s"]], strict=True))
    clear = [
        (end - begin) * 1000.0
        for begin, end in gaps
        if not any(begin < to_s and end > from_s for from_s, to_s in faults)
    ]
    report["largest_gap_ms"] = max(clear, default=0.0)
    if life["telemetry"] is None:
        return report, [failure("控制器在线却没有遥测", "the controller ran but no telemetry of it arrived")]
    cycle = life["telemetry"]["cycle"]
    failures = []
    expected = (life["telemetry_at_s"] - seen[0]) * 1000.0 / cycle_ms
    claimed = cycle["count"] + cycle["missed"]
    report["cycles_expected"] = round(expected)
    if abs(claimed - expected) > max(SLACK_CYCLES, SLACK_SHARE * expected):
        failures.append(
            failure(
                f"控制器称运行 {claimed} 个周期，总线上看到的时间对应 {expected:.0f} 个",
                f"the controller claims {claimed} cycles, the time seen on the wire holds {expected:.0f}",
            )
        )
    allowed_ms = POLL_GAP_SLACK_MS + cycle["late_max_ms"]
    if report["largest_gap_ms"] > allowed_ms:
        failures.append(
            failure(
                f"读取电表曾中断 {report['largest_gap_ms']:.0f} ms，控制器自称最大延迟 {cycle['late_max_ms']} ms",
                f"the meter went unpolled for {report['largest_gap_ms']:.0f} ms; "
                f"the controller admits a lateness of {cycle['late_max_ms']} ms",
            )
        )
    return report, failures


# -- the outcome --
def _at_most(figure):
    def check(figures, bound):
        found = figures.get(figure)
        return None if found is not None and found <= bound else (f"{figure} = {_text(found)}", f"<= {bound}")

    return check


def _at_least(figure):
    def check(figures, bound):
        found = figures.get(figure)
        return None if found is not None and found >= bound else (f"{figure} = {_text(found)}", f">= {bound}")

    return check


def _text(value):
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _guns_zero(figures, bound_ms):
    times_ms = figures.get("stop_zero_ms", {})
    late = {gun: time_ms for gun, time_ms in times_ms.items() if time_ms is None or time_ms > bound_ms}
    return None if times_ms and not late else (f"stop_zero_ms {late or 'none'}", f"<= {bound_ms} each")


def _fallback(figures, guns):
    after_s = figures.get("fallback_after_s", {})
    missing = [gun for gun in guns if after_s.get(gun) is None]
    return None if not missing else (f"not at their fall-back: {', '.join(missing)}", ", ".join(guns))


def _nobody_off(figures, _):
    off = {gun: count for gun, count in figures["interruptions"].items() if count}
    return None if not off else (f"switched off: {off}", "nobody")


def _above_minimum(figures, _):
    below = figures["below_minimum_last_10s"]
    return None if not below else (f"below their minimum: {', '.join(below)}", "nobody")


def _alarms(figures, wanted):
    seen = {(alarm["code"], alarm["device"]) for alarm in figures["alarms_seen"]}
    missing = [
        alarm
        for alarm in wanted
        if not any(code == alarm["code"] and alarm.get("device", device) == device for code, device in seen)
    ]
    return None if not missing else (f"alarms {sorted(seen, key=str)}", f"also {missing}")


def _alarms_absent(figures, unwanted):
    seen = sorted({alarm["code"] for alarm in figures["alarms_seen"]} & set(unwanted))
    return None if not seen else (f"alarms {seen}", f"none of {unwanted}")


def _reasons(figures, wanted):
    seen = figures["reasons_seen"]
    missing = [reason for reason in wanted if reason["code"] not in seen.get(reason["gun"], ())]
    return None if not missing else (f"reasons {seen}", f"also {missing}")


def _acks(figures, wanted):
    missing = [result for result in wanted if result not in figures["acks_seen"]]
    return None if not missing else (f"acks {figures['acks_seen']}", f"also {missing}")


def _served_per_gun(figures, wanted):
    served = figures["served_per_gun_kwh"]
    short = {gun: round(served[gun], 3) for gun, least_kwh in wanted.items() if served[gun] < least_kwh}
    return None if not short else (f"served kWh {short}", f">= {wanted}")


CHECKS = {
    "over_cap_kws_max": _at_most("over_cap_kws"),
    "over_contract_kws_max": _at_most("over_contract_kws"),
    "over_cap_peak_kw_max": _at_most("over_cap_peak_kw"),
    "import_last_30s_permille_min": _at_least("import_last_30s_permille_of_cap"),
    "plant_invariant_breaches_max": _at_most("plant_invariant_breaches"),
    "plant_invariant_peak_kw_max": _at_most("plant_invariant_peak_kw"),
    "invariant_breaches_max": _at_most("invariant_breaches"),
    "cycles_missed_max": _at_most("cycles_missed"),
    "cycle_late_p99_ms_max": _at_most("cycle_late_p99_ms"),
    "cycle_late_max_ms_max": _at_most("cycle_late_max_ms"),
    "guns_zero_within_ms": _guns_zero,
    "fallback_reached": _fallback,
    "nobody_switched_off": _nobody_off,
    "all_above_minimum": _above_minimum,
    "alarms_seen": _alarms,
    "alarms_absent": _alarms_absent,
    "reasons_seen": _reasons,
    "acks_seen": _acks,
    "mqtt_messages_per_s_min": _at_least("mqtt_messages_per_s"),
    "served_kwh_min": _at_least("served_kwh"),
    "served_per_gun_kwh_min": _served_per_gun,
    "guns_served_min": _at_least("guns_served"),
}


def check_outcome(figures, expect, seconds):
    """-> (failures, names of expectations that a run of this length cannot judge)."""
    failures, not_judged = [], []
    for name, bound in expect.items():
        if seconds < NEEDS_S.get(name, 0):
            not_judged.append(name)
            continue
        missed = CHECKS[name](figures, bound)
        if missed:
            found, allowed = missed
            failures.append(
                failure(f"{name}: 结果 {found}，要求 {allowed}", f"{name}: found {found}, allowed {allowed}")
            )
    return failures, not_judged
