"""One connection to the broker, from CONNECT to its end: writing, reading, and noticing that the other side is dead.

Three coroutines share it: the writer and the reader, which give way at the latest when a millisecond has passed, and
the supervisor (the caller), which looks at the deadlines. Whatever ends one of them ends the connection; `client.py`
then begins the next one.
"""

import asyncio

from drivers.ticks import const, sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt.errors import BrokerSilent, ConnectionRefused, MalformedPacket, MqttError
from firmware.mqtt.outbox import Outbox
from firmware.mqtt.packets import CONNACK, PINGRESP, PUBACK, PUBLISH, SUBACK, Parser

_SUPERVISE_MS = 50
_ACK_ROOM = 16
_INPUT_BYTES = 256
_CONNECTING, CONNECTED = 1, 2
# What can go wrong: places in fault_texts.FAULTS.
_TYPE = const(7)
_CONNACK = const(8)
_REFUSED = const(9)
_SUBACK = const(10)
_SUBSCRIPTION_REFUSED = const(11)
_NO_CONNACK = const(12)
_NO_ROOM = const(13)
_NO_PINGRESP = const(14)
_NO_PUBACK = const(15)
_NO_SUBACK = const(16)


class Connection:
    """One connection at a time. Buffers are allocated once: reconnecting for a week must not fragment the heap.

    link: how the bytes travel (`tcp.py`, `tls.py`, `uart.py`). connect: the CONNECT packet.
    """

    def __init__(self, link, connect: bytearray, keepalive_s: int, outbox: Outbox):
        self._link = link
        self._connect = connect
        self._keepalive_ms = keepalive_s * 1000
        self._callback = None
        self._on_connect = None
        self.subscriptions = []  # SUBSCRIBE packets, sent one after the other on every connection
        self.granted = []  # what the broker answered to the first of them: 0, 1, or 128 for a refusal
        self._subscribe_pid = 0  # of the one that waits for its SUBACK, 0 for none
        self._subscribe_ms = 0
        self.outbox = outbox
        self._parts = []
        self._parser = Parser()
        self._input = bytearray(_INPUT_BYTES)
        self._acks = []  # packet ids that want a PUBACK from us
        self._puback = bytearray(b"\x40\x02\0\0")
        self._leaving = None  # the QoS 0 message that is being written
        self._wake = asyncio.Event()
        self._stopping = False
        self._state = 0
        self._fault = None
        self._since_ms = 0
        self._ping_ms = 0
        self.ping_open = 0  # 1: PINGREQ is to be sent, 2: it is sent, PINGRESP has not come
        self._writing_ms = None  # since when the link has not taken our bytes
        self.stable = False
        self.session_present = False
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
        parts = self._parts = []
        self._start(self._write_loop())
        try:
            while self._fault is None and not parts[0].done():
                await sleep_ms(_SUPERVISE_MS)
                self.heartbeat_ms = ticks_ms()
                if self._stopping and self._state == _CONNECTING:
                    break
                self._check_deadlines(self.heartbeat_ms)
        finally:
            if self._fault is not None and not self._stopping:  # after DISCONNECT the broker closes
                self.last_error = self._fault
            self._state = 0
            for part in parts:
                part.cancel()
            try:
                for part in parts:
                    while not part.done():
                        await sleep_ms(0)
            finally:  # even when we are cancelled just now
                self._link.close()
                self._written()
                self.outbox.connection_lost()

    def _begin(self) -> None:
        self._fault = None
        self._state = _CONNECTING
        self.stable = False
        self._since_ms = ticks_ms()
        self.ping_open = 0
        self._subscribe_pid = 0
        self.granted.clear()
        self._acks.clear()
        self._parser.restart()

    def _start(self, part) -> None:
        self._parts.append(asyncio.create_task(self._guarded(part)))

    async def _guarded(self, part) -> None:
        """A part of one connection: whatever ends it is a fault of the connection, never of the station."""
        try:
            await part
        except asyncio.CancelledError:
            pass
        except Exception as error:
            if self._fault is None:
                self._fault = error

    def _check_deadlines(self, now_ms: int) -> None:
        """Ends the connection at the first answer that is overdue; makes a ping due."""
        if self._state == _CONNECTING:
            self._overdue(_NO_CONNACK, self._since_ms, now_ms, self._link.connect_ms)
            return
        half_ms = self._keepalive_ms // 2
        if self._writing_ms is not None:
            self._overdue(_NO_ROOM, self._writing_ms, now_ms, half_ms)
        if self.ping_open == 2:
            self._overdue(_NO_PINGRESP, self._ping_ms, now_ms, half_ms)
        elif ticks_diff(now_ms, self._ping_ms) >= half_ms:
            self.ping()
        if self.outbox.in_flight:
            self._overdue(_NO_PUBACK, self.outbox.messages[0].sent_ms, now_ms, 2 * self._keepalive_ms)
        if self._subscribe_pid:
            self._overdue(_NO_SUBACK, self._subscribe_ms, now_ms, 2 * self._keepalive_ms)
        if ticks_diff(now_ms, self._since_ms) > self._keepalive_ms:
            self.stable = True

    def _overdue(self, fault: int, since_ms: int, now_ms: int, limit_ms: int) -> None:
        waited_ms = ticks_diff(now_ms, since_ms)
        if waited_ms > limit_ms and self._fault is None:
            self._fault = BrokerSilent(fault, waited_ms, limit_ms)

    def ping(self) -> None:
        """Ask for a sign of life now; a broker that does not answer within half the keep-alive is given up."""
        self.ping_open = self.ping_open or 1
        self._wake.set()

    # Writing, in the order acknowledgements, ping, subscriptions, messages.

    async def _write_loop(self) -> None:
        await self._link.open()
        await self._link.write_all(self._connect)
        self._start(self._read_loop())
        while True:
            await self._wake.wait()
            self._wake.clear()
            turn_ms = ticks_ms()
            while self._state == CONNECTED:
                now_ms = ticks_ms()
                if now_ms != turn_ms:
                    await sleep_ms(0)
                    turn_ms = now_ms = ticks_ms()
                packet = self._next_packet(now_ms)
                if packet is None:
                    break
                self._writing_ms = now_ms
                await self._link.write_all(packet)
                self._written()
            if self._stopping:
                await self._link.write_all(b"\xe0\0")  # DISCONNECT
                return

    def _written(self) -> None:
        self._writing_ms = None
        if self._leaving is not None:
            self._leaving.waits = False
            self._leaving = None

    def _next_packet(self, now_ms: int):
        if self._acks:
            return self._with_pid(self._puback, self._acks.pop(0))
        if self.ping_open == 1:
            self.ping_open = 2
            self._ping_ms = now_ms
            return b"\xc0\0"  # PINGREQ
        if self._subscribe_pid == 0 and len(self.granted) < len(self.subscriptions):
            self._subscribe_pid = self.outbox.new_pid()
            self._subscribe_ms = now_ms
            return self._with_pid(self.subscriptions[len(self.granted)], self._subscribe_pid)
        message = self.outbox.take(now_ms)
        if message is None:
            return None
        if message.pid == 0:
            self._leaving = message
        self.sent += 1
        return message.packet

    def _with_pid(self, packet: bytearray, pid: int) -> bytearray:
        """Both PUBACK and SUBSCRIBE have the packet id behind a header of two bytes."""
        packet[2] = pid >> 8
        packet[3] = pid & 255
        return packet

    # Reading.

    async def _read_loop(self) -> None:
        parser = self._parser
        while True:
            count = await self._link.read_some(self._input)
            turn_ms = ticks_ms()
            at = 0
            while at < count:
                at = parser.feed(self._input, at, count)
                if parser.ready:
                    while len(self._acks) == _ACK_ROOM:
                        await sleep_ms(1)  # we do not read faster than we can acknowledge
                    self._handle(parser)
                    if parser.type == PUBLISH or ticks_ms() != turn_ms:
                        await sleep_ms(0)
                        turn_ms = ticks_ms()

    def _handle(self, packet: Parser) -> None:
        kind = packet.type
        if (kind == CONNACK) != (self._state == _CONNECTING):
            raise MalformedPacket(_TYPE, kind)
        if kind == PUBACK:
            if self.outbox.acknowledge(packet.packet_id()):
                self.acked += 1
                self._wake.set()
        elif kind == PUBLISH:
            self._take_message(packet)
        elif kind == SUBACK:
            self._take_suback(packet)
        elif kind == PINGRESP:
            self.ping_open = 0
        else:
            self._take_connack(packet.body[0], packet.body[1])

    def _take_connack(self, flags: int, code: int) -> None:
        if flags > 1 or code > 5:
            raise MalformedPacket(_CONNACK, (flags, code))
        if code:
            raise ConnectionRefused(_REFUSED, code)
        self.session_present = flags == 1
        self.connects += 1
        self._state = CONNECTED
        self._since_ms = self._ping_ms = ticks_ms()
        if self._on_connect is not None:
            self._call(self._on_connect)
        self._wake.set()

    def _take_suback(self, packet: Parser) -> None:
        code = packet.body[2]
        if packet.packet_id() != self._subscribe_pid or code not in (0, 1, 128):
            raise MalformedPacket(_SUBACK, (packet.packet_id(), code))
        if code > 1:
            self.subscriptions_refused += 1
            self.last_error = MqttError(_SUBSCRIPTION_REFUSED, len(self.granted))
        self.granted.append(code)
        self._subscribe_pid = 0
        self._wake.set()

    def _take_message(self, packet: Parser) -> None:
        topic, message, pid = packet.publish()
        self.received += 1
        if message is None:
            self.oversize += 1
        if self._callback is not None:
            self._call(self._callback, topic, message)
        if pid:
            self._acks.append(pid)
            self._wake.set()

    def _call(self, callback, *args) -> None:
        try:
            callback(*args)
        except Exception as error:
            # an application error must not cost the connection: it would come back with every re-delivery
            self.callback_errors += 1
            self.last_error = error
