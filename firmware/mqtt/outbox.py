"""What waits to go to the broker: bounded in messages and in bytes, so that a dead broker cannot eat the heap.

QoS 0 is "now or never": the oldest QoS 0 gives way when room is short, and all of it when the connection is lost (a
late telemetry message would only look like a fresh one). QoS 1 is kept until the broker has acknowledged it and gives
way to nothing; when only QoS 1 is left the new message is refused and the caller keeps it.
"""

from firmware.mqtt.packets import DUP_BIT


class Outgoing:
    """One encoded PUBLISH on its way. `pid` is 0 with QoS 0. `waits` until it is dropped, or sent: with QoS 1 given
    to the link, with QoS 0 gone, for the link may take it piece by piece.
    """

    def __init__(self, packet: bytearray | memoryview, pid: int):
        self.packet = packet
        self.pid = pid
        self.waits = True
        self.sent_ms = 0
        self.on_end = None  # a function, called once


class Outbox:
    """Messages in the order they came. Those of QoS 1 that do not wait are in flight, at most `window` of them; they
    stand in front of all that wait, for nothing is taken before what came earlier unless that is kept by the window.
    """

    def __init__(self, max_messages: int = 32, max_bytes: int = 24_576, window: int = 8):
        self.max_messages = max_messages
        self.max_bytes = max_bytes
        self.window = window
        self.dropped = 0
        self.messages = []
        self.in_flight = 0
        self.bytes = 0
        self._last_pid = 0

    def new_pid(self) -> int:
        """The next packet id, 1..65535 and round again, passing over ids that still wait for their PUBACK."""
        while True:
            pid = self._last_pid = self._last_pid % 65535 + 1
            for message in self.messages:
                if message.pid == pid:
                    break
            else:
                return pid

    def put(self, message: Outgoing) -> bool:
        """Queue `message`; False when it has no room even without the QoS 0 messages that wait (counted as dropped)."""
        size = len(message.packet)
        if (len(self.messages) >= self.max_messages or self.bytes + size > self.max_bytes) and not self._clear(size):
            self.dropped += 1
            message.waits = False
            return False
        self.messages.append(message)
        self.bytes += size
        return True

    def _clear(self, size: int) -> bool:
        """Make room by dropping the oldest QoS 0 messages; False, and none dropped, when that would not do."""
        loose = [message for message in self.messages if message.pid == 0]
        spare = sum([len(message.packet) for message in loose])
        if len(self.messages) - len(loose) >= self.max_messages or self.bytes - spare + size > self.max_bytes:
            return False
        for message in loose:
            self._drop(message)
            if len(self.messages) < self.max_messages and self.bytes + size <= self.max_bytes:
                break
        return True

    def _drop(self, message: Outgoing) -> None:
        message.waits = False
        self.dropped += 1
        self._remove(message)

    def _remove(self, message: Outgoing) -> None:
        self.messages.remove(message)
        self.bytes -= len(message.packet)

    def take(self, now_ms: int) -> Outgoing | None:
        """The message to write now, or None. Full window: QoS 0 goes past the QoS 1 messages that wait for it."""
        for message in self.messages:
            if message.waits and (message.pid == 0 or self.in_flight < self.window):
                message.sent_ms = now_ms
                if message.pid:
                    message.waits = False
                    self.in_flight += 1
                else:
                    self._remove(message)
                return message
        return None

    def acknowledge(self, pid: int) -> bool:
        """The broker has `pid`; False for an id that nobody waits for (a late answer to a re-sent message)."""
        for message in self.messages:
            if message.pid == pid and not message.waits:
                self.in_flight -= 1
                self._remove(message)
                if message.on_end is not None:
                    message.on_end()
                return True
        return False

    def connection_lost(self) -> None:
        """QoS 1 in flight waits again, in its place and marked as a duplicate; waiting QoS 0 is dropped."""
        for message in list(self.messages):
            if message.pid == 0:
                self._drop(message)
            elif not message.waits:
                message.packet[0] |= DUP_BIT
                message.waits = True
        self.in_flight = 0
