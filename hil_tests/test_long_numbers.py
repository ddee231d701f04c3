"""Control with the largest powers that a station file may hold, on the chip: every number stays within the 31 bits of a
small integer (the heap is locked meanwhile: a longer one would need some), and every bit is that of CPython.
"""

import copy
import subprocess
import sys
from pathlib import Path

import pytest

from hil_tests.emulated_rig import station
from tools.bench.board import bare
from tools.board.files import checked
from tools.board.repl import Repl

pytestmark = [pytest.mark.emulated, pytest.mark.long, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parent.parent
STATIONS = ROOT / "tests" / "control" / "random_stations.py"
GUNS, MOST_W, MOST_GUN_W = 8, 10_000_000, 2_000_000  # docs/station-file.md
LARGEST = f"""
try:
    from micropython import heap_lock, heap_unlock
except ImportError:
    heap_lock = heap_unlock = int

MOST_W, MOST_GUN_W = {MOST_W}, {MOST_GUN_W}

def largest():
    devices = [{{"id": "meter", "role": "meter"}}]
    for number in range(2):
        devices.append({{"id": "pv%d" % number, "role": "pv", "rated_w": MOST_W}})
    devices.append({{"id": "bms", "role": "bms"}})
    devices.append({{"id": "pcs", "role": "pcs", "rated_w": MOST_W, "bms": "bms"}})
    for number in range({GUNS}):
        devices.append({{
            "id": "g%d" % number, "role": "gun", "circuit": "c%d" % (number % 2), "class": _CLASSES[number % 5],
            "min_w": (5000, MOST_GUN_W)[number % 3 == 2], "max_w": MOST_GUN_W, "fallback_w": 5000 * number,
            "watchdog_s": (None, 3600)[number % 2], "phases": 3, "lag_ms": 10000,
            "ramp_up_w_s": (100, MOST_GUN_W)[number // 2 % 2], "ramp_down_w_s": (MOST_GUN_W, 100)[number // 2 % 2],
        }})
    return {{
        "cycle_ms": 1000, "headroom_permille": 200, "base_load": {{"max_w": MOST_W, "min_w": -MOST_W}},
        "circuits": [{{"id": "c0", "parent": None, "cap_w": MOST_W}}, {{"id": "c1", "parent": "c0", "cap_w": MOST_W}}],
        "devices": devices,
        "storage": {{"reserve_soc_permille": 0, "support_w": MOST_W, "charge_w": MOST_W}},
        "class_weights": {{"guaranteed": 100, "super": 100, "fast": 1, "slow": 1}},
    }}

def tell_largest(s, draw):
    tell(s, draw)
    inputs = s.inputs
    total_w = draw.of((-MOST_W, 0, MOST_W))
    for p in range(s.pvs):
        inputs.pv_w[p] = draw.of((0, MOST_W // 2, MOST_W))
        total_w -= inputs.pv_w[p]
    for g in range(s.guns):
        inputs.gun_upper_w[g] = draw.of((s.min_w[g], MOST_GUN_W))
        inputs.gun_w[g] = draw.of((0, MOST_GUN_W // 2, MOST_GUN_W))
        inputs.gun_required_w[g] = draw.of((0, MOST_GUN_W))
        total_w += inputs.gun_w[g]
    inputs.storage_w = draw.of((-MOST_W, 0, MOST_W))
    inputs.storage_upper_w = draw.of((0, MOST_W))
    inputs.charge_max_w = inputs.discharge_max_w = MOST_W
    inputs.grid_w = total_w + inputs.storage_w
    inputs.emergency_stop = draw.one_in(25)

def tell_calm(s, draw):
    # Everything is fresh, the sun shines, cars take what they are given: the guns get as much as there can be.
    inputs = s.inputs
    total_w = 0
    for p in range(s.pvs):
        inputs.pv_w[p], inputs.pv_age_ms[p] = MOST_W, 50
        total_w -= MOST_W
    for g in range(s.guns):
        if s.grant_w[g] >= 0:
            inputs.gun_upper_w[g] = s.grant_w[g]
        inputs.gun_w[g], inputs.gun_state[g], inputs.gun_age_ms[g] = inputs.gun_upper_w[g], 2, 50
        inputs.gun_held_known[g], inputs.gun_required_w[g] = 1, 0
        total_w += inputs.gun_w[g]
    inputs.storage_w, inputs.storage_age_ms, inputs.bms_age_ms = s.storage_setpoint_w, 50, 50
    inputs.soc_permille, inputs.charge_max_w, inputs.discharge_max_w = 600, MOST_W, MOST_W
    inputs.grid_age_ms, inputs.grid_is_new, inputs.emergency_stop = 50, True, False
    inputs.grid_w = total_w + inputs.storage_w + draw.below(1000)
    for c in range(s.circuits):
        inputs.circuit_limit_w[c] = NO_LIMIT_W

def locked_step(s, dt_ms, grid_w):
    heap_lock()
    try:
        step(s, dt_ms)
        react(s, grid_w)
    finally:
        heap_unlock()

def largest_checksum(cycles):
    draw = Draw(3)
    guns = ["g%d" % number for number in range({GUNS})]
    s = Station(largest(), dict([(each, 10000) for each in guns]))
    mine, told, total, highest_w = numbers(s), numbers(s.inputs), 0, 0
    for number in range(cycles):
        calm = number % 150 < 120
        (tell_calm if calm else tell_largest)(s, draw)
        dt_ms = 1000 if calm else draw.of(_STEPS_MS)
        grid_w = s.inputs.grid_w + draw.below(1000 if calm else MOST_W)
        locked_step(s, dt_ms, grid_w)
        highest_w = max(highest_w, max(s.grant_w))
        total = summed(s, mine, summed(s.inputs, told, total))
    return total, highest_w

print(largest_checksum(300))
"""


def test_the_station_file_takes_these_powers_and_no_larger_ones():
    data = station(1, MOST_W, "alpitronic_hyc")
    data["devices"][1]["max_w"] = MOST_GUN_W
    checked(data)
    for place, key, most in (("circuits", "cap_w", MOST_W), ("devices", "max_w", MOST_GUN_W)):
        larger = copy.deepcopy(data)
        larger[place][-1][key] = most + 1
        with pytest.raises(Exception, match=key):
            checked(larger)


def test_the_largest_powers_give_the_same_bits_as_on_cpython_and_need_no_heap(emulator):
    source = STATIONS.read_text(encoding="utf-8").partition('\nif __name__ == "__main__"')[0] + "\n" + LARGEST
    here = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False)
    assert here.returncode == 0, here.stderr
    total, highest_w = map(int, here.stdout.strip("()\n").split(","))
    assert total and highest_w == MOST_GUN_W  # the largest was granted to somebody
    board = bare(GUNS)
    with board:
        assert Repl(board).exec(source, 120000) == here.stdout
