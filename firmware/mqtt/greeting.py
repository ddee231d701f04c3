"""The packets that begin a connection. They are made once, before the first one; then this file can leave the memory.

Source: OASIS MQTT Version 3.1.1, sections 3.1 and 3.8 (grade A).
"""

from firmware.mqtt.packets import encode_publish, new_packet, put_string, to_bytes

_CONNECT, _SUBSCRIBE = 0x10, 0x82


def encode_connect(
    client_id: str,
    user: str | None,
    password: str | None,
    keepalive_s: int,
    clean: bool = True,
    will: tuple | None = None,
) -> bytearray:
    """CONNECT. `will` is (topic, message, retain, qos) or None; `keepalive_s` 2..65535 s. Raises ValueError.

    clean False: the broker keeps the subscriptions, and the QoS 1 messages that come while we are away.
    """
    if not 2 <= keepalive_s <= 65535:
        raise ValueError("keepalive_s: %d, allowed 2..65535" % keepalive_s)
    if not client_id:
        raise ValueError("client_id: empty, allowed 1..65535 bytes")  # many brokers refuse it, and it has no session
    flags = 0x02 if clean else 0
    fields = [to_bytes(client_id, "client_id")]
    if will is not None:
        topic, message, retain, qos = will
        encode_publish(topic, message, qos, retain, 1)  # refuses what could not be published
        fields.append(to_bytes(topic, "topic"))
        fields.append(to_bytes(message, "last will"))
        flags |= 0x04 | qos << 3 | (0x20 if retain else 0)
    if user is not None:
        fields.append(to_bytes(user, "user"))
        flags |= 0x80
        if password is not None:
            # 3.1.1 allows a password only together with a user name
            fields.append(to_bytes(password, "password"))
            flags |= 0x40
    packet, at = new_packet(_CONNECT, 10 + sum([2 + len(field) for field in fields]))
    at = put_string(packet, at, b"MQTT")
    packet[at] = 4  # protocol level 4 is version 3.1.1
    packet[at + 1] = flags
    packet[at + 2] = keepalive_s >> 8
    packet[at + 3] = keepalive_s & 255
    at += 4
    for field in fields:
        at = put_string(packet, at, field)
    return packet


def encode_subscribe(topic: str | bytes, qos: int) -> bytearray:
    """SUBSCRIBE to one topic filter at `qos` 0 or 1. The packet id, its bytes 2 and 3, is put in with each sending.

    Raises ValueError: filters of more than 122 bytes would not fit the short header.
    """
    topic = to_bytes(topic, "topic filter")
    if qos not in (0, 1) or not 1 <= len(topic) <= 122:
        raise ValueError("topic filter of %d bytes, qos %r: allowed 1..122 and 0 or 1" % (len(topic), qos))
    packet, at = new_packet(_SUBSCRIBE, 5 + len(topic))
    packet[put_string(packet, at + 2, topic)] = qos
    return packet
