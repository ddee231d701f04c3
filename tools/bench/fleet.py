"""24 devices, one silent, one slow, one babbling: how much the healthy ones and the loop notice."""

import json
import tempfile
from pathlib import Path

from tools.bench.fleet_server import BAUD, FAULTY_UNIT, LINES, TCP_DEVICES, UNITS
from tools.bench.processes import on_micropython, server

SETTLE_S = 40  # the fourth probe of the babbling device, after 16 s, is over; the fifth comes after more than 60 s
ROUNDS = 3


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
    """Histograms of lateness (0.1 ms) and of age (2 ms), summed over the rounds."""

    def __init__(self):
        self.late, self.ages, self.first_ages = {}, {}, {}
        self.absent = 0
        self.quarantined = set()

    def add(self, result):
        for name in ("late", "ages", "first_ages"):
            counts, numbers = getattr(self, name), [int(each) for each in result[name].split()]
            for bucket, count in zip(numbers[::2], numbers[1::2], strict=True):
                counts[bucket] = counts.get(bucket, 0) + count
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
    """(bare tick, 21 healthy devices, the same with the three faulty ones), interleaved, `seconds` each in all."""
    bare, without, with_faulty = Fleet(), Fleet(), Fleet()
    with tempfile.TemporaryDirectory() as folder, server("tools.bench.fleet_server") as places:
        path, names = Path(folder) / "station.json", Path(folder) / "names.json"
        for _ in range(ROUNDS):
            for fleet, settle_s, (content, healthy) in (
                (bare, 3, ({"buses": [], "devices": []}, [])),
                (without, SETTLE_S, station(places, False)),
                (with_faulty, SETTLE_S, station(places, True)),
            ):
                path.write_text(json.dumps(content))
                names.write_text(json.dumps(healthy))
                fleet.add(on_micropython("fleet_client.py", path, settle_s, seconds // ROUNDS, names))
    return bare, without, with_faulty


def report(rows, seconds=60):
    bare, without, with_faulty = measure(seconds)
    late = [percentile(fleet.late, 990) / 10 for fleet in (bare, without, with_faulty)]
    devices = TCP_DEVICES + LINES * UNITS
    samples = sum(with_faulty.late.values())
    rows.add(
        "24 devices, 3 faulty: tick late p99", late[2], "ms", baseline=late[1], ratio=round(late[2] - late[1], 1),
        floor=late[0], bound=("ratio", "<=", 2.0),
        note=f"10 ms tick, {samples} samples; baseline: the {devices - 3} healthy devices alone, "
        f"in turn; ratio: the difference in ms; floor: a bare tick; quarantined: {sorted(with_faulty.quarantined)}",
    )  # fmt: skip
    for name, which, permille, bound in (
        ("p99", "ages", 990, ("ratio", "<=", 1.5)),
        ("p50", "ages", 500, None),
        (f"p99, seconds 3 to {SETTLE_S}", "first_ages", 990, None),
    ):
        ages = [2 * percentile(getattr(fleet, which), permille) for fleet in (without, with_faulty)]
        counted = sum(getattr(with_faulty, which).values())
        rows.add(
            f"24 devices, 3 faulty: age of healthy readings {name}", ages[1], "ms", baseline=ages[0],
            ratio=round(ages[1] / ages[0], 3), bound=bound,
            note=f"power_w of {devices - 3} devices every 100 ms, {counted} samples; baseline: without the three"
            + ("; while the faulty ones are found out and probed most often" if which == "first_ages" else
               f"; from second {SETTLE_S} on; absent: {with_faulty.absent}"),
        )  # fmt: skip
