"""Who may import whom (docs/design.md), over the whole tree, and proof that the checker sees each way to break it."""

import pytest

from tests.import_rules import HOUSE, violations, violations_of
from tests.micropython_collector import REPOSITORY


def test_the_tree_keeps_the_import_rules():
    assert violations(REPOSITORY) == []


def test_the_checker_reads_the_tree(tmp_path):
    for package in HOUSE:
        (tmp_path / package / "deep").mkdir(parents=True)
        (tmp_path / package / "deep" / "module.py").write_text("import tests.conftest\n")
    found = violations(tmp_path)
    assert [line.split("/")[0] for line in found] == [package for package in HOUSE if package != "tests"], found


@pytest.mark.parametrize("path, source", [
    ("control/step.py", "from drivers import ticks"),
    ("control/step.py", "import firmware.app"),
    ("control/step.py", "import time"),
    ("control/step.py", "import random"),
    ("control/step.py", "def f():\n    import asyncio"),
    ("control/step.py", "open('x')"),
    ("control/step.py", "print(1)"),
    ("control/step.py", "__import__('drivers.ticks')"),
    ("control/step.py", "from ..drivers import ticks"),
    ("control/deep/step.py", "from typing import Any"),
    ("drivers/bus.py", "from firmware import config"),
    ("drivers/bus.py", "import control.station"),
    ("drivers/bus.py", "from boards.unix import uart"),
    ("drivers/bus.py", "from boards.unix.uart import Uart"),
    ("drivers/bus.py", "import dataclasses"),
    ("drivers/modbus/tcp.py", "import tools.sim"),
    ("firmware/app.py", "from tools import run"),
    ("firmware/app.py", "import hil_tests"),
    ("firmware/app.py", "from tests.import_rules import violations"),
    ("firmware/app.py", "import enum"),
    ("firmware/app.py", "try:\n    import typing\nexcept ImportError:\n    pass"),
    ("firmware/app.py", "__import__('tools.' + name)"),
    ("boards/unix/inputs.py", "from drivers.ticks import ticks_diff"),
    ("boards/unix/inputs.py", "import firmware"),
    ("tools/run.py", "import firmware.app"),
    ("tools/run.py", "from firmware import app"),
    ("tools/run.py", "import firmware"),
    ("tools/run.py", "from firmware.config_texts import TEXTS"),
    ("tools/run.py", "from drivers import bus"),
    ("tools/run.py", "from drivers.ticks import ticks_ms"),
    ("tools/run.py", "from boards.unix import board"),
    ("tools/run.py", "import importlib\nimportlib.import_module('drivers.bus')"),
    ("tools/run.py", "import importlib\nimportlib.import_module(name)"),
    ("tools/run.py", "import importlib\nimportlib.import_module(f'drivers.{name}')"),
    ("tools/run.py", "path = 'drivers.' + name\n__import__(path)"),
    ("drivers/bus.py", "path = 'drivers.x'\npath = name\n__import__(path)"),
    ("tools/sim/servers.py", "from control import station"),
    ("tools/sim/servers.py", "from drivers.profiles import registry"),
    ("tools/sim/servers.py", "from firmware import config"),
    ("tools/sim/servers.py", "from tools import broker"),
    ("tools/sim/servers.py", "from .. import broker"),
    ("tools/sim/plant.py", "import time"),
    ("tools/sim/plant.py", "import asyncio"),
    ("tools/sim/plant.py", "import socket"),
    ("tools/sim/plant.py", "import datetime"),
    ("tools/sim/plant.py", "import pymodbus"),
    ("tools/sim/plant.py", "open('x')"),
    ("tools/sim/plant.py", "import random\nrandom.random()"),
    ("tools/sim/plant.py", "import random\nrandom.Random()"),
    ("tools/sim/plant.py", "from random import gauss"),
    ("hil_tests/test_board.py", "from firmware import config"),
    ("hil_tests/test_board.py", "from drivers.modbus import crc"),
    ("firmware/__init__.py", "from firmware import app"),
    ("tools/sim/__init__.py", "import time"),
])
def test_a_violation_is_found(path, source):
    found = violations_of(path, source)
    assert len(found) == 1 and found[0].startswith(path + ":"), found


@pytest.mark.parametrize("path, source", [
    ("control/step.py", "from control.station import Station\nfrom array import array\nfrom micropython import const"),
    ("control/step.py", "from .station import Station"),
    ("drivers/bus.py", "import asyncio\nfrom drivers import ticks\nfrom boards.unix.board import MAX_TCP"),
    ("drivers/profiles/registry.py", "__import__('drivers.profiles.' + name, None, None, ('PROFILE',))"),
    ("drivers/profiles/registry.py", "path = 'drivers.profiles.' + name\n__import__(path)"),
    ("firmware/app.py", "from drivers.build import build_buses\nimport control.step\nimport boards.unix.uart"),
    ("firmware/app.py", "__import__(board_module)"),
    ("tools/run.py", "from firmware import config\nfrom firmware.config import load\nimport control.station"),
    ("tools/run.py", "from drivers.profiles import registry\nfrom tools.sim.plant import Plant\nimport time, typing"),
    ("tools/sim/servers.py", "import asyncio, pymodbus\nfrom tools.sim.plant import Plant\nfrom . import plant"),
    ("tools/sim/plant.py", "import math, random\nfrom dataclasses import dataclass\nnoise = random.Random(7)"),
    ("hil_tests/test_board.py", "import socket\nfrom tools.run import start"),
    ("firmware/__init__.py", '"""Only a name."""'),
])
def test_what_the_rules_allow_is_not_reported(path, source):
    assert violations_of(path, source) == []
