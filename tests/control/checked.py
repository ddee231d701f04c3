"""Integers that refuse to leave 31 bits signed, and a station made of them: what would allocate, or wrap in native
code, on a board.
"""

from array import array

LIMIT = 1 << 30


class Int31(int):
    """An int whose every arithmetic result must lie within -2^30 .. 2^30 - 1."""


def _checked(name):
    plain = getattr(int, name)

    def operate(self, *others):
        result = plain(self, *others)
        if result is NotImplemented or isinstance(result, bool):
            return result
        assert -LIMIT <= result < LIMIT, f"{name}({int(self)}, {others}) = {result} leaves 31 bits"
        return Int31(result)

    return operate


_OPERATIONS = "add sub mul floordiv mod lshift rshift and or"
_REFLECTED = " ".join("r" + name for name in _OPERATIONS.split())
for _name in f"{_OPERATIONS} {_REFLECTED} neg abs".split():
    setattr(Int31, f"__{_name}__", _checked(f"__{_name}__"))


class CheckedList(list):
    """Stands in for an array of 32-bit integers."""

    def __getitem__(self, index):
        value = list.__getitem__(self, index)
        return Int31(value) if isinstance(value, int) else value

    def __setitem__(self, index, value):
        assert isinstance(value, int) and -LIMIT <= value < LIMIT, value
        list.__setitem__(self, index, value)


def check(thing):
    """Replace every integer and integer array among the attributes of `thing` by checked ones."""
    for name, value in vars(thing).items():
        if isinstance(value, array):
            setattr(thing, name, CheckedList(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            setattr(thing, name, Int31(value))
    return thing
