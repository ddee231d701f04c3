"""Runs the whole station: real MicroPython, real Modbus servers, a real MQTT broker, physics in 20 ms steps.

`python -m tools.run [--scenario F] [--station F] [--seconds N] [--json F] [--sessions F] [--lang zh|en|both]`

In a terminal, without --seconds and --json: the live view, until Ctrl-C. Otherwise unattended: progress, a summary,
and the figures. Exit code 0: the run was sound and showed the outcome its scenario asks for; 1: it did not (the
reasons are printed and are in the JSON); 2: bad input, nothing was started; 130: interrupted.
"""

import argparse
import asyncio
import signal
import sys
import time

from firmware import config as station_config
from tools import run_checks, run_evidence, run_report
from tools.baseline import FACTOR, run_baseline
from tools.run_figures import PlantFigures
from tools.run_processes import ProcessError
from tools.run_rig import Rig
from tools.run_world import World
from tools.scenario import DEFAULT_SCENARIO, ScenarioError, load_scenario
from tools.sim.devices.catalogue import NotSimulated, build_images
from tools.sim.plant import STEP_S
from tools.sim.vehicles import SessionsError, load_sessions

PROGRESS_S = 10.0


class Run:
    """One run of a scenario. `figures()` is everything it found, ready for JSON."""

    def __init__(self, scenario, station, sessions, language, live):
        self.scenario, self.station, self.language, self.live = scenario, station, language, live
        self.cap_w = next(circuit["cap_w"] for circuit in station["circuits"] if circuit["parent"] is None)
        self.world = World(scenario, station, sessions)
        self.plant = self.world.plant
        self.plant_figures = PlantFigures(self.plant, self.cap_w)
        self.rig = Rig(station, self.world, self.plant_figures)
        self.stop = asyncio.Event()
        self.interrupted = False
        self.failures, self.threat, self.evidence = [], None, {}
        self._late_ms = []

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)
        try:
            await self._start_and_step()
        except (ProcessError, OSError) as error:
            zh, en = getattr(error, "zh", error), getattr(error, "en", error)
            self.failures.append(run_checks.failure(f"未能启动: {zh}", f"did not start: {en}"))
        finally:
            self.rig.end_of_measurement()
            self._collect()
            left = await self.rig.stop()
            if left:
                self.failures.append(run_checks.failure(f"残留进程: {left}", f"processes left: {left}"))

    def _interrupt(self):
        self.interrupted = True
        self.stop.set()

    async def _start_and_step(self):
        starting = asyncio.create_task(self.rig.start())
        stopped = asyncio.create_task(self.stop.wait())
        await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
            return
        starting.result()
        await self.rig.start_bare_tick(0 if self.live else self.scenario.seconds)
        await self.rig.start_controller()
        if self.live:
            await self.rig.start_view(self.language)
        await self._step_physics()
        stopped.cancel()
        if not self.interrupted:
            await self._last_words()

    async def _step_physics(self):
        """20 ms steps on a grid that is never moved; late steps are caught up, and lateness is recorded."""
        timeline = self.scenario.timeline()
        steps = None if self.live else round(self.scenario.seconds / STEP_S)
        started_s = time.monotonic()
        step, next_progress_s = 0, PROGRESS_S
        while not self.stop.is_set() and (steps is None or step < steps):
            wait_s = started_s + step * STEP_S - time.monotonic()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            else:
                await asyncio.sleep(0)
            self._note_lateness((time.monotonic() - started_s - step * STEP_S) * 1000.0)
            while timeline and timeline[0][0] <= step * STEP_S + 1e-9:
                self._happen(*timeline.pop(0))
            self.rig.do_later()
            self.world.step()
            self.plant_figures.step(STEP_S)
            step += 1
            if step % 50 == 0 and self._part_died():
                return
            if not self.live and self.plant.time_s >= next_progress_s:
                next_progress_s += PROGRESS_S
                print(run_report.progress(self.plant, self.plant_figures, self.language), flush=True)

    def _note_lateness(self, late_ms):
        self._late_ms.append(max(0.0, late_ms))
        if len(self._late_ms) > 400000:  # a run without an end keeps the recent part
            del self._late_ms[:200000]

    def _happen(self, at_s, begins, event):
        if begins and at_s == self.scenario.first_threat_s and self.threat is None:
            self.threat = run_checks.measure_threat(self.plant, self.plant_figures.limits.cap_w(self.plant.time_s))
        if not self.world.apply(begins, event):
            self.rig.apply(begins, event)

    def _part_died(self):
        dead = self.rig.died()
        if dead:
            name, said = dead
            self.failures.append(
                run_checks.failure(
                    f"{name} 自行退出: {' | '.join(said)}", f"{name} ended by itself: {' | '.join(said)}"
                )
            )
        return dead

    async def _last_words(self):
        """Keep the plant alive until the telemetry of the last second has arrived; figures are no longer taken."""
        self.rig.end_of_measurement()
        for _ in range(round(run_evidence.LAST_WORDS_S / STEP_S)):
            self.world.plant.step(STEP_S)
            await asyncio.sleep(STEP_S)

    # -- what came out --
    def _collect(self):
        """Everything that must be read before the processes end."""
        if self.rig.subscriber is not None:
            self.evidence.update(run_evidence.from_mqtt(self.rig.subscriber))
        self.evidence.update(run_evidence.from_bare_tick(self.rig.bare_tick))
        if self.rig.lives:
            wire, failures = run_evidence.from_wire(self.rig, self.station)
            self.evidence.update(wire)
            if not self.interrupted:
                self.failures.extend(failures)

    def figures(self):
        late_ms = sorted(self._late_ms) or [0.0]
        late_p99_ms = late_ms[int(0.99 * (len(late_ms) - 1))]
        figures = {
            "scenario": self.scenario.name,
            "station": self.station["station"]["id"],
            "seconds": round(self.plant_figures.elapsed_s, 2),
            **self.plant_figures.report(),
            **self.evidence,
            "own_figures_of_the_controller": list(run_report.OWN),
            "physics_late_p99_ms": late_p99_ms,
            "physics_late_max_ms": late_ms[-1],
            "threat": self.threat,
            "vehicles": {gun.id: gun.vehicle.label for gun in self.plant.guns.values() if gun.vehicle is not None},
        }
        figures["mqtt_messages_per_s"] = figures.get("mqtt_messages", 0) / max(STEP_S, self.plant_figures.elapsed_s)
        return figures

    def judge(self, figures, baseline):
        """All failures of the run, the unsound first."""
        failures = list(self.failures)
        if not self.interrupted:
            failures += run_checks.check_physics(figures["physics_late_p99_ms"], figures["physics_late_max_ms"])
            if self.scenario.threat:
                failures += run_checks.check_threat(self.threat)
            missed, figures["not_judged"] = run_checks.check_outcome(
                figures, self.scenario.expect, self.scenario.seconds
            )
            failures += missed
        figures["baseline"] = baseline
        figures["interrupted"] = self.interrupted
        figures["failures"] = failures
        figures["ok"] = not failures and not self.interrupted
        return figures


