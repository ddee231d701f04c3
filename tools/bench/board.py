"""Figures from the target: `python -m tools.bench.board [--history] [--json FILE] [--only PART]`.

Everything runs on an emulated RP2040 at 125 MHz, in its own time: right for order, for ratios and from one version to
the next, optimistic as absolute times. How fast or busy this machine is changes nothing, only how long it takes: about
ten minutes. Prints a table and writes build/bench-board.json; --history adds the run to
docs/benchmarks-board-history.tsv, with which every run is compared.
"""

import json
import struct
import sys
import tempfile
from functools import partial
from pathlib import Path

from hil_tests.emulated_rig import station
from tools import firmware_ram
from tools.bench import board_day, board_flash, board_history
from tools.bench.board_station import BOARD, CAP_W, GUNS, BoardStation, share
from tools.bench.report import run_parts
from tools.bench.timed_slave import permitted_per_s
from tools.board.emulated import EmulatedBoard
from tools.board.files import checked, image
from tools.board.repl import Repl
from tools.firmware_image import build
from tools.firmware_modules import Tree
from tools.sim.serial_line import crc16

MICRO = Path(__file__).resolve().parent / "micro"
EMULATED = "emulated RP2040 at 125 MHz, optimistic"
STEP_GUNS = (8, 16, 32)
STEP_ROUNDS = 40
STEP_MS, LATE_MS, FREE_BYTES = 20.0, 20.0, 40960
BAUDS = (9600, 19200, 115200)
RTU_MS, REGISTERS = 3000, 10
COMMANDS = ("status", "why gun1", "devices", "bus", "alarms", "limits", "log", "help")
QUIET_MS, COMMAND_MS, FAULT_MS = 25000, 2500, 8000
AFTER_START_MS = 3000


def bare(guns):
    """A board that has the firmware for a station of so many guns, with the names of its sources, and does not run
    it."""
    board = EmulatedBoard()
    built = build(BOARD, station(guns, 75000 * guns), own_names=True)
    board.load(image({path: data for path, data in built.files.items() if path != "main.py"}))
    board.power_on()
    return board


def control(rows):
    source, _, _ = (MICRO / "control_step.py").read_text(encoding="utf-8").partition("\nif not locked(bytearray")
    for guns in STEP_GUNS:
        with bare(guns) as board:
            told = f"\n_ROUNDS = {STEP_ROUNDS}\nprint(locked(bytearray, 100), json.dumps(measure({guns})))"
            locks, _, said = Repl(board).exec(source + told, 120000).partition(" ")
        if locks != "True":
            raise RuntimeError("heap_lock() does not lock")
        result = json.loads(said)
        how = f"{STEP_ROUNDS} cycles, all guns charging under a full cap in four halls; as built for so many guns"
        bound = ("value", "<=", STEP_MS) if guns == max(STEP_GUNS) else None
        rows.add(f"control.step(), {guns} guns, median", result["p50_us"] / 1000, "ms", note=how)
        rows.add(f"control.step(), {guns} guns, worst", result["p99_us"] / 1000, "ms", bound=bound)
        rows.add(
            f"control.step(), {guns} guns, cycles that allocated", result["allocations"], "", bound=("value", "==", 0),
            note="run with the heap locked",
        )  # fmt: skip


class BareSlave:
    """Answers reads of unit 1 at once, register n holding n: what is left is the line's time and ours."""

    def __init__(self, board, uart):
        self._board, self._uart = board, uart
        board.peers[uart] = self

    def heard(self, frame):
        if crc16(frame.data) != 0 or frame.data[:2] != b"\x01\x03":
            return
        register, count = struct.unpack(">HH", frame.data[2:6])
        answer = struct.pack(f">BBB{count}H", 1, 3, 2 * count, *range(register, register + count))
        self._board.send(self._uart, self._board.now_ns, answer + crc16(answer).to_bytes(2, "little"))


def rtu(rows):
    source = (MICRO / "rtu_rounds.py").read_text(encoding="utf-8")
    for baud in BAUDS:
        with bare(1) as board:
            BareSlave(board, 1)
            told = "\nimport asyncio\nfrom boards.rpi_pico_w.uart import open_uart\n"
            told += f"asyncio.run(measure(open_uart, 'UART1', {baud}, {RTU_MS}, {REGISTERS}))"
            result = json.loads(Repl(board).exec(source + told, 20000))
            line = board.figures()["lines"][1]
        if result["errors"] or line["undriven"] or line["deaf"] or line["overruns"]:
            raise RuntimeError(f"RTU {baud} Bd: {result}, {line}")
        rate, floor = result["requests"] * 1e6 / result["us"], permitted_per_s(baud, REGISTERS)
        rows.add(
            f"RTU {baud} Bd, {REGISTERS} registers", round(rate, 2), "1/s", floor=round(floor, 2),
            note=f"{100 * rate / floor:.1f} % of what the line permits: 11-bit characters, two gaps, turnaround 0",
        )  # fmt: skip


