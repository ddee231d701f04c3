"""From the files in the current folder to a running station, in two stages.

A station file that has not been checked yet is checked with nothing else in memory (firmware/take_in.py). A start with
a checked one reads only what the check left behind (firmware/checked.py), and forgets again what only a start needs.
"""

import gc
import os
import sys

from firmware import checked
from firmware.cold import forget
from firmware.version import VERSION

# Before the platform is loaded, and after: its code and what this leaves would not fit side by side.
_START_ONLY = (
    "control.build", "drivers.build", "drivers.custom_file", "drivers.modbus.clients",
    "drivers.outfit", "drivers.planner", "drivers.plausibility", "drivers.profiles.loading",
    "drivers.profiles.registry", "drivers.spans", "firmware.app", "firmware.checked", "firmware.gun_response",
    "firmware.keys", "firmware.state", "firmware.state_damage",
)  # fmt: skip
_START_ONLY_LATER = (
    "firmware.app_mqtt", "firmware.mqtt.build", "firmware.mqtt.greeting", "firmware.state_damage", "firmware.version",
)  # fmt: skip


def station():
    """The station, ready to run, as firmware.running.Running; None when there is none that may be used."""
    problems = _problems_of_newest()
    if problems < 0:
        return None
    from firmware.app import App

    config = checked.load()
    built = App(config, refused=problems)
    del App
    forget(*_START_ONLY)
    if config.get("mqtt"):
        from firmware import app_mqtt

        app_mqtt.add(built, config)
        del app_mqtt
    running, about = built.running, built.about
    from firmware import extras, made

    made.forget_drivers(running.buses)
    made.forget_station()
    if config.get("mqtt"):
        made.forget_platform()
    del built, config
    forget(*_START_ONLY_LATER)
    extras.add(running, about)
    if running.cycle.box is not None:
        made.forget_black_box()
    forget("firmware.extras", "firmware.made")
    return running


def take_in() -> bool:
    """Checks the station file and leaves behind what was found. True when it was accepted."""
    from firmware import take_in

    try:
        return take_in.take_in("", VERSION)
    except OSError as error:
        print("检查结果无法保存 / what the check found cannot be written: %s" % error)
    return False


def _problems_of_newest():
    """Sees to it that a new station file is checked. How many problems the one that is there has, while an older one
    stays in force; -1 when there is none that may be used."""
    usable, problems = checked.look("", VERSION)
    if not usable:
        _check_alone()
        usable, problems = checked.look("", VERSION)
    if not usable:  # refused, and either there is no older one or the flash takes no file
        problems = -1 if checked.about("", checked.CHECKED) is None else 1
    if problems > 0:
        print("沿用旧站点文件 / the last good station file stays in force (%s)" % checked.REFUSED)
    return problems


def _check_alone():
    """A process has another one do it. A board does it itself, and starts over when there is a station to start."""
    if hasattr(os, "system"):
        heap = " -X heapsize=%d" % (gc.mem_alloc() + gc.mem_free()) if hasattr(gc, "mem_free") else ""
        # The board's stubs know no interpreter that is a file.
        os.system("'%s'%s -m firmware.main take-in" % (sys.executable, heap))  # pyright: ignore[reportAttributeAccessIssue]
        return
    take_in()
    if checked.look("", VERSION)[0]:
        import machine

        machine.soft_reset()
