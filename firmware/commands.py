"""Commands from the platform: what stays in memory of them between two commands.

A command can only add or withdraw a limit, set the clock, or stop everything; local limits always win. Nothing raises
for what a message contains: every message, however hostile, gets one answer, and a refused one changes nothing. The
code that reads and carries out commands is loaded when one comes and forgotten when none comes any more.
"""

import gc

from drivers.ticks import sleep_ms, ticks_diff
from firmware.cold import forget

MAX_BYTES = 1024
_REST_MS = 2000
_COLD = ("firmware.signing", "firmware.command_memory", "firmware.command_types", "firmware.command_check")


class Commands:
    """station_id: as in the topics. stop: EmergencyStop. clock: Clock. keys: {authority: key}, as firmware.keys.load
    gives them. unsigned: commands without a signature are taken as well (limits that only tighten, emergency stop);
    None: as long as there are no keys. folder: of the file `commands`.

    Counters: `accepted`, `refused`, `repeated`, and `refusals` by code.
    """

    def __init__(self, station_id, limits, stop, clock, keys=None, unsigned=None, folder="."):
        self.station_id = station_id
        self.limits, self.stop, self.clock = limits, stop, clock
        self.keys = keys or {}
        self.unsigned = not self.keys if unsigned is None else unsigned
        self.path = folder + "/commands"
        self.remembered = []  # of unsigned commands, see firmware/command_memory.py
        self.accepted = self.refused = self.repeated = 0
        self.refusals = {}
        self._used_ms = None

    def restore(self, now_ms: int) -> None:
        """Puts the limits in force again that signed commands had set before the restart."""
        from firmware import command_memory

        command_memory.restore(self, now_ms)
        forget(*_COLD)

    async def load(self) -> None:
        """Brings in the code of commands, one module after the other: other tasks get their turn in between."""
        for name in _COLD:
            try:
                __import__(name)
            except MemoryError:
                return  # handle() makes room
            await sleep_ms(0)

    def busy(self, now_ms: int) -> dict:
        """The answer to a command that comes while too many others wait."""
        from firmware.command_check import refused

        self._used_ms = now_ms
        return refused(self, "busy")

    def handle(self, topic: bytes, message: bytes | None, now_ms: int) -> dict:
        """Carry out one message of the command topic and give its answer: {"id", "result", "code", "zh", "en"}.

        `message` None is one that was too large to be kept. An id that is no proper id, or that cannot be trusted, is
        answered as "".
        """
        self._used_ms = now_ms
        try:
            return self._answer(topic, message, now_ms)
        except MemoryError:
            # Nothing has taken effect: that comes last, and needs no memory. A stop must not fail for a report's sake.
            forget("firmware.reports", "firmware.entries", "firmware.birth", *_COLD)
            gc.collect()
            return self._answer(topic, message, now_ms)

    def _answer(self, topic, message, now_ms):
        from firmware.command_check import answer

        return answer(self, topic, message, now_ms)

    def count(self, result: str, code: str) -> None:
        if result == "refused":
            self.refused += 1
            self.refusals[code] = self.refusals.get(code, 0) + 1
        else:
            self.accepted += 1

    def rest(self, now_ms: int) -> None:
        """Lets go of the code when no command has come for a while. Call it now and then."""
        if self._used_ms is not None and ticks_diff(now_ms, self._used_ms) > _REST_MS:
            self._used_ms = None
            forget(*_COLD)
