"""The lock of MicroPython's heap, which makes every allocation raise; on CPython, which has none, nothing happens."""

try:
    from micropython import heap_lock, heap_unlock
except ImportError:

    def heap_lock():
        pass

    def heap_unlock():
        pass


__all__ = ("heap_lock", "heap_unlock")
