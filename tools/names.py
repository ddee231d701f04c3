"""Shortens the names of the firmware for a board: a name in its memory costs at least 16 bytes of the heap.

The sources keep their names. The build renames every identifier of ours, each the same way in all modules of an image,
to a name that the board's MicroPython has in its ROM and that none of our modules uses (`rom_names.txt` of the board):
it then costs nothing. When those are used up, to names of one or two letters. It is a closed world: a name that also
stands in the code as a text (getattr, a key), that MicroPython has itself (it may be part of its interface), or that is
part of a module's name, stays. Arguments that are never given by keyword share a few names, as far as no function has
two of them. What could reach a name in a way that is not seen here stops the build.

    python -m tools.names build/firmware/BOARD < TRACEBACK    tells a traceback of a board with the names of the sources
"""

import ast
import builtins
import io
import itertools
import json
import keyword
import re
import string
import sys
import tokenize
from pathlib import Path

FILE = "names.json"
# Called from outside of the image: main.py.
PUBLIC = frozenset({"main"})
# What MicroPython and its asyncio look for on objects that are not their own: streams, file systems, sockets,
# coroutines, tasks, mappings, exceptions. None of these is given to something else.
PROTOCOL = frozenset("""
    accept acquire add append args bind call_exception_handler cancel chdir clear close code connect coro data
    decode deinit done drain encode errno exc exit extend fileno flush get get_extra_info getcwd getvalue ilistdir
    ioctl irq items keys listdir listen locked makefile mkdir modify mount name open out_buf pend_throw ph_key poll
    pop popleft push read readblocks readexactly readinto readline readlines recv recv_into recvfrom recvinto
    register release remove rename rmdir s e seek send sendall sendto set setblocking setsockopt settimeout stat
    state statvfs tell throw umount unlink unregister update value values wait wait_closed waiting write writeblocks
    writelines awrite aclose aread
""".split())
# Places where the name of an attribute is computed, and why renaming does not disturb them.
COMPUTED = {
    ("drivers.output", "__init__"): "keywords of a call, which are renamed like the attributes",
    ("drivers.point", "__init__"): "keywords of a call, which are renamed like the attributes",
    ("drivers.decode", "__getattr__"): "the name that was asked for is handed on",
    ("drivers.custom_file", "profile"): "texts of its table",
    ("drivers.probe", "__init__"): "texts of its table",
    ("drivers.probe", "_turned"): "texts of its table, then keywords",
    ("drivers.probe", "_forget"): "names of modules",
    ("firmware.black_box", "_count"): "texts of its tables",
    ("firmware.black_box", "_key"): "texts of its tables",
    ("firmware.black_box", "_fields"): "texts of its tables",
    ("firmware.black_box", "checksum"): "texts of its tables",
    ("firmware.black_box_file", "pieces"): "texts of its tables",
    ("firmware.cold", "forget"): "names of modules",
    ("firmware.config", "unload"): "names of modules",
    ("firmware.console_session", "_carry_out"): "texts of its table",
    ("firmware.mqtt.host", "_ready"): "methods of CPython's event loop",
}
_BY_TEXT = ("getattr", "setattr", "hasattr", "delattr")
_NEVER = ("locals", "vars", "globals", "dir", "eval", "exec", "namedtuple")
_FORMAT_OF_ATTRIBUTE = re.compile(r"\{\w*\.[a-z_]")
_PLACES = {  # node: the field that holds a name, or several
    ast.Name: "id", ast.Attribute: "attr", ast.FunctionDef: "name", ast.AsyncFunctionDef: "name", ast.ClassDef: "name",
    ast.arg: "arg", ast.keyword: "arg", ast.ExceptHandler: "name", ast.Global: "names", ast.Nonlocal: "names",
}  # fmt: skip


class Unsafe(Exception):
    """A source reaches names in a way that renaming would break; the text says where."""


