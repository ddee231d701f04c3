"""Whatever bytes come, the parser gives packets or MalformedPacket, and never holds more than its buffer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.mqtt import packets
from firmware.mqtt.errors import MalformedPacket, MqttError
from firmware.mqtt.packets import Parser

HEADS = st.sampled_from([b"\x20\x02", b"\x30", b"\x31", b"\x32", b"\x3b", b"\x40\x02", b"\x90\x03", b"\xd0\x00"])
STREAMS = st.lists(st.one_of(st.binary(max_size=40), HEADS), max_size=12).map(b"".join)
TOPICS = st.text(st.characters(exclude_characters="+#\x00", exclude_categories=["Cs"]), min_size=1, max_size=50)


def read(stream, cuts=()):
    """(packets, error) that a stream ends in, fed in pieces."""
    parser = Parser(keep_bytes=64, skip_bytes=1000)
    found = []
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    try:
        for begin, end in zip(edges, edges[1:], strict=False):
            piece = bytearray(stream[begin:end])
            at = 0
            while at < len(piece):
                after = parser.feed(piece, at, len(piece))
                assert at < after <= len(piece)
                at = after
                if parser.ready:
                    found.append(said_by(parser))
                assert len(parser.body) == 64
    except MalformedPacket as error:
        return found, str(error)
    return found, None


def said_by(parser):
    if parser.type == packets.PUBLISH:
        return parser.publish()
    if parser.type in (packets.PUBACK, packets.SUBACK):
        return parser.type, parser.packet_id()
    return parser.type, bytes(parser.body[: parser.remaining])


@settings(max_examples=500, deadline=None)
@given(STREAMS)
def test_hostile_bytes_raise_only_the_typed_error(stream):
    read(stream)


@settings(max_examples=300, deadline=None)
@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=10))
def test_where_a_stream_is_cut_changes_nothing(stream, cuts):
    assert read(stream, cuts) == read(stream)


@settings(max_examples=300, deadline=None)
@given(TOPICS, st.binary(max_size=900), st.integers(0, 1), st.booleans(), st.integers(1, 65535))
def test_a_published_message_comes_out_as_it_went_in(topic, message, qos, retain, pid):
    parser = Parser(keep_bytes=2048)
    packet = packets.encode_publish(topic, message, qos, retain, pid)
    assert parser.feed(packet, 0, len(packet)) == len(packet) and parser.ready
    assert parser.publish() == (topic.encode(), message, qos, pid if qos else 0, retain, False)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.binary(max_size=80), st.integers(-1, 3))
def test_what_encode_takes_the_parser_takes(topic, message, qos):
    try:
        packet = packets.encode_publish(topic, message, qos, False, 1)
    except ValueError:
        return
    parser = Parser()
    parser.feed(packet, 0, len(packet))
    assert parser.ready and parser.publish()[1] == message


def test_all_errors_are_mqtt_errors():
    assert issubclass(MalformedPacket, MqttError)
