"""Names are shortened alike everywhere, never onto a name that is used, and never unseen."""

import ast
import builtins
import json
import symtable

import pytest

from tools import names
from tools.firmware_modules import Tree, needed
from tools.names import World, original, renamed
from tools.names_of_module import Unsafe
from tools.rom_names import listed

ROM = frozenset({"AF_INET", "GP0", "GP1", "hexlify", "read", "append", "_task", "array"})


def world(*sources, rom=ROM, **more):
    return World({f"firmware.m{number}": source for number, source in enumerate(sources)}, rom, ["firmware.m0"], **more)


def ran(source):
    scope = {}
    exec(source, scope)
    return scope


@pytest.fixture(scope="module")
def whole():
    """The whole firmware for the Pico W: (World, mapping)."""
    tree = Tree()
    sources = {name: tree.paths[name].read_text(encoding="utf-8") for name in needed(tree, "rpi_pico_w")}
    made = World(sources, listed(tree.root / "boards" / "rpi_pico_w" / "rom_names.txt"), tree.paths)
    return made, made.mapping()


def test_no_new_name_of_the_whole_firmware_is_used_or_looked_for_by_anything(whole):
    made, mapping = whole
    used = {node.id for source in made.sources({}).values() for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Name)}  # fmt: skip
    new = set(mapping.values())
    assert len(mapping) > 1000 and sum(name in made.rom for name in new) > 500
    assert not new & (used | set(made.used_by) | made.texts | made.parts | names.PROTOCOL | set(dir(builtins)))
    assert not [name for name in new if name.startswith("_")]


def tables(table):
    yield table
    for child in table.get_children():
        yield from tables(child)


def clashes(names, mapping):
    """Names that become one."""
    after = {}
    for name in names:
        after.setdefault(mapping.get(name, name), set()).add(name)
    return [group for group in after.values() if len(group) > 1]


def places(module, source):
    """The places of a module in which no two names may become one: (place, names)."""
    scopes = list(tables(symtable.symtable(source, module, "exec")))
    found = [(f"{module}:{scope.get_lineno()} {scope.get_name()}", set(scope.get_identifiers())) for scope in scopes]
    found.append((module + ": globals", {each.get_name() for scope in scopes for each in scope.get_symbols()
                                         if each.is_global() or scope.get_type() == "module"}))  # fmt: skip
    nodes = list(ast.walk(ast.parse(source)))
    constants = [node.targets[0].id for node in nodes if isinstance(node, ast.Assign)
                 and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
                 and node.value.func.id == "const"]  # fmt: skip
    standing = {node.id for node in nodes if isinstance(node, ast.Name)}
    found += [(f"{module}: const {name}", {name, other}) for name in constants for other in standing]
    return found


def attributes(sources):
    """Names that are looked up in objects, and those of arguments that are given by name, in all modules."""
    found = set()
    for module, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
        for scope in tables(symtable.symtable(source, module, "exec")):
            if scope.get_type() == "class":
                found.update(each.get_name() for each in scope.get_symbols() if each.is_local())
    return found


def test_names_become_one_only_where_nothing_can_take_one_for_the_other(whole):
    made, mapping = whole
    sources = made.sources({})
    found = [(place, clashes(names, mapping)) for name in sources for place, names in places(name, sources[name])]
    assert len(found) > 3000 and [each for each in found if each[1]] == []
    assert clashes(attributes(sources), mapping) == []
    assert len(clashes(mapping, mapping)) > 300


def test_an_attribute_a_global_and_an_argument_become_one_name_and_mean_what_they_meant():
    source = (
        "class Meter:\n    def __init__(self, start_w):\n        self.power_w = start_w\n"
        "    def total_w(self, more_w):\n        return self.power_w + more_w + extra_w()\n"
        "def extra_w():\n    return 100\nresult = Meter(1).total_w(10)\n"
    )
    made = world(source)
    mapping = made.mapping()
    assert len(set(mapping.values())) < len(mapping)
    assert ran(made.sources(mapping)["firmware.m0"])[mapping["result"]] == 111


