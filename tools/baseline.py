"""What a plain controller does in the same scenario: feedback every 10 s, no storage, no notion of what was promised
but not yet taken.

It runs in virtual time on the same plant, sun, load and cars. A scenario that means to threaten the cap is worth its
name only if this controller goes far over the bound that the real one must keep (`FACTOR` times). The phase of a 10 s
loop against the event decides much, so several phases are run, and their median must go over. All of them are in the
figures.

`python -m tools.baseline [--scenario FILE] [--sessions FILE]` prints kW*s over the cap for each phase.
"""

import argparse
import json
import sys

from tools.run_figures import PlantFigures
from tools.run_world import World
from tools.scenario import DEFAULT_SCENARIO, ScenarioError, load_scenario
from tools.sim.plant import STEP_S
from tools.sim.vehicles import SessionsError, load_sessions

PERIOD_S = 10.0
PHASES_S = (0.0, 2.0, 4.0, 6.0, 8.0)
FACTOR = 10.0


def share_equally(total_w, wants_w):
    """Water-filling: the same for each, none above what its car wants. total_w: W; wants_w: list of W -> list of W."""
    shares = [0.0] * len(wants_w)
    left_w = max(0.0, total_w)
    order = sorted(range(len(wants_w)), key=lambda index: wants_w[index])
    for place, index in enumerate(order):
        shares[index] = min(wants_w[index], left_w / (len(order) - place))
        left_w -= shares[index]
    return shares


class _Feedback:
    """Sum of guns = what they draw + (cap - what the meter shows), shared equally among the cars; guns are polled
    every step.
    """

    def __init__(self, plant, cap_w, phase_s):
        self.plant, self.cap_w = plant, cap_w
        self.next_s = phase_s
        self.running = True
        self.silent = set()

    def step(self):
        if not self.running:
            return
        guns = [gun for gun in self.plant.guns.values() if gun.id not in self.silent]
        for gun in guns:
            gun.touch()
        if self.plant.time_s + 1e-9 < self.next_s:
            return
        self.next_s += PERIOD_S
        total_w = sum(gun.power_w for gun in guns) + self.cap_w - self.plant.meter.power_w
        for gun, share_w in zip(guns, share_equally(total_w, [gun.wants_w for gun in guns]), strict=True):
            gun.write_limit(max(share_w, gun.min_w))


def run_phase(scenario, station, phase_s, sessions=None):
    """kW*s over the cap that the plain controller ends with when its loop starts `phase_s` after the scenario."""
    world = World(scenario, station, sessions)
    contract_w = next(circuit["cap_w"] for circuit in station["circuits"] if circuit["parent"] is None)
    figures = PlantFigures(world.plant, contract_w)
    controller = _Feedback(world.plant, contract_w, phase_s)
    timeline = scenario.timeline()
    for step in range(round(scenario.seconds / STEP_S)):
        while timeline and timeline[0][0] <= step * STEP_S + 1e-9:
            _, begins, event = timeline.pop(0)
            if not world.apply(begins, event):
                _apply_to_feedback(controller, timeline, begins, event, station)
        world.step()
        controller.step()
        figures.step(STEP_S)
    return figures.over_cap.kws


def sharing_unit(station, device_id):
    """Ids of the devices behind the same unit id of the same bus: they fall silent together."""
    places = {device["id"]: (device["bus"], device["unit"]) for device in station["devices"]}
    return {other for other, place in places.items() if place == places[device_id]}


def _apply_to_feedback(controller, timeline, begins, event, station):
    """Faults of wires and processes, as far as a controller without wires can feel them."""
    kind = event["event"]
    if kind == "device_silent":
        silent = sharing_unit(station, event["device"])
        controller.silent = controller.silent | silent if begins else controller.silent - silent
    elif kind == "register_frozen":
        controller.plant.meter.frozen = begins
    elif kind == "controller_killed":
        controller.running = not begins
        if begins and event["restart_after_s"] is not None:
            timeline.append((event["at_s"] + event["restart_after_s"], False, event))
            timeline.sort(key=lambda entry: entry[0])


def run_baseline(scenario, station, sessions=None):
    """Several phases -> {"over_cap_kws": [sorted], "mildest_kws", "median_kws", "worst_kws"}."""
    over_kws = sorted(run_phase(scenario, station, phase_s, sessions) for phase_s in PHASES_S)
    return {
        "over_cap_kws": over_kws,
        "mildest_kws": over_kws[0],
        "median_kws": over_kws[len(over_kws) // 2],
        "worst_kws": over_kws[-1],
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO)
    parser.add_argument("--sessions")
    options = parser.parse_args(arguments)
    try:
        scenario = load_scenario(options.scenario)
        sessions = load_sessions(options.sessions) if options.sessions else None
    except (ScenarioError, SessionsError) as error:
        print(error, file=sys.stderr)
        return 2
    station = json.loads(scenario.station_file.read_text(encoding="utf-8"))
    print(json.dumps({"scenario": scenario.name, **run_baseline(scenario, station, sessions)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
