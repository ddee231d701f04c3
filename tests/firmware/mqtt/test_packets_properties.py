"""Whatever bytes come, the parser gives packets or MalformedPacket, and never holds more than its buffer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.mqtt import packets
from firmware.mqtt.client import Client
from firmware.mqtt.connection import CONNECTED
from firmware.mqtt.dns import address_in
from firmware.mqtt.errors import MalformedPacket, MqttError
from firmware.mqtt.packets import Parser
from firmware.mqtt.tcp import TcpLink

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
    assert parser.publish() == (topic.encode(), message, pid if qos else 0)
    assert parser.flags == qos << 1 | retain


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


@settings(max_examples=500, deadline=None)
@given(STREAMS, st.booleans())
def test_a_connection_takes_any_bytes_and_stays_within_its_bounds(stream, connected):
    client = Client(TcpLink("127.0.0.1", 1), "c")
    client.set_callback(lambda topic, message: topic.decode() + str(message[0]))
    for number in range(4):
        client.publish("t", str(number), qos=1)
    client.outbox.take(0)
    client._state = CONNECTED if connected else 1
    piece, at = bytearray(stream), 0
    try:
        while at < len(piece):
            at = client._parser.feed(piece, at, len(piece))
            if client._parser.ready:
                client._handle(client._parser)
                client._acks.clear()  # the writer would take them
    except MqttError:
        pass
    assert len(client.outbox.messages) <= 4 and len(client._parser.body) == 1280 and not client._subscribe_pid
    assert client.outbox.bytes == sum(len(each.packet) for each in client.outbox.messages)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 65535))
def test_any_answer_of_a_name_server_gives_an_address_or_nothing(answer, number):
    found = address_in(bytes([number >> 8, number & 255, 0x80]) + answer, number)
    assert found is None or found.count(".") == 3
