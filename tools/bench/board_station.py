"""The station whose figures `make bench-board` takes: guns and a meter on RTU at the emulated Pico W, wired and
faulted as in hil_tests, with what its makers do not put on a board: pins that tell when a cycle begins and ends and
when garbage is collected, and a word about the heap when it is asked for.

The moments come from the emulator, to the nanosecond of its own clock; the firmware's own counters are not used.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from hil_tests.emulated_rig import EmulatedRig, station
from tools.board.emulated import MS
from tools.board.files import checked, image
from tools.firmware_image import build
from tools.firmware_modules import ROOT

BOARD = "rpi_pico_w"
GUNS, CAP_W = 8, 600000
CAR_W = 100e3
_BASE_W = 20e3
TICK_PIN, GC_PIN, HEAP_PIN, RECORD_PIN = 20, 21, 22, 19  # nobody else uses them on this board
_START_MS = 30000
_HEAP_MS = 3000
_PACKAGES = ("boards", "control", "drivers", "firmware")
# What is put into firmware/cycle.py for the measurement: (text that is there once, what takes its place).
_PROBES = (
    (
        "import gc\nfrom array import array\n",
        """import gc
import micropython
from array import array

from machine import Pin, Timer
""",
    ),
    (
        "\n\nclass Cycle:",
        """
ticking, collecting, recording = [Pin(number, Pin.OUT, value=0) for number in (20, 21, 19)]
asked = Pin(22, Pin.IN, Pin.PULL_DOWN)


def tell_heap(timer):
    if asked():
        gc.collect()
        micropython.mem_info()


heap_timer = Timer(-1, period=1000, callback=tell_heap)


class Cycle:""",
    ),
    (
        "                dt_ms = self.tick(now_ms)\n",
        """                ticking(1)
                dt_ms = self.tick(now_ms)
                ticking(0)
""",
    ),
    (
        "                    self.box.record(dt_ms)\n            gc.collect()\n",
        """                    recording(1)
                    self.box.record(dt_ms)
                    recording(0)
            collecting(1)
            gc.collect()
            collecting(0)
