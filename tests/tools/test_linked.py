"""Modules become one: what they mean to each other, and what stays by itself."""

import ast
import subprocess
import sys

import pytest

from tools.firmware_modules import Tree, needed
from tools.linked import Linker

PACKAGES = ("control", "drivers", "firmware")


@pytest.fixture
def imported(tmp_path):
    """imported({module: source}): `result` of firmware.app out of linked sources, in a Python without our packages."""

    def load(sources):
        for module, source in Linker(sources, ["firmware.app"]).sources().items():
            path = tmp_path / (module.replace(".", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
        code += "from firmware.app import result\nprint(repr(result))"
        done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return ast.literal_eval(done.stdout)

    return load


def linked(sources):
    return Linker(sources, ["firmware.app"]).sources()


def test_names_imports_and_objects_of_linked_modules_are_found(imported):
    sources = {
        "drivers.ticks": "def now():\n    return 7\n",
        "drivers.bus": "from drivers.ticks import now as clock\nclass Bus:\n    def at(self):\n"
                       "        return clock()\n",
        "firmware.cycle": "from drivers import ticks\nfrom drivers.bus import Bus\n"
                          "def run():\n    return Bus().at() + ticks.now()\n",
        "firmware.watch": "from firmware import cycle\ndef look(run):\n    return cycle.run() + run\n",
        "firmware.app": "from firmware.watch import look as start\nresult = start(1)\n",
    }  # fmt: skip
    made = linked(sources)
    assert sorted(made) == ["drivers.linked", "firmware.app", "firmware.linked"]
    assert imported(sources) == 15


def test_two_globals_of_one_name_stay_two(imported):
    sources = {
        "control.turns": "_LIMIT = 3\nIDLE = 1\ndef update():\n    return _LIMIT\n",
        "control.ladder": "_LIMIT = 40\nIDLE = 2\ndef update():\n    return _LIMIT + IDLE\n",
        "control.step": "from control import ladder, turns\ndef step():\n"
                        "    update = turns.update()\n    return update * 100 + ladder.update()\n",
        "firmware.app": "from control.step import step\nfrom control.turns import IDLE\nresult = step(), IDLE\n",
    }  # fmt: skip
    assert sorted(linked(sources)) == ["control.linked", "firmware.app"]
    assert imported(sources) == (342, 1)


def test_a_global_named_like_a_builtin_does_not_hide_it_from_the_others(imported):
    sources = {
        "drivers.file": "def open():\n    return 'ours'\n",
        "drivers.other": "def f():\n    return open\n",
        "firmware.app": "from drivers.file import open\nfrom drivers.other import f\nresult = open(), f().__name__\n",
    }
    assert imported(sources) == ("ours", "open")


def test_what_is_forgotten_or_looked_up_by_its_name_stays_by_itself():
    sources = {
        "firmware.cold": "def forget(name):\n    pass\n",
        "firmware.once": "def once():\n    pass\n",
        "firmware.console_why": "def why():\n    pass\n",
        "firmware.handed": "x = 1\n",
        "firmware.place": "here = __file__\n",
        "firmware.app": "from firmware.cold import forget\nfrom firmware.once import once\n"
                        "from firmware.console_why import why\nfrom firmware import handed\nimport firmware.place\n"
                        "forget('firmware.once')\nkept = handed\n__import__('firmware.console_' + 'why')\n",
    }  # fmt: skip
    assert sorted(linked(sources)) == ["firmware.app", "firmware.console_why", "firmware.handed", "firmware.linked",
                                       "firmware.once", "firmware.place"]  # fmt: skip


def test_a_module_that_is_not_loaded_by_the_running_station_is_left_alone():
    sources = {
        "drivers.bus": "def run():\n    from drivers.rare import x\n    return x\n",
        "drivers.rare": "from drivers.bus import run\nx = run\n",
        "firmware.app": "import drivers.bus\nfrom drivers.bus import run\n",
    }
    assert "drivers.rare" in linked(sources)


def test_every_module_of_the_station_that_stays_is_linked_and_no_name_is_lost():
    tree = Tree()
    station = {"buses": [{"kind": "rtu"}], "devices": [{"profile": "cn_pile_v2"}]}
    sources = {name: source for name in needed(tree, "rpi_pico_w", station=station)
               if (source := tree.paths[name].read_text(encoding="utf-8"))}  # fmt: skip
    linker = Linker(sources, ("firmware.app", "firmware.app_mqtt"))
    made = linker.sources()
    assert {"control.step", "drivers.bus", "drivers.device", "firmware.cycle", "firmware.watch"} <= linker.members
    assert linker.sources() == made and len(linker.members) > 40
    for package in PACKAGES:
        begins = [line for line in made[f"{package}.linked"].splitlines() if line.startswith(("def ", "class "))]
        assert len({line.split("(")[0] for line in begins}) == len(begins)
