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
_COLD = (
    "firmware.signing", "firmware.command_table", "firmware.command_memory", "firmware.command_types",
    "firmware.command_check",
    "firmware.command_limit", "firmware.command_gun", "firmware.command_dispatch", "firmware.command_time",
    "firmware.command_maintenance", "firmware.command_config",
)  # fmt: skip
_ALWAYS = 5  # of them are needed for every command; each other one for the type that it is named after
_TYPE_AT = len("firmware.command_")


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

    def restore(self, now_ms: int) -> None:
        """Puts in force again what signed commands had ordered before the restart. Before the first cycle."""
        from firmware.command_restore import restore

        restore(self, now_ms)
        forget("firmware.command_restore", *_COLD)

    async def load(self, message: bytes | None) -> None:
        """Brings in the code for a message, one module after the other: other tasks get their turn in between."""
        for at in range(len(_COLD)):
            if at < _ALWAYS or (message is not None and ('"%s"' % _COLD[at][_TYPE_AT:]).encode() in message):
                try:
                    __import__(_COLD[at])
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
