"""One connection to the broker, from CONNECT to its end: writing, reading, and noticing that the other side is dead.

Three coroutines share it: the writer and the reader each handle one packet a turn, and the supervisor (the caller)
looks at the deadlines. Whatever ends one of them ends the connection; `client.py` then begins the next one.
"""

import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt import packets
from firmware.mqtt.errors import BrokerSilent, ConnectionRefused, MalformedPacket
from firmware.mqtt.link import Link, resolve
from firmware.mqtt.outbox import Outbox

_SUPERVISE_MS = 50
_ACK_ROOM = 16
_CONNECTING, CONNECTED = 1, 2


class Subscription:
    """A topic filter, asked for again on every connection; `pid` 0 until it was, `granted` None until answered."""

    def __init__(self, topic: bytes, qos: int):
        self.topic = topic
        self.qos = qos
        self.renew()

    def renew(self) -> None:
        self.pid = 0
        self.asked_ms = 0
        self.granted = None


class Connection:
    """One connection at a time. Buffers are allocated once: reconnecting for a week must not fragment the heap."""

    def __init__(self, host: str, port: int, login: tuple, connect_ms: int, outbox: Outbox):
        self._host = host
        self._port = port
        self._login = login
        self._keepalive_ms = login[3] * 1000
        self._response_ms = self._keepalive_ms // 2
        self._connect_ms = connect_ms
        self._address = None
        self._will = None
        self._callback = None
        self._on_connect = None
        self._subscriptions = []
        self.outbox = outbox
        self._link = Link()
        self._parser = packets.Parser()
        self._input = bytearray(512)
        self._acks = [0] * _ACK_ROOM
        self._acks_waiting = 0
        self._puback = bytearray(4)
        self._packet = self._puback
        self._wake = asyncio.Event()
        self._stopping = False
        self._state = 0
        self._fault = None
        self._since_ms = 0
        self._ping_ms = 0
        self._ping_due = False
        self._ping_waits = False
        self._writing = False
        self._writing_ms = 0
        self.stable = False
        self.connects = 0
        self.sent = 0
        self.received = 0
        self.acked = 0
        self.oversize = 0
        self.callback_errors = 0
        self.subscriptions_refused = 0
        self.last_error = None
        self.heartbeat_ms = ticks_ms()

    async def one_connection(self) -> None:
        """Connect, serve, and return when the connection has ended; `last_error` says why."""
        self._begin()
        children = [asyncio.create_task(self._child(self._write_loop))]
        try:
            while self._fault is None and not children[0].done() and not self._left_while_connecting():
                await sleep_ms(_SUPERVISE_MS)
                self.heartbeat_ms = ticks_ms()
                if self._link.is_open and len(children) == 1:
                    children.append(asyncio.create_task(self._child(self._read_loop)))
                self._check_deadlines(self.heartbeat_ms)
        except BrokerSilent as error:
            self._fault = error
        finally:
            if self._fault is not None:
                self.last_error = self._fault
            self._state = 0
            for child in children:
                child.cancel()
            try:
                for child in children:
                    while not child.done():
                        await sleep_ms(0)
            finally:  # even when we are cancelled just now
                self._link.close()
                self.outbox.connection_lost()

    def _left_while_connecting(self) -> bool:
        return self._stopping and self._state == _CONNECTING

    def _begin(self) -> None:
        self._fault = None
        self._state = _CONNECTING
        self.stable = False
        self._since_ms = ticks_ms()
        self._ping_due = False
        self._ping_waits = False
        self._writing = False
        self._acks_waiting = 0
        self._parser.restart()
        for subscription in self._subscriptions:
            subscription.renew()

    async def _child(self, part) -> None:
        """A part of one connection: whatever ends it is a fault of the connection, never of the station."""
        try:
            await part()
        except asyncio.CancelledError:
            pass
        except Exception as error:
            if self._fault is None:
                self._fault = error

    def _check_deadlines(self, now_ms: int) -> None:
        """Raises BrokerSilent for the first answer that is overdue; makes a ping due."""
        if self._state == _CONNECTING:
            self._overdue("CONNACK", self._since_ms, now_ms, self._connect_ms)
            return
        if self._writing:
            self._overdue("room for our bytes", self._writing_ms, now_ms, self._response_ms)
        if self._ping_waits:
            self._overdue("PINGRESP", self._ping_ms, now_ms, self._response_ms)
        elif ticks_diff(now_ms, self._ping_ms) >= self._response_ms:
            self._ping_due = True
            self._wake.set()
        if self.outbox.in_flight:
            self._overdue("PUBACK", self.outbox.in_flight[0].sent_ms, now_ms, 2 * self._keepalive_ms)
        for subscription in self._subscriptions:
            if subscription.pid and subscription.granted is None:
                self._overdue("SUBACK", subscription.asked_ms, now_ms, 2 * self._keepalive_ms)
        if ticks_diff(now_ms, self._since_ms) > self._keepalive_ms:
            self.stable = True

    def _overdue(self, waiting_for: str, since_ms: int, now_ms: int, limit_ms: int) -> None:
        waited_ms = ticks_diff(now_ms, since_ms)
        if waited_ms > limit_ms:
            raise BrokerSilent(waiting_for, waited_ms)

    # Writing: one packet a turn, in the order acknowledgements, ping, subscriptions, messages.

    async def _write_loop(self) -> None:
        if self._address is None:
            self._address = resolve(self._host, self._port)
        await self._link.open(self._address)
        connect = packets.encode_connect(*self._login, self._will)  # pyright: ignore[reportCallIssue]
        await self._link.write_all(connect)
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._state == CONNECTED:
                while self._next_packet():
                    self._writing_ms = ticks_ms()
                    self._writing = True
                    await self._link.write_all(self._packet)
                    self._writing = False
                    await sleep_ms(0)
            if self._stopping:
                await self._link.write_all(packets.DISCONNECT_PACKET)
                return

    def _next_packet(self) -> bool:
        now_ms = ticks_ms()
        if self._acks_waiting:
            packets.encode_puback(self._acks[0], self._puback)
            self._acks_waiting -= 1
            for at in range(self._acks_waiting):
                self._acks[at] = self._acks[at + 1]
            self._packet = self._puback
            return True
        if self._ping_due:
            self._ping_due = False
            self._ping_waits = True
            self._ping_ms = now_ms
            self._packet = packets.PINGREQ_PACKET
            return True
        for subscription in self._subscriptions:
            if subscription.pid == 0:
                subscription.pid = self.outbox.new_pid()
                subscription.asked_ms = now_ms
                self._packet = packets.encode_subscribe(subscription.pid, subscription.topic, subscription.qos)
                return True
        message = self.outbox.take(now_ms)
        if message is None:
            return False
        self.sent += 1
        self._packet = message.packet
        return True

    # Reading: one packet a turn.

    async def _read_loop(self) -> None:
        while True:
            count = await self._link.read_some(self._input)
            at = 0
            while at < count:
                at = self._parser.feed(self._input, at, count)
                if self._parser.ready:
                    while self._acks_waiting == _ACK_ROOM:
                        await sleep_ms(1)  # we do not read faster than we can acknowledge
                    self._handle(self._parser)
                    await sleep_ms(0)

    def _handle(self, packet: packets.Parser) -> None:
        kind = packet.type
        if (kind == packets.CONNACK) != (self._state == _CONNECTING):
            raise MalformedPacket("packet type in this state", kind, "CONNACK first and once")
        if kind == packets.PUBLISH:
            self._take_message(packet)
        elif kind == packets.PUBACK:
            if self.outbox.acknowledge(packet.packet_id()):
                self.acked += 1
                self._wake.set()
        elif kind == packets.SUBACK:
            self._take_suback(packet)
        elif kind == packets.PINGRESP:
            self._ping_waits = False
        else:
            self._take_connack(packet)

    def _take_connack(self, packet) -> None:
        if packet.body[0] > 1:
            raise MalformedPacket("CONNACK flags", packet.body[0], "0 or 1")
        if packet.body[1]:
            raise ConnectionRefused(packet.body[1])
        self.connects += 1
        self._state = CONNECTED
        self._since_ms = self._ping_ms = ticks_ms()
        if self._on_connect is not None:
            self._call(self._on_connect)
        self._wake.set()

    def _take_suback(self, packet) -> None:
        pid = packet.packet_id()
        for subscription in self._subscriptions:
            if subscription.pid == pid:
                subscription.granted = packet.body[2]
                if subscription.granted > 1:
                    self.subscriptions_refused += 1

    def _take_message(self, packet) -> None:
        topic, message, qos, pid, _retained, _duplicate = packet.publish()
        self.received += 1
        if message is None:
            self.oversize += 1
        if self._callback is not None:
            self._call(self._callback, topic, message)
        if qos:
            self._acks[self._acks_waiting] = pid
            self._acks_waiting += 1
            self._wake.set()

    def _call(self, callback, *args) -> None:
        try:
            callback(*args)
        except Exception as error:
            # an application error must not cost the connection: it would come back with every re-delivery
            self.callback_errors += 1
            self.last_error = error
