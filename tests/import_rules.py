"""The import rules of docs/design.md, checked on the source text.

`violations(root)` gives one line for each import that breaks them: `path:line: what it imports, and the rule`. Imports
inside functions count too, and so do `__import__("name")` and `importlib.import_module("name")` with a name that can be
read; a computed name is judged by the text that it starts with.
"""

import ast
from pathlib import Path

HOUSE = ("boards", "control", "drivers", "firmware", "hil_tests", "tests", "tools")

# package: the modules of ours that it may import (itself included); a module stands for everything below it.
MAY_IMPORT = {
    "boards": ("boards",),
    "control": ("control",),
    "drivers": ("drivers", "boards.unix.board", "boards.rpi_pico_w.board", "boards.esp32_generic.board"),
    "firmware": ("firmware", "drivers", "control", "boards"),
    "hil_tests": ("hil_tests", "tools"),
    "tools": ("tools", "control", "drivers.profiles", "drivers.timing", "firmware.config"),
    "tools/scan.py": ("tools", "drivers", "boards.unix.uart"),  # commissioning: it is the bus task for a while
    "tools/sim": ("tools.sim",),
    "tools/bench": ("tools", "control", "drivers", "firmware", "boards"),
    # The station on the emulated board is wired as in its tests.
    "tools/bench/board_station.py": ("tools", "hil_tests.emulated_rig"),
    "tools/bench/board.py": ("tools", "hil_tests.emulated_rig"),
}
# Importing a submodule runs these, and they must stay empty: `from firmware import config` imports `firmware` too.
PACKAGES_THAT_ARE_ONLY_NAMES = ("firmware", "drivers", "boards", "control", "tools", "tools.sim")
# Pure: no input or output and no clock. Everything that is not on the list is refused.
_PHYSICS = ("__future__", "array", "bisect", "collections", "dataclasses", "enum", "functools", "itertools", "math",
            "random", "typing")
PURE = {
    "control": ("array", "micropython"),
    "tools/sim/plant.py": _PHYSICS,
    "tools/sim/gun.py": _PHYSICS,
    "tools/sim/sources.py": _PHYSICS,
    "tools/sim/delayed.py": _PHYSICS,
}
BUILTINS_WITH_EFFECTS = ("open", "print", "input", "exec", "eval", "compile", "globals")
# `random.random()` and its like draw from a generator that nobody seeded.
SEEDED = ("Random",)
# CPython has them, MicroPython does not.
NOT_ON_BOARDS = ("abc", "contextlib", "dataclasses", "enum", "functools", "itertools", "logging", "pathlib",
                 "threading", "typing", "unittest")
ON_BOARDS = ("boards", "control", "drivers", "firmware")


def violations(root: Path) -> list:
    found = []
    for package in HOUSE:
        if package != "tests":
            for path in sorted((root / package).rglob("*.py")):
                found += violations_of(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    return found


def violations_of(path: str, source: str) -> list:
    """path: of the file inside the repository, with forward slashes."""
    tree = ast.parse(source, path)
    if path.endswith("__init__.py") and path[:-len("/__init__.py")].replace("/", ".") in PACKAGES_THAT_ARE_ONLY_NAMES \
            and any(not _is_docstring(node) for node in tree.body):
        return [f"{path}:1: code in __init__.py; importing any module of the package would run it"]
    found = []
    for line, module in imports(tree, path):
        rule = _broken_rule(path, module)
        if rule:
            found.append(f"{path}:{line}: imports {module or 'a module whose name is computed'}; {rule}")
    if _entry(PURE, path) is not None:
        found += [f"{path}:{line}: uses {what}; no input, output or clock here" for line, what in effects(tree)]
    return found


def imports(tree, path: str):
    """(line, dotted name) of each import; the name is None when it cannot be read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path)
            for alias in node.names:
                # `from drivers import profiles` imports a module, `from drivers.ticks import ticks_ms` a name in one:
                # the longer name is judged, since a rule for a module covers what is below it.
                yield node.lineno, f"{base}.{alias.name}" if base.split(".")[0] in HOUSE else base
        elif isinstance(node, ast.Call) and _called(node) in ("__import__", "importlib.import_module", "import_module"):
            yield node.lineno, _readable(node.args[0], tree) if node.args else None


def effects(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _called(node)
            if name in BUILTINS_WITH_EFFECTS:
                yield node.lineno, f"{name}()"
            elif name.startswith("random.") and name.split(".")[1] not in SEEDED:
                yield node.lineno, f"{name}() without a seed"
            elif name == "random.Random" and not node.args:
                yield node.lineno, "random.Random() without a seed"
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            for alias in node.names:
                if alias.name not in SEEDED:
                    yield node.lineno, f"random.{alias.name} without a seed"


def _broken_rule(path, module):
    """The rule that an import breaks, or None."""
    package = path.split("/")[0]
    if module is None:
        # Which board runs is known only to the station file; everywhere else names are written down.
        return None if package == "firmware" else "the name must be readable"
    top = module.split(".")[0]
    if top in HOUSE:
        allowed = _entry(MAY_IMPORT, path)
        if not any(_is_below(module, each) for each in allowed):
            return "allowed of ours: " + ", ".join(allowed)
        return None
    if package in ON_BOARDS and top in NOT_ON_BOARDS:
        return "MicroPython has no such module"
    pure = _entry(PURE, path)
    if pure is not None and top not in pure:
        return "pure code; allowed: " + ", ".join(pure)
    return None


def _entry(table, path):
    """The row for the longest folder or file that the path is in, or None."""
    parts = path.split("/")
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in table:
            return table["/".join(parts[:length])]
    return None


def _is_below(module, allowed):
    return module == allowed or module.startswith(allowed + ".")


def _absolute(node, path):
    if not node.level:
        return node.module
    folders = path.split("/")[:-node.level]
    return ".".join(folders + ([node.module] if node.module else []))


def _called(node):
    if isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{node.func.value.id}.{node.func.attr}"
    return ""


def _readable(node, tree):
    """The text, or the text that a sum or an f-string starts with, of a module's name; a variable that is assigned once
    stands for what it was assigned."""
    if isinstance(node, ast.Name):
        values = [each.value for each in ast.walk(tree) if isinstance(each, ast.Assign)
                  and any(isinstance(target, ast.Name) and target.id == node.id for target in each.targets)]
        node = values[0] if len(values) == 1 else node
    while isinstance(node, ast.BinOp):
        node = node.left
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rstrip(".")
    return None


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
