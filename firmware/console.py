"""The console beside the running cycle, on USB, a UART or the terminal of a process: it reads, and changes nothing.

What stays in memory only looks whether somebody types. The code that reads and answers lines comes with the first
character and goes after a minute of silence. docs/console.md says what the commands show.
"""

import select
import sys

from drivers.ticks import const, sleep_ms
from firmware.cold import forget

_LOOK_MS = const(100)
_SESSION = "firmware.console_session"


class Console:
    """`run()` is a supervised task. running: Running. language: "zh", "en" or "both" (which shows Chinese). source,
    sink: byte streams, the program's own when None."""

    def __init__(self, running, language, source=None, sink=None):
        self.running = running
        self.language = 1 if language == "en" else 0  # place in the pairs of firmware/texts.py
        # Unbuffered: what CPython keeps in a buffer of its own is nothing to wait for.
        self.source = source or getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
        self.sink = sink or getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        self.is_readable = poller(self.source, select.POLLIN)
        self.is_gone = False  # the other end, for good

    async def run(self):
        while not self.is_gone:
            # While the station is brought to its safe state, what comes is for whoever interrupted it.
            if not self.running.cycle.halted and is_ready(self.is_readable):
                await self._session()
            await sleep_ms(_LOOK_MS)
        while True:
            await sleep_ms(60000)

    async def _session(self):
        await self.running.gate.after_cycle()
        try:
            await __import__(_SESSION, None, None, ("Session",)).Session(self).run()
        except MemoryError:
            self.source.readinto(bytearray(1))  # or it would be tried again for the same character
            print("内存不足，控制台暂不可用 / not enough memory for the console now")
        except OSError:  # a terminal that has been closed
            self.is_gone = True
        finally:
            forget(_SESSION)


def poller(stream, event):
    """For is_ready()."""
    found = select.poll()
    found.register(stream, event)
    return getattr(found, "ipoll", found.poll)  # MicroPython's makes no list


def is_ready(wait):
    for _ in wait(0):
        return True
    return False
