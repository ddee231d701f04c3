"""Puts the names that a module uses most often first in its table of names.

Bytecode names a name by its place in the table of its module: one byte for the first 128, two for the others. The
compiler fills the table in the order in which it meets the names, so that without this the places go to the functions'
own names, which stand in the code of the module's start and nowhere else.
"""

import ast
import keyword
from collections import Counter

_ONE_BYTE = 128
_INTERNED = 10  # bytes of the longest text that mpy-cross makes a name
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def ordered(source: str) -> str:
    """A source whose first statement mentions the names in their order, and never runs: it is gone with the code of
    the module's start. What the module does is the same."""
    tree = ast.parse(source)
    counts = Counter()
    _count(tree, frozenset(), counts)
    gone = _constants(tree)
    names = [name for name, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0])) if name not in gone]
    if len(names) <= _ONE_BYTE:
        return source
    parts = [f".{name}" if _is_name(name) else f"[{name!r}]" for name in names[:_ONE_BYTE]]
    return f"if not __name__: __name__{''.join(parts)}\n{source}"


def _count(node, local, counts):
    """How often the code that stays names what. local: names of the function around that are in its frame."""
    for child in ast.iter_child_nodes(node):
        inner = local
        if isinstance(child, _FUNCTIONS):
            arguments = {each.arg for each in ast.walk(child.args) if isinstance(each, ast.arg)}
            counts.update([getattr(child, "name", "<lambda>"), *arguments])  # what its code begins with
            inner = local | arguments | _assigned(child)
        elif isinstance(child, _COMPREHENSIONS):
            inner = local | _assigned(child)
        elif isinstance(child, ast.Name) and child.id not in local:
            counts[child.id] += 1
        elif isinstance(child, ast.Attribute):
            counts[child.attr] += 1
        elif isinstance(child, ast.keyword) and child.arg:
            counts[child.arg] += 1
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            if len(child.value.encode()) <= _INTERNED:
                counts[child.value] += 1
        _count(child, inner, counts)


def _assigned(node):
    """Names that a function keeps in its frame."""
    found, shared = set(), set()
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Global):
            shared.update(each.names)
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
        elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler) and each.name:
            found.add(each.name)
        elif isinstance(each, ast.alias):
            found.add((each.asname or each.name).split(".")[0])
        if not isinstance(each, _FUNCTIONS | ast.ClassDef | _COMPREHENSIONS):
            waiting += ast.iter_child_nodes(each)
    return found - shared


def _is_name(text):
    return text.isidentifier() and not keyword.iskeyword(text)


def _constants(tree):
    """`_X = const(1)`: no names at run time."""
    return {target.id for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id.startswith("_")}  # fmt: skip
