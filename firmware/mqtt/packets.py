"""MQTT 3.1.1 on the wire: messages into packets, and a stream of hostile bytes into packets.

Every packet is encoded into ONE buffer, so that it leaves in one write: several small writes of one packet meet Nagle's
algorithm on our side and delayed acknowledgements on the broker's, and cost some 40 ms each. What is needed only to
begin a connection is in `greeting.py`.

Source of every number here: OASIS MQTT Version 3.1.1 (grade A).
"""

from drivers.ticks import const
from firmware.mqtt.errors import MalformedPacket

CONNACK = 2
PUBLISH = 3
PUBACK = 4
SUBACK = 9
PINGRESP = 13

DUP_BIT = 0x08

# What a broker can do wrong: places in fault_texts.FAULTS.
_FIRST_BYTE = const(0)
_LENGTH_BYTE = const(1)
_LENGTH = const(2)
_PACKET_ID = const(3)
_QOS = const(4)
_TOPIC_LENGTH = const(5)
_TOPIC = const(6)

_MAX_STRING = 65535
_MAX_REMAINING = 268_435_455
# Type -> (least, most) remaining length of the packets a broker may send us; PUBLISH is bounded by the parser's limit.
_FROM_BROKER = {CONNACK: (2, 2), PUBACK: (2, 2), SUBACK: (3, 3), PINGRESP: (0, 0), PUBLISH: (3, _MAX_REMAINING)}


def to_bytes(text: str | bytes, place: str) -> bytes:
    """UTF-8 bytes of `text`, at most 65,535 of them: MQTT counts bytes, not characters. Raises ValueError beyond."""
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > _MAX_STRING:
        raise ValueError("%s: %d bytes, allowed at most %d" % (place, len(raw), _MAX_STRING))
    return raw


def topic_bytes(topic: str | bytes) -> bytes:
    """Bytes of a topic name that may be published to. Raises ValueError for an empty one, a wildcard or a NUL."""
    raw = to_bytes(topic, "topic")
    if not raw or b"+" in raw or b"#" in raw or b"\0" in raw:
        raise ValueError("topic: found %r, allowed 1..65535 bytes without '+', '#' and NUL" % (raw,))
    return raw


def new_packet(first_byte: int, remaining: int) -> tuple:
    """A buffer for a whole packet with its fixed header written; returns it and the offset of its body."""
    if remaining > _MAX_REMAINING:
        raise ValueError("remaining length: %d, allowed at most %d" % (remaining, _MAX_REMAINING))
    at = 2 if remaining < 128 else 3 if remaining < 16384 else 4 if remaining < 2097152 else 5
    packet = bytearray(at + remaining)
    packet[0] = first_byte
    put_length(packet, 1, remaining)
    return packet, at


def put_length(packet: bytearray, at: int, remaining: int) -> None:
    """The remaining length, seven bits a byte, the lowest first."""
    while remaining > 127:
        packet[at] = remaining & 127 | 128
        remaining >>= 7
        at += 1
    packet[at] = remaining


def put_string(packet: bytearray, at: int, raw: bytes) -> int:
    """A string with its length in front; returns the offset behind it."""
    end = at + 2 + len(raw)
    packet[at] = len(raw) >> 8
    packet[at + 1] = len(raw) & 255
    packet[at + 2 : end] = raw
    return end


def encode_publish(
    topic: str | bytes, message: str | bytes, qos: int = 0, retain: bool = False, pid: int = 0
) -> bytearray:
    """PUBLISH with `pid` 1..65535 for QoS 1. Raises ValueError for QoS 2 (not spoken here) or a bad topic."""
    if qos not in (0, 1) or qos and not 1 <= pid <= 65535:
        raise ValueError("qos %r, packet id %r: allowed 0, or 1 with an id of 1..65535" % (qos, pid))
    topic = topic_bytes(topic)
    if isinstance(message, str):
        message = message.encode()
    packet, at = new_packet(PUBLISH << 4 | qos << 1 | bool(retain), 2 + len(topic) + 2 * qos + len(message))
    at = put_string(packet, at, topic)
    if qos:
        packet[at] = pid >> 8
        packet[at + 1] = pid & 255
        at += 2
    packet[at:] = message
    return packet


