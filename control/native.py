"""Machine code for the loops over guns: `@micropython.viper`, `ptr32` and `const` belong to MicroPython's compiler,
which knows them by these names; here they get a meaning on CPython, where the same lines run as plain Python.

In viper code no index is checked: loops run over the station's own counts. A 64-bit machine reads an element without
its sign, so where one may be below 0 the code looks at bit 29, which no watt and no time here reaches. The tests run
every line on CPython with integers and lists that refuse to leave their bounds.
"""

try:
    import micropython
    from micropython import const
except ImportError:

    class micropython:  # noqa: N801 the name that the compiler looks for
        @staticmethod
        def viper(function):
            return function

    def const(value):
        return value


def ptr32(array):
    """The elements of an array of 32-bit integers."""
    return array
