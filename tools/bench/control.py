"""`make bench-control`: how well control shares the power, measured in the simulated plant in virtual time, and how
fast the whole stack reacts in real time.

Table on the terminal, rows in build/bench-control.json. Ends with 1 when a bound was missed or a row could not be
measured. DAY=file (or GUANGCHU_DAY) names the composed day; --parts step,events,stack,day measures parts.
"""

import argparse
import os
import sys
import time

from tools.bench import control_day, control_events, control_stack
from tools.bench.processes import on_micropython
from tools.bench.report import Report

COMMAND = "make bench-control"
OUTPUT = "build/bench-control.json"
PARTS = ("step", "events", "stack", "day")
GUNS = (8, 32, 64)


def measure_step(report):
    """One step of control on MicroPython: time by number of guns, its growth, and no allocation under heap_lock."""
    results = {each["guns"]: each for each in on_micropython("micro/control_step.py", *GUNS)}
    for guns in GUNS:
        found = results[guns]
        report.add(
            f"one step with {guns} guns on MicroPython unix: median", found["p50_us"], "us",
            note=f"p99 {found['p99_us']} us; {found['bound_guns']} guns held back by a circuit",
        )
    growth = results[64]["p50_us"] / results[8]["p50_us"]
    report.add(
        "growth of a step from 8 to 64 guns", round(growth, 2), "x", floor=8.0, bound=("value", "<=", 12.0),
        note="8 times the guns: near linear is at most half as much again",
    )
    allocations = sum(each["allocations"] for each in results.values())
    report.add(
        "steps of 3 x 400 that allocated under heap_lock()", allocations, "", bound=("value", "<=", 0),
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.bench.control", description=__doc__.split("\n")[0])
    parser.add_argument("--day", default=os.environ.get("GUANGCHU_DAY"), help="file of the composed day")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--phases", type=int, default=control_events.PHASES, help="event times in one cycle")
    parser.add_argument("--output", default=OUTPUT)
    options = parser.parse_args(arguments)
    parts = options.parts.split(",")
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not 1 <= options.phases <= control_events.PHASES:
        parser.error(f"--parts: found {unknown}, allowed {PARTS}; --phases 1..{control_events.PHASES}")
    report = Report(COMMAND)
    began_s = time.monotonic()
    if "step" in parts:
        measure_step(report)
    if "events" in parts:
        control_events.measure(report, options.phases)
    if "stack" in parts:
        control_stack.measure(report)
    if "day" in parts:
        control_day.measure(report, options.day)
    report.add("time of this benchmark", round(time.monotonic() - began_s), "s", bound=("value", "<=", 1500))
    report.print()
    report.write(options.output)
    return 0 if report.passed else 1


if __name__ == "__main__":
    sys.exit(main())
