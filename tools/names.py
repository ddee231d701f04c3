"""Shortens the names of the firmware for a board: a name in its memory costs at least 16 bytes of the heap.

The sources keep their names. The build renames every identifier of ours, each the same way in all modules of an image,
to a name that the board's MicroPython has in its ROM and that none of our modules uses (`rom_names.txt` of the board):
it then costs nothing. When those are used up, to names of one or two letters. It is a closed world: a name that may be
reached by a text (it stands in a module that computes the name of an attribute, or in a `getattr`), that MicroPython
has itself (it may be part of its interface), or that is part of a module's name, stays. Several names become one where
nothing can take one for another (tools/name_sharing.py). What could reach a name in a way that is not seen here stops
the build.

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

from tools.name_sharing import Sharing
from tools.names_of_module import Module, names_of

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


class World:
    """The modules of one image. sources: {dotted name: source}. rom: names in the board's ROM. modules: dotted names of
    all modules there are, in this image or not. late: those that are not in memory with the running station. computed:
    the places that may compute the name of an attribute, None: any. reached: texts by which names are reached, where
    the sources were put together since they were found. Raises Unsafe.
    """

    def __init__(self, sources, rom, modules, late=(), computed=COMPUTED, reached=None):
        self.rom, self.late, self.computed = rom, late, computed
        self._sources = sources
        self._trees = {name: ast.parse(source) for name, source in sources.items()}
        self.parts = {part for name in modules for part in name.split(".")}
        self.used_by, self.texts, self.ours, self.fixed = {}, set(), set(), set(PUBLIC)
        self.reached = set()  # texts that may be the name of an attribute or of an argument
        self.shared = set()  # names that are not only local to functions
        self.attributes, self.globals = set(), set()
        self.alone = set()  # names that a class body reads
        self.constants = set()  # X = const(1): the compiler puts 1 wherever X stands by itself in that module
        self.arguments, self.given = set(), set()  # given: by their names
        self.numbers = 0  # of the outermost functions
        self.functions = {}  # name: numbers of the outermost functions in which it stands by itself, not as attribute
        for name, tree in self._trees.items():
            Module(self, name).look(tree)
        self._keep_shown_classes()
        if reached is not None:
            self.reached = reached

    def mapping(self):
        """{name: new name}. No new name is used anywhere in the sources, and two names become the same only where
        nothing can take one for the other (tools/name_sharing.py)."""
        stays = self.rom | self.reached | self.parts | self.fixed | set(dir(builtins))
        names = [name for name in self.ours if name not in stays and not name.startswith("__")]
        names.sort(key=lambda name: (self._is_late(name), -len(self.used_by[name]), name))
        groups = Sharing(self).groups(names)
        found = {}
        for group, new in zip(groups, self._free(), strict=False):
            if new in self.rom or len(new) < min(map(len, group)):
                found.update(dict.fromkeys(group, new))
        return found

    def told(self, mapping):
        """{new name: name, or several with "|" between} for people who read a traceback: without arguments, which are
        never told."""
        found = {}
        for name, new in sorted(mapping.items()):
            if name in self.shared:
                found[new] = f"{found[new]}|{name}" if new in found else name
        return found

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
            shown |= {node.name for node in classes if any(set(names_of(base)) & shown for base in node.bases)}
        self.fixed |= shown


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
