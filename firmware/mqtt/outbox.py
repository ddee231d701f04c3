"""What waits to go to the broker: bounded in messages and in bytes, so that a dead broker cannot eat the heap.

QoS 0 is "now or never": the oldest QoS 0 gives way when room is short, and all of it when the connection is lost (a
late telemetry message would only look like a fresh one). QoS 1 is kept until the broker has acknowledged it and gives
way to nothing; when only QoS 1 is left the new message is refused and the caller keeps it.
"""

from firmware.mqtt.packets import DUP_BIT


class Outgoing:
    """One encoded PUBLISH on its way: `state` goes WAITING -> IN_FLIGHT -> DONE, or to DROPPED (QoS 0 only)."""

    WAITING, IN_FLIGHT, DONE, DROPPED = 0, 1, 2, 3

    __slots__ = ("packet", "qos", "pid", "state", "sent_ms", "on_end")

    def __init__(self, packet: bytearray, qos: int, pid: int):
        self.packet = packet
        self.qos = qos
        self.pid = pid
        self.state = self.WAITING
        self.sent_ms = 0
        self.on_end = None  # a function, called once


class Outbox:
    """Two queues: what waits, and the QoS 1 messages in flight (at most `window`, in the order they were sent)."""

    def __init__(self, max_messages: int = 32, max_bytes: int = 24_576, window: int = 8):
        self.max_messages = max_messages
        self.max_bytes = max_bytes
        self.window = window
        self.dropped = 0
        self.waiting = []
        self.in_flight = []
        self.bytes = 0
        self._last_pid = 0

    def __len__(self) -> int:
        return len(self.waiting) + len(self.in_flight)

    def new_pid(self) -> int:
        """The next packet id, 1..65535 and round again, passing over ids that still wait for their PUBACK."""
        while True:
            self._last_pid = self._last_pid + 1 if self._last_pid < 65535 else 1
            if not self._pid_in_use(self._last_pid):
                return self._last_pid

    def _pid_in_use(self, pid: int) -> bool:
        for message in self.in_flight:
            if message.pid == pid:
                return True
        for message in self.waiting:
            if message.pid == pid:
                return True
        return False

    def put(self, message: Outgoing) -> bool:
        """Queue `message`; False when it has no room even without the QoS 0 messages that wait (counted as dropped)."""
        size = len(message.packet)
        firm_messages = 0
        firm_bytes = 0
        for queue in (self.waiting, self.in_flight):
            for other in queue:
                if other.qos:
                    firm_messages += 1
                    firm_bytes += len(other.packet)
        if firm_messages >= self.max_messages or firm_bytes + size > self.max_bytes:
            self.dropped += 1
            message.state = message.DROPPED
            return False
        while len(self) >= self.max_messages or self.bytes + size > self.max_bytes:
            self._drop(self._oldest_qos0())
        self.waiting.append(message)
        self.bytes += size
        return True

    def _oldest_qos0(self) -> int:
        for at in range(len(self.waiting)):
            if self.waiting[at].qos == 0:
                return at
        raise IndexError("no QoS 0 message waits")  # put() has made sure that one does

    def _drop(self, at: int) -> None:
        message = self.waiting.pop(at)
        message.state = message.DROPPED
        self.bytes -= len(message.packet)
        self.dropped += 1

    def take(self, now_ms: int) -> Outgoing | None:
        """The message to write now, or None. Full window: QoS 0 goes past the QoS 1 messages that wait for it."""
        for at in range(len(self.waiting)):
            message = self.waiting[at]
            if message.qos == 0:
                del self.waiting[at]
                self.bytes -= len(message.packet)
                message.state = message.DONE
                return message
            if len(self.in_flight) < self.window:
                del self.waiting[at]
                self.in_flight.append(message)
                message.state = message.IN_FLIGHT
                message.sent_ms = now_ms
                return message
        return None

    def acknowledge(self, pid: int) -> bool:
        """The broker has `pid`; False for an id that nobody waits for (a late answer to a re-sent message)."""
        for at in range(len(self.in_flight)):
            message = self.in_flight[at]
            if message.pid == pid:
                del self.in_flight[at]
                self.bytes -= len(message.packet)
                message.state = message.DONE
                if message.on_end is not None:
                    message.on_end()
                return True
        return False

    def connection_lost(self) -> None:
        """QoS 1 in flight goes back in front, in its order and marked as a duplicate; waiting QoS 0 is dropped."""
        for message in self.in_flight:
            message.packet[0] |= DUP_BIT
            message.state = message.WAITING
        firm = [message for message in self.waiting if message.qos]
        for at in range(len(self.waiting) - 1, -1, -1):
            if self.waiting[at].qos == 0:
                self._drop(at)
        self.waiting = self.in_flight + firm
        self.in_flight = []
