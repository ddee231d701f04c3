"""24 devices, one silent, one slow, one babbling: how much the healthy ones and the loop notice."""

import json
import tempfile
from pathlib import Path

from tools.bench.fleet_server import BAUD, FAULTY_UNIT, LINES, TCP_DEVICES, UNITS
from tools.bench.processes import on_micropython, server

SECONDS = 85  # of each run from its third second on: the finding out of the faulty devices, and every probe of them
BARE_SECONDS = 20
ROUNDS = 2


def station(places, with_faulty):
    """What `build_buses` needs of a station file, and the ids of the healthy devices."""
    buses, devices, healthy = [], [], []

    def add(bus, unit, faulty):
        name = f"gun{len(devices) + 1}"
        if faulty and not with_faulty:
            return
        devices.append(
            {"id": name, "role": "gun", "profile": "cn_pile_v2", "bus": bus, "unit": unit, "max_w": 60000,
             "min_w": 0, "fallback_w": 0, "watchdog_s": None}
        )  # fmt: skip
        if not faulty:
            healthy.append(name)

    for n, port in enumerate(places["tcp"]):
        faulty = n == TCP_DEVICES - 1
        if with_faulty or not faulty:
            buses.append({"id": f"lan{n}", "kind": "tcp", "host": "127.0.0.1", "tcp_port": port})
        add(f"lan{n}", 1, faulty)
    for n, path in enumerate(places["rtu"]):
        buses.append({"id": f"line{n}", "kind": "rtu", "port": path, "baud": BAUD, "stop_bits": 2})
        for unit in range(1, UNITS + 1):
            add(f"line{n}", unit, unit == FAULTY_UNIT)
    return {"buses": buses, "devices": devices}, healthy


class Fleet:
    """Histograms of lateness (0.1 ms) and of age (2 ms), and the requests to faulty devices, summed over the rounds."""

    def __init__(self):
        self.late, self.ages, self.asked = {}, {}, {}
        self.absent = 0
        self.quarantined = set()

    def add(self, result):
        for name in ("late", "ages"):
            counts, numbers = getattr(self, name), [int(each) for each in result[name].split()]
            for bucket, count in zip(numbers[::2], numbers[1::2], strict=True):
                counts[bucket] = counts.get(bucket, 0) + count
        for name, requests in result["asked"].items():
            self.asked[name] = self.asked.get(name, 0) + requests
        self.absent += result["absent"]
        self.quarantined.update(result["quarantined"])


def percentile(counts, permille):
    """The upper edge of the bucket that holds this share; in buckets."""
    need = (sum(counts.values()) * permille + 999) // 1000
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= need:
            return bucket + 1
    raise ValueError("nothing was counted")


def measure(seconds):
    """(bare tick, 21 healthy devices, the same with the three faulty ones), in turn, `seconds` each a round."""
    bare, without, with_faulty = Fleet(), Fleet(), Fleet()
    with tempfile.TemporaryDirectory() as folder, server("tools.bench.fleet_server") as places:
        path, names = Path(folder) / "station.json", Path(folder) / "names.json"
        for _ in range(ROUNDS):
            for fleet, length_s, (content, healthy) in (
                (bare, min(seconds, BARE_SECONDS), ({"buses": [], "devices": []}, [])),
                (without, seconds, station(places, False)),
                (with_faulty, seconds, station(places, True)),
            ):
                path.write_text(json.dumps(content))
                names.write_text(json.dumps(healthy))
                fleet.add(on_micropython("fleet_client.py", path, length_s, names))
    return bare, without, with_faulty


def report(rows, seconds=SECONDS):
    bare, without, with_faulty = measure(seconds)
    late = [percentile(fleet.late, 990) / 10 for fleet in (bare, without, with_faulty)]
    devices = TCP_DEVICES + LINES * UNITS
    samples = sum(with_faulty.late.values())
    asked = ", ".join(f"{name} {count}" for name, count in sorted(with_faulty.asked.items()))
    rows.add(
        "24 devices, 3 faulty: tick late p99", late[2], "ms", baseline=late[1], ratio=round(late[2] - late[1], 1),
        floor=late[0], bound=("ratio", "<=", 2.0),
        note=f"10 ms tick, {samples} samples from the third second on; baseline: the {devices - 3} healthy devices "
        f"alone, in turn; ratio: the difference in ms; floor: a bare tick; requests to the faulty ones: {asked}; "
        f"quarantined at the end: {sorted(with_faulty.quarantined)}",
    )  # fmt: skip
    for name, permille, bound in (("p99", 990, ("ratio", "<=", 1.5)), ("p50", 500, None), ("p99.9", 999, None)):
        ages = [2 * percentile(fleet.ages, permille) for fleet in (without, with_faulty)]
        rows.add(
            f"24 devices, 3 faulty: age of healthy readings {name}", ages[1], "ms", baseline=ages[0],
            ratio=round(ages[1] / ages[0], 3), bound=bound,
            note=f"power_w of {devices - 3} devices every 100 ms, {sum(with_faulty.ages.values())} samples from the "
            f"third second on; baseline: without the three; absent, counted as the oldest: {with_faulty.absent}",
        )  # fmt: skip
