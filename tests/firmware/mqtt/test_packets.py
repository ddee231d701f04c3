# runs on: cpython, micropython
"""Golden frames are written out by hand from OASIS MQTT 3.1.1."""

from firmware.mqtt import greeting, packets
from firmware.mqtt.errors import MalformedPacket
from firmware.mqtt.packets import Parser


def parse(stream, parser=None, step=None):
    """All packets of `stream`, fed in pieces of `step` bytes: [(type, flags, body)]."""
    parser = parser or Parser()
    found = []
    step = step or len(stream) or 1
    for begin in range(0, len(stream), step):
        piece = bytearray(stream[begin : begin + step])
        at = 0
        while at < len(piece):
            at = parser.feed(piece, at, len(piece))
            if parser.ready:
                found.append((parser.type, parser.flags, bytes(parser.body[: parser.remaining])))
    return found


def refused(stream, parser=None):
    """The MalformedPacket that the stream ends in, at whatever step it is noticed."""
    parser = parser or Parser()
    piece = bytearray(stream)
    at = 0
    try:
        while at < len(piece):
            at = parser.feed(piece, at, len(piece))
            if parser.ready and parser.type == packets.PUBLISH:
                parser.publish()
            elif parser.ready and parser.type in (packets.PUBACK, packets.SUBACK):
                parser.packet_id()
    except MalformedPacket as error:
        return error
    return None


def raises_value_error(function, *args):
    try:
        function(*args)
    except ValueError as error:
        return str(error)
    return None


def test_connect_with_user_password_and_last_will_is_as_the_standard_writes_it():
    packet = greeting.encode_connect("GC", "station", "pw", 10, True, ("s", b"off", True, 1))
    assert bytes(packet) == (
        b"\x10\x23\x00\x04MQTT\x04\xee\x00\x0a" + b"\x00\x02GC" + b"\x00\x01s\x00\x03off" + b"\x00\x07station\x00\x02pw"
    )


def test_connect_without_user_has_no_password_flag():
    packet = greeting.encode_connect("GC", None, "pw", 300, True)
    assert bytes(packet) == b"\x10\x0e\x00\x04MQTT\x04\x02\x01\x2c\x00\x02GC"


def test_publish_counts_bytes_and_not_characters():
    packet = packets.encode_publish("站/a", "光储", 0)
    assert bytes(packet) == b"\x30\x0d\x00\x05\xe7\xab\x99/a\xe5\x85\x89\xe5\x82\xa8"


def test_publish_qos_1_retained_carries_its_packet_id():
    assert bytes(packets.encode_publish("a", b"x", 1, True, 0x0102)) == b"\x33\x06\x00\x01a\x01\x02x"


def test_remaining_length_grows_at_128_and_16384_bytes():
    assert bytes(packets.encode_publish("a", b"x" * 124)[:3]) == b"\x30\x7f\x00"
    assert bytes(packets.encode_publish("a", b"x" * 125)[:4]) == b"\x30\x80\x01\x00"
    assert bytes(packets.encode_publish("a", b"x" * 16380)[:4]) == b"\x30\xff\x7f\x00"
    assert bytes(packets.encode_publish("a", b"x" * 16381)[:5]) == b"\x30\x80\x80\x01\x00"


def test_subscribe_is_as_the_standard_writes_it():
    assert bytes(greeting.encode_subscribe("a/b", 1)) == b"\x82\x08\x00\x00\x00\x03a/b\x01"  # the id comes later
    longest = greeting.encode_subscribe("x" * 122, 0)
    assert bytes(longest[:6]) == b"\x82\x7f\x00\x00\x00\x7a" and len(longest) == 129


def test_what_cannot_be_sent_is_refused_before_it_is_queued():
    assert "65536" in raises_value_error(packets.encode_publish, "a" * 65536, b"")
    assert "1..65535" in raises_value_error(packets.encode_publish, "", b"")
    assert "+" in raises_value_error(packets.encode_publish, "a/+", b"")
    assert "#" in raises_value_error(packets.encode_publish, "a/#", b"")
    assert raises_value_error(packets.encode_publish, "a\x00", b"")
    assert "2" in raises_value_error(packets.encode_publish, "a", b"", 2, False, 1)
    assert "packet id" in raises_value_error(packets.encode_publish, "a", b"", 1, False, 0)
    assert "packet id" in raises_value_error(packets.encode_publish, "a", b"", 1, False, 65536)
    assert "keepalive_s" in raises_value_error(greeting.encode_connect, "c", None, None, 65536)
    assert "keepalive_s" in raises_value_error(greeting.encode_connect, "c", None, None, 1)
    assert "client_id" in raises_value_error(greeting.encode_connect, "", None, None, 30)
    assert raises_value_error(greeting.encode_connect, "c", None, None, 30, True, ("a/#", "off", True, 1))
    for topic, qos in (("a", 2), ("", 0), ("x" * 123, 0)):
        assert raises_value_error(greeting.encode_subscribe, topic, qos), topic


