# runs on: cpython, micropython
"""The verbs of umqtt.simple, awaited, against a scripted broker."""

import asyncio

from drivers.ticks import sleep_ms
from firmware.mqtt.errors import ConnectionClosed, ConnectionRefused, MqttError
from firmware.mqtt.simple import MQTTClient
from tests.firmware.mqtt.scripted_broker import CONNACK, Script, until, with_port


def test_a_program_for_umqtt_simple_runs_with_await_in_front_of_its_verbs():
    got = []

    async def scene(port):
        client = MQTTClient("c", "127.0.0.1", port, user="u", password="p", keepalive=20)
        client.set_callback(lambda topic, message: got.append((topic, message)))
        client.set_last_will("s", "off", True, 1)
        assert await client.connect() is False
        await client.subscribe("in", 1)
        await client.publish("up", "0")
        await client.publish("up", "1", qos=1)
        await client.publish("up", "r", True, 1)
        await client.ping()
        await client.check_msg()
        await client.disconnect()

    script = Script(after=b"\x32\x07\x00\x01t\x00\x09hi")
    with_port(script, scene)
    kinds = script.kinds()
    assert kinds[0] == 1 and kinds[-1] == 14 and kinds.count(8) == 1 and 12 in kinds
    assert script.got[0][1][7] == 0xEE  # user, password, retained last will with QoS 1, clean session
    assert [(first, body) for first, body in script.got if first >> 4 == 3] == [
        (0x30, b"\x00\x02up0"),
        (0x32, b"\x00\x02up\x00\x021"),  # packet id 1 was the subscription's
        (0x33, b"\x00\x02up\x00\x03r"),
    ]
    assert got == [(b"t", b"hi")]


def test_wait_msg_returns_when_a_message_has_come():
    async def scene(port):
        client = MQTTClient("c", "127.0.0.1", port)
        await client.connect()
        waiting = asyncio.create_task(client.wait_msg())
        await sleep_ms(30)
        assert not waiting.done()
        await client.publish("echo", "x", qos=1)
        await waiting
        await client.disconnect()

    class Echo(Script):
        def answer(self, first, body):
            answer = super().answer(first, body)
            return answer + b"\x30\x04\x00\x01tx" if first == 0x32 else answer

    with_port(Echo(), scene)


def test_a_session_is_kept_when_it_is_asked_for():
    async def scene(port):
        client = MQTTClient("c", "127.0.0.1", port)
        assert await client.connect(clean_session=False) is True
        await client.disconnect()

    script = Script(connack=b"\x20\x02\x01\x00")
    with_port(script, scene)
    assert script.got[0][1][7] == 0


def test_a_connection_that_is_refused_is_an_error_at_connect():
    async def scene(port):
        try:
            await MQTTClient("c", "127.0.0.1", port).connect()
            raise AssertionError("connected")
        except ConnectionRefused as error:
            assert "not authorised" in str(error)

    with_port(Script(connack=b"\x20\x02\x00\x05"), scene)


def test_a_refused_subscription_is_an_error():
    async def scene(port):
        client = MQTTClient("c", "127.0.0.1", port)
        await client.connect()
        try:
            await client.subscribe("secret")
            raise AssertionError("granted")
        except MqttError as error:
            assert "128" in str(error)
        await client.disconnect()

    with_port(Script(suback=0x80), scene)


def test_without_a_connection_qos_0_is_an_error_and_qos_1_waits_for_it():
    async def scene(port):
        client = MQTTClient("c", "127.0.0.1", port, keepalive=2)
        await client.connect()
        script.cut()
        await until(lambda: not client.client.connected)
        try:
            await client.publish("a", "0")
            raise AssertionError("sent")
        except ConnectionClosed:
            pass
        await client.publish("a", "1", qos=1)
        assert script.connections == 2
        await client.disconnect()

    script = Script(connack=CONNACK)
    with_port(script, scene)
