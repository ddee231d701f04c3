# runs on: cpython, micropython
"""The client in one loop with a scripted broker of a few lines: who says what in which order, on both runtimes."""

import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt.client import Client
from firmware.mqtt.errors import BrokerSilent, ConnectionClosed, ConnectionRefused, MalformedPacket
from firmware.mqtt.outbox import Outbox
from firmware.mqtt.page import Page
from firmware.mqtt.tcp import TcpLink
from tests.firmware.mqtt.scripted_broker import CONNACK, Script, until, with_broker


def test_it_connects_subscribes_and_publishes_in_this_order():
    seen = []

    async def scene(client, script):
        client.subscribe("in", 1)
        client.set_on_connect(lambda: seen.append(client.publish("up", "1", qos=1)))
        await until(lambda: client.acked == 1)
        assert client.connected and client.connects == 1 and client.sent == 1 and not client.outbox.messages

    script = Script()
    with_broker(script, scene)
    assert script.kinds()[:3] == [1, 8, 3] and seen == [True]
    assert script.got[2] == (0x32, b"\x00\x02up\x00\x01" + b"1")


def test_a_message_is_delivered_and_then_acknowledged():
    got = []
    script = Script(after=b"\x32\x07\x00\x01t\x00\x09hi")

    async def scene(client, script):
        client.set_callback(lambda topic, message: got.append((topic, message)))
        await until(lambda: (0x40, b"\x00\x09") in script.got)

    with_broker(script, scene)
    assert got == [(b"t", b"hi")]


def test_more_messages_than_acknowledgements_fit_are_all_delivered_and_acknowledged():
    got = []
    stream = b""
    for pid in range(1, 61):
        stream += bytes([0x32, 6, 0, 1, 0x74, 0, pid, 0x78])

    async def scene(client, script):
        client.set_callback(lambda topic, message: got.append(message))
        await until(lambda: script.kinds().count(4) == 60)

    script = Script(after=stream)
    with_broker(script, scene)
    assert len(got) == 60
    assert [body[1] for first, body in script.got if first == 0x40] == list(range(1, 61))


def test_what_was_not_acknowledged_is_sent_again_as_a_duplicate_under_its_id():
    async def scene(client, script):
        client.publish("a", "1", qos=1)
        client.publish("a", "2", qos=1)
        await until(lambda: script.kinds().count(3) == 2)
        script.acks = True
        script.cut()
        await until(lambda: client.acked == 2)
        assert client.connects == 2

    script = Script(acks=False)
    with_broker(script, scene)
    published = [(first, body) for first, body in script.got if first >> 4 == 3]
    assert published == [
        (0x32, b"\x00\x01a\x00\x011"),
        (0x32, b"\x00\x01a\x00\x022"),
        (0x3A, b"\x00\x01a\x00\x011"),
        (0x3A, b"\x00\x01a\x00\x022"),
    ]


def test_publish_acked_waits_for_the_acknowledgement():
    async def scene(client, script):
        waiting = asyncio.create_task(client.publish_acked("a", "1"))
        await until(lambda: 3 in script.kinds())
        await sleep_ms(50)
        assert not waiting.done()
        script.acks = True
        script.cut()
        assert await waiting is True

    with_broker(Script(acks=False), scene)


def test_publish_acked_says_at_once_when_there_is_no_room():
    async def scene(client, script):
        client.publish("a", "1", qos=1)
        assert await client.publish_acked("a", "2") is False
        assert client.dropped == 1

    with_broker(Script(acks=False), scene, outbox=Outbox(max_messages=1))


def test_qos_0_without_a_connection_is_dropped_and_counted():
    client = Client(TcpLink("127.0.0.1", 1), "c")
    assert client.publish("a", "1") is False and client.dropped == 1
    assert client.publish("a", "1", qos=1) is True and client.dropped == 1 and not client.connected


def test_a_refused_connection_is_said_with_its_reason():
    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert isinstance(client.last_error, ConnectionRefused) and "4: user name or password" in str(client.last_error)
        assert client.connects == 0

    with_broker(Script(connack=b"\x20\x02\x00\x04"), scene)


