"""A number stands in place of a constant's name, and nothing else changes."""

import ast
import builtins
import symtable

import pytest

from tools.constants import inlined
from tools.firmware_modules import Tree, needed
from tools.linked import Linker

KEPT = "from m0 import LIMIT_W\nresult = LIMIT_W\n"


def test_a_constant_is_gone_where_it_is_defined_imported_and_used():
    made = inlined({
        "m0": "from m1 import const\nLIMIT_W = const(60)\nLOW_W = -5\n光 = 2 * LIMIT_W\ndef f(x):\n"
              "    return LOW_W + x if x > LIMIT_W else LIMIT_W - LOW_W, 光\n",
        "m1": "def const(value):\n    return value\n",
        "m2": "from m0 import LIMIT_W, f\nresult = f(LIMIT_W), f(1)\n",
        "m3": "def late():\n    from m0 import (\n        LIMIT_W,\n        LOW_W)\n    return LIMIT_W\n",
    }, ())  # fmt: skip
    assert made["m0"] == "from m1 import const\npass\npass\npass\ndef f(x):\n" \
                         "    return (-5) + x if x > 60 else 60 - (-5), 120\n"
    assert made["m2"] == "from m0 import f\nresult = f(60), f(1)\n"
    assert made["m3"] == "def late():\n    pass\n    return 60\n"


@pytest.mark.parametrize("source, user, reached", [
    ("LIMIT_W = 5\nLIMIT_W = 6\n", KEPT, ()),
    ("LIMIT_W = 5\ndef f():\n    global LIMIT_W\n    LIMIT_W = 6\n", KEPT, ()),
    ("LIMIT_W = 5\ndef f(LIMIT_W):\n    return LIMIT_W\n", KEPT, ()),
    ("LIMIT_W = 5\nLIMIT_W += 1\n", KEPT, ()),
    ("LIMIT_W = 5\nclass A:\n    LIMIT_W = 7\n", KEPT, ()),
    ("if True:\n    LIMIT_W = 5\n", KEPT, ()),
    ("LIMIT_W = 1 << 30\n", KEPT, ()),
    ("LIMIT_W = 1 / 2\n", KEPT, ()),
    ("LIMIT_W = True\n", KEPT, ()),
    ("LIMIT_W = 'five'\n", KEPT, ()),
    ("LIMIT_W = number()\n", KEPT, ()),
    ("LIMIT_W = OTHER = 5\n", KEPT, ()),
    ("LIMIT_W: int = 5\n", KEPT, ()),
    ("LIMIT_W = 5\n", "from m0 import LIMIT_W as most_w\nresult = most_w\n", ()),
    ("LIMIT_W = 5\n", "from m0 import LIMIT_W\nLIMIT_W = 6\n", ()),
    ("LIMIT_W = 5\n", "from m0 import LIMIT_W\ndef f(LIMIT_W):\n    return LIMIT_W\n", ()),
    ("LIMIT_W = 5\n", "import m0\nresult = m0.LIMIT_W\n", ()),
    ("LIMIT_W = 5\n", "result = [1]\n", ("LIMIT_W",)),
])  # fmt: skip
def test_what_may_be_another_value_or_is_reached_otherwise_stays(source, user, reached):
    sources = {"m0": source, "m1": user}
    assert inlined(sources, reached) == sources


def test_a_constant_under_two_names_stays_under_the_other_one():
    user = "def f():\n    from m0 import LIMIT_W\n    return LIMIT_W\nfrom m0 import LIMIT_W as most_w\nx = [most_w]\n"
    made = inlined({"m0": "LIMIT_W = 5\n", "m1": user}, ())
    assert made["m0"] == "LIMIT_W = 5\n"
    assert made["m1"] == "def f():\n    pass\n    return 5\nfrom m0 import LIMIT_W as most_w\nx = [most_w]\n"


def test_a_constant_that_another_module_hands_on_stays():
    sources = {"m0": "LIMIT_W = 5\n", "m1": "def __getattr__(name):\n    import m0\n    return getattr(m0, name)\n",
               "m2": "from m1 import LIMIT_W\nresult = [LIMIT_W]\n"}  # fmt: skip
    assert inlined(sources, ()) == sources


def test_a_constant_from_two_modules_is_the_one_or_the_other():
    sources = {"m0": "LIMIT_W = 5\n", "m1": "LIMIT_W = 6\n",
               "m2": "def f():\n    from m0 import LIMIT_W\n    return LIMIT_W\n"
                     "def g():\n    from m1 import LIMIT_W\n    return LIMIT_W\n"}  # fmt: skip
    assert inlined(sources, ()) == sources
    twice = {"m0": "LIMIT_W = 5\n", "m2": "from m0 import LIMIT_W\nx = [LIMIT_W]\nfrom m0 import LIMIT_W\n"}
    assert inlined(twice, ()) == {"m0": "pass\n", "m2": "pass\nx = [5]\npass\n"}


def test_every_name_of_the_linked_firmware_is_still_bound():
    tree = Tree()
    station = {"buses": [{"kind": "rtu"}], "devices": [{"profile": "cn_pile_v2"}]}
    sources = {name: source for name in needed(tree, "rpi_pico_w", station=station)
               if (source := tree.paths[name].read_text(encoding="utf-8"))}  # fmt: skip
    linked = Linker(sources, ("firmware.app", "firmware.app_mqtt")).sources()
    made = inlined(linked, ())
    assert sum(map(len, made.values())) < sum(map(len, linked.values())) - 3000
    bound, read = {}, {}
    for name, source in made.items():
        top = symtable.symtable(source, name, "exec")
        bound[name] = {each.get_name() for each in top.get_symbols() if each.is_assigned() or each.is_imported()}
        read[name] = set(_read(top))
    for name, source in made.items():
        assert read[name] <= bound[name] | set(dir(builtins)) | {"__file__", "__name__"}, name
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module in made:
                asked = {alias.name for alias in node.names if f"{node.module}.{alias.name}" not in made}
                assert asked <= bound[node.module] or "__getattr__" in bound[node.module], (name, node.lineno)


def _read(scope):
    """Globals that the code of a module reads, in all of its scopes."""
    for each in scope.get_symbols():
        if each.is_referenced() and (each.is_global() or scope.get_type() == "module"):
            yield each.get_name()
    for child in scope.get_children():
        yield from _read(child)
