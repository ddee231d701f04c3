"""The verbs of umqtt.simple, awaitable: its users change `client.publish(...)` to `await client.publish(...)`.

What differs: the connection is kept, and made again, by a task of its own, so nothing here is lost with it; a message
is given to the callback when it comes and not only inside `wait_msg` and `check_msg`; errors are OSError and MqttError
(umqtt.simple has MQTTException). The station itself uses `client.py` directly.
"""

import asyncio

from drivers.ticks import sleep_ms
from firmware.mqtt.client import Client
from firmware.mqtt.errors import ConnectionClosed, MqttError
from firmware.mqtt.tcp import TcpLink

_STEP_MS = 2
_KEEPALIVE_S = 30


class MQTTClient:
    """port 0: 1883, or 8883 with TLS. keepalive in s, 0: 30 s (there is no connection without). ssl: None, or the
    file (DER or PEM) with the certificate of the CA that must have signed the broker's.
    """

    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None):
        if ssl is None:
            link = TcpLink(server, port or 1883)
        else:
            from firmware.mqtt.tls import TlsLink

            link = TlsLink(server, port or 8883, ssl)
        self._options = (link, client_id, user, password, keepalive or _KEEPALIVE_S)
        self._will = None
        self._callback = None
        self._task = None
        self.client = None

    def set_callback(self, f) -> None:
        """`f(topic, msg)`, both bytes, for every message."""
        self._callback = f

    def set_last_will(self, topic, msg, retain=False, qos=0) -> None:
        """Before `connect`."""
        self._will = (topic, msg, retain, qos)

    async def connect(self, clean_session=True) -> bool:
        """Connect, once; from then on the connection is kept. Returns whether the broker had kept a session. Raises
        what ended the first attempt."""
        client = self.client = Client(*self._options, clean_session)
        client.set_callback(self._callback)
        if self._will is not None:
            client.set_last_will(*self._will)
        self._task = asyncio.create_task(client.run())
        while not client.connected and client.last_error is None:
            await sleep_ms(_STEP_MS)
        if not client.connects:
            error = client.last_error
            await self.disconnect()
            raise error  # pyright: ignore[reportGeneralTypeIssues]
        return client.session_present

    async def disconnect(self) -> None:
        """Leave in order; the last will is not published."""
        await self.client.disconnect()
        self._task.cancel()

    async def ping(self) -> None:
        """Ask for a sign of life and wait for it. Raises what ended the connection instead."""
        client, connects = self.client, self.client.connects
        client.ping()
        while client.ping_open:
            await sleep_ms(_STEP_MS)
            if not client.connected or client.connects != connects:
                raise client.last_error  # pyright: ignore[reportGeneralTypeIssues]

    async def publish(self, topic, msg, retain=False, qos=0) -> None:
        """QoS 0: returns when the message is queued, raises ConnectionClosed while there is no connection. QoS 1:
        returns when the broker has it, after any number of reconnections."""
        client = self.client
        if qos == 0:
            if not client.publish(topic, msg, retain):
                raise ConnectionClosed("publish", "no connection", "QoS 1 until it is back")
        else:
            while not await client.publish_acked(topic, msg, retain):
                await sleep_ms(_STEP_MS)

    async def subscribe(self, topic, qos=0) -> None:
        """Returns when the broker has granted it. Raises MqttError when it refuses."""
        client = self.client
        client.subscribe(topic, qos)
        number = len(client.subscriptions)
        while len(client.granted) < number:
            await sleep_ms(_STEP_MS)
        if client.granted[number - 1] > 1:
            raise MqttError("SUBACK", client.granted[number - 1], "0 or 1")

    async def wait_msg(self) -> None:
        """Returns when a message has come since the call."""
        received = self.client.received
        while self.client.received == received:
            await sleep_ms(_STEP_MS)

    async def check_msg(self) -> None:
        """Gives way once: what has come is given to the callback."""
        await sleep_ms(0)
