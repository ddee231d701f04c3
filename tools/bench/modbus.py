"""How fast, how lean and how steady the Modbus client is: `python -m tools.bench.modbus [--json FILE] [--only PART]`.

Prints a table and writes build/bench.json. Everything is measured in this run, every server and client in a process of
its own on 127.0.0.1, ours on MicroPython with the heap of a board. Takes about ten minutes; on a machine that has
nothing else to do, please.
"""

import statistics
import sys

from tools.bench import fleet
from tools.bench.processes import on_cpython, on_micropython, server
from tools.bench.report import run_parts
from tools.bench.timed_slave import permitted_per_s

REGISTERS = 10
ROUNDS = 5
OUR_REQUESTS, THEIR_REQUESTS = 4000, 2000
HEAP_BYTES = 320
ENDURANCE = 200000
BAUDS = (9600, 19200, 115200)
RTU_SECONDS = 8


def ours(port, requests):
    return on_micropython("tcp_client.py", port, requests, REGISTERS)


def theirs(port, requests):
    return on_cpython("tools.bench.pymodbus_peer", "client", port, requests, REGISTERS)


def rate(result):
    """Requests a second; one that was not answered rightly would make the figure worthless."""
    if result["errors"]:
        raise RuntimeError(f"{result['errors']} of {result['requests']} requests failed")
    return result["requests"] * 1e6 / result["us"]


def tcp(rows):
    for name, module, arguments, bound in (
        ("a minimal server", "tools.bench.minimal_server", (), ("ratio", ">=", 1.5)),
        ("a pymodbus server", "tools.bench.pymodbus_peer", ("server",), None),
    ):
        mine, peer = [], []
        with server(module, *arguments) as port:
            for _ in range(ROUNDS):
                mine.append(ours(port, OUR_REQUESTS))
                peer.append(theirs(port, THEIR_REQUESTS))
        our_rates, their_rates = [rate(each) for each in mine], [rate(each) for each in peer]
        our_rate, their_rate = statistics.median(our_rates), statistics.median(their_rates)
        rows.add(
            f"TCP, {REGISTERS} registers, {name}", round(our_rate), "1/s", baseline=round(their_rate),
            ratio=round(our_rate / their_rate, 2), bound=bound,
            note=f"medians of {ROUNDS} interleaved rounds, time-outs armed; ours on MicroPython "
            f"{round(min(our_rates))}-{round(max(our_rates))}, baseline AsyncModbusTcpClient of pymodbus "
            f"{peer[0]['version']} on CPython {round(min(their_rates))}-{round(max(their_rates))}",
        )  # fmt: skip
        if bound:
            rows.add(
                "TCP, heap a request", max(each["bytes"] for each in mine), "bytes",
                bound=("value", "<=", HEAP_BYTES), note="64-bit port, collector off, over 500 requests",
            )  # fmt: skip


def rtu(rows):
    for baud in BAUDS:
        with server("tools.bench.timed_slave", baud) as (path,):
            result = on_micropython("rtu_client.py", path, baud, RTU_SECONDS, REGISTERS)
        floor = permitted_per_s(baud, REGISTERS)
        rows.add(
            f"RTU {baud} Bd, {REGISTERS} registers", round(rate(result), 2), "1/s", floor=round(floor, 2),
            ratio=round(rate(result) / floor, 3), bound=("ratio", ">=", 0.9),
            note="ratio to what the line permits: 11-bit characters, both gaps of 3.5 characters, turnaround 0",
        )  # fmt: skip


def endurance(rows):
    with server("tools.bench.minimal_server") as port:
        result = ours(port, ENDURANCE)
    seconds = result["us"] / 1e6
    note = f"{result['requests']} requests in {seconds:.1f} s, the transaction id wrapped {ENDURANCE // 65536} times"
    rows.add("TCP, errors in one long run", result["errors"], "", bound=("value", "==", 0), note=note)
    growth = result["heap_after"] - result["heap_before"]
    rows.add(
        "TCP, growth of the heap in it", growth, "bytes", bound=("value", "<=", 0),
        note="in use after a collection: at the end, less that behind the first thousand requests",
    )  # fmt: skip


PARTS = {"tcp": tcp, "rtu": rtu, "fleet": fleet.report, "endurance": endurance}


def main(arguments=None):
    return run_parts("bench", "build/bench.json", PARTS, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
