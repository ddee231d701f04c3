"""What each module costs a board's heap, measured on the emulated Pico W: the import of one module after the other.

Each module is measured with everything in memory that it imports at its own start, so that the figure is its own. Where
the heap does not hold all of them (the check of a station file and the station do not fit side by side), the board
starts again in between. Emulated, but the interpreter is MicroPython's own build for this board: the bytes are real.
"""

import json

from tools.board.emulated import EmulatedBoard
from tools.board.files import image as volume
from tools.board.repl import Repl, ReplError

BOARD = "rpi_pico_w"
_START_MS = 3000
_IMPORT_MS = 60000
# Below this much free heap the next module gets a board that has just started.
_LEAST_FREE = 40000
_PREPARE = "import gc, json\ngc.threshold(8192)\n"
_MEASURE = """\
def cost(name, before):
    for each in before:
        __import__(each)
    gc.collect()
    free = gc.mem_free()
    __import__(name)
    gc.collect()
    print(json.dumps([free - gc.mem_free(), gc.mem_free()]))
"""


def measure(image, tree):
    """{module: bytes of heap} for a build, and the free heap of a board that has just started. A module that cannot be
    imported on its own (what it needs is not there) has None. Raises tools.board.parts.Missing."""
    found = {}
    with EmulatedBoard() as board:
        board.load(volume(image.files | {"main.py": b""}))
        repl, free, heap = None, 0, 0
        for name in _in_order(image, tree):
            if free < _LEAST_FREE:
                repl = _started(board)
                heap = free = int(repl.exec("gc.collect()\nprint(gc.mem_free())"))
            try:
                answer = repl.exec(f"cost({name!r}, {_needed_by(name, image, tree)!r})", _IMPORT_MS)
                found[name], free = json.loads(answer)
            except ReplError:
                found[name], free = None, 0
    return found, heap


def _started(board):
    if board.is_on:
        board.power_off()
    board.power_on()
    board.run(_START_MS)
    repl = Repl(board)
    repl.exec(_PREPARE + _MEASURE)
    return repl


def _hard(name, image, tree):
    return [each for each, is_late in tree.imports(name) if not is_late and each in image.modules]


def _in_order(image, tree):
    """Every module after those that it imports at its own start."""
    done = []

    def visit(name, above):
        if name in done or name in above:
            return
        for each in _hard(name, image, tree):
            visit(each, (*above, name))
        done.append(name)

    for name in image.modules:
        visit(name, ())
    return done


def _needed_by(name, image, tree):
    """What a module imports at its start, and what those import, deepest first."""
    order = []

    def visit(each, above):
        for below in _hard(each, image, tree):
            if below not in order and below not in above:
                visit(below, (*above, each))
                order.append(below)

    visit(name, (name,))
    return order
