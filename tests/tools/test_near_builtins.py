"""A module finds the built-in functions that it uses most in its own table of names, and does what it did."""

from tools.near_builtins import near

USES = "def clamp(x):\n    return max(0, min(x, 9)) + max(0, min(x, 8)) + max(0, min(x, 7)) + max(0, min(x, 6))\n"


def head(source):
    made = near(source)
    assert made.endswith(source)
    return made[: -len(source)].split("\n")[:-1]


def test_what_functions_use_often_stands_in_the_table_and_the_module_does_what_it_did():
    assert head(USES) == ["max = max", "min = min"]
    scope = {}
    exec(near(USES), scope)
    assert scope["clamp"](20) == 30 and scope["max"] is max


def test_what_is_used_now_and_then_stays_where_it_is():
    assert head(USES + "def f(x):\n    return len(x) + len(x) + len(x)\n") == ["max = max", "min = min"]


def test_a_name_that_the_module_gives_a_meaning_itself_keeps_it():
    for own in ("def max(*x):\n    return 3\n", "from drivers.other import max\n", "import x as max\n",
                "def f():\n    global max\n    max = 3\n", "for max in (1, 2):\n    pass\n"):  # fmt: skip
        assert head(USES + own) == ["min = min"], own


def test_annotations_loops_over_a_range_and_the_start_of_a_module_count_for_nothing():
    assert head("def f(a: int, b: int, c: int, d: int) -> int:\n    e: int = a\n    return e\n") == []
    assert head("def f():\n" + "    for x in range(9):\n        pass\n" * 9) == []
    assert head("x = len('a') + len('b') + len('c') + len('d') + len('e')\n") == []


def test_exceptions_and_names_that_a_board_may_lack_are_looked_up_where_they_were():
    for name in ("ValueError", "super", "aiter", "__import__"):
        assert head("def f(x):\n" + f"    x({name})\n" * 9) == [], name
