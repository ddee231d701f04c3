"""The station put together from `station.json`, on one screen."""

import json

from drivers.ticks import sleep_ms, ticks_ms
from firmware import extras
from firmware.alarms import Alarms
from firmware.bus_health import BusHealth
from firmware.commands import Commands
from firmware.commit import Commit
from firmware.cycle import Cycle
from firmware.emergency_stop import EmergencyStop
from firmware.limits import LimitsInForce
from firmware.northbound import Northbound
from firmware.snapshot import Snapshot
from firmware.state import State
from firmware.station_view import LiveView
from firmware.supervisor import Supervisor
from firmware.watch import Watch

VERSION = "0.1.0"


class App:
    """config: a checked station. folder: where keys.json and state are."""

    def __init__(self, config, folder="."):
        self.board = load_board(config["board"], config.get("inputs"))
        self.state = State(folder + "/state", {"boots": 0, "estop": False})
        self.state.load()
        self.state.values["boots"] += 1
        # What only the start needs is imported here, and forgotten by main.py once the station stands.
        from control.station import Station
        from drivers.build import build_buses
        from firmware.config import grid_meter

        self.buses, self.devices = build_buses(config, self.board.open_uart)
        station = Station(
            config, {each.id: each.profile.standby_w for each in self.devices.values() if each.role == "gun"}
        )
        self.limits = LimitsInForce(config["circuits"])
        self.stop = EmergencyStop(config.get("inputs"), self.board.contacts, self.state.values["estop"], ticks_ms())
        snapshot = Snapshot(station, self.devices, self.limits, self.stop, grid_meter(config)["id"])
        self.cycle = Cycle(station, snapshot, Commit(station, self.devices), self.stop)
        alarms = Alarms(self.state.values["boots"], station.circuit_ids)
        self.watch = Watch(config, station, self.devices, self.buses, self.cycle, self.stop, self.limits, alarms)
        self.supervisor = Supervisor(self.board.feed)
        self.supervisor.add("cycle", self.cycle.run, self.cycle, 5 * station.cycle_ms)
        for bus in self.buses:
            self.supervisor.add("bus " + bus.id, bus.run, bus, 15000)
        self.supervisor.add("watch", self.watch.run)
        self.supervisor.add("housekeeping", self.keep_house)
        if config.get("mqtt"):
            view = LiveView(config, station, self.devices, self.limits, self.cycle, self.stop, alarms, ticks_ms())
            boot, commands = self.state.values["boots"], Commands(self.limits)
            self.northbound = Northbound(
                config, mqtt_password(folder), boot, VERSION, view, alarms, commands, self.stop, BusHealth(self.buses)
            )
            self.supervisor.add("mqtt", self.northbound.client.run)
            self.supervisor.add("telemetry", self.northbound.run)
        extras.add(self, config, station, alarms, folder, VERSION)
        self.title = "%s %s on %s" % (config["station"]["id"], VERSION, config["board"])

    async def run(self):
        await self.supervisor.run()

    async def keep_house(self):
        """Writes what must survive a power cut, out of the cycle."""
        while True:
            self.state.values["estop"] = self.stop.active
            self.stop.changed = False
            self.state.save()
            while not self.stop.changed:
                await sleep_ms(20)


class Board:
    """What a station needs of its board: serial ports, contacts, and a watchdog where there is one."""

    def __init__(self, open_uart, contacts, feed):
        self.open_uart, self.contacts, self.feed = open_uart, contacts, feed


def load_board(name, inputs):
    package = "boards." + name
    uart = __import__(package + ".uart", None, None, ("open_uart",))
    facts = __import__(package + ".board", None, None, ("WATCHDOG_MS",))
    contacts = None
    if inputs:
        names = [inputs[each]["pin"] for each in ("emergency_stop", "reset") if inputs.get(each)]
        contacts = __import__(package + ".inputs", None, None, ("Inputs",)).Inputs(names)
    feed = None
    if facts.WATCHDOG_MS is not None:
        from machine import WDT

        feed = WDT(timeout=facts.WATCHDOG_MS).feed
    return Board(uart.open_uart, contacts, feed)


def mqtt_password(folder):
    """From keys.json, or None when the file or the key is missing: the broker then decides."""
    try:
        with open(folder + "/keys.json") as file:
            return json.load(file).get("mqtt_password")
    except (OSError, ValueError):
        return None
