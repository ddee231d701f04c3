"""Starts the station in the current folder. On a board `main.py` is one line: `import firmware.main`."""

import asyncio
import gc
import sys

if hasattr(sys.implementation, "_mpy"):
    import micropython

    # No line numbers in memory: a sixtieth of the code. A traceback still names files and functions.
    micropython.opt_level(3)

# Collecting early and often while modules are loaded keeps the heap in one piece: large blocks are wanted afterwards.
_COLLECT_EVERY_BYTES = 8192

# A tenth of the heap of a small board, of no use once the station stands.
_START_ONLY = ("drivers.build", "drivers.profiles.registry", "drivers.profiles.loading", "firmware.config")


def forget(name):
    """Takes a module out of memory, as far as nobody uses what is in it."""
    module = sys.modules.pop(name, None)
    package, short = sys.modules.get(name[: name.rfind(".")]), name[name.rfind(".") + 1 :]
    if module is not None and hasattr(package, short):
        delattr(package, short)


def main():
    """Runs until it is interrupted. Returns the exit code: 0 interrupted, 2 station file refused."""

    from firmware import config as station_file

    gc.threshold(_COLLECT_EVERY_BYTES)
    try:
        config = station_file.load("station.json")
    except station_file.ConfigError as refused:
        print("station.json 被拒绝 / refused:")
        print(refused)
        return 2
    station_file.unload()
    gc.collect()
    # only now: the check of the station file and the station do not fit the heap side by side
    from firmware.app import App

    app = App(config)
    for name in _START_ONLY:
        forget(name)
    gc.collect()
    gc.threshold(-1)
    print("光储 Guangchu: " + app.title)
    try:
        asyncio.run(app.run())
    except KeyboardInterrupt:
        print("已停止 / stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