def test_a_missing_pingresp_ends_the_connection_within_the_keepalive():
    async def scene(client, script):
        await until(lambda: client.connected)
        start_ms = ticks_ms()
        await until(lambda: not client.connected)
        assert isinstance(client.last_error, BrokerSilent) and "ms without PINGRESP" in str(client.last_error)
        assert ticks_diff(ticks_ms(), start_ms) < 3500  # keep-alive 2 s, and a shared machine
        await until(lambda: client.connects == 2)

    with_broker(Script(pings=False), scene)


def test_a_missing_connack_ends_the_attempt():
    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert "ms without CONNACK" in str(client.last_error) and client.last_error.found >= 200

    with_broker(Script(connack=b""), scene, connect_ms=200)


def test_a_packet_before_the_connack_and_a_second_connack_are_refused():
    for connack in (b"\xd0\x00", CONNACK + CONNACK, b"\x20\x02\x02\x00"):

        async def scene(client, script):
            await until(lambda: client.last_error is not None)
            assert isinstance(client.last_error, MalformedPacket)

        with_broker(Script(connack=connack), scene)


def test_a_broker_that_closes_is_said_and_tried_again():
    async def scene(client, script):
        await until(lambda: client.connected)
        script.cut()
        await until(lambda: client.connects == 2)
        assert isinstance(client.last_error, (ConnectionClosed, OSError)), repr(client.last_error)

    with_broker(Script(), scene)


def test_a_refused_subscription_is_counted_and_the_rest_goes_on():
    async def scene(client, script):
        client.subscribe("secret", 1)
        await until(lambda: client.subscriptions_refused == 1)
        assert await client.publish_acked("a", "1")

    with_broker(Script(suback=0x80), scene)


def test_a_subscription_made_while_connected_goes_out_and_again_after_a_reconnection():
    async def scene(client, script):
        await until(lambda: client.connected)
        client.subscribe("late", 0)
        await until(lambda: script.kinds().count(8) == 1)
        script.cut()
        await until(lambda: script.kinds().count(8) == 2)

    with_broker(Script(), scene)


def test_an_error_in_a_callback_is_counted_and_the_message_is_acknowledged():
    def fails(topic, message):
        raise RuntimeError("application")

    async def scene(client, script):
        client.set_callback(fails)
        await until(lambda: (0x40, b"\x00\x09") in script.got)
        assert client.callback_errors == 1 and client.connects == 1

    with_broker(Script(after=b"\x32\x07\x00\x01t\x00\x09hi"), scene)


def test_leaving_sends_what_waits_and_says_goodbye():
    async def scene(client, script):
        await until(lambda: client.connected)
        for number in range(20):
            client.publish("a", str(number), qos=1)
        await client.disconnect()
        await until(lambda: 14 in script.kinds())
        assert client.acked == 20 and not client.connected and client.last_error is None

    script = Script()
    with_broker(script, scene)
    assert script.kinds()[-1] == 14


def test_leaving_without_a_connection_ends_too():
    async def scene(client, script):
        await until(lambda: script.connections == 1)
        start_ms = ticks_ms()
        await client.disconnect(100)
        assert ticks_diff(ticks_ms(), start_ms) < 1500

    with_broker(Script(connack=b""), scene)


def test_what_cannot_be_a_client_is_refused_at_once():
    for options in ({"keepalive_s": 1}, {"keepalive_s": 65536}, {"client_id": "x" * 70000}, {"client_id": ""}):
        values = {"client_id": "c"}
        values.update(options)
        try:
            Client(TcpLink("127.0.0.1", 1), **values)
        except ValueError:
            continue
        raise AssertionError(options)


def test_a_last_will_on_a_wildcard_topic_is_refused():
    client = Client(TcpLink("127.0.0.1", 1), "c")
    try:
        client.set_last_will("a/#", "off")
    except ValueError:
        return
    raise AssertionError("accepted")


def test_the_session_is_asked_for_and_what_the_broker_says_of_it_is_told():
    async def scene(client, script):
        await until(lambda: client.connected)
        assert client.session_present
        assert script.got[0][1][7] == 0  # connect flags: no clean session

    with_broker(Script(connack=b"\x20\x02\x01\x00"), scene, clean=False)


