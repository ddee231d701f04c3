"""The names that are used most get the places of one byte, and the module does what it did."""

import pytest

from tools.firmware_image import CACHE, compiled
from tools.name_order import ordered


def source(rare, often):
    """A module with `rare` names that stand in it once, and then one that uses the name `often` in many places."""
    lines = [f"def rare{number}():\n    pass\n" for number in range(rare)]
    lines += [f"def busy(x):\n    return {' + '.join(f'x.{often}' for _ in range(200))}\n"]
    return "".join(lines)


def test_a_name_that_is_used_often_takes_a_byte_less_at_each_place():
    before = source(200, "power_w")
    after = ordered(before)
    assert after.endswith(before) and after.startswith("if not __name__: __name__.power_w.")
    CACHE.mkdir(parents=True, exist_ok=True)
    sizes = [len(compiled(each, "m", "armv6m", CACHE)) for each in (before, after)]
    head = len(compiled(after[: -len(before)], "m", "armv6m", CACHE)) - len(compiled("\n", "m", "armv6m", CACHE))
    assert sizes[1] - sizes[0] < head - 150


def test_a_module_of_few_names_stays_as_it_is():
    assert ordered(source(100, "power_w")) == source(100, "power_w")


@pytest.mark.parametrize("line", ["x = {'class': 1, 'a b': 2, \"it's\": 3}\n", "x = {'a\\n': 1}\n", "x = {'光': 1}\n"])
def test_the_first_line_is_never_carried_out_and_texts_and_keywords_are_no_attributes(line):
    text = ordered(source(300, "power_w").replace("rare0", "early") + line * 3)
    scope = {"__name__": "m"}
    exec(text, scope)
    assert scope["x"] and scope["busy"](type("Point", (), {"power_w": 2})) == 400


def test_constants_and_names_in_a_frame_take_no_place():
    text = ordered("_TOP = const(1)\n" * 3 + source(200, "power_w") + "def f(y):\n    local = 1\n"
                   "    local = local + local + _TOP\n    return [each for each in y if each and local]\n")  # fmt: skip
    head = text.partition("\n")[0]
    names = head.replace("[", ".").replace("]", "").split(".")
    assert not {"_TOP", "local", "each"} & set(names) and "power_w" in names and len(names) == 129
