# runs on: cpython, micropython
"""The client in one loop with a scripted broker of a few lines: who says what in which order, on both runtimes."""

import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt.backoff import Backoff
from firmware.mqtt.client import Client
from firmware.mqtt.errors import BrokerSilent, ConnectionClosed, ConnectionRefused, MalformedPacket
from firmware.mqtt.outbox import Outbox

CONNACK = b"\x20\x02\x00\x00"


class Script:
    """A broker that answers by the book unless told otherwise, and keeps what it got: [(first byte, body)]."""

    def __init__(self, connack=CONNACK, pings=True, acks=True, suback=1, after=b""):
        self.connack, self.pings, self.acks, self.suback, self.after = connack, pings, acks, suback, after
        self.got = []
        self.tasks = []
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        self.tasks.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readexactly(2)
                assert head[1] < 128  # these tests send short packets only
                body = await reader.readexactly(head[1]) if head[1] else b""
                self.got.append((head[0], body))
                answer = self.answer(head[0], body)
                if answer:
                    writer.write(answer)
                    await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        writer.close()
        try:
            await writer.wait_closed()  # where MicroPython closes
        except OSError:
            pass

    def cut(self):
        """End the first connection. Its task closes it: a socket is never closed under somebody who waits for it."""
        self.tasks[0].cancel()

    def answer(self, first, body):
        kind = first >> 4
        if kind == 1:
            return self.connack + self.after
        if kind == 8:
            return b"\x90\x03" + body[:2] + bytes([self.suback])
        if kind == 12:
            return b"\xd0\x00" if self.pings else b""
        if kind == 3 and first & 2 and self.acks:
            topic = (body[0] << 8) | body[1]
            return b"\x40\x02" + body[2 + topic : 4 + topic]
        return b""

    def kinds(self):
        return [first >> 4 for first, _ in self.got]


async def until(condition, timeout_ms=5000):
    start_ms = ticks_ms()
    while not condition():
        assert ticks_diff(ticks_ms(), start_ms) < timeout_ms, "not in time"
        await sleep_ms(5)


def with_broker(script, scene, **options):
    """Run `scene(client, script)` beside the scripted broker and the client's task."""

    async def play():
        port = 0
        for candidate in range(21000, 21400, 7):  # MicroPython's server does not tell which free port it took
            try:
                server = await asyncio.start_server(script.serve, "127.0.0.1", candidate)
                port = candidate
                break
            except OSError:
                pass
        client = Client("127.0.0.1", port, "c", keepalive_s=2, backoff=Backoff(20, 40), **options)
        task = asyncio.create_task(client.run())
        try:
            await scene(client, script)
        finally:
            task.cancel()
            while not task.done():
                await sleep_ms(1)
            server.close()
            for each in script.tasks:
                each.cancel()
            while not all([each.done() for each in script.tasks]):
                await sleep_ms(1)

    asyncio.run(play())


def test_it_connects_subscribes_and_publishes_in_this_order():
    seen = []

    async def scene(client, script):
        client.subscribe("in", 1)
        client.set_on_connect(lambda: seen.append(client.publish("up", "1", qos=1)))
        await until(lambda: client.acked == 1)
        assert client.connected and client.connects == 1 and client.sent == 1 and len(client.outbox) == 0

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
    client = Client("127.0.0.1", 1, "c")
    assert client.publish("a", "1") is False and client.dropped == 1
    assert client.publish("a", "1", qos=1) is True and client.dropped == 1 and not client.connected


def test_a_refused_connection_is_said_with_its_reason():
    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert isinstance(client.last_error, ConnectionRefused) and client.last_error.code == 4
        assert client.connects == 0

    with_broker(Script(connack=b"\x20\x02\x00\x04"), scene)


def test_a_missing_pingresp_ends_the_connection_within_the_keepalive():
    async def scene(client, script):
        await until(lambda: client.connected)
        start_ms = ticks_ms()
        await until(lambda: not client.connected)
        assert isinstance(client.last_error, BrokerSilent) and client.last_error.waiting_for == "PINGRESP"
        assert ticks_diff(ticks_ms(), start_ms) < 3500  # keep-alive 2 s, and a shared machine
        await until(lambda: client.connects == 2)

    with_broker(Script(pings=False), scene)


def test_a_missing_connack_ends_the_attempt():
    async def scene(client, script):
        await until(lambda: client.last_error is not None)
        assert client.last_error.waiting_for == "CONNACK" and client.last_error.waited_ms >= 200

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
        assert client.acked == 20 and not client.connected

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
    for options in ({"keepalive_s": 1}, {"keepalive_s": 65536}, {"client_id": "x" * 70000}):
        values = {"host": "127.0.0.1", "port": 1, "client_id": "c"}
        values.update(options)
        try:
            Client(**values)
        except ValueError:
            continue
        raise AssertionError(options)


def test_a_last_will_on_a_wildcard_topic_is_refused():
    client = Client("127.0.0.1", 1, "c")
    try:
        client.set_last_will("a/#", "off")
    except ValueError:
        return
    raise AssertionError("accepted")
