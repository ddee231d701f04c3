"""How fast and how patient the MQTT client is: `python -m tools.bench.mqtt [--json FILE] [--only PART]`.

Prints a table and writes build/bench-mqtt.json. Everything is measured in this run: brokers and clients are processes
of their own on 127.0.0.1, ours on MicroPython with the heap of a board. Takes about seven minutes.
"""

import contextlib
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho

from tools.bench import mosquitto, mqtt_caps, mqtt_fleet, mqtt_outage, mqtt_states
from tools.bench.certificates import Authority
from tools.bench.processes import on_cpython, on_micropython, server
from tools.bench.report import run_parts

ROUNDS = 5
OUR_MESSAGES, THEIR_MESSAGES = 8000, 4000
BOUNDS = {1: 1.2, 20: 0.8}  # window: ratio to paho
UMQTT_PER_S = 22  # QoS 1 of umqtt.simple on loopback, as issue 5 gives it; umqtt.simple is in no registry
TIMES_UMQTT = 200
QOS_0 = 20000
ENDURANCE = 70000  # packet ids are 16 bits
GROWTH_BYTES = 512


def rate(result):
    """Messages a second; one that was lost would make the figure worthless."""
    if result["lost"]:
        raise RuntimeError(f"{result['lost']} of {result['messages']} messages lost")
    return result["messages"] * 1e6 / result["us"]


def rounds(port, window, *, ca=None, count=ROUNDS):
    """([our rates], [paho's]), in turn. ca: (file for us, file for paho)."""
    ours, theirs = [], []
    for _ in range(count):
        mine = on_micropython("mqtt_client.py", port, OUR_MESSAGES, 1, window, *(ca[:1] if ca else ()))
        peer = on_cpython("tools.bench.mqtt_peer", port, THEIR_MESSAGES, window, *(ca[1:] if ca else ()))
        ours.append(rate(mine))
        theirs.append(rate(peer))
    return ours, theirs


def add_rounds(rows, name, ours, theirs, bound=None):
    our_rate, their_rate = statistics.median(ours), statistics.median(theirs)
    rows.add(
        name, round(our_rate), "1/s", baseline=round(their_rate), ratio=round(our_rate / their_rate, 2), bound=bound,
        note=f"medians of {len(ours)} interleaved rounds, messages of 40 bytes; ours on MicroPython {round(min(ours))}-"
        f"{round(max(ours))}, baseline paho-mqtt on CPython {round(min(theirs))}-{round(max(theirs))}",
    )  # fmt: skip
    return our_rate


def qos_1(rows):
    with running() as broker:
        for window, bound in BOUNDS.items():
            ours, theirs = rounds(broker.ports["plain"], window)
            our_rate = add_rounds(rows, f"QoS 1, window {window}", ours, theirs, ("ratio", ">=", bound))
            if window == 1:
                rows.add(
                    "QoS 1, window 1, times umqtt.simple", round(our_rate / UMQTT_PER_S), "",
                    bound=("value", ">=", TIMES_UMQTT), note=f"of {UMQTT_PER_S}/s, which were not measured in this run",
                )  # fmt: skip


def tls(rows):
    with running() as broker:
        ca = (broker.folder / "ca.der", broker.folder / "ca.pem")
        for window in BOUNDS:
            add_rounds(rows, f"QoS 1 over TLS, window {window}", *rounds(broker.ports["tls"], window, ca=ca, count=3))


def amqtt(rows):
    with server("tools.bench.anonymous_amqtt") as port:
        for window in BOUNDS:
            add_rounds(rows, f"QoS 1 to amqtt, window {window}", *rounds(port, window, count=3))


def qos_0(rows):
    """Counted where they arrive: a sender can say what it likes."""
    with running() as broker:
        arrived, last_s, subscribed = [0], [0.0], threading.Event()

        def on_message(*_):
            arrived[0] += 1
            last_s[0] = time.monotonic()

        subscriber = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bench-subscriber")
        subscriber.on_message = on_message
        subscriber.on_subscribe = lambda *_: subscribed.set()
        subscriber.on_connect = lambda client, *_: client.subscribe("bench/ours", 0)
        subscriber.connect("127.0.0.1", broker.ports["plain"])
        subscriber.loop_start()
        if not subscribed.wait(10):
            raise RuntimeError("not subscribed")
        result = on_micropython("mqtt_client.py", broker.ports["plain"], QOS_0, 0, 16)
        sent_s = time.monotonic()
        while time.monotonic() - max(sent_s, last_s[0]) < 1:
            time.sleep(0.05)
        subscriber.disconnect()
        subscriber.loop_stop()
    expected = QOS_0 + 1000  # the publisher's first thousand, which warm it up, come too
    rows.add("QoS 0, sent", round(rate(result)), "1/s", note="as the publisher sees it")
    rows.add(
        "QoS 0, lost on the way to a subscriber", expected - arrived[0], "", bound=("value", "==", 0),
        note=f"{arrived[0]} of {expected} arrived",
    )  # fmt: skip


def endurance(rows):
    with running() as broker:
        result = on_micropython("mqtt_client.py", broker.ports["plain"], ENDURANCE, 1, 20)
    rows.add(
        "QoS 1, not acknowledged in one long run", result["lost"], "", bound=("value", "==", 0),
        note=f"{ENDURANCE} messages in {result['us'] / 1e6:.1f} s, connections: {result['connects']}; the packet id "
        "wrapped once",
    )  # fmt: skip
    rows.add(
        "QoS 1, growth of the heap in it", result["heap_after"] - result["heap_before"], "bytes",
        bound=("value", "<=", GROWTH_BYTES), note="in use after a collection: at the end, less that behind the first "
        "thousand; the bound is an object or two, a byte a message would be 70,000",
    )  # fmt: skip


class Broker(mosquitto.Mosquitto):
    """Takes its folder (certificates, configuration) away with it."""

    def __init__(self, program, folder, tls):
        self.folder = folder
        super().__init__(program, folder, tls)

    def end(self):
        super().end()
        shutil.rmtree(self.folder)


def start_mosquitto():
    program = mosquitto.find()
    if program is None:
        raise RuntimeError("mosquitto is not installed")
    folder = Path(tempfile.mkdtemp(prefix="bench-mqtt-"))
    Authority(folder).issue("broker", "127.0.0.1")
    return Broker(program, folder, {"tls": ("broker", False)})


@contextlib.contextmanager
def running():
    broker = start_mosquitto()
    try:
        yield broker
    finally:
        broker.end()


def states(rows):
    mqtt_states.report(rows, start_mosquitto)


PARTS = {
    "qos1": qos_1, "qos0": qos_0, "tls": tls, "amqtt": amqtt, "endurance": endurance, "states": states,
    "caps": mqtt_caps.report, "outage": mqtt_outage.report, "fleet": mqtt_fleet.report,
}  # fmt: skip


def main(arguments=None):
    return run_parts("bench-mqtt", "build/bench-mqtt.json", PARTS, __doc__, arguments)


if __name__ == "__main__":
    sys.exit(main())
