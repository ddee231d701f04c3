"""A large QoS 0 message, built in place and one at a time: a heap that has run for days has room, but in pieces."""

# The board's stubs of io.BytesIO lack what a stream has, and json.dump's separators.
# pyright: reportAttributeAccessIssue=false, reportCallIssue=false

import io
import json
import sys

from firmware.mqtt.outbox import Outgoing
from firmware.mqtt.packets import PUBLISH, check_topic

_MICROPYTHON = sys.implementation.name == "micropython"
_FIXED_HEADER = 4  # first byte, and a remaining length below 2 MB in three


class Page:
    """topic: of every message written here. most_bytes: longest message, 127..65535."""

    def __init__(self, topic: str, most_bytes: int):
        raw = check_topic(topic)
        self.most_bytes = most_bytes
        self.too_long = 0
        self.busy_skips = 0
        self._at = _FIXED_HEADER + 2 + len(raw)  # where the message begins
        self._packet = bytearray(self._at + most_bytes)
        self._packet[_FIXED_HEADER] = len(raw) >> 8
        self._packet[_FIXED_HEADER + 1] = len(raw) & 255
        self._packet[_FIXED_HEADER + 2 : self._at] = raw
        self._stream = io.BytesIO(most_bytes) if _MICROPYTHON else None
        self._outgoing = None

    def write(self, message: dict) -> Outgoing | None:
        """The packet that holds `message` as JSON, for the outbox; None when the one before still waits there, or when
        the message is too long (both counted).
        """
        if self._outgoing is not None and self._outgoing.state == Outgoing.WAITING:
            self.busy_skips += 1
            return None
        length = self._encode(message)
        if length > self.most_bytes:
            self.too_long += 1
            return None
        start = self._put_header(length + self._at - _FIXED_HEADER)
        self._outgoing = Outgoing(memoryview(self._packet)[start : self._at + length], 0, 0)
        return self._outgoing

    def _encode(self, message):
        at = self._at
        if self._stream is None:
            raw = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
            if len(raw) <= self.most_bytes:
                self._packet[at : at + len(raw)] = raw
            return len(raw)
        stream = self._stream
        stream.seek(0)
        json.dump(message, stream, separators=(",", ":"))
        length = stream.tell()
        if length <= self.most_bytes:
            stream.seek(0)
            stream.readinto(memoryview(self._packet)[at : at + length])
        return length

    def _put_header(self, remaining):
        """Write the fixed header right before the topic; gives where the packet starts."""
        packet = self._packet
        start = _FIXED_HEADER - (2 if remaining < 128 else 3 if remaining < 16384 else 4)
        packet[start] = PUBLISH << 4
        at = start + 1
        while remaining > 127:
            packet[at] = (remaining & 127) | 128
            remaining >>= 7
            at += 1
        packet[at] = remaining
        return start
