"""Rows of a benchmark: collected as they are measured, printed as a table, written as JSON.

A row is {"name", "value", "unit", "baseline", "ratio", "floor", "bound", "ok", "command", "note"}: the figure, the peer
measured in the same run, the ratio to it (or to the physical floor), what the physics permits, the bound asked for, and
whether it held. A row without a bound has `bound` null and `ok` true; one that could not be measured has `ok` null and
the reason in `note`, and counts as failed. Beside the JSON lies the same as a table in Markdown.
"""

import argparse
import json
import operator
import platform
from pathlib import Path

from rich.console import Console
from rich.table import Table

_COMPARE = {">=": operator.ge, "<=": operator.le, "==": operator.eq}


class Report:
    """command: what a reader types to measure again."""

    def __init__(self, command):
        self.command = command
        self.rows = []

    def add(self, name, value, unit, *, baseline=None, ratio=None, floor=None, bound=None, note=""):
        """bound: None or (what, comparison, limit), e.g. ("ratio", ">=", 1.5); `what` is "value" or "ratio"."""
        row = {"name": name, "value": value, "unit": unit, "baseline": baseline, "ratio": ratio, "floor": floor}
        row["bound"] = None if bound is None else "{} {} {}".format(*bound)
        row["ok"] = True if bound is None else _COMPARE[bound[1]](row[bound[0]], bound[2])
        row.update(command=self.command, note=note)
        self.rows.append(row)

    def not_measured(self, name, unit, reason):
        row = dict.fromkeys(("value", "baseline", "ratio", "floor", "bound", "ok"))
        row.update(name=name, unit=unit, command=self.command, note=f"not measured: {reason}")
        self.rows.append(row)

    @property
    def passed(self):
        return bool(self.rows) and all(row["ok"] for row in self.rows)

    def write(self, path):
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        path.with_suffix(".md").write_text(self.markdown(), encoding="utf-8")

    def markdown(self):
        """The table and its notes as they stand in docs/."""
        lines = ["| figure | value | unit | baseline | ratio | floor | bound | held |"]
        lines.append("|---|---|---|---|---|---|---|---|")
        for row in self.rows:
            held = {True: "yes" if row["bound"] else "", False: "**no**", None: "not measured"}[row["ok"]]
            figures = [_text(row[key]) for key in ("value", "unit", "baseline", "ratio", "floor", "bound")]
            lines.append("| " + " | ".join([row["name"], *figures, held]) + " |")
        lines += ["", *[f"- **{row['name']}**: {row['note']}." for row in self.rows if row["note"]]]
        return "\n".join(lines) + "\n"

    def print(self):
        table = Table(title=f"{self.command}  ({machine()})")
        for heading in ("", "value", "unit", "baseline", "ratio", "floor", "bound", "ok"):
            table.add_column(heading, justify="left" if heading in ("", "unit", "bound") else "right")
        for row in self.rows:
            ok = {True: "yes" if row["bound"] else "", False: "NO", None: "?"}[row["ok"]]
            figures = [_text(row[key]) for key in ("value", "unit", "baseline", "ratio", "floor", "bound")]
            table.add_row(row["name"], *figures, ok)
        Console(width=150).print(table)
        for row in self.rows:
            if row["note"]:
                print(f"  {row['name']}: {row['note']}")


def run_parts(target, file, parts, about, arguments=None):
    """The program of a benchmark: `make <target>`, its JSON in `file`. parts: {name: function that adds rows to a
    Report}. What could not be measured is a failed row. Returns the exit code."""
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("--json", default=file)
    parser.add_argument("--only", choices=sorted(parts))
    options = parser.parse_args(arguments)
    rows = Report(f"make {target}")
    for name, part in parts.items():
        if options.only in (None, name):
            print(f"== {name}", flush=True)
            try:
                part(rows)
            except (OSError, RuntimeError, ValueError) as error:
                rows.not_measured(name, "", error)
    rows.print()
    rows.write(options.json)
    return 0 if rows.passed else 1


def machine():
    """The class of machine, without its name."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.processor()
    )
    cores = sum(line.startswith("processor") for line in _cpuinfo())
    return f"{cores} cores {model or platform.machine()}, CPython {platform.python_version()}"


def _cpuinfo():
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _text(figure):
    if figure is None:
        return ""
    return f"{figure:g}" if isinstance(figure, float) else str(figure)
