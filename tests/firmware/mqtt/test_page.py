# runs on: cpython, micropython
import json
import sys

from firmware.mqtt import packets
from firmware.mqtt.page import Page


def split(packet):
    """Fixed header, topic and message of a PUBLISH with QoS 0, by hand after MQTT 3.1.1 section 3.3."""
    assert packet[0] == 0x30
    remaining, shift, at = 0, 0, 1
    while True:
        remaining |= (packet[at] & 127) << shift
        shift += 7
        at += 1
        if packet[at - 1] < 128:
            break
    assert remaining == len(packet) - at
    length = packet[at] << 8 | packet[at + 1]
    return bytes(packet[at + 2 : at + 2 + length]), bytes(packet[at + 2 + length :])


def pieces(message):
    """The message in pieces of a few bytes."""
    raw = json.dumps(message, separators=(",", ":")).encode()
    for at in range(0, len(raw), 7):
        yield raw[at : at + 7]


def test_the_message_stands_in_a_whole_packet():
    page = Page(1200)
    for message in ({"w": 1}, {"text": "削峰放电" * 40, "list": [1, None, True]}, {"w": -2}):
        outgoing = page.write("guangchu/v1/站/telemetry", pieces(message))
        topic, raw = split(bytearray(outgoing.packet))
        assert topic == "guangchu/v1/站/telemetry".encode()
        assert json.loads(raw) == message
        outgoing.waits = False
    assert page.too_long == 0 and page.busy_skips == 0


def test_the_packet_is_the_one_that_the_ordinary_way_makes():
    page = Page(300)
    for size in (1, 100, 119, 120, 121, 200):
        message = {"x": "y" * size}
        outgoing = page.write("a/b", pieces(message), size > 119)
        ordinary = packets.encode_publish("a/b", json.dumps(message, separators=(",", ":")), retain=size > 119)
        assert bytes(outgoing.packet) == bytes(ordinary), size
        outgoing.waits = False


def test_a_page_that_still_waits_is_not_written_over():
    page = Page(300)
    first = page.write("a/b", pieces({"x": 1}))
    before = bytes(first.packet)
    assert page.write("a/b", pieces({"x": 2})) is None
    assert bytes(first.packet) == before and page.busy_skips == 1
    first.waits = False
    assert page.write("a/b", pieces({"x": 2})) is not None


def test_a_message_too_long_for_the_page_is_told_and_leaves_it_usable():
    page = Page(200)
    assert page.write("a/b", pieces({"x": "y" * 300})) is None
    assert page.too_long == 1
    assert page.write("a/b", pieces({"x": "y"})) is not None


def test_a_page_that_was_too_short_grows_and_keeps_its_length_where_memory_is_short():
    page = Page(200)
    assert page.write("a/b", pieces({"x": "y" * 300})) is None
    page.grow(200)
    outgoing = page.write("a/b", pieces({"x": "y" * 300}))
    assert outgoing is not None and page.most_bytes == 400
    outgoing.waits = False
    try:
        page.grow(1 << 60 if sys.implementation.name == "cpython" else 1 << 27)
        raise AssertionError("so much memory is nowhere")
    except MemoryError:
        pass
    assert page.most_bytes == 400 and page.write("a/b", pieces({"x": "y" * 300})) is not None
