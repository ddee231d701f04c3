"""Runs the station in the current folder. On a board `main.py` is `from firmware.main import main` and `main()`.

`micropython -m firmware.main take-in` only checks a new station file (firmware/start.py).
"""

import gc
import sys

if hasattr(sys.implementation, "_mpy"):
    import micropython

    # No line numbers in memory: a sixtieth of the code. A traceback still names files and functions.
    micropython.opt_level(3)

# Collecting early and often while modules are loaded keeps the heap in one piece: large blocks are wanted afterwards.
_COLLECT_EVERY_BYTES = 8192


def main():
    """Runs until it is interrupted. Returns the exit code: 0 interrupted, 2 there is no station that may be used, 3 a
    command asks for a new start (which a board does itself)."""
    gc.threshold(_COLLECT_EVERY_BYTES)
    from firmware import start
    from firmware.cold import forget

    if sys.argv[1:] == ["take-in"]:
        return 0 if start.take_in() else 2
    running = start.station()
    if running is None:
        return 2
    del start
    forget("firmware.start")
    gc.collect()
    gc.threshold(-1)
    import asyncio

    try:
        print("光储 Guangchu: " + running.title)
        asyncio.run(running.supervisor.run())
    except KeyboardInterrupt:
        from firmware import safe_stop

        missing = safe_stop.bring(running)
        print("已停止 / stopped" + (", 未确认 / not confirmed: " + ", ".join(missing) if missing else ""))
        if running.is_to_start_anew:
            from firmware.leaving import start_anew

            return start_anew()
    return 0


if __name__ == "__main__":
    sys.exit(main())
