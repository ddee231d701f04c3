"""The firmware's arithmetic on a chip whose integers are 31 bits and whose heap is small: any board, `--port`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.emulated]

ROOT = Path(__file__).resolve().parent.parent
STATIONS = ROOT / "tests" / "control" / "random_stations.py"
# Random stations drawn alike on both runtimes, every number of control after every cycle in one checksum.
BITS = "BLOCK = 2\nprint([block(number) for number in (0, 7)])"


def test_control_gives_the_same_bits_as_on_cpython(any_board):
    source = STATIONS.read_text(encoding="utf-8").partition('\nif __name__ == "__main__"')[0]
    here = subprocess.run([sys.executable, "-c", source + "\n" + BITS], cwd=ROOT, capture_output=True, text=True)
    assert here.returncode == 0, here.stderr
    there = any_board.exec(source + "\n" + BITS, 120000)
    assert there == here.stdout and there.count(",") == 1


def test_what_passes_31_bits_is_found_by_a_locked_heap(any_board):
    """The guard of the other tests: such a number allocates here, and does not on a 64-bit machine."""
    said = any_board.exec(
        "import micropython\n"
        "def scaled(watts):\n"
        "    micropython.heap_lock()\n"
        "    try:\n"
        "        return watts * 1000 > 0\n"
        "    except MemoryError:\n"
        "        return None\n"
        "    finally:\n"
        "        micropython.heap_unlock()\n"
        "print(scaled(1000000), scaled(1080000))"
    )
    assert said == "True None\n"


def test_ticks_wrap_at_30_bits_and_differences_do_not_mind(any_board):
    said = any_board.exec(
        "from drivers.ticks import ticks_add, ticks_diff\n"
        "last = (1 << 30) - 1\n"
        "print(ticks_add(last, 1), ticks_diff(5, last), ticks_diff(last, 5))"
    )
    assert said == "0 6 -6\n"
