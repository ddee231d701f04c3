"""The parts of the wire tests: broker and station as processes, a platform (paho), and brokers that misbehave."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "secret"


def wait_for(condition, timeout_s=15, what="condition"):
    """The first true value of `condition()`; fails after `timeout_s`."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {timeout_s} s: {what}")


class Process:
    """A child process whose lines of JSON are collected."""

    def __init__(self, command, **environment):
        self.lines = []
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=dict(os.environ, **environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            text = line.decode("utf-8", "replace").strip()
            try:
                self.lines.append(json.loads(text))
            except ValueError:
                self.lines.append({"text": text})

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Gone for certain, stopped or not."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._thread.join(10)
        self.process.stdout.close()


class Broker(Process):
    def __init__(self, port=0):
        super().__init__(
            [sys.executable, "-m", "tools.broker", "--port", str(port), "--user", "station"],
            GUANGCHU_MQTT_PASSWORD=PASSWORD,
        )
        try:
            self.port = wait_for(lambda: self.lines, 30, "broker is up")[0]["port"]
        except BaseException:
            self.end()
            raise


class Station(Process):
    """`echo_station.py` on real MicroPython with the heap of a board."""

    def __init__(self, port, password=PASSWORD, keepalive_s=4, count_ms=0, folder=".", connect_ms=2000, **settings):
        micropython = str(Path(sys.executable).parent / "micropython")
        script = str(Path(__file__).with_name("echo_station.py"))
        settings = {"host": "127.0.0.1", "port": port, "user": "station", "keepalive_s": keepalive_s, **settings}
        settings["connect_ms"] = connect_ms
        arguments = [json.dumps(settings), password, str(count_ms), str(folder)]
        super().__init__([micropython, "-X", "heapsize=190wK", script, *arguments], MICROPYPATH=f"{ROOT}:.frozen")

    @property
    def last(self):
        return self.lines[-1] if self.lines and "connected" in self.lines[-1] else {}

    def wait(self, condition, timeout_s=15, what="station"):
        try:
            return wait_for(lambda: self.last and condition(self.last), timeout_s, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; last: {self.lines[-3:]}") from None


class Platform:
    """The other end: a paho client that remembers what it got."""

    def __init__(self, port):
        self.got = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"platform-{time.monotonic_ns()}")
        self._client.username_pw_set("station", PASSWORD)
        self._client.on_message = lambda client, data, m: self.got.append((m.topic, m.payload, m.qos, m.retain))
        self._client.on_connect = lambda client, *_: client.subscribe("t/#", 1)
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port, keepalive=10)
        self._client.loop_start()
        assert subscribed.wait(10)

    def send(self, topic, message, qos=1):
        self._client.publish(topic, message, qos)

    def messages(self, topic):
        return [each[1] for each in list(self.got) if each[0] == topic]

    def wait(self, topic, message, timeout_s=15):
        return wait_for(lambda: message in self.messages(topic), timeout_s, f"{message!r} on {topic}: {self.got[-5:]}")

    def end(self):
        self._client.disconnect()
        self._client.loop_stop()


class BadBroker:
    """Accepts connections and lets `behave(connection, stop)` do to each of them what it likes, in a thread."""

    def __init__(self, behave):
        self._behave = behave
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.2)
        self.port = self._listener.getsockname()[1]
        self.connections = 0
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection):
        with connection:
            connection.settimeout(0.2)
            try:
                self._behave(connection, self._stop)
            except OSError:
                pass  # the station has left, which is its right

    def end(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()


SIGSTOP, SIGCONT, SIGKILL = signal.SIGSTOP, signal.SIGCONT, signal.SIGKILL
