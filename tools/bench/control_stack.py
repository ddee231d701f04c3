"""Reaction of the whole stack in real time: `make run`'s processes, buses and firmware on MicroPython, with steps of
the base load at different moments of the cycle. What counts is when a device of the plant was given its new setpoint.
"""

import asyncio
import statistics

from firmware import config as station_config
from tools.run import Run
from tools.scenario import SCENARIOS, Scenario, load_scenario

BY_W = 30000
FIRST_S, EVERY_S, BACK_S = 24.0, 10.04, 3.0  # every step 40 ms later in the cycle of 200 ms
STEPS = 5
_WITHIN_S = 2.0
_CLEAR_W = 3000  # a decrease of so much is no noise


class WatchedRun(Run):
    """A run that keeps what each device was told: [(plant time, W), ...] by device id."""

    def __init__(self, scenario, station):
        super().__init__(scenario, station, None, "en", live=False)
        self.told = {}
        for gun in self.plant.guns.values():
            gun.write_limit = self._noting(gun.id, gun.write_limit)
        for storage_id, storage in self.plant.storage.items():
            storage.write_setpoint = self._noting(storage_id, storage.write_setpoint)

    def _noting(self, device_id, write):
        told = self.told[device_id] = []

        def note(watts):
            told.append((self.plant.time_s, watts))
            write(watts)

        return note


def scenario(steps=STEPS):
    """The demo station in the evening; each step is taken back before the next."""
    quiet = load_scenario(SCENARIOS / "base_load_step.json")
    events = []
    for number in range(steps):
        at_s = FIRST_S + number * EVERY_S
        events.append({"at_s": at_s, "event": "base_step", "by_w": BY_W})
        events.append({"at_s": at_s + BACK_S, "event": "base_step", "by_w": -BY_W})
    seconds = int(events[-1]["at_s"]) + 2
    data = {**quiet.data, "name": "reaction", "seconds": seconds, "threat": False, "events": events, "expect": {}}
    return Scenario(quiet.file, data, quiet.station_file)


def reaction_s(told, at_s):
    """From the step to the last device whose first clear decrease after it was written; None when nothing was."""
    firsts = []
    for writes in told.values():
        before = [watts for time_s, watts in writes if time_s <= at_s]
        lower = [
            time_s
            for time_s, watts in writes
            if before and at_s < time_s <= at_s + _WITHIN_S and watts < before[-1] - _CLEAR_W
        ]
        firsts += lower[:1]
    return max(firsts) - at_s if firsts else None


def run(steps=STEPS):
    """-> ([reaction in s, ...], [why the run was not sound, ...])."""
    what = scenario(steps)
    watched = WatchedRun(what, station_config.load(str(what.station_file)))
    asyncio.run(watched.run())
    failures = watched.judge(watched.figures(), None)["failures"]
    starts = [event["at_s"] for event in what.events if event["by_w"] > 0]
    return [reaction_s(watched.told, at_s) for at_s in starts], [each["en"] for each in failures]


def measure(report):
    times_s, failures = run()
    name = f"reaction, base +{BY_W // 1000} kW to the last setpoint written, full stack"
    if failures or None in times_s:
        report.not_measured(name, "ms", "; ".join(failures) or "a step that no device was told about")
        return
    for kind, value_s in (("mean", statistics.mean(times_s)), ("worst", max(times_s))):
        report.add(f"{name}: {kind}", round(1000 * value_s), "ms", note=f"{len(times_s)} steps in real time")
