"""Takes out of memory by what the parts of the station are made, once they all are: on a board a constructor takes up
to 500 bytes of the heap, and most parts are made once. Start only.

Who calls a constructor that is gone gets a TypeError; tests/firmware/test_made.py looks for one that could.
"""


def forget_drivers(buses) -> None:
    """Of buses and their devices. buses: those of the station."""
    from drivers.agenda import Agenda
    from drivers.bus import Bus
    from drivers.command import Setpoint
    from drivers.device import Device, Health
    from drivers.modbus.client import Client
    from drivers.modbus.framer import Framer
    from drivers.output import Output
    from drivers.plan import Plan
    from drivers.point import Point
    from drivers.reading import Reading
    from drivers.sleeper import Sleeper

    _forget(Agenda, Bus, Client, Device, Framer, Health, Output, Plan, Point, Reading, Setpoint, Sleeper)
    for bus in buses:  # what kinds there are depends on the station
        _forget(type(bus.client.link), type(bus.client.framer))


def forget_station() -> None:
    """Of what every station has."""
    from control.station import Station
    from firmware.alarms import Alarms
    from firmware.budget_watch import BudgetWatch
    from firmware.commit import Commit
    from firmware.console import Console
    from firmware.cycle import Cycle
    from firmware.emergency_stop import EmergencyStop
    from firmware.housekeeping import Housekeeping
    from firmware.running import Running
    from firmware.snapshot import Snapshot
    from firmware.supervisor import Supervisor
    from firmware.watch import Watch

    _forget(Alarms, BudgetWatch, Commit, Console, Cycle, EmergencyStop, Housekeeping, Running, Snapshot, Station)
    _forget(Supervisor, Watch)


def forget_platform() -> None:
    """Of what a station with a platform has besides."""
    from firmware.bus_health import BusHealth
    from firmware.clock import Clock
    from firmware.clock_task import ClockTask
    from firmware.commands import Commands
    from firmware.energy import Energy
    from firmware.journal import Journal
    from firmware.mqtt.client import Client
    from firmware.mqtt.connection import Connection
    from firmware.mqtt.outbox import Outbox
    from firmware.mqtt.packets import Parser
    from firmware.mqtt.page import Page
    from firmware.northbound import Northbound
    from firmware.telemetry import Telemetry

    _forget(BusHealth, Client, Clock, ClockTask, Commands, Connection, Energy, Journal, Northbound, Outbox, Page)
    _forget(Parser, Telemetry)
    # They are functions, and gone on purpose.
    Client.set_last_will = Client.subscribe = None  # pyright: ignore[reportAttributeAccessIssue]
    Commands.restore = None  # pyright: ignore[reportAttributeAccessIssue]


def forget_black_box() -> None:
    """Of the black box, which is made last."""
    from drivers.flash_gate import Gate
    from firmware.black_box import BlackBox
    from firmware.black_box_ring import Ring

    _forget(BlackBox, Gate, Ring)
    BlackBox._count = None  # pyright: ignore[reportAttributeAccessIssue]


def _forget(*classes):
    for each in classes:
        # Not `del`: MicroPython would keep the function where it stood in the table of the class.
        each.__init__ = None
