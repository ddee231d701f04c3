"""A live table of all stations of a broker, one line a station: what a dispatcher looks at.

    python -m tools.watch --host broker --user platform [--stations GC-01,GC-02] [--lang zh|en|both] [--seconds n]

One station in full is tools.view. When the output is no terminal, the table is printed once, at the end.
"""

import argparse
import signal
import sys
import threading
import time

from rich.table import Table
from rich.text import Text

from tools.live_screen import follow, wide_console
from tools.platform import link
from tools.view_state import State

_HEADINGS = (
    ("场站", "station"),
    ("状态", "state"),
    ("限额 kW", "cap kW"),
    ("电网 kW", "grid kW"),
    ("光伏 kW", "PV kW"),
    ("储能 kW", "storage kW"),
    ("充电枪", "guns"),
    ("充电 kW", "charging kW"),
    ("降级", "ladder"),
    ("告警", "alarms"),
    ("数据龄 s", "age s"),
)
_STATES = {
    "stopped": ("急停", "stopped"),
    "offline": ("离线", "offline"),
    "silent": ("无数据", "silent"),
    "blind": ("降级", "degraded"),
    "well": ("正常", "running"),
}
_STYLES = {"stopped": "bold red", "offline": "red", "silent": "red", "blind": "yellow", "well": "green"}


class Fleet:
    """Every station that was heard or asked for; `take` is fed by paho's thread, the screen reads under the lock."""

    def __init__(self, wanted=()):
        self.lock = threading.Lock()
        self.wanted = frozenset(wanted)
        self.states = {station: State(station) for station in sorted(wanted)}

    def take(self, topic: str, payload: bytes, now_s: float) -> None:
        station, kind = link.split(topic) or ("", "")
        if not station or (self.wanted and station not in self.wanted):
            return
        with self.lock:
            if station not in self.states:
                self.states[station] = State(station)
            self.states[station].take(topic, payload, now_s)


def condition(state: State, now_s: float) -> str:
    """The key of _STATES for a station; the worst that is true."""
    if state.online is False:
        return "offline"
    if state.silent(now_s):
        return "silent"
    if state.telemetry["estop"]:
        return "stopped"
    return "blind" if state.telemetry["ladder"] else "well"


def table(fleet: Fleet, now_s: float, language: str) -> Table:
    made = Table(title=_words(("光储场站", "stations"), language), expand=False)
    for at, heading in enumerate(_HEADINGS):
        made.add_column(_words(heading, language), justify="left" if at < 2 else "right", no_wrap=at < 2)
    for station in sorted(fleet.states):
        made.add_row(*_row(fleet.states[station], now_s, language))
    return made


def _row(state: State, now_s: float, language: str) -> list:
    key, told = condition(state, now_s), state.telemetry
    first = [state.station, Text(_words(_STATES[key], language), style=_STYLES[key])]
    if told is None:
        return first + ["-"] * (len(_HEADINGS) - len(first))
    charging = [gun for gun in told["guns"] if gun["state"] == "charging"]
    return first + [
        _kw(told["cap"]["w"]),
        _kw(told["grid"]["w"]),
        _kw(_total(pv["w"] for pv in told["pv"])),
        _kw(_total(each["w"] for each in told["storage"])),
        f"{len(charging)}/{len(told['guns'])}",
        _kw(_total(gun["power_w"] for gun in charging)),
        str(told["ladder"]),
        str(len(told["alarms"])),
        f"{state.age_s(now_s):.1f}",
    ]


def _total(powers) -> int | None:
    """The sum, or None when one of them is not known: a part would be taken for the whole."""
    found = list(powers)
    return None if any(each is None for each in found) else sum(found)


def _kw(power_w: int | None) -> str:
    return "?" if power_w is None else f"{power_w / 1000:.1f}"


def _words(pair, language: str) -> str:
    return {"zh": pair[0], "en": pair[1]}.get(language, f"{pair[0]} {pair[1]}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.watch", description="live table of stations over MQTT")
    parser.add_argument("--stations", default="", help="ids, separated by commas; else every station that is heard")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    parser.add_argument("--seconds", type=float, help="end after so long; 1 when no station was heard until then")
    link.add_options(parser)
    options = parser.parse_args(arguments)
    fleet = Fleet(each for each in options.stations.split(",") if each)
    client = link.client(options)
    topics = [(f"{link.ROOT}{each}/#", 1) for each in fleet.wanted or ("+",)]
    client.on_connect = lambda client, userdata, flags, reason, properties: (
        print(f"broker: {reason}", file=sys.stderr) if reason.is_failure else client.subscribe(topics)
    )
    client.on_message = lambda client, userdata, message: fleet.take(message.topic, message.payload, time.monotonic())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    client.connect_async(options.host, options.port, keepalive=30)
    client.loop_start()

    def screen():
        with fleet.lock:
            return table(fleet, time.monotonic(), options.lang)

    try:
        follow(screen, wide_console(140), options.seconds, stop)
    finally:
        client.disconnect()
        client.loop_stop()
    return 1 if options.seconds is not None and not any(each.telemetry for each in fleet.states.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