def test_globals_of_modules_that_know_nothing_of_each_other_become_one_name():
    made = world("def first_one():\n    pass\n", "def other_one():\n    pass\n")
    assert len(set(made.mapping().values())) == 1
    made = world("def first_one():\n    pass\n", "from firmware.m0 import first_one\ndef other_one():\n    pass\n")
    assert len(set(made.mapping().values())) == 2
    told = world("def first_one():\n    pass\n", "def other_one():\n    pass\n")
    assert list(told.told(told.mapping()).values()) == ["first_one|other_one"]


def test_what_a_module_hands_on_is_no_other_name_of_its_own():
    handed = {"drivers.wide": "def many_words():\n    pass\n",
              "drivers.decode": "def one_word():\n    pass\ndef __getattr__(name):\n    return None\n",
              "drivers.point": "from drivers.decode import many_words\n"}  # fmt: skip
    mapping = World(handed, ROM, handed).mapping()
    assert len({mapping["many_words"], mapping["one_word"]}) == 2


@pytest.mark.parametrize("source", [
    "def limit_w():\n    pass\nclass Gun:\n    held_w = 1\n    other = limit_w\n",
    "def limit_w():\n    pass\nclass Gun:\n    held_w = 1\n    def f(self, most=limit_w):\n        pass\n",
    "def limit_w():\n    pass\nclass Gun:\n    held_w = 1\n    @limit_w\n    def f(self):\n        pass\n",
    "def limit_w():\n    pass\nclass Gun:\n    held_w = 1\n    f = [each for each in limit_w]\n",
    "limit_w = const(3)\ndef f():\n    held_w = 1\n    return held_w\ndef g(x):\n    return x.held_w\n",
    "def limit_w(x):\n    held_w = x\n    return held_w.limit_w + limit_w\n",
])  # fmt: skip
def test_a_name_that_could_be_taken_for_another_keeps_its_own(source):
    mapping = world(source).mapping()
    assert mapping.get("limit_w", "limit_w") != mapping.get("held_w", "held_w")


def test_a_text_keeps_a_name_only_where_names_are_reached_by_texts():
    source = "def wanted_w():\n    return {'wanted_w': 1, 'other_w': 2}\n" \
             "def other_w(x):\n    return hasattr(x, 'other_w')\n"
    assert "wanted_w" in world(source).mapping() and "other_w" not in world(source).mapping()
    computed = world(source + "def f(x, name):\n    return getattr(x, name)\n", computed=None).mapping()
    assert not {"wanted_w", "other_w"} & set(computed)
    given = world(source + "def f(more):\n    return wanted_w(**more)\n").mapping()
    assert "wanted_w" not in given
    foreign = world("import json\n" + source + "def f(more):\n    return json.dumps(1, **more)\n").mapping()
    assert "wanted_w" in foreign


def test_the_same_sources_give_the_same_names(whole):
    made, _ = whole
    some = {name: source for name, source in made.sources({}).items() if name.startswith("control.")}
    first, again = (World(dict(order), made.rom, made.parts) for order in (some.items(), reversed(some.items())))
    assert first.mapping() == again.mapping() and first.sources(first.mapping()) == again.sources(again.mapping())


def test_names_of_rom_texts_modules_and_exceptions_stay():
    made = world(
        "class Trouble(OSError):\n    pass\nclass Deep(Trouble):\n    pass\nclass Other:\n    pass\n"
        "def hexlify():\n    pass\nKEYS = hasattr(Deep, 'wanted_w')\ndef wanted_w():\n    pass\ndef m0():\n    pass\n"
        "def __getattr__(name):\n    pass\ndef main():\n    pass\n"
    )
    assert sorted(made.mapping()) == ["KEYS", "Other", "name"]


