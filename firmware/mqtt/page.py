"""A large QoS 0 message, built in place and one at a time: a heap that has run for days has room, but in pieces."""

from firmware.mqtt.outbox import Outgoing
from firmware.mqtt.packets import PUBLISH, put_length, put_string, topic_bytes

_FIXED_HEADER = 4  # first byte, and a remaining length below 2 MB in three


class Page:
    """most_bytes: longest topic and message together, 127..65535."""

    def __init__(self, most_bytes: int):
        self.most_bytes = most_bytes
        self.too_long = 0
        self.busy_skips = 0
        self._packet = bytearray(_FIXED_HEADER + 2 + most_bytes)
        self._outgoing = None

    def grow(self, more: int):
        """After a message that was too long. The old memory is given back first. MemoryError: as long as it was."""
        size = len(self._packet)
        self._packet = self._outgoing = None
        try:
            self._packet = bytearray(size + more)
        except MemoryError:
            self._packet = bytearray(size)
            raise
        self.most_bytes += more

    def write(self, topic: str, pieces, retain: bool = False) -> Outgoing | None:
        """The packet that holds the message, for the outbox; None when the one before still waits there, or when the
        message is too long (both counted). pieces: iterable of bytes, the message one after the other.
        """
        if self._outgoing is not None and self._outgoing.waits:
            self.busy_skips += 1
            return None
        end = put_string(self._packet, _FIXED_HEADER, topic_bytes(topic))
        for piece in pieces:
            if end + len(piece) > len(self._packet):
                self.too_long += 1
                return None
            self._packet[end : end + len(piece)] = piece
            end += len(piece)
        remaining = end - _FIXED_HEADER
        start = _FIXED_HEADER - (2 if remaining < 128 else 3 if remaining < 16384 else 4)
        self._packet[start] = PUBLISH << 4 | retain
        put_length(self._packet, start + 1, remaining)
        self._outgoing = Outgoing(memoryview(self._packet)[start:end], 0)
        return self._outgoing
