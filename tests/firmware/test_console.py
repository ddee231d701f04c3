# runs on: cpython, micropython
"""What the console answers, to people and to whatever else comes in: on files instead of a port, around a station
without wires."""

import asyncio
import gc
import os
import sys

from drivers.flash_gate import Gate
from firmware import console_session
from firmware.alarms import Alarms
from firmware.command_steps import tighten
from firmware.console import Console
from firmware.console_session import Session, cut, pad, width
from firmware.limits import LimitsInForce
from firmware.running import Running
from firmware.supervisor import Supervisor
from tests.firmware.rig import Rig

if hasattr(gc, "threshold"):  # as at a start: keeps the heap in one piece
    gc.threshold(8192)
console_session._TURN_MS = 1  # what is typed here need not wait
_NAME = __file__.rsplit("/tests/", 1)[0] + "/build/console-%d" % (id(sys) & 0xFFFFFF)
_BUFFER = () if sys.implementation.name == "micropython" else (0,)


_rigs = []


def running_station():
    if not _rigs:  # one for all: a board's heap does not hold the check of a station file again and again
        _rigs.append(Rig())
        _rigs[0].tick(40)
    rig = _rigs[0]
    running = Running(
        Supervisor(), rig.station, rig.devices, rig.buses, rig.cycle, LimitsInForce(rig.config["circuits"]), rig.stop,
        Alarms(7, rig.station.circuit_ids), Gate(),
    )  # fmt: skip
    running.title = "GC-DEMO-01 0.1.0 on unix"
    return running


def answers(typed, running=None, language="zh"):
    """What the console wrote, by line, when `typed` had come in and the other end was gone."""
    try:
        os.mkdir(_NAME.rsplit("/", 1)[0])
    except OSError:
        pass
    with open(_NAME + ".in", "wb") as file:
        file.write(typed)
    gc.collect()
    try:
        with open(_NAME + ".in", "rb", *_BUFFER) as source, open(_NAME + ".out", "wb", *_BUFFER) as sink:
            console = Console(running or running_station(), language, source, sink)
            asyncio.run(Session(console).run())
            assert console.is_gone
        with open(_NAME + ".out", "rb") as file:
            return file.read().decode().split("\n")
    finally:
        for ending in (".in", ".out"):
            os.remove(_NAME + ending)


def shows(lines, *wanted):
    text = "\n".join(lines)
    for each in wanted:
        assert each in text, (each, lines)


def test_status_shows_every_watt_and_why_each_gun_has_what_it_has():
    running = running_station()
    lines = answers(b"status\n", running)
    shows(lines, "GC-DEMO-01", "电网", "光伏 pv1 128.0 kW", "储能 pcs1", "SOC 60.0 %", "原因")
    guns = [line for line in lines if line.startswith("gun")]
    assert [line.split()[0] for line in guns] == ["gun1", "gun2", "gun3", "gun4", "gun5", "gun6"]
    assert all([len(line.split()) >= 5 for line in guns]), guns
    lines = answers(b"status\n", running, "en")
    shows(lines, "grid", "PV pv1 128.0 kW", "storage pcs1", "reason", "cycles missed 0")


def test_why_names_the_gun_its_numbers_and_its_circuits():
    lines = answers(b"why gun5\n", None, "en")
    shows(lines, "gun5", "of its own 4.1 kW to 11.0 kW", "circuit ac-row: limit 22.0 kW (contract)",
          "circuit grid: limit 400.0 kW (contract)")  # fmt: skip
    assert not [line for line in lines if "dc-hall" in line]


def test_why_of_nobody_names_the_guns_there_are():
    for typed in (b"why\n", b"why gun9\n"):
        shows(answers(typed, None, "en"), "gun1, gun2, gun3, gun4, gun5, gun6")


def test_devices_and_bus_show_every_device_and_every_bus():
    running = running_station()
    lines = answers(b"devices\nbus\n", running, "en")
    shows(lines, "alpitronic_hyc", "rs485-pile", "silent", "lan-super", "closed", "p99 ms")
    for device in running.devices:
        assert [line for line in lines if device in line.split()[:2]], (device, lines)


def test_alarms_and_log_tell_what_stands_and_what_has_been():
    running = running_station()
    running.alarms.update("gun_deaf", "gun2", True, 0, 20000)
    shows(answers(b"alarms\n", running), "gun2: 枪无应答，按 20.0 kW 占用计")
    running.alarms.update("gun_deaf", "gun2", False, 0)
    lines = answers(b"alarms\nlog\n", running, "en")
    shows(lines, "no alarms", "raised gun2", "cleared gun2")
    running.supervisor.add("mqtt", None).restarts = 3
    shows(answers(b"log\n", running, "en"), "task mqtt restarted 3 times")


