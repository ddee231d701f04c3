"""Names are shortened alike everywhere, never onto a name that is used, and never unseen."""

import ast
import builtins
import json

import pytest

from tools import names
from tools.firmware_modules import Tree, needed
from tools.names import World, original, renamed
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


def test_two_names_become_one_only_where_no_function_has_both(whole):
    made, mapping = whole
    groups = {}
    for name, new in mapping.items():
        groups.setdefault(new, []).append(name)
    shared = [group for group in groups.values() if len(group) > 1]
    assert shared
    for group in shared:
        assert not set(group) & made.shared
        assert sum(len(made.functions[name]) for name in group) == len(set().union(*(made.functions[n] for n in group)))


def test_the_same_sources_give_the_same_names(whole):
    made, _ = whole
    some = {name: source for name, source in made.sources({}).items() if name.startswith("control.")}
    first, again = (World(dict(order), made.rom, made.parts) for order in (some.items(), reversed(some.items())))
    assert first.mapping() == again.mapping() and first.sources(first.mapping()) == again.sources(again.mapping())


def test_names_of_rom_texts_modules_and_exceptions_stay():
    made = world(
        "class Trouble(OSError):\n    pass\nclass Deep(Trouble):\n    pass\nclass Other:\n    pass\n"
        "def hexlify():\n    pass\nKEYS = {'wanted_w': 1}\ndef wanted_w():\n    pass\ndef m0():\n    pass\n"
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
    assert len({mapping[name] for name in ("alpha_w", "beta_w", "gamma_w", "delta_w")}) == 2
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
    with pytest.raises(names.Unsafe, match=what):
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
