"""Time for both runtimes: wrap-safe millisecond ticks and the sleeps of asyncio.

MicroPython has `time.ticks_ms` and `asyncio.sleep_ms`; CPython has neither. On CPython the ticks wrap at 2^30 ms (12.4
days) as they do on boards, so a difference taken without `ticks_diff` fails in the tests and not on site.

`const` around the value of a name with a leading underscore tells MicroPython's compiler to put the number itself into
the code: the name then costs no memory, and cannot be imported.
"""

# The board's stubs do not know the branch for CPython.
# pyright: reportAttributeAccessIssue=false

import asyncio
import time

try:
    from time import ticks_add, ticks_diff, ticks_ms, ticks_us
except ImportError:
    _PERIOD = 1 << 30
    _HALF = _PERIOD // 2

    def ticks_ms() -> int:
        """Milliseconds since an unknown start, 0 to 2^30 - 1."""
        return time.monotonic_ns() // 1000000 & (_PERIOD - 1)

    def ticks_us() -> int:
        """Microseconds since an unknown start, 0 to 2^30 - 1."""
        return time.monotonic_ns() // 1000 & (_PERIOD - 1)

    def ticks_diff(end: int, start: int) -> int:
        """end - start; right for spans below 2^29 (6.2 days of ms, 9 minutes of us)."""
        return ((end - start + _HALF) & (_PERIOD - 1)) - _HALF

    def ticks_add(ticks: int, delta_ms: int) -> int:
        """The tick that is `delta_ms` (may be negative) after `ticks`."""
        return (ticks + delta_ms) & (_PERIOD - 1)


try:
    from micropython import const
except ImportError:

    def const(value):
        return value


if hasattr(asyncio, "sleep_ms"):
    sleep_ms = asyncio.sleep_ms  # reuses one generator: no allocation
    wait_for_ms = asyncio.wait_for_ms
else:

    def sleep_ms(delay_ms: int):
        """Let the other tasks run for at least `delay_ms`."""
        return asyncio.sleep(delay_ms / 1000)

    def wait_for_ms(awaitable, timeout_ms: int):
        """The result of `awaitable`, or asyncio.TimeoutError (the awaitable is cancelled) after `timeout_ms`."""
        return asyncio.wait_for(awaitable, timeout_ms / 1000)


__all__ = ("const", "sleep_ms", "ticks_add", "ticks_diff", "ticks_ms", "ticks_us", "wait_for_ms")
