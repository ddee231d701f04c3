"""The RAM report of the build: what it says is what the board's heap says."""

from tools import firmware_ram
from tools.firmware_image import Image, build, compiled
from tools.firmware_modules import Tree


def test_what_each_module_costs_and_one_that_cannot_be_imported(emulator, tmp_path):
    whole = build(firmware_ram.BOARD, is_linked=False)
    names = ("drivers", "drivers.ticks", "drivers.reading", "drivers.sleeper", "firmware.cold", "firmware.texts")
    modules = {name: path for name, path in whole.modules.items() if name in names}
    files = {path: whole.files[path] for path in modules.values()}
    files["firmware/texts.mpy"] = compiled("import no_such_module\n", "firmware.texts", "armv6m", tmp_path)
    costs, heap = firmware_ram.measure(Image(whole.facts, None, files, modules), Tree())
    assert 150_000 < heap < 264_000
    assert costs.pop("firmware.texts") is None
    assert set(costs) == set(modules) - {"firmware.texts"}
    # Its .mpy is at most a few times as large in memory, and never nothing.
    for name, cost in costs.items():
        assert 64 <= cost < 16 * len(files[modules[name]]), (name, cost)
