"""Power cabinet: power modules that are switched to the guns, and their liquid-cooling loop. An open register map of
this project (docs/power-cabinet.md), for cabinets whose maker has none."""

from array import array

from drivers.decode import s16, u16
from drivers.point import Field, Point
from drivers.profile import Profile

MODULES, MODULE_WORDS = 20, 6
ABSENT, OFF, STANDBY, RUNNING, DERATED, FAULT, SILENT = 0, 1, 2, 3, 4, 5, 6  # status of a module
_TABLE = MODULES * MODULE_WORDS
_COLDEST_DC, _HOTTEST_DC = -500, 1500


def module(reading, number: int):
    """(status, gun, temperature_dc, voltage_dv, current_da, faults) of module 1 to 20 out of the reading `modules`.

    gun: 1 to 16, 0 while it is switched to none. current_da: 0.1 A, + charging. faults: bits of docs/power-cabinet.md.
    """
    words, at = reading.words, MODULE_WORDS * (number - 1)
    temperature, current = words[at + 2], words[at + 4]
    return (
        words[at], words[at + 1], temperature - 0x10000 if temperature & 0x8000 else temperature, words[at + 3],
        current - 0x10000 if current & 0x8000 else current, words[at + 5],
    )  # fmt: skip


def fitted(buf, i):
    return _count(buf, i, OFF, SILENT)


def working(buf, i):
    """Modules that can give power: stand-by, running, derated."""
    return _count(buf, i, STANDBY, DERATED)


def faulty(buf, i):
    """Modules with a fault, or that do not answer the cabinet."""
    return _count(buf, i, FAULT, SILENT)


def hottest(buf, i):
    """0.1 degC; implausible when no module is fitted."""
    highest, end = -0x8000, i + 2 * _TABLE
    while i < end:  # a range with a step of this kind would be an object
        if u16(buf, i) != ABSENT:
            highest = max(highest, s16(buf, i + 4))
        i += 2 * MODULE_WORDS
    return highest


def _count(buf, i, first, last):
    number, end = 0, i + 2 * _TABLE
    while i < end:
        if first <= u16(buf, i) <= last:
            number += 1
        i += 2 * MODULE_WORDS
    return number


class ModulesField(Field):
    """Keeps the registers of all modules beside their number: 240 bytes instead of a hundred readings."""

    def store(self, reading, buf, start, at_ms):
        if not hasattr(reading, "words"):
            reading.words = array("H", bytes(2 * _TABLE))
        words, at = reading.words, start + self.at
        for index in range(_TABLE):
            words[index] = u16(buf, at + 2 * index)
        Field.store(self, reading, buf, start, at_ms)


class PowerCabinet(Profile):
    """Readings in 0.1 degC (`_dc`), kPa, 0.1 litre a minute (`_dl_min`) and permille; `modules` also has the registers
    of every module: see `module()`. Nothing is written: the cabinet itself switches its modules."""

    name = "power_cabinet"
    role = "cabinet"
    grade = "A"
    source = "docs/power-cabinet.md, version 1"
    control_poll_ms = 1000
    lost_after_ms = 5000
    fixed_reads = ((4, 0x0000, 0x30), (4, 0x0100, _TABLE))
    extra = (
        "status", "modules", "modules_working", "modules_faulty", "module_hottest_dc", "cooling", "pump_permille",
        "coolant_in_dc", "coolant_out_dc", "pressure_kpa", "flow_dl_min", "cooling_faults", "cooling_level",
    )  # fmt: skip
    points = (
        # 0 off, 1 stand-by, 2 running, 3 derated, 4 fault, 5 emergency stop.
        Point("status", 4, 0x0005, u16, high=5),
        Point("cooling", 4, 0x0010, u16, high=3),  # 0 off, 1 running, 2 fault, 3 not fitted
        Point("pump_permille", 4, 0x0011, u16, high=1000),
        Point("coolant_in_dc", 4, 0x0012, s16, low=_COLDEST_DC, high=_HOTTEST_DC, absent=(-0x8000,)),
        Point("coolant_out_dc", 4, 0x0013, s16, low=_COLDEST_DC, high=_HOTTEST_DC, absent=(-0x8000,)),
        Point("pressure_kpa", 4, 0x0014, u16, high=2000, absent=(0xFFFF,)),
        Point("flow_dl_min", 4, 0x0015, u16, high=10000, absent=(0xFFFF,)),
        Point("cooling_faults", 4, 0x0016, u16, high=0xFF),
        Point("cooling_level", 4, 0x0017, u16, high=3),
        Point("modules", 4, 0x0100, fitted, words=_TABLE, high=MODULES, field=ModulesField),
        Point("modules_working", 4, 0x0100, working, words=_TABLE, high=MODULES),
        Point("modules_faulty", 4, 0x0100, faulty, words=_TABLE, high=MODULES),
        Point("module_hottest_dc", 4, 0x0100, hottest, words=_TABLE, low=_COLDEST_DC, high=_HOTTEST_DC),
    )


PROFILE = PowerCabinet()
