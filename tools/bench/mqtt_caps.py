"""What a broker in any state does to the cap: a whole station in each state, by the plant's truth.

`python -m tools.bench.mqtt_caps STATE` runs one of them in real time (tools/run.py: MicroPython with a board's heap,
devices on their wires, physics in steps of 20 ms) and prints what came out (JSON). Six cars want half as much again as
there is room; the controller is at its cap and connected when the broker gets into the state, and a cloud front comes
while it is in it.
"""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from firmware import config as station_config
from tools.baseline import run_baseline
from tools.bench import mosquitto
from tools.bench.joined_rig import JoinedRig
from tools.bench.processes import ROOT, on_cpython
from tools.run import Run
from tools.run_checks import check_physics, check_threat, measure_threat
from tools.scenario import SCENARIOS, Scenario, load_scenario

STATES = ("well", "stopped", "killed", "unreachable", "slow", "flood")
SIGNALS = {"stopped": signal.SIGSTOP, "killed": signal.SIGKILL}
SIDE_BY_SIDE = 3  # a run takes a fifth of a core
SECONDS, TURNS_S, CLOUD_S = 36, 14, 19
UNPOLLED_MS = 1000  # the meter is asked five times a second; less than this is a time-out or two


class StateRig(JoinedRig):
    """turn: what makes the broker bad."""

    def __init__(self, station, world, figures, ports, turn):
        super().__init__(station, world, figures, *ports)
        self._turn = turn
        self.heard_before, self.threat = 0, None

    def _broker_turns(self, begins, event):
        self.heard_before = self.subscriber.messages
        plant = self.world.plant
        self.threat = measure_threat(plant, self.figures.limits.cap_w(plant.time_s))
        self._turn()


def scenario():
    """The cars and conditions of `broker_down`, with the broker's turn in the place of its going down."""
    loaded = load_scenario(SCENARIOS / "broker_down.json", seconds=SECONDS)
    cloud = next(event for event in loaded.data["events"] if event["event"] == "pv_drop")
    events = [{"at_s": TURNS_S, "event": "broker_turns"}, {**cloud, "at_s": CLOUD_S}]
    return Scenario(loaded.file, {**loaded.data, "events": events}, loaded.station_file)


@contextlib.contextmanager
def broker(state, folder):
    """((the controller's port, the subscriber's), what brings the broker into this state)."""
    program = mosquitto.find()
    if program is None:
        raise RuntimeError("mosquitto is not installed")
    running = mosquitto.Mosquitto(program, folder)
    port = running.ports["plain"]
    try:
        if state in ("well", *SIGNALS):
            yield (port, port), (lambda: running.process.send_signal(SIGNALS[state]) if state in SIGNALS else None)
        else:
            with turning(port) as (turning_port, turn):
                yield (turning_port, port), lambda: turn(state)
    finally:
        running.end()


@contextlib.contextmanager
def turning(port):
    """(port, turn(way)) of a turning_broker.py before this port."""
    command = [sys.executable, "-m", "tools.bench.turning_broker", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def turn(way):
        process.stdin.write(way + "\n")
        process.stdin.flush()

    try:
        yield json.loads(process.stdout.readline()), turn
    finally:
        process.kill()  # threads that pass bytes on hold it
        process.communicate()


def measure(state):
    """The figures of one run, of the plant and of the wires."""
    what = scenario()
    station = station_config.load(str(what.station_file))
    with tempfile.TemporaryDirectory(prefix="bench-mqtt-") as folder, broker(state, Path(folder)) as (ports, turn):
        run = Run(what, station, None, "en", False)
        run.rig = StateRig(station, run.world, run.plant_figures, ports, turn)
        with contextlib.redirect_stdout(sys.stderr):  # its progress
            asyncio.run(run.run())
        figures, heard = run.figures(), run.rig.subscriber
    # How long the meter went without a poll is a figure here, and no reason not to believe the others.
    failures = [each for each in run.failures if "unpolled" not in each["en"]] + check_threat(run.rig.threat)
    failures += check_physics(figures["physics_late_p99_ms"], figures["physics_late_max_ms"])
    if not run.rig.heard_before:
        failures.append({"en": "the station had said nothing when the broker turned"})
    names = ("over_cap_kws", "import_last_30s_permille_of_cap", "meter_polls", "meter_largest_gap_ms", "seconds")
    result = {name: figures[name] for name in names}
    result["heard"] = [run.rig.heard_before, heard.messages - run.rig.heard_before]
    result["failures"] = [each["en"] for each in failures]
    return result


def report(rows):
    """A row for each state; the plain 10 s feedback of the same seconds beside, in virtual time."""
    what = scenario()
    virtual = Scenario(what.file, {**what.data, "events": what.data["events"][1:]}, what.station_file)
    plain = run_baseline(virtual, station_config.load(str(what.station_file)), None)["median_kws"]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = list(pool.map(lambda state: on_cpython("tools.bench.mqtt_caps", state), STATES))
    for state, each in zip(STATES, found, strict=True):
        row(rows, state, each, plain)


def row(rows, state, found, plain_kws):
    name = f"broker {state}: over the cap"
    if found["failures"]:
        rows.not_measured(name, "kW·s", "; ".join(found["failures"]))
        return
    before, after = found["heard"]
    rows.add(
        name, round(found["over_cap_kws"], 3), "kW·s", baseline=round(plain_kws), bound=("value", "==", 0),
        note=f"plant, {found['seconds']:g} s; baseline: plain 10 s feedback; the broker turns at {TURNS_S} s, PV falls "
        f"by 80 % from {CLOUD_S} s on; import {found['import_last_30s_permille_of_cap'] / 10:.1f} % of the cap in the "
        f"last 30 s; messages heard before: {before}, after: {after}",
    )  # fmt: skip
    rows.add(
        f"broker {state}: longest time without a poll of the meter", round(found["meter_largest_gap_ms"]), "ms",
        bound=("value", "<=", UNPOLLED_MS), note=f"of {found['meter_polls']} polls seen on the wire",
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
