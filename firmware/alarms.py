"""Which alarms stand, and which changes still have to be told: each change is queued exactly once for publication."""

from drivers.ticks import const
from firmware.texts import fill, pair

_RECENT = const(8)


class Alarms:
    """Standing alarms by (code, device), and the queue of their changes.

    `boot` is the station's boot count: with the sequence number it makes an alarm's `id` unique over restarts, and the
    same id marks the end of that alarm. Bounded: at most `max_active` alarms stand (more are counted in `overflow`), at
    most `max_pending` changes wait (the oldest is then given up and counted in `lost`; telemetry still shows what
    stands). Alarms are few, so a linear search without allocation serves: `update` may be called in every cycle.
    """

    def __init__(self, boot: int, circuits: list, max_active: int = 32, max_pending: int = 64):
        self._boot = boot
        self._circuits = circuits
        self._max_active = max_active
        self._max_pending = max_pending
        self._active = []
        self._pending = []  # (seq, alarm, active, at_ms)
        self._message = None  # of the oldest of these
        self.recent = []  # (at_ms, active, alarm) of the last changes, told or not
        self.seq = 0
        self.overflow = 0
        self.lost = 0

    def update(
        self, code: str, device: str, active: bool, now_ms: int, a: int | None = None, b: int | None = None
    ) -> None:
        """State whether the alarm stands; only a change is told. `a`, `b` are the numbers of its text.

        Raises KeyError for a code that has no text.
        """
        at = self._find(code, device)
        if active and at < 0:
            self._raise(code, device, now_ms, a, b)
        elif at >= 0 and not active:
            self._clear(at, now_ms)

    def is_active(self, code: str, device: str) -> bool:
        return self._find(code, device) >= 0

    def active(self) -> list:
        """The standing alarms for telemetry, oldest first: [{"code", "device", "zh", "en"}, ...]."""
        return [{"code": each[1], "device": each[2], "zh": each[3], "en": each[4]} for each in self._active]

    def peek(self) -> dict | None:
        """The oldest change that was not published yet, as the payload of the `alarm` topic; None when all are out."""
        if self._message is None and self._pending:
            seq, alarm, active, at_ms = self._pending[0]
            self._message = {
                "seq": seq,
                "id": alarm[0],
                "code": alarm[1],
                "device": alarm[2],
                "active": active,
                "zh": alarm[3] if active else "恢复：" + alarm[3],
                "en": alarm[4] if active else "cleared: " + alarm[4],
                "at_ms": at_ms,
            }
        return self._message

    def published(self) -> None:
        """The change that `peek` gave is in the outbox (QoS 1): go on to the next."""
        self._pending.pop(0)
        self._message = None

    def _find(self, code: str, device: str) -> int:
        for at in range(len(self._active)):
            if self._active[at][1] == code and self._active[at][2] == device:
                return at
        return -1

    def _raise(self, code: str, device: str, now_ms: int, a: int | None, b: int | None) -> None:
        zh, en = pair("alarm." + code)
        if len(self._active) >= self._max_active:
            self.overflow += 1
            return
        args = (a, b)
        alarm_id = "%d-%d" % (self._boot, self.seq + 1)
        alarm = (alarm_id, code, device, fill(zh, args, self._circuits), fill(en, args, self._circuits))
        self._active.append(alarm)
        self._tell(alarm, True, now_ms)

    def _clear(self, at: int, now_ms: int) -> None:
        self._tell(self._active.pop(at), False, now_ms)

    def _tell(self, alarm: tuple, active: bool, now_ms: int) -> None:
        self.seq += 1
        if len(self._pending) >= self._max_pending:
            self.published()
            self.lost += 1
        self._pending.append((self.seq, alarm, active, now_ms))
        if len(self.recent) >= _RECENT:
            self.recent.pop(0)
        self.recent.append((now_ms, active, alarm))
