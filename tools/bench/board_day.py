"""A day of cycles on MicroPython in injected time (tools/bench/micro/day_of_cycles.py), as fast as it goes: what
hil_tests looks at, and what the station writes to flash.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tools.bench import board_flash

ROOT = Path(__file__).resolve().parents[2]
HEAP = "heapsize=400wK"  # the modules are compiled here, which no board does
VOLUME_BYTES = 212 * 4096  # of a Pico W
DAY_CYCLES, CYCLE_MS = 432000, 200
FLASH_CYCLES = 36000
WRAP = 1 << 30


def run(folder, cycles, start_ticks, hurry=1, counts_flash=False, within_s=3600) -> dict:
    """What the program tells of so many cycles of the demo station, the ticks beginning at `start_ticks`. folder: an
    empty one. RuntimeError with what it said when it did not come to its end."""
    folder = Path(folder)
    station = json.loads((ROOT / "tools" / "stations" / "demo.json").read_text(encoding="utf-8"))
    del station["inputs"]  # contacts are wires
    (folder / "station.json").write_text(json.dumps(station), encoding="utf-8")
    _micropython(folder, ["-m", "firmware.main", "take-in"], 120)
    program = ROOT / "tools" / "bench" / "micro" / "day_of_cycles.py"
    arguments = [program, str(cycles), str(start_ticks), str(hurry)]
    if counts_flash:
        (folder / "volume").write_bytes(b"\xff" * VOLUME_BYTES)
        arguments.append(folder / "volume")
    return json.loads(_micropython(folder, arguments, within_s).splitlines()[-1])


def _micropython(folder, arguments, within_s):
    command = [Path(sys.executable).with_name("micropython"), "-X", HEAP, *arguments]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=within_s, check=False
    )
    if done.returncode:
        raise RuntimeError(f"it ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def tell_flash(rows, folder):
    """The rows of what a day writes to flash."""
    told = run(folder, FLASH_CYCLES, 0, counts_flash=True)
    if told["errors"]:
        raise RuntimeError(f"tasks failed: {told['errors']}")
    hours = told["cycles"] * CYCLE_MS / 3600000
    how = (
        f"{hours:.1f} h of cycles extrapolated; demo station, MicroPython's own littlefs on a volume as on the Pico W, "
        f"injected time; the broker is away for a fifth of the time"
    )
    for name, (written, programmed, erased) in sorted(told["flash"].items()):
        ms = told["cycles"] * CYCLE_MS
        note = f"{board_flash.per_day(written, ms)} B/day in the file; {how}" if written else how
        rows.add(f"flash a day, {name}", board_flash.per_day(programmed, ms), "B/day", note=note)
        rows.add(f"erases a day, {name}", board_flash.per_day(erased, ms), "1/day")