def test_private_constants_stay_private():
    made = world("_FIRST = const(1)\n_second_of_them = 2\n")
    assert list(made.mapping()) == ["_second_of_them"]
    assert not [new for new in made.mapping().values() if new.startswith("_")]


def test_a_keyword_is_renamed_with_its_argument_and_the_attribute_that_it_sets():
    source = (
        "class Point:\n    scale_at = None\n    def __init__(self, **features):\n"
        "        for key, value in features.items():\n            setattr(self, key, value)\n"
        "def made(first_one, second_one=2):\n    return first_one * 10 + second_one\n"
        "result = made(second_one=5, first_one=1), Point(scale_at=7).scale_at\n"
    )
    made = World({"drivers.point": source}, ROM, ["drivers.point"])
    mapping = made.mapping()
    assert {"scale_at", "second_one"} <= set(mapping)
    assert ran(made.sources(mapping)["drivers.point"])[mapping.get("result", "result")] == (15, 7)


def test_arguments_of_different_functions_share_a_name_and_those_of_one_do_not():
    source = "def one(alpha_w, beta_w):\n    return alpha_w - beta_w\ndef two(gamma_w):\n    return lambda delta_w: " \
             "gamma_w - delta_w\nresult = one(3, 1), two(5)(1)\n"
    made = world(source)
    mapping = made.mapping()
    assert mapping["alpha_w"] != mapping["beta_w"] and mapping["gamma_w"] != mapping["delta_w"]
    assert len(set(mapping.values())) < len(mapping)
    assert ran(made.sources(mapping)["firmware.m0"])[mapping["result"]] == (2, 4)


def test_nothing_but_names_changes_in_a_source():
    source = "a_name, b_name = 1, 2  # a_name stays here\ntext = 'a_name'\n光 = (a_name, b_name)\n"
    assert renamed(source, {"a_name": "GP0", "光": "GP1"}) == (
        "GP0, b_name = 1, 2  # a_name stays here\ntext = 'a_name'\nGP1 = (GP0, b_name)\n"
    )


@pytest.mark.parametrize("source, what", [
    ("def f(x, name):\n    return getattr(x, name)\n", r"firmware.m0:2: getattr\(\) of a computed name"),
    ("def f(x):\n    return setattr(x, 'a' + 'b', 1)\n", r"setattr\(\) of a computed name"),
    ("print(locals())\n", r"locals\(\)"),
    ("print(f.__dict__)\n", "__dict__"),
    ("exec('x')\n", r"exec\(\)"),
    ("print('{0.power_w}'.format(1))\n", "a format"),
    ("print(f'{x}')\n", "an f-string"),
    ("from drivers import *\n", "import"),
])  # fmt: skip
def test_what_could_reach_a_name_unseen_stops_the_build(source, what):
    with pytest.raises(Unsafe, match=what):
        world(source)


def test_every_computed_name_that_is_allowed_is_still_there():
    tree = Tree()
    found = set()
    for name, path in tree.paths.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                and call.func.id in ("getattr", "setattr", "hasattr", "delattr")
                and not isinstance(call.args[1], ast.Constant) for call in ast.walk(node)
            ):  # fmt: skip
                found.add((name, node.name))
    assert set(names.COMPUTED) == found


def test_a_traceback_is_read_back(tmp_path, capsys, monkeypatch):
    (tmp_path / "names.json").write_text(json.dumps({"names": {"GP0": "_keep", "ez": "answered"}}))
    trace = '  File "firmware.linked", line 1, in GP0\n' \
            "AttributeError: 'Bus' object has no attribute 'ez'\nez, GP0\n"
    monkeypatch.setattr("sys.stdin", type("Text", (), {"read": lambda self: trace})())
    assert names.main([str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert said.splitlines() == ['  File "firmware.linked", line 1, in _keep',
                                 "AttributeError: 'Bus' object has no attribute 'answered'", "ez, GP0"]  # fmt: skip
    assert original("TypeError: GP0() takes 1", {"GP0": "tick"}) == "TypeError: tick() takes 1"