class Parser:
    """Takes bytes as they come, one packet at a time, into one preallocated buffer.

    A packet of more than `keep_bytes` is not kept: its head (enough for topic and packet id) is, the rest is counted
    and thrown away (`oversize` is True), because a broker re-sends what is not acknowledged and dropping the link would
    therefore never end. More than `skip_bytes` is refused as malformed: nobody has business sending that to a station.
    """

    def __init__(self, keep_bytes: int = 1280, skip_bytes: int = 262_144):
        self.body = bytearray(keep_bytes)
        self.type = 0
        self.flags = 0
        self.remaining = 0
        self._skip_bytes = skip_bytes
        self.restart()

    def restart(self) -> None:
        """Forget everything: a new connection starts at a packet's first byte."""
        self.ready = False
        self._stage = 0  # 0 first byte, 1..4 bytes of the remaining length, 5 body
        self._got = 0

    @property
    def oversize(self) -> bool:
        return self.remaining > len(self.body)

    def feed(self, source: bytearray, start: int, end: int) -> int:
        """Take bytes of `source[start:end]` until one packet is whole; returns the offset behind the last one taken.

        When `ready` is True afterwards, the packet is in `type`, `flags`, `remaining` and `body`, until the next call.
        Raises MalformedPacket.
        """
        if self.ready:
            self.restart()
        while start < end and self._stage < 5:
            self._header_byte(source[start])
            start += 1
        if self._stage == 5:
            got = self._got
            take = min(end - start, self.remaining - got)
            keep = min(take, len(self.body) - got)
            if keep > 0:
                self.body[got : got + keep] = memoryview(source)[start : start + keep]
            start += take
            self._got = got + take
            self.ready = self._got == self.remaining
        return start

    def _header_byte(self, byte: int) -> None:
        if self._stage == 0:
            self.type = byte >> 4
            self.flags = byte & 15
            if self.type not in _FROM_BROKER or self.type != PUBLISH and self.flags:
                raise MalformedPacket(_FIRST_BYTE, byte)
            self.remaining = 0
            self._stage = 1
            return
        self.remaining |= (byte & 127) << (7 * (self._stage - 1))
        if byte & 128:
            if self._stage == 4:
                raise MalformedPacket(_LENGTH_BYTE, byte)
            self._stage += 1
            return
        least, most = _FROM_BROKER[self.type]
        most = min(most, self._skip_bytes)
        if not least <= self.remaining <= most:
            raise MalformedPacket(_LENGTH, self.remaining, (least, most))
        self._stage = 5

    # What a whole packet says. Offsets are into `body`.

    def packet_id(self, at: int = 0) -> int:
        """Packet id of a PUBACK or SUBACK, 1..65535. Raises MalformedPacket for 0."""
        pid = self.body[at] << 8 | self.body[at + 1]
        if pid == 0:
            raise MalformedPacket(_PACKET_ID, 0)
        return pid

    def publish(self) -> tuple:
        """(topic, message, packet id or 0 with QoS 0) of a PUBLISH; an oversize message is None.

        Raises MalformedPacket: QoS 2 or 3 (we never subscribe above 1), a topic that is empty, has a wildcard, is no
        UTF-8 or does not fit its packet, packet id 0.
        """
        pid_bytes = self.flags & 6
        if pid_bytes > 2:
            raise MalformedPacket(_QOS, pid_bytes >> 1)
        at = 2 + (self.body[0] << 8 | self.body[1])
        most = min(self.remaining, len(self.body)) - pid_bytes
        if not 2 < at <= most:
            raise MalformedPacket(_TOPIC_LENGTH, at - 2, most - 2)
        topic = bytes(memoryview(self.body)[2:at])
        try:
            str(topic, "utf-8")
            topic_bytes(topic)
        except ValueError as error:  # UnicodeError is one
            raise MalformedPacket(_TOPIC, error)
        pid = self.packet_id(at) if pid_bytes else 0
        message = None if self.oversize else bytes(memoryview(self.body)[at + pid_bytes : self.remaining])
        return topic, message, pid
