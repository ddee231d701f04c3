"""The time of day, as far as it is known. Nothing in the control cycle asks for it: there only ticks count.

The clock runs on ticks from the moment it was set. What sets it: the board's own clock when it has kept running (RTC),
NTP, or a signed `time` command from the platform. Each gives a bound of the error, which grows while nobody sets it
again; beyond `MOST_ERROR_MS` the time counts as unknown.
"""

import time

from drivers.ticks import ticks_add, ticks_diff

MOST_ERROR_MS = 30000
_DRIFT_PPM = 100  # a crystal of 50 ppm, twice that over temperature
_RTC_ERROR_MS = 5000
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0  # ESP32 counts from 2000, others from 1970
_NEVER_BEFORE_S = 1767225600  # 2026-01-01: a board that shows less has a clock that was never set (RP2040: 2021)


class Clock:
    """now_ms: ticks. `source`: "" (never set), "rtc", "ntp" or "platform". `sets` counts how often it was set, `jump_s`
    is what the last setting moved it by (0 for the first). `asked` is the question that a `time` command has to
    answer, "" while none is open, `asked_ms` when it was put.
    """

    def __init__(self, now_ms: int):
        self.source = ""
        self.sets = 0
        self.jump_s = 0
        self.asked = ""
        self.asked_ms = now_ms
        self._unix_s = self._at_ms = self._error_ms = 0
        self._run_ms = 0  # since it was set
        system_s = int(time.time()) + _EPOCH
        if system_s >= _NEVER_BEFORE_S:
            self.set(system_s, "rtc", _RTC_ERROR_MS, now_ms)

    def set(self, unix_s: int, source: str, error_ms: int, now_ms: int) -> None:
        """unix_s: seconds since 1970, true within error_ms. A board with an RTC keeps it there."""
        before_s = self.now_s(now_ms)
        self.jump_s = 0 if before_s is None else unix_s - before_s
        self._unix_s, self._at_ms, self._error_ms, self._run_ms = unix_s, now_ms, error_ms, 0
        self.source = source
        self.sets += 1
        if source != "rtc":
            _keep(unix_s)

    def poll(self, now_ms: int) -> None:
        """Goes on with the ticks, which must not wrap unseen: call it at least once a day."""
        passed_s = ticks_diff(now_ms, self._at_ms) // 1000
        if passed_s > 0:
            self._unix_s += passed_s
            self._at_ms = ticks_add(self._at_ms, passed_s * 1000)
            self._run_ms = min(self._run_ms + passed_s * 1000, 1 << 29)

    def error_ms(self, now_ms: int) -> int:
        """The time is true within this."""
        self.poll(now_ms)
        return self._error_ms + self._run_ms // 1000 * _DRIFT_PPM // 1000

    def now_s(self, now_ms: int) -> int | None:
        """Seconds since 1970, None while the time is not known."""
        if not self.source or self.error_ms(now_ms) > MOST_ERROR_MS:
            return None
        return self._unix_s


def _keep(unix_s):
    try:
        import machine
    except ImportError:  # CPython
        return
    if hasattr(machine, "RTC"):
        now = time.gmtime(unix_s - _EPOCH)
        machine.RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))
