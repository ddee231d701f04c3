"""Keeps the clock right: asks a time server, or, without one, the platform, and says how the clock stands."""

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.cold import forget

_STEP_MS = 5000
_UNKNOWN_MS = 60000  # between two questions while the time is not known
_KNOWN_MS = 3600000


class ClockTask:
    """`run()` is a supervised task. settings: `mqtt` of the station file. boot: count of starts, part of each question.

    `question` is what the `clock` message asks the platform, "" for nothing.
    """

    def __init__(self, clock, settings, boot):
        self._clock, self._boot = clock, boot
        self._host, self._port = settings.get("ntp_host"), settings.get("ntp_port", 123)
        self._number = 0
        self._asked_ms = None
        self.message_due = True
        self.unanswered = 0  # questions to the time server

    async def run(self):
        while True:
            now_ms = ticks_ms()
            self._clock.poll(now_ms)
            if self._due(now_ms):
                self._asked_ms = now_ms
                await self._ask()
            await sleep_ms(_STEP_MS)

    def _due(self, now_ms):
        if self._asked_ms is None:
            return True
        # The platform has to hear the question: then it is the message that counts.
        fresh = self._clock.now_s(now_ms) is not None and self._clock.source != "rtc"
        return ticks_diff(now_ms, self._asked_ms) >= (_KNOWN_MS if fresh else _UNKNOWN_MS)

    async def _ask(self):
        if self._host is None:
            self.message_due = True
            return
        from firmware import ntp

        try:
            answer = await ntp.ask(self._host, self._port)
        except OSError:
            answer = None
        forget("firmware.ntp")
        if answer is None:
            self.unanswered += 1
        else:
            self._clock.set(answer[0], "ntp", answer[1], answer[2])
        self.message_due = True

    def message(self, now_ms):
        """The `clock` message when one is due and the platform hears it, else None: call it while connected."""
        if not self.message_due:
            return None
        self.message_due = False
        clock = self._clock
        if self._host is None:
            self._number += 1
            clock.asked, clock.asked_ms = "%d-%d" % (self._boot, self._number), now_ms
        now_s = clock.now_s(now_ms)
        return {
            "at_ms": now_ms,
            "unix_s": now_s,
            "source": clock.source if now_s is not None else None,
            "error_ms": clock.error_ms(now_ms) if now_s is not None else None,
            "asked": clock.asked if self._host is None else None,
        }