def load(options):
    """Scenario, station and sessions, all checked. Raises ScenarioError, ConfigError, SessionsError, NotSimulated."""
    scenario = load_scenario(options.scenario, options.station, options.seconds)
    station = station_config.load(str(scenario.station_file))
    sessions = load_sessions(options.sessions) if options.sessions else None
    world = World(scenario, station, sessions)  # the sessions must hold the cars that the scenario asks for
    build_images(station, world.plant)  # and every device must be one that can be simulated
    return scenario, station, sessions


def parse(arguments):
    parser = argparse.ArgumentParser(prog="python -m tools.run", description="Run the whole station / 运行整个场站")
    parser.add_argument("--scenario", default=DEFAULT_SCENARIO, help="scenario file (default: steady_evening)")
    parser.add_argument("--station", help="station file (default: the scenario's, else the demo station)")
    parser.add_argument("--seconds", type=int, help="length of an unattended run (default: the scenario's)")
    parser.add_argument("--json", help="write the figures to this file")
    parser.add_argument("--sessions", help="CSV of real charging sessions (default: a generator)")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    options = parser.parse_args(arguments)
    if options.seconds is not None and not 10 <= options.seconds <= 3600:
        parser.error(f"--seconds: found {options.seconds}, allowed 10..3600 / 允许 10..3600")
    return options


def main(arguments=None):
    options = parse(arguments)
    try:
        scenario, station, sessions = load(options)
    except (ScenarioError, station_config.ConfigError, SessionsError, NotSimulated) as error:
        print(error, file=sys.stderr)
        return 2
    live = sys.stdout.isatty() and options.seconds is None and options.json is None
    baseline = None
    if scenario.threat and not live:
        baseline = run_baseline(scenario, station, sessions)
        failures = run_checks.check_baseline(baseline, scenario.expect["over_cap_kws_max"], FACTOR)
        if failures:
            return finish({"scenario": scenario.name, "baseline": baseline, "failures": failures, "ok": False}, options)
    return asyncio.run(run_whole(scenario, station, sessions, options, live, baseline))


async def run_whole(scenario, station, sessions, options, live, baseline):
    run = Run(scenario, station, sessions, options.lang, live)
    await run.run()
    if run.interrupted and live and not run.failures:
        return 0
    figures = run.judge(run.figures(), baseline)
    if run.plant_figures.elapsed_s:
        print("\n".join(run_report.summary(figures, options.lang)), flush=True)
    return finish(figures, options, interrupted=run.interrupted)


def finish(figures, options, interrupted=False):
    if options.json:
        run_report.write_json(options.json, figures)
    for failure in figures["failures"]:
        print(run_report.in_language(failure["zh"], failure["en"], options.lang), file=sys.stderr)
    if interrupted and not figures["failures"]:
        return 130
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
