"""Which names one module of the firmware defines, uses and reaches by texts, for tools/names.py."""

import ast
import re

_BY_TEXT = ("getattr", "setattr", "hasattr", "delattr")
_NEVER = ("locals", "vars", "globals", "dir", "eval", "exec", "namedtuple")
_FORMAT_OF_ATTRIBUTE = re.compile(r"\{\w*\.[a-z_]")
_PLACES = {  # node: the field that holds a name, or several
    ast.Name: "id", ast.Attribute: "attr", ast.FunctionDef: "name", ast.AsyncFunctionDef: "name", ast.ClassDef: "name",
    ast.arg: "arg", ast.keyword: "arg", ast.ExceptHandler: "name", ast.Global: "names", ast.Nonlocal: "names",
}  # fmt: skip


class Unsafe(Exception):
    """A source reaches names in a way that renaming would break; the text says where."""


class Module:
    """Takes down what one module defines and uses."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.foreign = set()  # modules of MicroPython that it imports
        self.number = 0  # of the outermost function around, 0 outside
        self.texts = set()
        self.reaches = False  # names by its texts

    def look(self, tree):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._imported(node)
        self._walk(tree, "", True, False)
        self.world.texts |= self.texts
        if self.reaches:
            self.world.reached |= self.texts

    def _walk(self, node, function, is_outside, in_class):
        """function: the innermost one around. is_outside: its names are seen from elsewhere. in_class: of a class."""
        for child in ast.iter_child_nodes(node):
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if is_function and not function:
                self.number = self.world.numbers = self.world.numbers + 1
            self._child(child, function, is_outside)
            self._place(child, is_outside, in_class)
            if is_function:
                if in_class:
                    self.world.alone.update(_read_outside(child))
                self._walk(child, getattr(child, "name", function or "lambda"), False, False)
            else:
                is_class = isinstance(child, ast.ClassDef)
                self._walk(child, function, is_outside or is_class, in_class or is_class)

    def _place(self, node, is_outside, in_class):
        """In which of the worlds of names this node's own ones stand: attributes, globals, a function's frame."""
        world, names = self.world, names_of(node)
        if isinstance(node, ast.Attribute):
            world.attributes.update(names)
            return
        for name in names:
            world.functions.setdefault(name, set()).add(self.number)
        if isinstance(node, ast.keyword):
            world.attributes.update(names)  # it may become one
            world.given.update(names)
        elif isinstance(node, ast.arg):
            world.arguments.update(names)
        elif in_class:
            is_read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            (world.alone if is_read else world.attributes).update(names)
        elif is_outside or isinstance(node, ast.Global):
            world.globals.update(names)

    def _child(self, node, function, is_outside):
        world = self.world
        for name in names_of(node):
            world.used_by.setdefault(name, set()).add(self.name)
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
            world.ours.update(names_of(node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            # `_X = const(1)` is gone in the .mpy; under a name without an underscore it would not be.
            if _called(node.value) == "const":
                world.constants.update(name for target in node.targets for name in names_of(target))
                world.fixed.update(name for target in node.targets for name in names_of(target) if name[0] == "_")
        else:
            self._look_for_texts(node, function)

    def _look_for_texts(self, node, function):
        """Names that stand in texts, and what could reach a name in another way."""
        if isinstance(node, ast.JoinedStr):
            self._refuse(node, "an f-string")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.isidentifier():
                self.texts.add(node.value)
            if _FORMAT_OF_ATTRIBUTE.search(node.value):
                self._refuse(node, "a format that names an attribute")
        elif isinstance(node, ast.Call):
            if _called(node) in _NEVER:
                self._refuse(node, _called(node) + "()")
            by_text = _called(node) in _BY_TEXT
            is_computed = by_text and not isinstance(node.args[1], ast.Constant)
            if by_text and not is_computed:
                self.world.reached.add(node.args[1].value)
            self.reaches |= is_computed or self._gives_keywords(node)
            computed = self.world.computed
            if is_computed and computed is not None and (self.name, function) not in computed:
                self._refuse(node, _called(node) + "() of a computed name")

    def _gives_keywords(self, call):
        """Whether texts become the names of arguments of ours: `f(**x)`."""
        where = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_foreign = isinstance(where, ast.Name) and where.id in self.foreign
        return not is_foreign and any(each.arg is None for each in call.keywords)

    def _imported(self, node):
        world = self.world
        is_ours = isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in world.parts
        for alias in node.names:
            world.used_by.setdefault(alias.name, set()).add(self.name)
            world.shared.update(filter(None, (alias.name, alias.asname)))
            world.globals.update(filter(None, (alias.name, alias.asname)))
            world.functions.setdefault(alias.asname or alias.name, set())
            if alias.name == "*":
                self._refuse(node, "import *")
            if alias.asname:
                world.ours.add(alias.asname)
                world.used_by.setdefault(alias.asname, set()).add(self.name)
            if is_ours:
                world.used_by[alias.name].add(node.module)  # which may hand it on: a module's `__getattr__`
            elif isinstance(node, ast.ImportFrom):
                world.fixed.add(alias.name)
            elif alias.name.split(".")[0] not in world.parts:
                self.foreign.add(alias.asname or alias.name)
                world.fixed.update(alias.name.split("."))

    def _refuse(self, node, what):
        where = f"{self.name}:{node.lineno}"
        raise Unsafe(f"{where}: {what}: the build cannot follow which names it reaches (tools/names.py)")


def _read_outside(function):
    """Names that the place where a function is defined reads: in defaults and decorators."""
    asked = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    asked += getattr(function, "decorator_list", ())
    return {node.id for each in asked for node in ast.walk(each) if isinstance(node, ast.Name)}


def _called(node):
    """The name of the function of a call, where it has one."""
    return node.func.id if isinstance(node.func, ast.Name) else None


def names_of(node):
    """The identifiers that stand in this node itself."""
    value = getattr(node, _PLACES.get(type(node), ""), None)
    return value if isinstance(value, list) else [] if value is None else [value]
