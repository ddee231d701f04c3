"""MQTT 3.1.1 on the wire: packets into bytes, and a stream of hostile bytes into packets.

Every packet is encoded into ONE buffer, so that it leaves in one write: several small writes of one packet meet Nagle's
algorithm on our side and delayed acknowledgements on the broker's, and cost some 40 ms each.

Source of every number here: OASIS MQTT Version 3.1.1 (grade A).
"""

from firmware.mqtt.errors import MalformedPacket

CONNECT = 1
CONNACK = 2
PUBLISH = 3
PUBACK = 4
SUBSCRIBE = 8
SUBACK = 9
PINGREQ = 12
PINGRESP = 13
DISCONNECT = 14

DUP_BIT = 0x08

PINGREQ_PACKET = b"\xc0\x00"
DISCONNECT_PACKET = b"\xe0\x00"

_MAX_STRING = 65535
_MAX_REMAINING = 268_435_455


def to_bytes(text: str | bytes, place: str = "string") -> bytes:
    """UTF-8 bytes of `text`, at most 65,535 of them: MQTT counts bytes, not characters. Raises ValueError beyond."""
    raw = text.encode() if isinstance(text, str) else bytes(text)
    if len(raw) > _MAX_STRING:
        raise ValueError("%s: %d bytes, allowed at most %d" % (place, len(raw), _MAX_STRING))
    return raw


def check_topic(topic: str | bytes) -> bytes:
    """Bytes of a topic name that may be published to. Raises ValueError for an empty one, a wildcard or a NUL."""
    raw = to_bytes(topic, "topic")
    if not raw:
        raise ValueError("topic: empty, allowed 1..65535 bytes")
    for byte in b"+#\x00":
        if bytes([byte]) in raw:
            raise ValueError("topic %r: holds %r, allowed neither '+', '#' nor NUL" % (raw, chr(byte)))
    return raw


def _packet(first_byte: int, remaining: int) -> tuple:
    """A buffer for a whole packet with its fixed header written; returns it and the offset of its body."""
    if remaining > _MAX_REMAINING:
        raise ValueError("remaining length: %d, allowed at most %d" % (remaining, _MAX_REMAINING))
    header = 2 if remaining < 128 else 3 if remaining < 16384 else 4 if remaining < 2097152 else 5
    packet = bytearray(header + remaining)
    packet[0] = first_byte
    at = 1
    while remaining > 127:
        packet[at] = (remaining & 127) | 128
        remaining >>= 7
        at += 1
    packet[at] = remaining
    return packet, at + 1


def _put_string(packet: bytearray, at: int, raw: bytes) -> int:
    packet[at] = len(raw) >> 8
    packet[at + 1] = len(raw) & 255
    packet[at + 2 : at + 2 + len(raw)] = raw
    return at + 2 + len(raw)


def encode_connect(
    client_id: str,
    user: str | None,
    password: str | None,
    keepalive_s: int,
    clean: bool = True,
    will: tuple | None = None,
) -> bytearray:
    """CONNECT. `will` is (topic, message, retain, qos) or None; `keepalive_s` 0..65535 s."""
    if not 0 <= keepalive_s <= 65535:
        raise ValueError("keepalive_s: %d, allowed 0..65535" % keepalive_s)
    flags = 0x02 if clean else 0
    fields = [to_bytes(client_id, "client_id")]
    if will is not None:
        topic, message, retain, qos = will
        fields.append(check_topic(topic))
        fields.append(to_bytes(message, "last will"))
        flags |= 0x04 | (qos << 3) | (0x20 if retain else 0)
    if user is not None:
        fields.append(to_bytes(user, "user"))
        flags |= 0x80
        if password is not None:
            # 3.1.1 allows a password only together with a user name
            fields.append(to_bytes(password, "password"))
            flags |= 0x40
    remaining = 10
    for field in fields:
        remaining += 2 + len(field)
    packet, at = _packet(CONNECT << 4, remaining)
    at = _put_string(packet, at, b"MQTT")
    packet[at] = 4  # protocol level 4 is version 3.1.1
    packet[at + 1] = flags
    packet[at + 2] = keepalive_s >> 8
    packet[at + 3] = keepalive_s & 255
    at += 4
    for field in fields:
        at = _put_string(packet, at, field)
    return packet


def encode_publish(
    topic: str | bytes, message: str | bytes, qos: int = 0, retain: bool = False, pid: int = 0
) -> bytearray:
    """PUBLISH with `pid` 1..65535 for QoS 1. Raises ValueError for QoS 2 (not spoken here) or a bad topic."""
    if qos not in (0, 1):
        raise ValueError("qos: %r, allowed 0 or 1" % (qos,))
    if qos and not 1 <= pid <= 65535:
        raise ValueError("packet id: %r, allowed 1..65535" % (pid,))
    topic = check_topic(topic)
    if isinstance(message, str):
        message = message.encode()
    packet, at = _packet((PUBLISH << 4) | (qos << 1) | (1 if retain else 0), 2 + len(topic) + 2 * qos + len(message))
    at = _put_string(packet, at, topic)
    if qos:
        packet[at] = pid >> 8
        packet[at + 1] = pid & 255
        at += 2
    packet[at:] = message
    return packet


