"""A scenario file in virtual time: the same world, events, figures and judgements as `make run`, with the wires and the
controller of `tools/loop.py` in place of processes. A minute of station takes less than a second.

What only processes can show (MQTT, alarms, lateness) is not judged here and named in `not_judged`.
`python -m tools.loop_scenario FILE...` prints the figures of each file as a line of JSON.
"""

import argparse
import json
import sys

from control.reasons import GUN_REASONS
from firmware import config as station_config
from tools import run_checks
from tools.baseline import FACTOR, run_baseline, sharing_unit
from tools.loop import COMMAND_S, Controlled, Loop
from tools.run_figures import PlantFigures
from tools.run_world import World
from tools.scenario import ScenarioError, load_scenario
from tools.sim.plant import STEP_S

BOOT_S = 0.5  # from the start of a controller to its first cycle
RESET_S = 1.0  # the reset contact is pressed for so long
NEEDS_PROCESSES = (
    "cycles_missed_max",
    "cycle_late_p99_ms_max",
    "cycle_late_max_ms_max",
    "alarms_seen",
    "alarms_absent",
    "acks_seen",
    "mqtt_messages_per_s_min",
)


class VirtualRun:
    """One scenario with everything around it. phase_s shifts the cycles against the events; trace: a Trace or None."""

    def __init__(self, scenario, station, phase_s=0.0, controller=Controlled, step_s=STEP_S, trace=None):
        self.scenario, self.station, self.trace = scenario, station, trace
        self.world = World(scenario, station)
        root = next(circuit for circuit in station["circuits"] if circuit["parent"] is None)
        self.root_id = root["id"]
        self.figures = PlantFigures(self.world.plant, root["cap_w"])
        cycled = self._cycled if controller is Controlled else None
        self.loop = Loop(station, self.world, controller, self._observe, cycled, scenario.seed, phase_s, step_s)
        self.threat = None
        self.breaches = self.forced = self.excess_peak_w = self.ladder_max = 0
        self._counted = (None, 0, 0)
        self.reasons_seen = {}
        self._timeline = scenario.timeline()
        self._later = []  # (at s, function)
        self._damage = {}

    def run(self):
        """To the end of the scenario -> figures."""
        self.loop.run(self.scenario.seconds, self.before_step)
        return {
            "scenario": self.scenario.name,
            "seconds": round(self.figures.elapsed_s, 2),
            **self.figures.report(),
            "cycles": self.loop.cycles,
            "invariant_breaches": self.breaches,
            "forced_cycles": self.forced,
            "invariant_excess_peak_w": self.excess_peak_w,
            "ladder_max": self.ladder_max,
            "reasons_seen": {gun: sorted(codes) for gun, codes in sorted(self.reasons_seen.items())},
            "threat": self.threat,
        }

    def _observe(self, dt_s):
        self.figures.step(dt_s)
        if self.trace is not None:
            self.trace.plant_step(self.world.plant)

    def before_step(self, now_s):
        """What happens at this instant; called before each step of the loop."""
        while self._timeline and self._timeline[0][0] <= now_s + 1e-9:
            at_s, begins, event = self._timeline.pop(0)
            if begins and at_s == self.scenario.first_threat_s and self.threat is None:
                self.threat = run_checks.measure_threat(self.world.plant, self.figures.limits.cap_w(now_s))
            if not self.world.apply(begins, event):
                getattr(self, "_" + event["event"])(begins, event)
        for entry in [entry for entry in self._later if entry[0] <= now_s + 1e-9]:
            self._later.remove(entry)
            entry[1]()

    def _cycled(self, loop):
        control = loop.controller.control
        who, breaches, forced = self._counted
        if who is not control:  # after a restart it counts from 0 again
            breaches = forced = 0
        self._counted = (control, control.invariant_breaches, control.forced_cycles)
        self.breaches += control.invariant_breaches - breaches
        self.forced += control.forced_cycles - forced
        if control.started:
            self.excess_peak_w = max(self.excess_peak_w, control.invariant_excess_w)
        self.ladder_max = max(self.ladder_max, control.ladder)
        for index, gun_id in enumerate(control.gun_ids):
            self.reasons_seen.setdefault(gun_id, set()).add(GUN_REASONS[control.reason[index]])
        if self.trace is not None:
            self.trace.cycle(loop, self.figures.limits.cap_w(self.world.plant.time_s))

    # -- events that are not physics --
    def _in(self, seconds, function):
        self._later.append((self.world.plant.time_s + seconds, function))

    def _links(self, device_id):
        wires = self.loop.wires
        return [] if wires is None else [wires.links[each] for each in sharing_unit(self.station, device_id)]

    def _device_silent(self, begins, event):
        for link in self._links(event["device"]):
            link.silent = begins
            if link.id in self.world.plant.storage:
                self.figures.pcs_answers = not begins

    def _register_frozen(self, begins, event):
        for link in self._links(event["device"]):
            link.frozen = begins and link.id == event["device"]

    def _slow_device(self, begins, event):
        for link in self._links(event["device"]):
            link.delay_s = event["delay_ms"] / 1000.0 if begins else 0.0

    def _frame_noise(self, begins, event):
        self._damage[event["bus"]] = event["probability"] if begins else 0.0
        self._apply_damage()

    def _apply_damage(self):
        if self.loop.wires is not None:
            for bus_id, probability in self._damage.items():
                self.loop.wires.buses[bus_id].damage = probability

    def _broker_down(self, begins, event):
        """Control does not need the broker; limits that it holds go on to their expiry."""

    def _limit_received(self, begins, event):
        now_s = self.world.plant.time_s
        if self.loop.controller is not None:
            self.loop.controller.limit(event["circuit"], event["limit_w"], now_s, event["expires_s"])
        if event["circuit"] == self.root_id:
            self.figures.limits.received(now_s, event["limit_w"], event["expires_s"])

    def _emergency_stop(self, begins, event):
        self.figures.emergency_stop()
        self._in(COMMAND_S if event["by"] == "command" else 0.0, lambda: self._stopped(True))
        if "released_s" in event:
            self._in(event["released_s"] - event["at_s"], self.figures.emergency_stop_released)
            self._in(event["released_s"] - event["at_s"] + RESET_S, lambda: self._stopped(False))

    def _stopped(self, stopped):
        if self.loop.controller is not None:
            self.loop.controller.stopped = stopped

    def _controller_killed(self, begins, event):
        self.figures.controller_killed()
        silent = [link.id for link in self.loop.wires.links.values() if link.silent]
        self.loop.kill_controller()
        if event["restart_after_s"] is not None:
            self._in(event["restart_after_s"], lambda: self._restart(silent))

    def _restart(self, silent):
        self.loop.start_controller(BOOT_S)
        for device_id in silent:
            self.loop.wires.links[device_id].silent = True
        self._apply_damage()


