"""The history of the figures from the target: docs/benchmarks-board-history.tsv, one line a figure and run, the newest
at the end. A figure that has become worse than in the newest run kept there, by more than its margin, fails the bench.

Emulated time is the same in every run of the same firmware: margins are for changes, not for noise. What a day writes
to flash is no emulated time, and has a wide one.
"""

import datetime
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "benchmarks-board-history.tsv"
HEADER = "date\tversion\tcommit\tfigure\tvalue\tunit\n"
# What a figure's name begins with: (what is worse: 1 more, -1 less; permille of the kept value; and so much in its
# unit). The larger of the two is the margin. Figures that are not here are not kept.
MARGINS = {
    "control.step()": (1, 50, 0.1),
    "RTU": (-1, 30, 0.1),
    "cycle": (1, 50, 0.5),
    "late": (1, 0, 3.0),
    "collection": (1, 50, 0.5),
    "record": (1, 50, 0.5),
    "heap": (-1, 20, 512),
    "RAM": (1, 20, 512),
    "start": (1, 50, 50),
    "flash, ": (1, 100, 512),
    "flash a day": (1, 600, 16384),  # two hours of few writes: runs differ by a third
    "erases": (1, 600, 24),
}


def margin_of(name):
    """The line of MARGINS for a figure, None for one that is not kept."""
    if name.endswith("cycles that allocated"):  # has a bound of its own
        return None
    return next((margin for prefix, margin in MARGINS.items() if name.startswith(prefix)), None)


def kept(path=FILE) -> dict:
    """{figure: (value, date, commit)} of the newest run that has it. ValueError names a line that is none."""
    found = {}
    lines = path.read_text(encoding="utf-8").splitlines()[1:] if path.exists() else []
    for number, line in enumerate(lines, 2):
        fields = line.split("\t")
        if len(fields) != len(HEADER.split("\t")):
            raise ValueError(f"{path.name}:{number}: {len(fields)} columns; allowed: {len(HEADER.split())}")
        found[fields[3]] = (float(fields[4]), fields[0], fields[2])
    return found


def compare(rows, before):
    """Rows that were kept before get that value as their baseline, and fail when they are worse by more than their
    margin. rows: of a Report. before: of kept()."""
    for row in rows:
        margin = margin_of(row["name"])
        if margin is None or row["name"] not in before or row["value"] is None:
            continue
        (value, date, commit), (direction, permille, least) = before[row["name"]], margin
        most = max(abs(value) * permille / 1000, least)
        row["baseline"] = value
        row["ratio"] = round(row["value"] / value, 3) if value else None
        if (row["value"] - value) * direction > most:
            row["ok"] = False
            worse = f"WORSE than {value:g} {row['unit']} of {date} ({commit}) by more than {most:g}"
            row["note"] = f"{worse}; {row['note']}" if row["note"] else worse


def append(rows, path=FILE):
    """Keep this run."""
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    text = "" if path.exists() else HEADER
    commit = _commit()
    for row in rows:
        if margin_of(row["name"]) is not None and row["value"] is not None:
            text += f"{date}\t{version}\t{commit}\t{row['name']}\t{row['value']}\t{row['unit']}\n"
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def _commit():
    """Of the sources; with a + where they are not as committed."""
    try:
        told = ["git", "-C", str(ROOT)]
        name = subprocess.run([*told, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run([*told, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "-"
    return name.stdout.strip() + ("+" if changes.stdout.strip() else "")
