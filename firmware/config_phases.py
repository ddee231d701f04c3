"""The phases of circuits that have a cap for each of them: whoever hangs below must say which phase it loads."""

from firmware.config_rules import entries, integer, of_role, text
from firmware.config_texts import MISSING, Problem


def check(config, problems):
    """Appends Problems. Looks only at values whose own shape is right."""
    circuits = {text(circuit, "id"): circuit for _, circuit in entries(config, "circuits") if text(circuit, "id")}
    for index, circuit in entries(config, "circuits"):
        if circuit.get("parent", "") is None and "phase_cap_w" in circuit:
            # The load that nobody meters is not known by phase, so a cap for each phase could not be promised here.
            problems.append(Problem("circuits[%d].phase_cap_w" % index, "phase_at_grid", circuit["phase_cap_w"]))
    sums_w = {}
    for index, gun in of_role(entries(config, "devices"), "gun"):
        path, single, phase = "devices[%d].phase" % index, gun.get("phases") == 1, text(gun, "phase")
        if phase is not None and not single:
            problems.append(Problem(path, "phase_of_three", phase))
        for circuit in _way(gun, circuits):
            if integer(circuit, "phase_cap_w") is None:
                continue
            if single and phase is None:
                problems.append(Problem(path, "missing", MISSING, "L1, L2, L3 (%s)" % circuit["id"]))
            _count(gun, circuit["id"], phase if single else None, sums_w)
    for index, circuit in entries(config, "circuits"):
        cap_w = integer(circuit, "phase_cap_w")
        for phase in ("L1", "L2", "L3"):
            sum_w = (sums_w.get((text(circuit, "id"), phase), 0) + 2) // 3
            if cap_w is not None and sum_w > cap_w:
                problems.append(Problem("circuits[%d].phase_cap_w" % index, "phase_fallback", cap_w, phase, sum_w))


def _way(gun, circuits):
    way, name = [], text(gun, "circuit")
    while name in circuits and circuits[name] not in way:
        way.append(circuits[name])
        name = text(circuits[name], "parent")
    return way


def _count(gun, circuit, phase, sums_w):
    """Thirds of the fall-back on each phase: all of a single-phase gun on one."""
    held_w = integer(gun, "max_w" if gun.get("watchdog_s", 0) is None else "fallback_w") or 0
    for each in ("L1", "L2", "L3"):
        if phase is None or each == phase:
            sums_w[(circuit, each)] = sums_w.get((circuit, each), 0) + (held_w if phase is None else 3 * held_w)
