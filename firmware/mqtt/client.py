"""The station's MQTT 3.1.1 client: QoS 0 and 1; nothing in it waits for the broker. `simple.py` is umqtt.simple on it.

`publish` puts into a bounded outbox and returns at once; `run()` is the supervised task that connects, writes, reads,
pings, notices a dead broker and comes back. Whatever the broker does (silent, half-dead, slow, flooding), a turn of the
loop handles one message at most.
"""

import asyncio
import random

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt.connection import CONNECTED, Connection
from firmware.mqtt.outbox import Outbox, Outgoing
from firmware.mqtt.packets import encode_publish

_PAUSE_STEP_MS = 50


class Client(Connection):
    """One broker. Create it, set callbacks and subscriptions, start `run()`; `publish` may be called at any time.

    link: TcpLink, TlsLink or UartLink. clean False: the broker keeps the session while we are away. keepalive_s
    2..65535: a ping goes out every half of it, and a broker that has not answered after the other half is given up, so
    that a dead broker is seen within `keepalive_s`. Pauses between connections double from first_pause_ms up to
    last_pause_ms (at most 60,000 ms), each taken at random from its upper half: when a broker restarts, every station
    of the fleet has lost it in the same second, and they should not come back in the same second too.

    Counters: `connects`, `sent`, `received`, `acked`, `dropped` (refused, pushed out or lost with the connection),
    `oversize`, `callback_errors`, `subscriptions_refused`. `last_error` holds what ended the last connection,
    `heartbeat_ms` the ticks of the task's last turn.
    """

    def __init__(
        self,
        link,
        client_id: str,
        user: str | None = None,
        password: str | None = None,
        keepalive_s: int = 30,
        clean: bool = True,
        outbox: Outbox | None = None,
        first_pause_ms: int = 1000,
        last_pause_ms: int = 30_000,
    ):
        from firmware.mqtt.greeting import encode_connect

        self._login = (client_id, user, password, keepalive_s, clean)
        super().__init__(link, encode_connect(*self._login), keepalive_s, Outbox() if outbox is None else outbox)
        self._pauses_ms = (first_pause_ms, last_pause_ms)
        self._offline_drops = 0

    # What the application calls. Nothing here waits for the broker.

    @property
    def connected(self) -> bool:
        return self._state == CONNECTED

    @property
    def dropped(self) -> int:
        return self._offline_drops + self.outbox.dropped

    def set_last_will(self, topic: str, msg: str | bytes, retain: bool = False, qos: int = 0) -> None:
        """What the broker publishes when the station vanishes. Takes effect with the next connection."""
        from firmware.mqtt.greeting import encode_connect

        self._connect = encode_connect(*self._login, will=(topic, msg, retain, qos))

    def set_callback(self, callback) -> None:
        """`callback(topic: bytes, msg: bytes)` for each message; `msg` is None when it was larger than 1.2 KB."""
        self._callback = callback

    def set_on_connect(self, callback) -> None:
        """`callback()` after each successful connection, before anything that waits is sent."""
        self._on_connect = callback

    def subscribe(self, topic: str, qos: int = 0) -> None:
        """Subscribe now and again after every reconnection. topic: of at most 122 bytes."""
        from firmware.mqtt.greeting import encode_subscribe

        self.subscriptions.append(encode_subscribe(topic, qos))
        self._wake.set()

    def publish(self, topic: str | bytes, msg: str | bytes, retain: bool = False, qos: int = 0) -> bool:
        """Queue a message; False (and counted) when there is no room, or when QoS 0 has no connection to go to."""
        return self._publish(topic, msg, retain, qos) is not None

    def publish_page(self, page, topic: str, pieces, retain: bool = False) -> bool:
        """Queue what `pieces` make, in the page's own memory (QoS 0); False without a connection, or while it waits."""
        if self._state != CONNECTED:
            self._offline_drops += 1
            return False
        outgoing = page.write(topic, pieces, retain)
        return outgoing is not None and self._put(outgoing) is not None

    def _publish(self, topic, msg, retain, qos) -> Outgoing | None:
        if qos == 0 and self._state != CONNECTED:
            self._offline_drops += 1
            return None
        pid = self.outbox.new_pid() if qos else 0
        return self._put(Outgoing(encode_publish(topic, msg, qos, retain, pid), pid))

    def _put(self, message: Outgoing) -> Outgoing | None:
        if not self.outbox.put(message):
            return None
        self._wake.set()
        return message

    async def publish_acked(self, topic: str | bytes, msg: str | bytes, retain: bool = False) -> bool:
        """Publish with QoS 1 and wait for the broker's acknowledgement, however long it is away. False: no room.

        Cancelling the wait does not take the message back: it is still delivered.
        """
        message = self._publish(topic, msg, retain, 1)
        if message is None:
            return False
        done = asyncio.Event()
        message.on_end = done.set  # pyright: ignore[reportAttributeAccessIssue]
        await done.wait()
        return True

    async def disconnect(self, timeout_ms: int = 2000) -> None:
        """Leave in order: send what waits (at most `timeout_ms`), then DISCONNECT: the last will is not published."""
        start_ms = ticks_ms()
        while self.connected and self.outbox.messages and ticks_diff(ticks_ms(), start_ms) < timeout_ms:
            await sleep_ms(10)
        self._stopping = True
        self._wake.set()
        while self._state and ticks_diff(ticks_ms(), start_ms) < timeout_ms + 1000:
            await sleep_ms(10)

    # The supervised task.

    async def run(self) -> None:
        """Connect and stay connected until `disconnect()` or cancellation. Never raises for what the broker does."""
        first_ms, last_ms = self._pauses_ms
        pause_ms = first_ms
        while not self._stopping:
            await self.one_connection()
            if self.stable:
                pause_ms = first_ms
            half_ms = pause_ms // 2
            await self._pause(pause_ms - half_ms + random.getrandbits(14) * (half_ms + 1) // 16384)
            pause_ms = min(2 * pause_ms, last_ms)

    async def _pause(self, pause_ms: int) -> None:
        start_ms = ticks_ms()
        while not self._stopping and ticks_diff(ticks_ms(), start_ms) < pause_ms:
            self.heartbeat_ms = ticks_ms()
            await sleep_ms(_PAUSE_STEP_MS)
