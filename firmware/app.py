"""The station put together from the checked station, on one screen. Start only: main.py forgets this module again, so
nothing that lives on (a class, a function, a lambda) may be defined here."""

# Imported here though used later: a key of the station that some code knows before it is read costs no memory of its
# own (5 kB of a board's heap); and by its whole name, so that it can be forgotten while an App is still there.
import control.build  # noqa: F401
import drivers.build
import drivers.outfit
import drivers.planner  # noqa: F401
from control.station import Station
from drivers.flash_gate import Gate
from drivers.ticks import ticks_ms
from firmware.alarms import Alarms
from firmware.budget_watch import BudgetWatch
from firmware.commit import Commit
from firmware.console import Console
from firmware.cycle import Cycle
from firmware.emergency_stop import EmergencyStop
from firmware.gun_response import restore
from firmware.housekeeping import Housekeeping
from firmware.keys import load as load_keys
from firmware.keys import sources
from firmware.limits import LimitsInForce
from firmware.running import Running
from firmware.snapshot import Snapshot
from firmware.state import State
from firmware.state_damage import tell_damage
from firmware.supervisor import Supervisor
from firmware.version import VERSION
from firmware.watch import Watch


class App:
    """Everything but the platform (firmware/app_mqtt.py) and the black box (firmware/extras.py), which come later, when
    what this needed is out of memory. config: a checked station. folder: where keys.json and state are. refused: how
    many problems a newer station file has, which therefore is not the one in force."""

    def __init__(self, config, folder=".", refused=0):
        self.board = load_board(config["board"], config.get("inputs"))
        state = State(folder + "/state", {"boots": 0, "estop": False})
        state.load()
        self.boots = state.values["boots"] = state.values["boots"] + 1
        self.buses, self.devices = drivers.build.build_buses(config, self.board.open_uart)
        station = Station(
            config, {each.id: each.profile.standby_w for each in self.devices.values() if each.role == "gun"}
        )
        restore(station, state.values)
        self.password, self.keys = load_keys(folder)
        self.limits = LimitsInForce(config["circuits"], sources(self.keys))
        self.stop = EmergencyStop(config.get("inputs"), self.board.contacts, state.values["estop"])
        snapshot = Snapshot(station, self.devices, self.limits, self.stop, _grid_meter(config, station))
        self.cycle = Cycle(station, snapshot, Commit(station, self.devices), self.stop)
        alarms = Alarms(self.boots, station.circuit_ids)
        self.watch = Watch(config, station, self.devices, self.buses, self.cycle, self.stop, self.limits, alarms)
        gate = Gate(self.cycle)
        for bus in self.buses:
            if bus.client.link.is_serial:
                bus.gate = gate
        self.supervisor = Supervisor(self.board.feed)
        self.supervisor.add("cycle", self.cycle.run, self.cycle, 5 * station.cycle_ms)
        for bus in self.buses:
            self.supervisor.add("bus " + bus.id, bus.run, bus, 15000)
        self.supervisor.add("watch", self.watch.run)
        cabinets = [each for each in self.devices.values() if each.role == "cabinet"]
        if cabinets:
            from firmware.cabinet_watch import CabinetWatch

            self.supervisor.add("cabinets", CabinetWatch(cabinets, alarms).run)
        self.supervisor.add("housekeeping", Housekeeping(state.path, state.values, self.stop, gate, station).run)
        self.supervisor.add("budget", BudgetWatch(config["promise"], self.buses, self.devices, alarms).run)
        alarms.update("config_refused", config["station"]["id"], refused > 0, ticks_ms(), refused)
        self.running = Running(
            self.supervisor, station, self.devices, self.buses, self.cycle, self.limits, self.stop, alarms, gate
        )
        tell_damage(alarms, config["station"]["id"], state.problem)
        self.running.title = "%s %s on %s" % (config["station"]["id"], VERSION, config["board"])
        self.folder = folder
        self.supervisor.add("console", Console(self.running, config["station"]["language"]).run)
        self.about = {"station": config["station"]["id"], "board": config["board"], "version": VERSION}
        self.about["boots"] = self.boots


def _grid_meter(config, station):
    """The id of the device that measures the grid connection (there is exactly one)."""
    top = station.circuit_ids[station.root]
    return [each["id"] for each in config["devices"] if each["role"] == "meter" and each["circuit"] == top][0]


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
