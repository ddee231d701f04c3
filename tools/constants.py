"""Puts the numbers themselves where the modules of an image name a constant: a global costs eight bytes in the
dictionary of each module that has it, and naming it more code than most numbers do.

A constant is a global that one line of its module sets to an integer, and nothing else in that module binds in any
scope. It stays where it is imported under another name, bound to something else, reached as an attribute or by a text.
"""

import ast
from collections import Counter

_LARGEST = 1 << 30  # a larger one is an object on a board


def inlined(sources, reached):
    """{module: source} with the numbers in place of their names. reached: texts by which names may be reached."""
    modules = {}
    while True:
        modules = {name: modules[name] if name in modules and modules[name].source == source else _Module(source)
                   for name, source in sources.items()}  # fmt: skip
        made = _once(modules, reached)
        if made == sources:  # a constant may be another one's multiple
            return made
        sources = made


def bound(node):
    """The names that a node itself binds."""
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
        return (node.name,)
    if isinstance(node, ast.arg | ast.keyword):
        return (node.arg,)
    if isinstance(node, ast.alias):
        return (node.asname or node.name,)
    return node.names if isinstance(node, ast.Global | ast.Nonlocal) else ()


def _once(modules, reached):
    values = {name: module.constants for name, module in modules.items()}
    taken = {name: _taken(module, values) for name, module in modules.items()}
    wanted, asked = set(reached), {name: set() for name in modules}
    for name, module in modules.items():
        wanted |= module.attributes
        for node in module.imports:
            if node.module in values:
                names = {alias.name for alias in node.names if alias.asname or alias.name not in taken[name]}
                asked[node.module] |= names
                wanted |= names - set(values[node.module])  # a module may hand on another one's
    return {name: _written(module, taken[name], set(values[name]) - asked[name] - wanted)
            for name, module in modules.items()}  # fmt: skip


class _Module:
    """bound: {name that is bound somewhere: how often}. constants: {global: integer}. attributes: names of such."""

    def __init__(self, source):
        self.source, self.tree = source, ast.parse(source)
        self.nodes = list(ast.walk(self.tree))
        self.bound = Counter(name for node in self.nodes for name in bound(node))
        self.imports = [node for node in self.nodes if isinstance(node, ast.ImportFrom)]
        self.attributes = {node.attr for node in self.nodes if isinstance(node, ast.Attribute)}
        self.constants = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, _value(node.value)
                if value is not None and self.bound[name] == 1 and not _is_gone(node):
                    self.constants[name] = value


def _is_gone(node):
    """`_X = const(1)`, which the compiler takes away."""
    return node.targets[0].id.startswith("_") and isinstance(node.value, ast.Call)


def _taken(module, values):
    """{global: integer} that a module imports under its own name from one of the others, and binds to nothing else."""
    origins = {}  # name: the modules that it is imported from, as often as it is
    for node in module.imports:
        for alias in node.names:
            origins.setdefault(alias.asname or alias.name, []).append(None if alias.asname else node.module)
    return {
        name: values[modules[0]][name] for name, modules in origins.items()
        if len(set(modules)) == 1 and len(modules) == module.bound[name] and name in values.get(modules[0], {})
    }  # fmt: skip


def _value(node):
    """The integer that an expression of literals is, or None."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "const":
        node = node.args[0]
    if any(not isinstance(each, ast.Constant | ast.UnaryOp | ast.BinOp | ast.operator | ast.unaryop)
           for each in ast.walk(node)):  # fmt: skip
        return None
    value = eval(compile(ast.Expression(node), "constant", "eval"), {})
    return value if type(value) is int and abs(value) < _LARGEST else None


def _written(module, foreign, own):
    """foreign: {constant: integer} that is imported no more. own: constants whose own line goes."""
    values = module.constants | foreign
    changes = []  # (node, text in its place)
    for node in module.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in values:
            value = values[node.id]
            changes.append((node, f"({value})" if value < 0 else str(value)))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in own:
            changes.append((node, "pass"))
        elif isinstance(node, ast.ImportFrom):
            kept = [alias for alias in node.names if alias.asname or alias.name not in foreign]
            if len(kept) < len(node.names):
                changes.append((node, ast.unparse(ast.ImportFrom(node.module, kept, 0)) if kept else "pass"))
    if not changes:
        return module.source
    lines = module.source.encode().splitlines(keepends=True)
    for node, text in sorted(changes, key=lambda each: (each[0].lineno, each[0].col_offset), reverse=True):
        first, last = node.lineno - 1, node.end_lineno - 1
        lines[first : last + 1] = [lines[first][: node.col_offset] + text.encode() + lines[last][node.end_col_offset :]]
    return b"".join(lines).decode()
