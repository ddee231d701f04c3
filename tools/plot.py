"""One picture of a scenario in virtual time: cap, grid, PV, storage, guns with their grants, and every reason.

`python -m tools.plot FILE [--output PNG]`, or `make plot SCENARIO=file`. The picture goes to build/plots/NAME.png.
Exit code as `make run`: 0 the outcome held, 1 it did not (the picture is drawn all the same), 2 bad input.
"""

import argparse
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # a file, never a window
from matplotlib import pyplot
from matplotlib.patches import Patch

from control.reasons import GUN_REASONS, STORAGE_REASONS
from firmware.config import ConfigError
from tools.loop_scenario import run_file
from tools.loop_trace import Trace
from tools.scenario import DEFAULT_SCENARIO, ScenarioError, load_scenario

FOLDER = Path("build") / "plots"
_DPI = 110


def spans(times_s, values):
    """[(from s, length s, value)] of the stretches in which a list of equal length to `times_s` keeps its value."""
    found = []
    for time_s, value in zip(times_s, values, strict=True):
        if found and found[-1][2] == value:
            found[-1][1] = time_s
        else:
            if found:
                found[-1][1] = time_s
            found.append([time_s, time_s, value])
    return [(from_s, to_s - from_s, value) for from_s, to_s, value in found]


def draw(scenario, figures, trace, output):
    """Write the picture. output: Path of a PNG; its folder is made."""
    gun_ids = list(trace.gun_kw)
    height = 7.5 + 0.28 * len(gun_ids)
    figure, axes = pyplot.subplots(
        3, 1, sharex=True, figsize=(13, height), height_ratios=[3, 3, 0.4 + 0.28 * len(gun_ids)], layout="constrained"
    )
    _powers(axes[0], trace, scenario)
    _guns(axes[1], trace, gun_ids)
    _reasons(axes[2], trace, gun_ids)
    verdict = "held" if figures["ok"] else "NOT held: " + "; ".join(each["en"] for each in figures["failures"])[:110]
    over = f"{figures['over_cap_kws']:.2f} kW·s over the cap (peak {figures['over_cap_peak_kw']:.1f} kW)"
    axes[0].set_title(f"{scenario.name}: {over}, outcome {verdict}", loc="left", fontsize=11)
    axes[2].set_xlabel("s")
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=_DPI)
    pyplot.close(figure)


def _powers(axis, trace, scenario):
    axis.plot(trace.time_s, trace.cap_kw, color="black", linestyle="--", linewidth=1.2, label="cap in force")
    axis.plot(trace.time_s, trace.grid_kw, color="tab:red", linewidth=1.4, label="grid (highest in each cycle)")
    over = [grid > cap for grid, cap in zip(trace.grid_kw, trace.cap_kw, strict=True)]
    axis.fill_between(trace.time_s, trace.cap_kw, trace.grid_kw, where=over, color="tab:red", alpha=0.4)
    axis.plot(trace.time_s, trace.pv_kw, color="goldenrod", label="PV")
    axis.plot(trace.time_s, trace.storage_kw, color="tab:green", label="storage (+ charging)")
    axis.plot(trace.time_s, trace.base_kw, color="tab:gray", label="base load")
    axis.step(trace.time_s, [10.0 * ladder for ladder in trace.ladder], color="tab:purple", linewidth=0.8,
              where="post", label="ladder x 10")
    labels = {}
    for at_s, begins, event in scenario.timeline():
        labels.setdefault(at_s, []).append(event["event"] + ("" if begins else " ends"))
    for at_s, names in labels.items():
        counted = [f"{names.count(name)} x {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)]
        axis.axvline(at_s, color="tab:blue", linewidth=0.8, alpha=0.6)
        axis.annotate("\n".join(counted), (at_s, 0.02), xycoords=("data", "axes fraction"), rotation=90, va="bottom",
                      ha="left", fontsize=7, color="tab:blue")
    axis.set_ylabel("kW")
    axis.grid(alpha=0.25)
    axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _guns(axis, trace, gun_ids):
    colours = matplotlib.colormaps["tab20"]
    for index, gun_id in enumerate(gun_ids):
        axis.plot(trace.time_s, trace.gun_kw[gun_id], color=colours(index % 20), linewidth=1.3, label=gun_id)
        axis.step(trace.time_s, trace.grant_kw[gun_id], color=colours(index % 20), linewidth=0.8, linestyle=":",
                  where="post")
    axis.set_ylabel("guns, kW (dotted: grant)")
    axis.grid(alpha=0.25)
    axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), ncols=1 + len(gun_ids) // 20)


def _reasons(axis, trace, gun_ids):
    colours = matplotlib.colormaps["tab20"]
    order = {code: place for place, code in enumerate((*GUN_REASONS, *STORAGE_REASONS))}
    rows = [*((gun_id, trace.reason[gun_id]) for gun_id in gun_ids), ("storage", trace.storage_reason)]
    seen = set()
    for row, (_, codes) in enumerate(rows):
        for from_s, length_s, code in spans(trace.time_s, codes):
            axis.broken_barh([(from_s, length_s)], (row - 0.4, 0.8), color=colours(order[code] % 20))
            seen.add(code)
    axis.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=8)
    axis.invert_yaxis()
    axis.set_ylabel("reason")
    patches = [Patch(color=colours(order[code] % 20), label=code) for code in sorted(seen, key=order.get)]
    axis.legend(handles=patches, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.plot", description=__doc__.split("\n")[0])
    parser.add_argument("scenario", nargs="?", default=DEFAULT_SCENARIO)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args(arguments)
    trace = Trace()
    try:
        scenario = load_scenario(options.scenario)
        figures = run_file(options.scenario, trace)
    except (ScenarioError, ConfigError) as error:
        print(error, file=sys.stderr)
        return 2
    output = options.output or FOLDER / f"{scenario.name}.png"
    draw(scenario, figures, trace, output)
    print(output)
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
