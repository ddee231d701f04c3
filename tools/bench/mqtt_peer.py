"""paho-mqtt on CPython doing what mqtt_client.py does: `python -m tools.bench.mqtt_peer PORT MESSAGES WINDOW [CA]`.

Its own way is taken: everything is handed to it at once and it keeps the window of QoS 1 itself. With window 1 each
message is waited for, as there.
"""

import json
import sys
import threading
import time

import paho.mqtt.client as mqtt

MESSAGE = b"x" * 40


def main(port, messages, window, ca=None):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bench-paho")
    client.max_inflight_messages_set(window)
    client.max_queued_messages_set(0)
    if ca:
        client.tls_set(ca)
    connected, all_acked = threading.Event(), threading.Event()
    acked = [0]

    def on_publish(*_):
        acked[0] += 1
        if acked[0] == messages:
            all_acked.set()

    client.on_connect = lambda *_: connected.set()
    client.on_publish = on_publish
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not connected.wait(10):
        raise RuntimeError("not connected")
    started_s = time.perf_counter()
    for _ in range(messages):
        info = client.publish("bench/paho", MESSAGE, 1)
        if window == 1:
            info.wait_for_publish(10)
    if not all_acked.wait(60):
        raise RuntimeError(f"{acked[0]} of {messages} acknowledged")
    us = (time.perf_counter() - started_s) * 1e6
    client.disconnect()
    client.loop_stop()
    print(json.dumps({"messages": messages, "us": us, "lost": messages - acked[0]}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:])
