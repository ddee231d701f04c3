"""What a station with a platform has besides, put together. Start only, like firmware/app.py."""

from drivers.ticks import ticks_ms
from firmware.bus_health import BusHealth
from firmware.clock import Clock
from firmware.clock_task import ClockTask
from firmware.commands import Commands
from firmware.journal import Journal
from firmware.mqtt.build import build_client
from firmware.northbound import Northbound
from firmware.state_damage import tell_damage
from firmware.telemetry import Telemetry
from firmware.version import VERSION


def add(app, config):
    """app: firmware.app.App, which gets the tasks. config: its checked station."""
    station_id, settings, folder, parts = config["station"]["id"], config["mqtt"], app.folder, app.running
    seen = Telemetry(
        config, parts.station, app.devices, app.limits, app.cycle, app.stop, parts.alarms, ticks_ms()
    )
    boot, clock = app.boots, Clock(ticks_ms())
    clock_task, kept = ClockTask(clock, settings, boot), Journal(folder, boot, clock, ticks_ms())
    commands = Commands(station_id, app.limits, app.stop, clock, app.keys, settings.get("unsigned"), folder, parts)
    tell_damage(parts.alarms, "commands", commands.restore(ticks_ms()))
    client = build_client(settings, station_id, app.password, folder, app.board.open_uart, app.cycle)
    northbound = Northbound(
        config, client, (VERSION, boot), seen, commands, BusHealth(app.buses), clock_task, kept, parts.gate
    )
    app.supervisor.add("clock", clock_task.run)
    app.supervisor.add("commands", northbound.obey)
    app.supervisor.add("journal", northbound.send)
    app.supervisor.add("mqtt", client.run)
    app.supervisor.add("telemetry", northbound.run)
