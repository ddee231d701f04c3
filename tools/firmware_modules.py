"""Which modules a board needs: what `firmware.main` reaches by its imports, for this board and this station.

Imports inside functions count. A computed name counts as every module that begins with the text it starts with; only
boards and profiles are chosen by the board's and the station's names. What cannot be followed is an error, so that no
board lacks a module which is asked for only once a year.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("boards", "control", "drivers", "firmware")
ENTRY = "firmware.main"
_BOARD_PREFIX = "boards."
_PROFILE_PREFIX = "drivers.profiles."


class BuildError(Exception):
    """The firmware cannot be built; the text says what was found where."""


class Tree:
    """The board-side modules below `root`, by their dotted names; a package is the name of its folder."""

    def __init__(self, root=ROOT):
        self.root = Path(root)
        self.paths = {}
        for package in PACKAGES:
            for path in sorted((self.root / package).rglob("*.py")):
                name = ".".join(path.relative_to(self.root).with_suffix("").parts)
                self.paths[name.removesuffix(".__init__")] = path
        self._imports = {}

    def imports(self, name):
        """[(module of ours, whether it is loaded only when a function needs it)] of one module."""
        if name not in self._imports:
            self._imports[name] = list(_Reader(self, name).found())
        return self._imports[name]

    def data_files(self):
        """Files beside the modules that are read at run time (texts); notes for people and for the build are not."""
        for package in ("control", "drivers", "firmware"):
            for path in sorted((self.root / package).rglob("*")):
                if path.is_file() and path.suffix not in (".py", ".pyc", ".md"):
                    yield path


def needed(tree, board, leave_out=(), station=None):
    """Names of the modules for `board`, sorted. leave_out: modules that the board does without. station: a checked
    station, for which only its own profiles and kinds of bus are taken; None: all of them. Raises BuildError."""
    profiles = [each for each in tree.paths if each.startswith(_PROFILE_PREFIX)]
    skipped = set(leave_out)
    if station is not None:
        named = {_PROFILE_PREFIX + device["profile"] for device in station["devices"]}
        skipped.update(unused(station))
        profiles = [each for each in profiles if each in named]
    boards = [each for each in tree.paths if each.startswith(_BOARD_PREFIX + board + ".")]
    if not boards:
        raise BuildError(f"boards/{board}: no such board / 没有这种板")
    reached, waiting = set(), [ENTRY, *boards, *profiles]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += [each for each, is_late in tree.imports(name) if not (is_late and each in skipped)]
    forced = sorted(reached & set(leave_out))
    if forced:
        raise BuildError(f"boards/{board}/board.json: leave_out {forced[0]}: a module that stays imports it")
    return sorted(reached)


def unused(station):
    """Modules that a station does not use, as long as they are loaded only when something asks for them."""
    kinds = {bus["kind"] for bus in station["buses"]}
    found = [module for module, users in BUS_MODULES.items() if not kinds & set(users)]
    if not any(device["profile"].startswith("custom:") for device in station["devices"]):
        found += CUSTOM_MODULES
    return found


# module: the kinds of bus that use it.
BUS_MODULES = {
    "drivers.dlt645": ("dlt645",),
    "drivers.modbus.tcp": ("tcp",),
    "drivers.modbus.tcp_link": ("tcp", "rtu_tcp"),
    "drivers.modbus.rtu": ("rtu", "rtu_tcp"),
    "drivers.modbus.serial_link": ("rtu", "dlt645"),
}
# Only for profiles that are files on the board. The check of a station file needs its own part of them at any time.
CUSTOM_MODULES = ("drivers.custom_file", "drivers.custom")


class _Reader:
    """The imports in the source of one module."""

    def __init__(self, tree, name):
        self.tree, self.name, self.path = tree, name, tree.paths[name]
        self.source = ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    def found(self):
        late = {id(inner) for node in ast.walk(self.source) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                for inner in ast.walk(node)}
        for node in ast.walk(self.source):
            for name in self._named(node):
                for module in self._modules(name):
                    if module != self.name:
                        # A name in a text (`forget("firmware.x")`, or a loader's table) loads nothing by itself.
                        yield module, id(node) in late or isinstance(node, ast.Constant)

    def _named(self, node):
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            return [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "__import__":
            return self._computed(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in self.tree.paths:
            return [node.value]
        return []

    def _computed(self, call):
        if isinstance(call.args[0], ast.Subscript) and self._is_table(call.args[0].value):
            return []  # its texts count as they stand there
        start, is_whole = self._start_of(call.args[0])
        if is_whole:
            return [start]
        if start in (_BOARD_PREFIX, _PROFILE_PREFIX):
            return []  # chosen by the board's name and by the station
        matches = [each for each in self.tree.paths if start and each.startswith(start)]
        if not matches and not isinstance(call.args[0], ast.Name):
            where = self.path.relative_to(self.tree.root)
            raise BuildError(f"{where}:{call.lineno}: __import__ of a name that the build cannot follow")
        return matches

    def _is_table(self, node):
        """Whether a name stands for a tuple of the module that holds nothing but names of modules."""
        values = self._assigned(node) if isinstance(node, ast.Name) else []
        return len(values) == 1 and isinstance(values[0], ast.Tuple) and all(
            isinstance(each, ast.Constant) and each.value in self.tree.paths for each in values[0].elts)

    def _assigned(self, name):
        """What the module assigns to a name."""
        return [each.value for each in ast.walk(self.source) if isinstance(each, ast.Assign)
                and any(isinstance(target, ast.Name) and target.id == name.id for target in each.targets)]

    def _start_of(self, node):
        """(text that a computed name starts with, whether that is all of it)."""
        is_whole = True
        if isinstance(node, ast.Name):
            values = self._assigned(node)
            node = values[0] if len(values) == 1 else node
        while isinstance(node, ast.BinOp):
            node, is_whole = node.left, False
        if isinstance(node, ast.Name):
            start, _ = self._start_of(node) if not is_whole else ("", False)
            return start, False
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value, is_whole
        return "", False

    def _modules(self, name):
        """The modules that importing `name` loads: itself and the packages around it, as far as they have code."""
        parts = name.split(".")
        if parts[0] not in PACKAGES:
            return
        for length in range(1, len(parts) + 1):
            module = ".".join(parts[:length])
            if module in self.tree.paths:
                yield module
