"""Puts the built-in functions that a module uses most into its own table of names.

MicroPython looks a global name up in the table of the module, which finds it by its hash, and then among the built-in
ones, which it compares one after the other (`mp_map_lookup` of an ordered map). A name in the module's own table costs
8 bytes.
"""

import ast
from collections import Counter

from tools.constants import bound

_LEAST = 4  # places that use it
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# Those that every MicroPython of ours has. No exceptions: one is looked up when it is raised or caught.
_EVERYWHERE = frozenset(
    """
    abs all any bool bytearray bytes callable chr delattr dict getattr hasattr int isinstance iter len list max
    memoryview min next ord range reversed setattr sorted str sum tuple type zip
""".split()
)


def near(source: str) -> str:
    """A source that begins with `min = min` for each built-in function which its functions use often. What the module
    does is the same."""
    tree = ast.parse(source)
    own = {name for node in ast.walk(tree) for name in bound(node)}
    counts = Counter()
    _count(tree, False, counts)
    names = sorted(name for name in _EVERYWHERE - own if counts[name] >= _LEAST)
    return "".join(f"{name} = {name}\n" for name in names) + source


def _count(node, in_function, counts):
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):  # no code
            continue
        for child in value if isinstance(value, list) else (value,):
            if not isinstance(child, ast.AST) or _is_loop(node, field, child):
                continue
            if in_function and isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                counts[child.id] += 1
            _count(child, in_function or isinstance(child, _FUNCTIONS), counts)


def _is_loop(node, field, child):
    """`for x in range(...)`: the compiler makes a loop of it that calls nothing."""
    return (isinstance(node, ast.For) and field == "iter" and isinstance(child, ast.Call)
            and isinstance(child.func, ast.Name) and child.func.id == "range")  # fmt: skip