""",
    ),
)


def probed(folder) -> Path:
    """The sources with the probes, in an empty folder. RuntimeError when the place of one is not there."""
    for package in _PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "firmware" / "cycle.py"
    source = path.read_text(encoding="utf-8")
    for place, probe in _PROBES:
        if source.count(place) != 1:
            raise RuntimeError(f"firmware/cycle.py: {source.count(place)} places for a probe; allowed: 1: {place!r}")
        source = source.replace(place, probe)
    path.write_text(source, encoding="utf-8")
    return folder


class Heap(NamedTuple):
    """Bytes, after a collection."""

    free: int
    largest: int


class Window(NamedTuple):
    """What was seen between two moments. late_ms, tick_ms, pause_ms, record_ms: of each cycle, in rising order. missed:
    cycles that never began."""

    late_ms: list
    tick_ms: list
    pause_ms: list
    record_ms: list
    missed: int


class BoardStation(EmulatedRig):
    """guns: of the station file. Leaving the context ends the board."""

    def __init__(self, guns=GUNS, cap_w=CAP_W, data=None):
        super().__init__(data or station(guns, cap_w))
        facts = checked(self.station)
        with tempfile.TemporaryDirectory() as folder:
            self.files = build(BOARD, facts, root=probed(Path(folder))).files
        for pin in (TICK_PIN, GC_PIN, RECORD_PIN):
            self.board.watch(pin)
        self.board.set_input(HEAP_PIN, 0)

    def load(self, more=None):
        """A new flash chip. more: further files, {path: bytes}."""
        self.board.load(image({**self.files, "station.json": self.station_file(), **(more or {})}))

    def start(self, ms=_START_MS):
        """Power on, until every gun has been told a limit. (ms to the first cycle, ms to the last gun's first limit).
        RuntimeError with what the board said when it does not come so far."""
        began_ns = self.board.now_ns
        told = {gun: len(self.writes(gun)) for gun in self.plant.guns}
        self.board.edges.clear()
        self.board.power_on()
        self.board.type(b"\n")  # USB prints nothing before
        if not self.run_until(lambda: all(len(self.writes(gun)) > told[gun] for gun in told), ms):
            raise RuntimeError(f"no limits after {ms} ms: {bytes(self.board.printed)[-400:].decode(errors='replace')}")
        first_ns = next(ns for ns, pin, level in self.board.edges if pin == TICK_PIN and level)
        limits_s = max(self.writes(gun)[told[gun]][0] for gun in told)
        return (first_ns - began_ns) / MS, limits_s * 1000 - began_ns / MS

    def charge(self, watts=CAR_W):
        for gun in self.plant.guns:
            self.plug(gun, watts)

    def watch(self, ms) -> Window:
        """Run, and tell what was seen meanwhile."""
        began_ns = self.board.now_ns
        self.run(ms)
        return self.since(began_ns)

    def since(self, began_ns) -> Window:
        return window(self.board.edges, began_ns, self.station["cycle_ms"] * MS)

    def heap(self) -> Heap:
        """Of the running station, asked for in its slack. The cycles near it are late for it."""
        return self.heaps(_HEAP_MS)[-1]

    def heaps(self, ms) -> list:
        """One a second while the station runs for `ms`."""
        self.board.printed.clear()
        self.board.set_input(HEAP_PIN, 1)
        self.run(ms)
        self.board.set_input(HEAP_PIN, 0)
        said = bytes(self.board.printed).decode(errors="replace")
        found = re.findall(r"free: (\d+)\s.*?max free sz: (\d+)", said, re.DOTALL)
        if not found:
            raise RuntimeError(f"no word about the heap in {ms} ms: {said[-400:]}")
        return [Heap(int(free), 16 * int(blocks)) for free, blocks in found]


def window(edges, since_ns, cycle_ns) -> Window:
    """edges: [(ns, pin, level), ...] of a board since its start. Lateness is told against the grid of cycles on which
    the earliest of all cycles since the start lies: its own lateness is below the millisecond of the board's clock."""
    begins, ends = _pairs(edges, TICK_PIN)
    if not begins:
        raise RuntimeError("no cycle was seen")
    late_ns = _late_ns(begins, cycle_ns)
    kept = [place for place, at in enumerate(begins) if at >= since_ns]
    if not kept:
        raise RuntimeError("no cycle was seen")
    due_ns = [begins[place] - late_ns[place] for place in (kept[0], kept[-1])]
    return Window(
        sorted(late_ns[place] / MS for place in kept),
        sorted((ends[place] - begins[place]) / MS for place in kept),
        _spans(edges, GC_PIN, since_ns),
        _spans(edges, RECORD_PIN, since_ns),
        round((due_ns[1] - due_ns[0]) / cycle_ns) + 1 - len(kept),
    )


def _late_ns(begins, cycle_ns):
    """Of each cycle. Where in a period most of them begin is told by the middle one; up to three quarters of a period
    behind it a cycle is late, before it early."""
    phases = [at % cycle_ns for at in begins]

    def apart(one, other):
        distance = abs(one - other)
        return min(distance, cycle_ns - distance)

    middle = min(set(phases), key=lambda phase: sum(apart(phase, other) for other in phases))
    offsets = [(phase - middle + cycle_ns / 4) % cycle_ns - cycle_ns / 4 for phase in phases]
    return [offset - min(offsets) for offset in offsets]


def _spans(edges, pin, since_ns):
    """How long a pin was high, ms, in rising order."""
    return sorted((end - begin) / MS for begin, end in zip(*_pairs(edges, pin), strict=True) if begin >= since_ns)


def _pairs(edges, pin):
    """(rises, falls) of a pin, each rise with its fall."""
    rises, falls = [], []
    for at_ns, number, level in edges:
        if number == pin:
            if level:
                rises.append(at_ns)
            elif len(falls) < len(rises):  # the fall before the first rise is the pin's own beginning
                falls.append(at_ns)
    return rises[: len(falls)], falls


def share(ordered, permille):
    """The value that `permille` of an ordered list do not exceed (nearest rank)."""
    if not ordered:
        raise RuntimeError("nothing was measured")
    return ordered[max(0, -(-len(ordered) * permille // 1000) - 1)]
