"""Commands from the platform: what stays in memory of them between two commands.

A command adds or withdraws a limit or a wish, sets the clock, or stops something; local limits always win. Nothing
raises for what a message contains: every message, however hostile, gets one answer, and a refused one changes nothing.
The code that reads and carries out commands is loaded when one comes and forgotten when none comes any more.
"""

import gc

from drivers.ticks import sleep_ms, ticks_diff
from firmware.cold import forget

MAX_BYTES = 1024
_REST_MS = 2000
_COLD = "firmware.command_"  # the modules of commands begin so
_ALWAYS = ("memory", "table", "steps", "types", "check")  # every command needs these
_TYPES = ("limit", "gun", "dispatch", "time", "maintenance", "config")  # and the one of its type


class Commands:
    """station_id: as in the topics. stop: EmergencyStop. clock: Clock. keys: {authority: key}, as firmware.keys.load
    gives them. unsigned: commands without a signature are taken as well (limits that only tighten, emergency stop);
    None: as long as there are no keys. folder: of the file `commands`. running: Running, which the commands of guns,
    storage and service need; without it none of those may come.

    `telemetry_ms`: the period of telemetry that a command has set, None for the station file's. `leaves`: a command
    wants the station to start anew, once its answer is out.

    Counters: `accepted`, `refused`, `repeated`, and `refusals` by code.
    """

    def __init__(self, station_id, limits, stop, clock, keys=None, unsigned=None, folder=".", running=None):
        self.station_id, self.running = station_id, running
        self.limits, self.stop, self.clock = limits, stop, clock
        self.keys = keys or {}
        self.unsigned = not self.keys if unsigned is None else unsigned
        self.path = folder + "/commands"
        self.remembered = []  # of unsigned commands, see firmware/command_memory.py
        self.accepted = self.refused = self.repeated = 0
        self.refusals = {}
        self.telemetry_ms = None
        self.leaves = False
        self._used_ms = None

    def restore(self, now_ms: int):
        """Puts in force again what signed commands had ordered before the restart. Before the first cycle. Returns the
        problem of their file (firmware/state.py), None for none."""
        from firmware.command_restore import restore

        problem = restore(self, now_ms)
        forget("firmware.command_restore")
        _forget()
        return problem

    async def load(self, message: bytes | None) -> None:
        """Brings in the code for a message, one module after the other: other tasks get their turn in between."""
        try:
            from firmware import signing  # noqa: F401

            for name in _ALWAYS + _TYPES:
                await sleep_ms(0)
                if name in _ALWAYS or (message is not None and ('"%s"' % name).encode() in message):
                    __import__(_COLD + name)
        except MemoryError:
            pass  # handle() makes room

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
            forget("firmware.reports", "firmware.entries", "firmware.birth")
            _forget()
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
            _forget()


def _forget():
    forget("firmware.signing", *[_COLD + name for name in _ALWAYS + _TYPES])