def test_limits_name_who_set_them_and_for_how_long():
    running = running_station()
    from drivers.ticks import ticks_ms

    shows(answers(b"limits\n", running), "回路 ac-row：合同 22.0 kW，现行 22.0 kW（合同）")
    tighten(running.limits, 0, 1, 150000, 60, ticks_ms())
    shows(answers(b"limits\n", running, "en"), "circuit dc-hall: contract 600.0 kW, in force 150.0 kW (platform)",
          "platform: 150.0 kW, 60 s left")  # fmt: skip


def test_limits_name_what_the_platform_has_ordered_of_guns_and_storage():
    running = running_station()
    from drivers.ticks import ticks_ms
    from firmware.orders import Orders

    orders = running.limits.orders = Orders(running.station)
    tighten(orders.guns, 0, 1, 20000, 60, ticks_ms())
    orders.out[2] = 1
    orders.ask("grid", -50000, 90, ticks_ms())
    try:
        shows(answers(b"limits\n", running, "en"), "gun gun2: operator limits it to 20.0 kW, 60 s left",
              "gun gun3: out of service", "storage: grid dispatch asks for -50.0 kW, 90 s left")  # fmt: skip
    finally:
        running.limits.orders = None


def test_the_language_can_be_changed_and_both_means_chinese():
    lines = answers(b"alarms\nlang en\nalarms\nlang fr\nlang zh\nalarms\n", None, "both")
    shows(lines[:1], "没有告警")
    shows(lines, "no alarms", "language: English")
    shows(lines[-2:], "没有告警")


def test_help_names_every_command():
    for language in ("zh", "en"):
        lines = answers(b"help\n", None, language)
        for command in console_session._COMMANDS:
            assert [line for line in lines if line.replace("> ", "").startswith(command)], (command, lines)


def test_nonsense_is_answered_and_the_next_command_works():
    odd = "no such command", "characters nobody types"
    for typed, wanted in (
        (b"reboot\n", odd[0]), (b"status now please\n", odd[0]), (b"\x1b[A\x1b[2J\n", odd[1]),
        (b"\x00\xff\xfe\x80\n", odd[1]), (b"x" * 10000 + b"\n", odd[1]), ("状态\n".encode(), odd[1]),
        (b"why \x07gun1\n", odd[1]), (b"__import__('os')\n", odd[0]), (b"../station\n", odd[0]),
    ):  # fmt: skip
        lines = answers(typed + b"alarms\n", None, "en")
        shows(lines, wanted, "no alarms")
        assert len(lines) <= 4, lines


def test_line_ends_of_every_kind_and_rubbing_out():
    running = running_station()
    for typed in (b"alarms\r", b"alarms\n", b"alarms\r\n", b"alarmsx\x7f\n", b"x\b\b\balarms\n", b"\n\r\n alarms \n"):
        lines = [line for line in answers(typed, running, "en") if "no alarms" in line]
        assert len(lines) == 1, (typed, lines)


def test_looking_changes_nothing():
    running = running_station()
    station = running.station
    before = [list(station.grant_w), list(station.entitled_w), station.storage_setpoint_w, running.stop.active]
    wanted = [device.setpoints["limit_w"].wanted for device in running.devices.values() if device.role == "gun"]
    answers(b"status\nwhy gun1\ndevices\nbus\nalarms\nlimits\nlog\nhelp\nlang en\n" * 2, running)
    assert before == [list(station.grant_w), list(station.entitled_w), station.storage_setpoint_w, running.stop.active]
    assert wanted == [d.setpoints["limit_w"].wanted for d in running.devices.values() if d.role == "gun"]


def test_the_code_of_a_command_is_forgotten_after_it():
    answers(b"status\nbus\nalarms\nhelp\n")
    assert not [name for name in sys.modules if name.startswith("firmware.console_") and "session" not in name]


def test_columns_count_chinese_twice():
    assert width("枪gun") == 5 and width("：") == 2 and width("") == 0
    assert cut("枪枪枪", 5) == "枪枪" and cut("gun", 2) == "gu" and cut("枪", 1) == ""
    assert pad("枪", 4) == "枪  " and pad("枪", -4) == "  枪" and pad("枪枪枪", 4) == "枪枪"
