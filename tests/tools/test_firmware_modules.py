"""Which modules a board gets."""

import pytest

from tools import firmware_modules
from tools.firmware_image import ARCHITECTURES, CACHE, compiled
from tools.firmware_modules import BuildError, Tree, needed

STATION = {"buses": [{"kind": "rtu"}], "devices": [{"profile": "cn_pile_v2"}, {"profile": "acrel_dtsd1352"}]}


def tree_of(root, files):
    for path, source in {"boards/b/board.py": "NAME = 'b'", **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source)
    return Tree(root)


def test_what_is_imported_anywhere_is_taken_and_nothing_else(tmp_path):
    tree = tree_of(tmp_path, {
        "firmware/main.py": "from drivers.a import x\ndef late():\n    import control.c\n",
        "drivers/a.py": "from drivers import b\nimport os\n",
        "drivers/b.py": "",
        "drivers/unused.py": "",
        "control/c.py": "",
        "boards/other/board.py": "",
    })
    assert needed(tree, "b") == ["boards.b.board", "control.c", "drivers.a", "drivers.b", "firmware.main"]


def test_profiles_are_the_stations_or_all(tmp_path):
    files = {"firmware/main.py": "def load(name):\n    __import__('drivers.profiles.' + name)\n"}
    files |= {f"drivers/profiles/{name}.py": "from drivers import base" for name in ("cn_pile_v2", "other")}
    tree = tree_of(tmp_path, files | {"drivers/base.py": ""})
    assert "drivers.profiles.other" in needed(tree, "b")
    found = needed(tree, "b", station=STATION)
    assert [each for each in found if "profiles" in each] == ["drivers.profiles.cn_pile_v2"]


def test_a_computed_name_brings_every_module_it_can_mean(tmp_path):
    tree = tree_of(tmp_path, {
        "firmware/main.py": "def run(word):\n    name = 'firmware.console_' + word\n    return __import__(name)\n",
        "firmware/console_why.py": "",
        "firmware/console_help.py": "",
        "firmware/conso.py": "",
    })
    found = needed(tree, "b")
    assert "firmware.console_why" in found and "firmware.console_help" in found and "firmware.conso" not in found


def test_a_computed_name_that_cannot_be_followed_is_refused(tmp_path):
    tree = tree_of(tmp_path, {"firmware/main.py": "def run(word):\n    return __import__(word + '.x')\n"})
    with pytest.raises(BuildError, match="firmware/main.py:2"):
        needed(tree, "b")


def test_a_module_left_out_may_not_be_needed_at_the_start(tmp_path):
    tree = tree_of(tmp_path, {"firmware/main.py": "def late():\n    import firmware.x\n", "firmware/x.py": ""})
    assert "firmware.x" not in needed(tree, "b", ["firmware.x"])
    tree = tree_of(tmp_path, {"firmware/main.py": "import firmware.x"})
    with pytest.raises(BuildError, match="firmware.x"):
        needed(tree, "b", ["firmware.x"])


def test_a_kind_of_bus_that_the_station_lacks_is_taken_only_where_the_start_needs_it(tmp_path):
    late, early = "def open():\n    from drivers import dlt645\n", "from drivers import dlt645\n"
    tree = tree_of(tmp_path, {"firmware/main.py": late, "drivers/dlt645.py": ""})
    assert "drivers.dlt645" not in needed(tree, "b", station=STATION)
    assert "drivers.dlt645" in needed(tree, "b")
    assert "drivers.dlt645" in needed(tree_of(tmp_path, {"firmware/main.py": early}), "b", station=STATION)


def test_an_unknown_board_is_refused():
    with pytest.raises(BuildError, match="boards/nope"):
        needed(Tree(), "nope")


def test_the_modules_that_stations_choose_are_there():
    tree = Tree()
    for name in [*firmware_modules.BUS_MODULES, *firmware_modules.CUSTOM_MODULES]:
        assert name in tree.paths, f"{name}: renamed? tools/firmware_modules.py names it"


def test_no_board_module_gets_into_another_boards_build():
    tree = Tree()
    for board, other in (("unix", "rpi_pico_w"), ("rpi_pico_w", "unix"), ("esp32_generic", "rpi_pico_w")):
        assert not [name for name in needed(tree, board) if name.startswith(f"boards.{other}")]


def test_every_board_side_module_compiles_for_every_chip():
    """Bytecode is the same for all of them; a module with native code is compiled for each."""
    chips = {"xtensawin": "ESP32, S3", "rv32imc": "ESP32-C3, -C6", "armv6m": "RP2040", "armv7emsp": "RP2350"}
    CACHE.mkdir(parents=True, exist_ok=True)
    for name, path in Tree().paths.items():
        for architecture in chips:
            data = compiled(path.read_text(encoding="utf-8"), name, architecture, CACHE)
            if data[2] == 0:
                break
            assert ARCHITECTURES[data[2] >> 2 & 0x0F] == architecture, name