def running(rows):
    """The 8-gun station: start, cycles, collections, heap; then the console and faults of the lines."""
    with BoardStation() as rig:
        rig.load()
        rig.charge()
        first = rig.start()
        began_ns, began = rig.board.now_ns, len(rig.board.flash_log)
        quiet = rig.watch(QUIET_MS)
        tell_pauses(rows, quiet)
        for command in COMMANDS:
            rig.board.type(command.encode() + b"\r")
            rig.run(COMMAND_MS)
        tell_cycles(rows, "cars charging, then each console command", rig.since(began_ns))
        programmed, _ = board_flash.programmed(rig.board.flash_log[began:])
        rows.add("flash, running without a platform", programmed, "B", note="in the windows above")
        tell_heap(rows, rig)
        guns = rig.lines["gun-line"]
        guns.dead = True
        tell_cycles(rows, "gun line dead", rig.watch(FAULT_MS))
        guns.dead = False
        tell_cycles(rows, "gun line back", rig.watch(FAULT_MS))
        for line in rig.lines.values():
            line.noise = line.lost = 0.1
        tell_cycles(rows, "noise and lost bytes on both lines", rig.watch(FAULT_MS))
        if rig.worst_w() > CAP_W:
            raise RuntimeError(f"the cap of {CAP_W} W was not held: {rig.worst_w():.0f} W")
        rig.board.power_off()
        rig.run(200)
        for line in rig.lines.values():
            line.noise = line.lost = 0.0
        again = rig.start()
    for name, (cycle_ms, limits_ms) in (("new station file", first), ("as before", again)):
        rows.add(f"start, {name}: first cycle", round(cycle_ms), "ms", note="from power on")
        how = "from power on; the first safe cycle is before it"
        rows.add(f"start, {name}: every gun has a limit", round(limits_ms), "ms", note=how)


def tell_cycles(rows, when, seen):
    """The rows of what was seen of the cycles in one window."""
    faulty = "line" in when
    rows.add(f"late, {when}, p50", round(share(seen.late_ms, 500), 1), "ms", note=f"{len(seen.late_ms)} cycles")
    bound = None if faulty else ("value", "<=", LATE_MS)
    rows.add(f"late, {when}, p99", round(share(seen.late_ms, 990), 1), "ms", bound=bound)
    rows.add(f"late, {when}, max", round(seen.late_ms[-1], 1), "ms")
    rows.add(f"missed, {when}", seen.missed, "", bound=("value", "==", 0))
    how = "snapshot, control, commit"
    rows.add(f"cycle, {when}, median", round(share(seen.tick_ms, 500), 1), "ms", note=how)
    rows.add(f"cycle, {when}, worst", round(seen.tick_ms[-1], 1), "ms")


def tell_pauses(rows, seen):
    how = "in the slack of each cycle"
    rows.add("collection of garbage, median", round(share(seen.pause_ms, 500), 1), "ms", note=how)
    rows.add("collection of garbage, worst", round(seen.pause_ms[-1], 1), "ms")
    how = "of the black box, in the slack of each cycle"
    rows.add("record, median", round(share(seen.record_ms, 500), 1), "ms", note=how)
    rows.add("record, worst", round(seen.record_ms[-1], 1), "ms", note="with the whole memory of control")


def tell_heap(rows, rig):
    heap = rig.heap()
    rows.add(
        "heap free, running station", heap.free, "B", bound=("value", ">=", FREE_BYTES),
        note=f"after a collection; {GUNS} guns, console loaded, black box on, no MQTT; the bench's own probe included",
    )  # fmt: skip
    rows.add("heap, largest block", heap.largest, "B")


def ram(rows):
    """The RAM report of the build, `make firmware BOARD=rpi_pico_w STATION=... RAM=1`."""
    whole = build(BOARD, checked(station(GUNS, CAP_W)), is_linked=False)
    costs, heap = firmware_ram.measure(whole, Tree())
    rows.add("heap of a board that has just started", heap, "B")
    unknown = [name for name, cost in costs.items() if cost is None]
    if unknown:
        raise RuntimeError(f"not measured: {', '.join(unknown)}")
    for package in sorted({name.partition(".")[0] for name in costs}):
        own = {name: cost for name, cost in costs.items() if name.partition(".")[0] == package}
        largest = sorted(own, key=own.get, reverse=True)[:8]
        rows.add(
            f"RAM of all modules of {package}", sum(own.values()), "B",
            note="never all at once; the largest: " + ", ".join(f"{name} {own[name]}" for name in largest),
        )  # fmt: skip


def flash(rows):
    """What a start writes, on the board; what a day writes, on a volume like the board's."""
    with BoardStation(1, 200000) as rig:
        rig.load()
        rig.charge()
        for name in ("new station file", "as before"):
            began = len(rig.board.flash_log)
            rig.start()
            rig.run(AFTER_START_MS)
            programmed, erased = board_flash.programmed(rig.board.flash_log[began:])
            rows.add(f"flash, start, {name}", programmed, "B", note=f"{erased} sectors erased")
            rig.board.power_off()
            rig.run(200)
    with tempfile.TemporaryDirectory() as folder:
        board_day.tell_flash(rows, folder)


def history(rows, keep=False):
    """Compares with the newest run that was kept; keep: adds this one."""
    board_history.compare(rows.rows, board_history.kept())
    if keep:
        board_history.append(rows.rows)


PARTS = {"control": control, "rtu": rtu, "station": running, "ram": ram, "flash": flash}


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    keep = "--history" in arguments
    rest = [each for each in arguments if each != "--history"]
    print(EMULATED)
    parts = {**PARTS, "history": partial(history, keep=keep)}
    return run_parts("bench-board", "build/bench-board.json", parts, __doc__, rest)


if __name__ == "__main__":
    sys.exit(main())