def test_a_stream_cut_anywhere_gives_the_same_packets():
    stream = b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x01" + b"\x32\x07\x00\x01t\x00\x09hi"
    stream += b"\xd0\x00" + b"\x40\x02\x12\x34"
    stream += bytes(packets.encode_publish("t", b"y" * 700, 0))
    whole = parse(stream)
    assert [each[0] for each in whole] == [2, 9, 3, 13, 4, 3]
    for step in (1, 2, 3, 5, 7, 64, 511):
        assert parse(stream, step=step) == whole


def test_a_publish_gives_topic_message_and_packet_id():
    parser = Parser()
    parse(b"\x3b\x07\x00\x01t\x00\x09hi", parser)
    assert parser.publish() == (b"t", b"hi", 9)


def test_an_empty_message_is_a_message():
    parser = Parser()
    parse(b"\x30\x03\x00\x01t", parser)
    assert parser.publish() == (b"t", b"", 0)


def test_a_remaining_length_of_five_bytes_is_refused():
    error = refused(b"\x30\xff\xff\xff\xff\x01")
    assert "fourth byte of remaining length" in str(error) and error.found == 0xFF


def test_a_packet_larger_than_anyone_may_send_is_refused_at_its_header():
    error = refused(b"\x30\xff\xff\xff\x7f")
    assert error.found == 268435455 and "262144" in str(error)


def test_packets_that_a_broker_never_sends_are_refused():
    for kind in (0, 1, 5, 6, 7, 8, 10, 11, 12, 14, 15):
        assert refused(bytes([kind << 4, 0])).found == kind << 4


def test_reserved_flags_are_refused():
    for first in (0x21, 0x42, 0x98, 0xD1):
        assert refused(bytes([first, 2, 0, 1])).found == first


def test_short_and_long_fixed_packets_are_refused():
    assert refused(b"\x20\x01\x00").found == 1
    assert refused(b"\x20\x03\x00\x00\x00").found == 3
    assert refused(b"\x40\x03\x00\x01\x00").found == 3
    assert refused(b"\x90\x02\x00\x01").found == 2
    assert refused(b"\x90\x04\x00\x01\x00\x00").found == 4  # we subscribe to one topic a packet
    assert refused(b"\xd0\x01\x00").found == 1
    assert refused(b"\x30\x02\x00\x00").found == 2


def test_packet_id_0_is_refused():
    assert "packet id: found 0, allowed 1..65535" in str(refused(b"\x40\x02\x00\x00"))
    assert "packet id" in str(refused(b"\x32\x05\x00\x01t\x00\x00"))


def test_qos_2_and_3_are_refused_as_never_subscribed():
    assert refused(b"\x34\x05\x00\x01t\x00\x01").found == 2
    assert refused(b"\x36\x05\x00\x01t\x00\x01").found == 3


def test_a_topic_longer_than_its_packet_is_refused():
    assert refused(b"\x30\x04\x00\x03ab").found == 3
    assert refused(b"\x30\x04\xff\xffab").found == 65535
    # with QoS 1 the packet id must fit as well
    assert refused(b"\x32\x05\x00\x02ab\x01").found == 2
    assert refused(b"\x30\x03\x00\x00a").found == 0


def test_a_received_topic_with_a_wildcard_a_nul_or_no_utf_8_is_refused():
    assert "topic of a PUBLISH" in str(refused(b"\x30\x05\x00\x03a/#"))
    assert "topic of a PUBLISH" in str(refused(b"\x30\x05\x00\x03a\x00b"))
    for topic in (b"\xff\xfe\xfd", b"a\xc3(", b"\xe7\xab"):
        stream = bytes([0x30, 2 + len(topic), 0, len(topic)]) + topic
        assert "UTF-8" in str(refused(stream)), topic


def test_an_oversize_message_is_skipped_and_the_next_packet_is_read():
    parser = Parser(keep_bytes=64)
    large = packets.encode_publish("t", b"z" * 500, 1, False, 77)
    stream = bytearray(bytes(large) + b"\x30\x05\x00\x01tok")
    at = parser.feed(stream, 0, len(stream))
    assert parser.ready and parser.oversize and at == len(large)
    assert parser.publish() == (b"t", None, 77)
    at = parser.feed(stream, at, len(stream))
    assert parser.ready and not parser.oversize and parser.publish()[1] == b"ok"


def test_restart_forgets_half_a_packet():
    parser = Parser()
    parser.feed(bytearray(b"\x30\x20\x00"), 0, 3)
    parser.restart()
    assert parse(b"\xd0\x00", parser) == [(13, 0, b"")]


def test_errors_say_what_was_found_and_what_is_allowed():
    for stream, text in (
        (b"\x10\x00", "first byte of a packet: found 16, allowed 32, 48..59, 64, 144 or 208 from a broker"),
        (b"\x20\x05\x00", "remaining length: found 5, allowed 2..2 in a packet of this type"),
        (b"\x34\x05\x00\x01t\x00\x01", "QoS of a PUBLISH: found 2, allowed 0 or 1, as subscribed"),
        (b"\x30\x04\x00\x03ab", "topic length of a PUBLISH: found 3, allowed 1..2 here"),
    ):
        assert str(refused(stream)) == "MQTT " + text