class World:
    """The modules of one image. sources: {dotted name: source}. rom: names in the board's ROM. modules: dotted names of
    all modules there are, in this image or not. late: those that are not in memory with the running station. computed:
    the places that may compute the name of an attribute, None: any. Raises Unsafe.
    """

    def __init__(self, sources, rom, modules, late=(), computed=COMPUTED):
        self.rom, self.late, self.computed = rom, late, computed
        self._sources = sources
        self._trees = {name: ast.parse(source) for name, source in sources.items()}
        self.parts = {part for name in modules for part in name.split(".")}
        self.used_by, self.texts, self.ours, self.fixed = {}, set(), set(), set(PUBLIC)
        self.shared = set()  # names that are not only local to functions
        self.numbers = 0  # of the outermost functions
        self.functions = {}  # name: numbers of the outermost functions in which it stands
        for name, tree in self._trees.items():
            _Module(self, name).look(tree)
        self._keep_shown_classes()

    def mapping(self):
        """{name: new name}. No new name is used anywhere in the sources, and two names become the same only where both
        are arguments that no function has together."""
        stays = self.rom | self.texts | self.parts | self.fixed | set(dir(builtins))
        names = [name for name in self.ours if name not in stays and not name.startswith("__")]
        names.sort(key=lambda name: (self._is_late(name), -len(self.used_by[name]), name))
        groups = [[name] for name in names if name in self.shared]
        groups = self._arguments([name for name in names if name not in self.shared]) + groups
        found = {}
        for group, new in zip(groups, self._free(), strict=False):
            if new in self.rom or len(new) < min(map(len, group)):
                found.update(dict.fromkeys(group, new))
        return found

    def told(self, mapping):
        """{new name: name} for people who read a traceback: without arguments, which are never told."""
        return {new: name for name, new in sorted(mapping.items()) if name in self.shared}

    def _arguments(self, names):
        """The names in groups; no function has two of one group."""
        groups = []  # (names, numbers of the functions that have one of them)
        for name in names:
            own = self.functions[name]
            group = next((each for each in groups if not each[1] & own), None)
            if group is None:
                groups.append(([name], set(own)))
            else:
                group[0].append(name)
                group[1].update(own)
        return [names for names, _ in groups]

    def sources(self, mapping):
        """{module: source} with other names."""
        return {name: renamed(source, mapping) for name, source in self._sources.items()}

    def _is_late(self, name):
        return all(module.startswith(self.late) for module in self.used_by[name]) if self.late else False

    def _free(self):
        """New names, the cheapest first. None begins with an underscore: `_X = const()` is no name at run time."""
        taken = set(self.used_by) | self.texts | self.parts | PROTOCOL | PUBLIC | set(dir(builtins))
        for name in sorted(self.rom, key=lambda each: (not each.isupper(), not each[0].isupper(), each)):
            if name not in taken and not name.startswith("_") and not keyword.iskeyword(name):
                yield name
        for length in itertools.count(1):
            for letters in itertools.product(string.ascii_lowercase, repeat=length):
                name = "".join(letters)
                if name not in taken and name not in self.rom and not keyword.iskeyword(name):
                    yield name

    def _keep_shown_classes(self):
        """Exceptions keep their names, which are shown to people (`type(error).__name__`)."""
        shown = {name for name in dir(builtins) if name.endswith(("Error", "Exception"))}
        classes = [node for tree in self._trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        count = 0
        while count != len(shown):
            count = len(shown)
            shown |= {node.name for node in classes if any(set(_names_of(base)) & shown for base in node.bases)}
        self.fixed |= shown


class _Module:
    """Takes down what one module defines and uses."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.foreign = set()  # modules of MicroPython that it imports
        self.number = 0  # of the outermost function around, 0 outside

    def look(self, tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._imported(node)
        self._walk(tree, "", True)

    def _walk(self, node, function, is_outside):
        """function: the innermost one around. is_outside: its names are seen from elsewhere."""
        for child in ast.iter_child_nodes(node):
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if is_function and not function:
                self.number = self.world.numbers = self.world.numbers + 1
            self._child(child, function, is_outside)
            if is_function:
                self._walk(child, getattr(child, "name", function or "lambda"), False)
            else:
                self._walk(child, function, is_outside or isinstance(child, ast.ClassDef))

    def _child(self, node, function, is_outside):
        world = self.world
        for name in _names_of(node):
            world.used_by.setdefault(name, set()).add(self.name)
            world.functions.setdefault(name, set()).add(self.number)
            if is_outside or not isinstance(node, ast.Name | ast.arg):
                world.shared.add(name)
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store) and is_outside:
                world.ours.add(node.id)
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id in self.foreign:
                world.fixed.add(node.attr)
            elif isinstance(node.ctx, ast.Store):
                world.ours.add(node.attr)
            if node.attr == "__dict__":
                self._refuse(node, "__dict__")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arg | ast.Global):
            world.ours.update(_names_of(node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            # `_X = const(1)` is gone in the .mpy; under a name without an underscore it would not be.
            if _called(node.value) == "const":
                world.fixed.update(name for target in node.targets for name in _names_of(target) if name[0] == "_")
        else:
            self._look_for_texts(node, function)

    def _look_for_texts(self, node, function):
        """Names that stand in texts, and what could reach a name in another way."""
        if isinstance(node, ast.JoinedStr):
            self._refuse(node, "an f-string")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.isidentifier():
                self.world.texts.add(node.value)
            if _FORMAT_OF_ATTRIBUTE.search(node.value):
                self._refuse(node, "a format that names an attribute")
        elif isinstance(node, ast.Call):
            if _called(node) in _NEVER:
                self._refuse(node, _called(node) + "()")
            is_computed = _called(node) in _BY_TEXT and not isinstance(node.args[1], ast.Constant)
            computed = self.world.computed
            if is_computed and computed is not None and (self.name, function) not in computed:
                self._refuse(node, _called(node) + "() of a computed name")

    def _imported(self, node):
        world = self.world
        is_ours = isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in world.parts
        for alias in node.names:
            world.used_by.setdefault(alias.name, set()).add(self.name)
            world.shared.update(filter(None, (alias.name, alias.asname)))
            if alias.name == "*":
                self._refuse(node, "import *")
            if alias.asname:
                world.ours.add(alias.asname)
                world.used_by.setdefault(alias.asname, set()).add(self.name)
            if isinstance(node, ast.ImportFrom):
                if not is_ours:
                    world.fixed.add(alias.name)
            elif alias.name.split(".")[0] not in world.parts:
                self.foreign.add(alias.asname or alias.name)
                world.fixed.update(alias.name.split("."))

    def _refuse(self, node, what):
        where = f"{self.name}:{node.lineno}"
        raise Unsafe(f"{where}: {what}: the build cannot follow which names it reaches (tools/names.py)")


def _called(node):
    """The name of the function of a call, where it has one."""
    return node.func.id if isinstance(node.func, ast.Name) else None


def _names_of(node):
    """The identifiers that stand in this node itself."""
    value = getattr(node, _PLACES.get(type(node), ""), None)
    return value if isinstance(value, list) else [] if value is None else [value]


def renamed(source, mapping):
    """A source with other names; nothing else of it changes, for `a, b = c, d` takes no memory and `(a, b) = (c, d)`
    does."""
    lines = source.splitlines(keepends=True)
    tokens = [each for each in tokenize.generate_tokens(io.StringIO(source).readline) if each.type == tokenize.NAME]
    for token in reversed(tokens):
        (row, begin), (_, end) = token.start, token.end
        line = lines[row - 1]
        lines[row - 1] = line[:begin] + mapping.get(token.string, token.string) + line[end:]
    return "".join(lines)


def original(text, names):
    """A traceback or message of a board with the names of the sources. names: {new name: name}. Only what stands where
    a name does is looked at: after "in", in quotes, before a bracket."""
    return re.sub(r"(?<=, in )\w+|(?<=')\w+(?=')|\b\w+(?=\(\))", lambda found: names.get(found[0], found[0]), text)


def main(arguments):
    if len(arguments) != 1:
        print(__doc__.rpartition("\n\n")[2].strip(), file=sys.stderr)
        return 2
    names = json.loads((Path(arguments[0]) / FILE).read_text(encoding="utf-8"))["names"]
    sys.stdout.write(original(sys.stdin.read(), names))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