def judge(scenario, figures, baseline):
    """-> (failures, names of expectations that virtual time cannot judge)."""
    failures = []
    if scenario.threat:
        failures += run_checks.check_threat(figures["threat"])
        failures += run_checks.check_baseline(baseline, scenario.expect["over_cap_kws_max"], FACTOR)
    expect = {name: bound for name, bound in scenario.expect.items() if name not in NEEDS_PROCESSES}
    missed, not_judged = run_checks.check_outcome(figures, expect, scenario.seconds)
    return failures + missed, not_judged + [name for name in scenario.expect if name in NEEDS_PROCESSES]


def run_file(file, trace=None):
    """A scenario file, checked, run and judged -> figures with `failures`, `not_judged`, `baseline` and `ok`.

    Raises ScenarioError or ConfigError for a bad file.
    """
    scenario = load_scenario(file)
    station = station_config.load(str(scenario.station_file))
    figures = VirtualRun(scenario, station, trace=trace).run()
    figures["baseline"] = run_baseline(scenario, station) if scenario.threat else None
    figures["failures"], figures["not_judged"] = judge(scenario, figures, figures["baseline"])
    figures["ok"] = not figures["failures"]
    return figures


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+")
    options = parser.parse_args(arguments)
    worst = 0
    for file in options.files:
        try:
            figures = run_file(file)
        except (ScenarioError, station_config.ConfigError) as error:
            print(error, file=sys.stderr)
            return 2
        print(json.dumps(figures, ensure_ascii=False))
        worst = max(worst, 0 if figures["ok"] else 1)
    return worst


if __name__ == "__main__":
    sys.exit(main())
