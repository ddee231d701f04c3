"""What the run heard from outside the plant: MQTT, the wires, the bare tick. Read before the processes end."""

import json

from tools.run_checks import check_wire

LAST_WORDS_S = 1.5  # after the last step: time for the telemetry of that second to arrive


def from_mqtt(subscriber):
    """Counts and contents as received by a subscriber, and the controller's own figures among them."""
    reasons_seen = {}
    for gun, code in sorted(subscriber.reasons_seen):
        reasons_seen.setdefault(gun, []).append(code)
    return {
        **subscriber.own_figures(),
        "mqtt_messages": subscriber.messages,
        "mqtt_bad_messages": subscriber.bad_messages,
        "alarms_seen": sorted(({"code": code, "device": device} for code, device in subscriber.alarms_seen), key=str),
        "acks_seen": [ack.get("result") for ack in subscriber.acks],
        "reasons_seen": reasons_seen,
    }


def from_bare_tick(child):
    """The last line of the bare tick covers its whole run."""
    told = next((json.loads(line) for line in reversed(child.lines if child else []) if line.startswith("{")), {})
    return {
        "bare_tick_late_p99_ms": told.get("late_p99_ms"),
        "bare_tick_late_max_ms": told.get("late_max_ms"),
        "bare_ticks": told.get("ticks"),
    }


def from_wire(rig, station):
    """Each life of the controller against the meter polls seen on the wire -> (figures, failures)."""
    meter = next(device["id"] for device in station["devices"] if device["role"] == "meter")
    polls_s = [poll[0] for poll in rig.simulated.polls(meter)]
    faults = [(from_s, float("inf") if to_s is None else to_s) for from_s, to_s in rig.meter_faults]
    reports, failures = [], []
    for life in rig.lives:
        heard = [told for told in rig.subscriber.lives if life["from_s"] <= told[0] <= life["to_s"] + LAST_WORDS_S]
        if not heard and life["to_s"] - life["from_s"] < 5.0:
            continue  # too short a life to have said anything
        told_at_s, told = (heard[-1][1], heard[-1][2]) if heard else (None, None)
        claim = {**life, "telemetry": told, "telemetry_at_s": told_at_s}
        report, found = check_wire(claim, polls_s, faults, station["cycle_ms"])
        reports.append(report)
        failures.extend(found)
    gaps_ms = [report["largest_gap_ms"] for report in reports if report["largest_gap_ms"] is not None]
    figures = {
        "meter_polls": sum(report["meter_polls"] for report in reports),
        "meter_largest_gap_ms": max(gaps_ms, default=None),
        "controller_lives": reports,
    }
    return figures, failures
