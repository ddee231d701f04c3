"""Starts the station in the current folder. On a board `main.py` is one line: `import firmware.main`."""

import asyncio
import gc
import sys

from firmware import config as station_file

# Collecting early and often while modules are loaded keeps the heap in one piece: large blocks are wanted afterwards.
_COLLECT_EVERY_BYTES = 8192


def main():
    """Runs until it is interrupted. Returns the exit code: 0 interrupted, 2 station file refused."""
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
    gc.threshold(-1)
    print("光储 Guangchu: " + app.title)
    try:
        asyncio.run(app.run())
    except KeyboardInterrupt:
        print("已停止 / stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
