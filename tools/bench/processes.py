"""Programs of a benchmark in processes of their own: servers that say where they listen, clients that print a result.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAP = "heapsize=190wK"  # of a board
_SERVER_END_S = 10


@contextlib.contextmanager
def server(module, *arguments):
    """`python -m module arguments`: gives what its first line says (JSON); ended by closing its input."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{module} ended with {process.wait()} before it listened")
        yield json.loads(line)
    finally:
        process.stdin.close()
        try:
            process.wait(_SERVER_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def on_micropython(script, *arguments, within_s=300):
    """The JSON that a script of this folder prints on MicroPython with a board-sized heap."""
    binary = Path(sys.executable).with_name("micropython")
    command = [str(binary), "-X", HEAP, f"tools/bench/{script}", *map(str, arguments)]
    return _result(command, {**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"}, within_s)


def on_cpython(module, *arguments, within_s=300):
    """The JSON that `python -m module arguments` prints."""
    return _result([sys.executable, "-m", module, *map(str, arguments)], None, within_s)


def _result(command, environment, within_s):
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=within_s)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])
