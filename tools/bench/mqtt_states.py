"""What a broker in any state does to the loop: a 10 ms tick and a 200 ms cycle beside the client, and bare ticks in a
process beside it, so that the machine's own lateness is known for the same seconds.
"""

import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tools.bench.processes import HEAP, ROOT, server

SECONDS = 8
ABOVE_MS = 5
HANDSHAKE_MS = 40


class Ticks:
    """mqtt_ticks.py as a process: started, then waited for."""

    def __init__(self, *arguments):
        binary = str(Path(sys.executable).with_name("micropython"))
        command = [binary, "-X", HEAP, "tools/bench/mqtt_ticks.py", str(SECONDS), *map(str, arguments)]
        environment = {**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)

    def running(self):
        """Returns when it says that it has begun to count."""
        if not self._process.stdout.readline():
            raise RuntimeError(f"the ticks ended with {self._process.wait()}")

    def result(self):
        output = self._process.communicate(timeout=60)[0]
        if self._process.returncode:
            raise RuntimeError(f"the ticks ended with {self._process.returncode}")
        return json.loads(output.splitlines()[-1])


def beside(port, act=None, *arguments):
    """(bare ticks, ticks beside a client) of the same seconds; `act()` is done to the broker at their start."""
    bare, ours = Ticks(), Ticks(port, *arguments)
    bare.running()
    ours.running()
    if act is not None:
        act()
    return bare.result(), ours.result()


def row(rows, name, bare, ours, note=""):
    rows.add(
        f"{name}: tick late p99", round(ours["p99_us"] / 1000, 2), "ms", baseline=round(bare["p99_us"] / 1000, 2),
        ratio=round((ours["p99_us"] - bare["p99_us"]) / 1000, 2), bound=("ratio", "<=", ABOVE_MS),
        note=f"ratio: the difference in ms; {ours['samples']} ticks of 10 ms; p50 {ours['p50_us'] / 1000:.2f}, max "
        f"{ours['max_us'] / 1000:.2f} (bare {bare['max_us'] / 1000:.2f}); {ours['connects']} connections, "
        f"{ours['received']} messages came; last error: {ours['error']}{note}",
    )  # fmt: skip
    rows.add(f"{name}: cycles missed", ours["missed"], "", baseline=bare["missed"], bound=("value", "==", 0))


def report(rows, start_mosquitto):
    """start_mosquitto(): a Mosquitto with the listeners `plain` and `tls` and the CA in `folder`."""
    for name, number in (("well", None), ("stopped", signal.SIGSTOP), ("killed", signal.SIGKILL)):
        broker = start_mosquitto()
        act = None if number is None else functools.partial(broker.process.send_signal, number)
        try:
            row(rows, f"broker {name}", *beside(broker.ports["plain"], act))
        finally:
            broker.end()
    for name in ("unreachable", "slow", "flood"):
        with server("tools.bench.bad_broker", name) as port:
            row(rows, f"broker {name}", *beside(port))
    handshakes(rows, start_mosquitto)


def handshakes(rows, start_mosquitto):
    broker = start_mosquitto()
    try:
        with server("tools.bench.cutter", broker.ports["tls"]) as port:
            bare, ours = beside(port, None, broker.folder / "ca.der")
    finally:
        broker.end()
    if ours["connects"] < 2:
        raise RuntimeError(f"only {ours['connects']} TLS connections: {ours['error']}")
    rows.add(
        "TLS handshakes: tick late, max", round(ours["max_us"] / 1000, 1), "ms", bound=("value", "<=", HANDSHAKE_MS),
        baseline=round(bare["max_us"] / 1000, 1), note=f"{ours['connects']} handshakes (ECDSA P-256, certificate "
        f"checked), each step right after a cycle; p99 {ours['p99_us'] / 1000:.1f}",
    )  # fmt: skip
    rows.add("TLS handshakes: cycles missed", ours["missed"], "", baseline=bare["missed"], bound=("value", "==", 0))
