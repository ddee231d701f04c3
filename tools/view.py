"""The live view of a station in a terminal, fed only from MQTT.

    python -m tools.view --host 127.0.0.1 --port 1883 --user station --station GC-DEMO-01 --lang both

Shows what the station says and how old that is; a station that is silent looks silent. Ctrl-C ends it. When the output
is no terminal, the screen is printed once, at the end (see --seconds).
"""

import argparse
import os
import signal
import sys
import threading
import time

import paho.mqtt.client as paho
from rich.console import Console

from tools.live_screen import follow, wide_console
from tools.view_screen import LANGUAGES, render
from tools.view_state import State

PASSWORD_VARIABLE = "GUANGCHU_MQTT_PASSWORD"

__all__ = ("State", "main", "render", "show")


class Feed:
    """The subscription: paho's thread writes into the state under the lock, the screen reads it under the lock."""

    def __init__(self, state: State, host: str, port: int, user: str, password: str):
        self.lock = threading.Lock()
        self._state = state
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 5)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.connect_async(host, port, keepalive=10)

    def start(self) -> None:
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client, data, flags, reason_code, properties) -> None:
        with self.lock:
            self._state.linked = not reason_code.is_failure
        if not reason_code.is_failure:
            client.subscribe(self._state.root + "#", qos=1)

    def _on_disconnect(self, client, data, flags, reason_code, properties) -> None:
        with self.lock:
            self._state.linked = False

    def _on_message(self, client, data, message) -> None:
        with self.lock:
            self._state.take(message.topic, message.payload, time.monotonic())


def show(state: State, feed: Feed, console: Console, language: str, seconds: float | None, stop) -> None:
    """Refresh the screen until `stop` (a threading.Event) is set or `seconds` are over."""

    def screen():
        with feed.lock:
            return render(state, time.monotonic(), language)

    follow(screen, console, seconds, stop)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.view", description="live view of a station over MQTT")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--user", default="station")
    parser.add_argument("--password", help=f"else taken from {PASSWORD_VARIABLE}")
    parser.add_argument("--station", required=True, help="id of the station, as in its topics")
    parser.add_argument("--lang", choices=LANGUAGES, default="both")
    parser.add_argument("--seconds", type=float, help="end after so long; 1 when nothing was heard until then")
    options = parser.parse_args(arguments)
    password = options.password or os.environ.get(PASSWORD_VARIABLE)
    if not password:
        parser.error(f"a password is needed: --password or {PASSWORD_VARIABLE}")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    state = State(options.station)
    feed = Feed(state, options.host, options.port, options.user, password)
    console = wide_console(80)
    feed.start()
    try:
        show(state, feed, console, options.lang, options.seconds, stop)
    finally:
        feed.stop()
    return 1 if options.seconds is not None and state.telemetry is None else 0


if __name__ == "__main__":
    sys.exit(main())
