"""Builds the firmware for one kind of board, and says how large it is: `make firmware BOARD=rpi_pico_w`.

    python -m tools.firmware --board NAME [--station STATION.json] [--ram] [--own-names] [--out FOLDER] [--lang ...]

Below FOLDER (build/firmware/NAME): `flash/`, the files as they stand on the board, and `manifest.json`. With a station
file only that station's profiles and kinds of bus are taken. --own-names: docs/boards.md. --ram
also measures what each module costs the heap, on
the emulated board (rpi_pico_w). Exit code 0; 1: cannot be built or measured; 2: station file refused.
"""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from firmware import config as station_file
from tools import firmware_ram
from tools.board.parts import Missing
from tools.firmware_image import build
from tools.firmware_modules import ROOT, BuildError, Tree

_HEADINGS = {"zh": ("部分", "模块", "闪存 B", "内存 B"), "en": ("part", "modules", "flash B", "RAM B"),
             "both": ("部分 part", "模块 modules", "闪存 flash B", "内存 RAM B")}  # fmt: skip
_DEEPEST = 2  # parts of a module's name that the report tells apart


def parts(image, ram):
    """{part: [modules, bytes of flash, bytes of RAM]}: modules put together by the first two parts of their names, and
    the other files. ram: {module: bytes}."""
    found = {}
    for name, path in image.modules.items():
        entry = found.setdefault(".".join(name.split(".")[:_DEEPEST]), [0, 0, 0])
        entry[0] += 1
        entry[1] += len(image.files[path])
        entry[2] += ram.get(name) or 0
    for path in sorted(set(image.files) - set(image.modules.values())):
        found[path] = [0, len(image.files[path]), 0]
    return found


def report(image, ram, heap, language, console):
    """heap: free bytes of a board that has just started, 0 when nothing was measured."""
    table = Table(*_HEADINGS[language][: 4 if ram else 3], box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for part, figures in sorted(parts(image, ram).items(), key=lambda each: -each[1][1]):
        table.add_row(part, *[str(figure or "") for figure in figures[: len(table.columns) - 1]])
    console.print(table)
    total, budget = sum(map(len, image.files.values())), image.facts.flash_bytes
    share = f" ({total * 100 // budget} % / {budget} B)" if budget else ""
    lines = [f"{image.facts.name} {image.build_id}: {len(image.files)} 个文件 files, 闪存 flash {total} B{share}"]
    if ram:
        unknown = [name for name in ram if ram[name] is None]
        lines.append(f"内存 RAM: {sum(each or 0 for each in ram.values())} B / {heap} B "
                     "（不会同时全部载入 never all at once）")  # fmt: skip
        lines += [f"未能测量 not measured: {name}" for name in unknown]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.firmware", description="构建固件 / build the firmware")
    parser.add_argument("--board", required=True)
    parser.add_argument("--station", help="只含该站所需 / only what this station needs")
    parser.add_argument("--ram", action="store_true", help="在仿真板上测各模块内存 / measure RAM on the emulated board")
    parser.add_argument("--own-names", action="store_true", help="名称不缩短 / the names of the sources")
    parser.add_argument("--out", type=Path, help="build/firmware/BOARD")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    options = parser.parse_args(arguments)
    try:
        station = station_file.load(options.station) if options.station else None
        if options.ram and options.board != firmware_ram.BOARD:
            raise BuildError(f"--ram: 发现 / found {options.board}; 允许 / allowed: {firmware_ram.BOARD}")
        image = build(options.board, station, own_names=options.own_names)
        ram, heap = {}, 0
        if options.ram:
            ram, heap = firmware_ram.measure(build(options.board, station, is_linked=False), Tree())
    except station_file.ConfigError as refused:
        print(refused.text(options.lang), file=sys.stderr)
        return 2
    except (BuildError, Missing) as error:
        print(error, file=sys.stderr)
        return 1
    folder = options.out or ROOT / "build" / "firmware" / options.board
    image.write(folder)
    if ram:
        (folder / "ram.json").write_text(json.dumps({"heap": heap, "modules": ram}, indent=1) + "\n", encoding="utf-8")
    report(image, ram, heap, options.lang, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