def test_packet_ids_wrap_in_the_middle_of_the_traffic():
    async def scene(client, script):
        await until(lambda: client.connected)
        client.outbox._last_pid = 65530
        for _ in range(12):
            assert await client.publish_acked("a", "x")

    script = Script()
    with_broker(script, scene)
    pids = [body[3] << 8 | body[4] for first, body in script.got if first == 0x32]
    assert pids == [65531, 65532, 65533, 65534, 65535, 1, 2, 3, 4, 5, 6, 7]


def test_subscriptions_go_one_after_the_other_and_each_is_answered():
    async def scene(client, script):
        for topic in ("a", "b", "c"):
            client.subscribe(topic, 1)
        await until(lambda: len(client.granted) == 3)
        assert [body[4:5] for first, body in script.got if first == 0x82] == [b"a", b"b", b"c"]
        script.cut()
        await until(lambda: script.kinds().count(8) == 6)

    with_broker(Script(), scene)


def test_an_answer_that_nobody_asked_for_ends_the_connection():
    for after in (b"\x90\x03\x00\x07\x01", b"\x90\x03\x00\x00\x01"):

        async def scene(client, script):
            await until(lambda: client.last_error is not None)
            assert isinstance(client.last_error, MalformedPacket)

        with_broker(Script(after=after), scene)


def test_an_acknowledgement_of_an_unknown_message_is_passed_over():
    async def scene(client, script):
        assert await client.publish_acked("a", "1")
        assert client.acked == 1 and client.connects == 1

    with_broker(Script(after=b"\x40\x02\xab\xcd"), scene)


def test_a_refusal_that_the_standard_does_not_know_is_malformed():
    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert isinstance(client.last_error, MalformedPacket)
        assert "CONNACK: found flags 0, code 6, allowed flags 0 or 1, codes 0..5" in str(client.last_error)

    with_broker(Script(connack=b"\x20\x02\x00\x06"), scene)


def test_a_page_is_not_written_over_before_its_last_byte_has_left():
    """A link that takes a byte now and then: the kernel's buffer of a board is smaller than a page."""
    link = SlowLink()

    async def play():
        client = Client(link, "c")
        page = Page(200)
        task = asyncio.create_task(client.run())
        await until(lambda: client.connected)
        assert client.publish_page(page, "t", [b"1"])
        await until(lambda: link.writing)
        assert not client.publish_page(page, "t", [b"2"]) and page.busy_skips == 1
        link.writing = False
        await until(lambda: client.publish_page(page, "t", [b"3"]))
        task.cancel()
        while not task.done():
            await sleep_ms(1)

    asyncio.run(play())


class SlowLink:
    """Connected at once; every packet behind CONNECT is held until `writing` is set to False."""

    connect_ms = 5000

    def __init__(self):
        self.packets, self.writing, self._answers = 0, False, [CONNACK]

    async def open(self):
        pass

    def close(self):
        pass

    async def write_all(self, packet):
        self.packets += 1
        self.writing = self.packets > 1
        while self.writing:
            await sleep_ms(1)

    async def read_some(self, buffer):
        while not self._answers:
            await sleep_ms(1)
        answer = self._answers.pop()
        buffer[: len(answer)] = answer
        return len(answer)


def test_whatever_the_broker_sends_the_next_connection_is_made_and_the_heap_is_bounded():
    rubbish = (
        b"\x00" * 50, b"\xff" * 300, bytes(range(256)), b"\x30\xff\xff\xff\x7f" + b"x" * 100,
        b"\x32\x04\x00\x02ab", b"\x30\x05\x00\x03\xff\xfea", b"\x36\x05\x00\x01t\x00\x01",
        b"\x20\x02\x00\x00", b"\x40\x02\x00\x00", b"\x40\x03\x00\x01\x00", b"\xd0\x01\x00", b"\xe0\x00",
    )  # fmt: skip
    for after in rubbish:

        async def scene(client, script):
            await until(lambda: client.last_error is not None)
            script.after = b""
            assert isinstance(client.last_error, MalformedPacket), repr(client.last_error)
            await until(lambda: client.connected and await_ack(client))
            assert len(client._parser.body) == 1280 and not client.outbox.messages

        with_broker(Script(after=after), scene)


def await_ack(client):
    """Publishes once; True when that has been acknowledged."""
    if not client.sent:
        client.publish("a", "1", qos=1)
    return client.acked == 1
