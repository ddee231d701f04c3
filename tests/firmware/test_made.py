"""Nothing makes a part of the station once its constructor is out of memory (firmware/made.py)."""

import ast
from functools import cache

from firmware import start
from tools.firmware_modules import Tree

_START = set(start._START_ONLY + start._START_ONLY_LATER) | {"firmware.extras", "firmware.made", "firmware.start"}
# In a program of their own: the check of a station file, the scan of a line, and the client without a station.
_APART = {"drivers.timing", "drivers.probe", "drivers.probe_reader", "firmware.mqtt.simple"}
_PROFILES = "drivers.profiles."  # tables, made when they are loaded
# Of links and framers those that the station has.
_BY_KIND = {
    ("drivers.dlt645", "Dlt645Framer"), ("drivers.modbus.rtu", "RtuFramer"), ("drivers.modbus.tcp", "TcpFramer"),
    ("drivers.modbus.serial_link", "SerialLink"), ("drivers.modbus.tcp_link", "TcpLink"),
}  # fmt: skip
_BY_START = {"drivers.dlt645: client"}  # functions that only drivers.build calls


@cache
def parsed():
    """{module: its syntax tree} of everything that a board may have."""
    return {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in Tree().paths.items()}


def imported(tree):
    """{name: (module, name there)} of what a source imports from modules, wherever it does."""
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }  # fmt: skip


def forgotten():
    """{(module, class)} whose constructors go."""
    found = set()
    for function in parsed()["firmware.made"].body:
        names = imported(function)
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_forget":
                found.update(names[each.id] for each in node.args if isinstance(each, ast.Name))
    return found | _BY_KIND


def makers(classes):
    """Where objects of these classes are made after the start: ["module: function", ...]."""
    found = []
    for module, tree in parsed().items():
        if module not in _START | _APART and not module.startswith(_PROFILES):
            own = {node.name: (module, node.name) for node in tree.body if isinstance(node, ast.ClassDef)}
            found += [f"{module}: {function}" for function, made in _calls(tree, "", own | imported(tree))
                      if made in classes and not _is_forgotten(module, function, classes)]  # fmt: skip
    return [each for each in found if each not in _BY_START]


def _calls(node, function, names):
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in names:
            yield inside, names[child.func.id]
        yield from _calls(child, inside, names)


def _is_forgotten(module, function, classes):
    name, _, method = function.partition(".")
    return method == "__init__" and (module, name) in classes


def test_no_part_whose_constructor_is_forgotten_is_made_after_the_start():
    classes = forgotten()
    assert len(classes) > 30 and ("firmware.northbound", "Northbound") in classes
    assert makers(classes) == []


def test_a_part_that_is_made_while_the_station_runs_would_be_found():
    assert "firmware.mqtt.client: Client._publish" in makers({("firmware.mqtt.outbox", "Outgoing")})
    assert "firmware.command_memory: orders_of" in makers({("firmware.orders", "Orders")})
    assert makers({("firmware.limits", "LimitsInForce")}) == ["firmware.orders: Orders.__init__"]


def test_what_is_forgotten_has_a_constructor_of_its_own():
    for module, name in forgotten():
        assert "__init__" in vars(getattr(__import__(module, None, None, (name,)), name)), (module, name)