def encode_subscribe(pid: int, topic: str | bytes, qos: int) -> bytearray:
    """SUBSCRIBE to one topic filter at `qos` 0 or 1."""
    if qos not in (0, 1):
        raise ValueError("qos: %r, allowed 0 or 1" % (qos,))
    topic = to_bytes(topic, "topic filter")
    if not topic:
        raise ValueError("topic filter: empty, allowed 1..65535 bytes")
    packet, at = _packet((SUBSCRIBE << 4) | 2, 5 + len(topic))
    packet[at] = pid >> 8
    packet[at + 1] = pid & 255
    at = _put_string(packet, at + 2, topic)
    packet[at] = qos
    return packet


def encode_puback(pid: int, packet: bytearray) -> None:
    """PUBACK for `pid` into a preallocated buffer of 4 bytes: acknowledging a flood allocates nothing."""
    packet[0] = PUBACK << 4
    packet[1] = 2
    packet[2] = pid >> 8
    packet[3] = pid & 255


# Type -> (least, most) remaining length of the packets a broker may send us; PUBLISH is bounded by the parser's limit.
_FROM_BROKER = {CONNACK: (2, 2), PUBACK: (2, 2), SUBACK: (3, 34), PINGRESP: (0, 0), PUBLISH: (3, _MAX_REMAINING)}


class Parser:
    """Takes bytes as they come, one packet at a time, into one preallocated buffer.

    A packet of more than `keep_bytes` is not kept: its head (enough for topic and packet id) is, the rest is counted
    and thrown away (`oversize` is True), because a broker re-sends what is not acknowledged and dropping the link would
    therefore never end. More than `skip_bytes` is refused as malformed: nobody has business sending that to a station.
    """

    def __init__(self, keep_bytes: int = 2048, skip_bytes: int = 262_144):
        self.body = bytearray(keep_bytes)
        self.type = 0
        self.flags = 0
        self.remaining = 0
        self.oversize = False
        self.ready = False
        self._skip_bytes = skip_bytes
        self.restart()

    def restart(self) -> None:
        """Forget everything: a new connection starts at a packet's first byte."""
        self.ready = False
        self._stage = 0  # 0 first byte, 1..4 bytes of the remaining length, 5 body
        self._got = 0

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
            take = min(end - start, self.remaining - self._got)
            keep = min(take, len(self.body) - self._got)
            if keep > 0:
                self.body[self._got : self._got + keep] = memoryview(source)[start : start + keep]
            self._got += take
            start += take
            self.ready = self._got == self.remaining
        return start

    def _header_byte(self, byte: int) -> None:
        if self._stage == 0:
            self.type = byte >> 4
            self.flags = byte & 15
            if self.type not in _FROM_BROKER:
                raise MalformedPacket("packet type", self.type, "2, 3, 4, 9 or 13 from a broker")
            if self.type != PUBLISH and self.flags:
                raise MalformedPacket("flags of packet type %d" % self.type, self.flags, "0")
            self.remaining = 0
            self._stage = 1
            return
        self.remaining |= (byte & 127) << (7 * (self._stage - 1))
        if byte & 128:
            if self._stage == 4:
                raise MalformedPacket("fourth byte of remaining length", byte, "0..127")
            self._stage += 1
            return
        least, most = _FROM_BROKER[self.type]
        most = min(most, self._skip_bytes)
        if not least <= self.remaining <= most:
            place = "remaining length of packet type %d" % self.type
            raise MalformedPacket(place, self.remaining, "%d..%d" % (least, most))
        self.oversize = self.remaining > len(self.body)
        self._got = 0
        self._stage = 5

    # What a whole packet says. Offsets are into `body`.

    def packet_id(self) -> int:
        """Packet id of a PUBACK or SUBACK, 1..65535. Raises MalformedPacket for 0."""
        return self._pid_at(0)

    def _pid_at(self, at: int) -> int:
        pid = (self.body[at] << 8) | self.body[at + 1]
        if pid == 0:
            raise MalformedPacket("packet id", 0, "1..65535")
        return pid

    def publish(self) -> tuple:
        """(topic, message, qos, packet id or 0, retained, duplicate) of a PUBLISH; an oversize message is None.

        Raises MalformedPacket: QoS 2 or 3 (we never subscribe above 1), a topic that is empty, has a wildcard or does
        not fit its packet, packet id 0.
        """
        qos = (self.flags >> 1) & 3
        if qos > 1:
            raise MalformedPacket("QoS of a PUBLISH", qos, "0 or 1, as subscribed")
        length = (self.body[0] << 8) | self.body[1]
        at = 2 + length
        kept = min(self.remaining, len(self.body))
        if length == 0 or at + 2 * qos > kept:
            raise MalformedPacket("topic length of a PUBLISH", length, "1..%d here" % max(1, kept - 2 - 2 * qos))
        topic = bytes(memoryview(self.body)[2:at])
        if b"+" in topic or b"#" in topic:
            raise MalformedPacket("wildcard in the topic of a PUBLISH, length", length, "none")
        pid = 0
        if qos:
            pid = self._pid_at(at)
            at += 2
        message = None if self.oversize else bytes(memoryview(self.body)[at : self.remaining])
        return topic, message, qos, pid, bool(self.flags & 1), bool(self.flags & DUP_BIT)
