"""The station on MQTT: says who it is when it connects and what it does, answers commands, and keeps what must not be
missed until it has arrived.
"""

from array import array
from binascii import crc32

from drivers.flash_gate import Gate
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms
from firmware import journal, telemetry
from firmware.cold import forget
from firmware.energy import Energy
from firmware.mqtt.page import Page

_STEP_MS = 50
_PAGE_BYTES = 1024  # telemetry without guns and storage, with its topic and an alarm or two
_DEVICE_BYTES = 256  # a gun or a storage with its reason
_FIRST_MS = 1500  # by then the station knows its devices
_SECOND_MS = 1000
_OBEY_MS = 20
_AGAIN_MS = 250  # after a command found no memory: other tasks give some back
_MOST_ORDERS = 4  # of at most 2 KB, the client's own bound
_SAMPLE_S = 60
_DECISION_S = 5
_CAPABILITY_S = 10
_RESPONSES = 2  # of guns with each capability message
_STATE_S = 60  # at the latest, to be sure
_LEAST_MS = 500  # between two telemetry messages, however much changes
_PACE_MS = 50  # between two journal messages: a backlog must not push live data aside


class Northbound:
    """Four supervised tasks: `client.run`, `run`, `obey` and `send`. client: of firmware.mqtt. about: (version, count
    of starts). seen: Telemetry. commands: Commands. health: BusHealth. clock: ClockTask. kept: Journal.
    gate: of the station's files.
    """

    def __init__(self, config, client, about, seen, commands, health, clock, kept, gate=None):
        self._id = config["station"]["id"]
        prefix = config["mqtt"].get("home_assistant")
        self._home_assistant = (prefix, config["station"]) if prefix else None
        self._period_ms = config["mqtt"]["telemetry_ms"]
        self._seen, self._commands = seen, commands
        self._health, self._clock, self._journal = health, clock, kept
        self._gate = gate or Gate()
        self._page = Page(_DEVICE_BYTES * (len(seen.guns) + len(seen.storages)) + _PAGE_BYTES)
        self._about = about
        self._energy = Energy(seen, ticks_ms())
        self._reasons = array("b", [-1] * (len(seen.guns) + 1))  # of the decision told last, the storage's at the end
        self._sign = self._said = 0  # of what telemetry and state showed last
        self._seconds = self._state_seq = self._capability_seq = 0
        self._state_due = self._birth_due = True
        self._orders = []  # (topic, message) of commands that wait
        self._errors_told = 0
        self.memory_errors = 0  # messages that found no memory; those that must be are tried again
        self._told_ms = self._second_ms = 0
        self.client = client
        self.client.set_last_will(self._topic("status"), telemetry.status(False), retain=True, qos=1)
        self.client.set_callback(self._on_message)
        self.client.set_on_connect(self._on_connect)
        self.client.subscribe(self._topic("command"), qos=1)

    def _topic(self, name):
        return telemetry.topic(self._id, name)

    def _tell(self, name, message, now_ms, retain=False, qos=0):
        """Publish a message with the time of its making."""
        message["at_ms"], message["unix_s"] = now_ms, self._commands.clock.now_s(now_ms)
        return self.client.publish(self._topic(name), telemetry.to_json(message), retain=retain, qos=qos)

    def _on_connect(self):
        self.client.publish(self._topic("status"), telemetry.status(True), retain=True, qos=1)
        self._clock.message_due = self._state_due = self._birth_due = True
        self._said = 0  # so that it is said again
        self._seen.most_alarms = telemetry.MOST_ALARMS

    def _on_message(self, topic, message):
        """Nothing is done in the client's own task: a board may need 100 ms for its first command."""
        stop = message is not None and b'"emergency_stop"' in message
        if len(self._orders) < _MOST_ORDERS + stop:  # a flood of others does not keep a stop out
            self._orders.insert(0 if stop else len(self._orders), (topic, message))
        else:
            self._answer(self._commands.busy(ticks_ms()))

    def _answer(self, answer):
        self._tell("ack", answer, ticks_ms(), qos=1)
        self._state_due = True

    async def obey(self):
        """Carries out commands in the order they came."""
        while True:
            await sleep_ms(_OBEY_MS)
            if self._orders:
                await self._commands.load(self._orders[0][1])
                if self._commands.keys:  # a signed command is remembered before it takes effect
                    await self._gate.window()
                topic, message = self._orders[0]  # only now: a stop may have come first meanwhile
                try:
                    self._answer(self._commands.handle(topic, message, ticks_ms()))
                    self._orders.pop(0)
                    self._gate.done()
                except MemoryError:  # nothing has taken effect, or it is answered as before
                    self.memory_errors += 1
                    await sleep_ms(_AGAIN_MS)
                if self._commands.leaves and not self._orders:
                    from firmware.leaving import leave

                    await leave(self._commands, self.client, self._topic("status"))

    async def run(self):
        await sleep_ms(_FIRST_MS)
        self._told_ms = self._second_ms = ticks_add(ticks_ms(), -self._period_ms)
        while True:
            await sleep_ms(_STEP_MS)
            await self._gate.after_cycle()
            try:
                if self._turn(ticks_ms()):
                    await self._tend()
            except MemoryError:
                self.memory_errors += 1

    def _turn(self, now_ms):
        """True once a second."""
        self._tell_alarms(now_ms)
        since_ms = ticks_diff(now_ms, self._told_ms)
        period_ms = self._commands.telemetry_ms or self._period_ms
        changed = since_ms >= _LEAST_MS and self._seen.sign() != self._sign
        if changed or since_ms >= period_ms:
            # What the period left over is made up for, so that it stays the period.
            self._told_ms = now_ms if changed else ticks_add(now_ms, -(since_ms % period_ms))
            self._state_due = self._state_due or changed
            self._sign = self._seen.sign()
            if self.client.connected:
                self._tell_telemetry(now_ms)
        elif self.client.connected:
            self._tell_health(now_ms)
        if ticks_diff(now_ms, self._second_ms) >= _SECOND_MS:
            self._second_ms = now_ms
            self._each_second(now_ms)
            return True
        return False

    def _each_second(self, now_ms):
        self._seconds += 1
        self._energy.sample(now_ms)
        self._commands.rest(now_ms)
        self._keep(now_ms)
        if self.client.connected:
            self._tell_reports(now_ms)
        forget("firmware.reports", "firmware.entries", "firmware.command_table", "firmware.gun_response")

    async def _tend(self):
        if self._journal.wants_flash(ticks_ms()):
            await self._gate.window()
            self._journal.tend(ticks_ms())
            self._gate.done()
        else:
            self._journal.tend(ticks_ms())

    def _tell_telemetry(self, now_ms):
        self._seen.seq += 1
        self._publish("telemetry", self._seen.pieces(now_ms, self._commands.clock.now_s(now_ms)))

    def _publish(self, name, pieces, retain=False):
        """In the page. What is too long for it goes by the next time in one that is long enough."""
        longer = self._page.too_long
        if self.client.publish_page(self._page, self._topic(name), pieces, retain):
            return True
        if self._page.too_long != longer:
            try:
                self._page.grow(_PAGE_BYTES)
            except MemoryError:  # with fewer alarms then: `state` has them all
                self._seen.most_alarms //= 2
                raise
        return False

    def _tell_health(self, now_ms):
        """When it is due, and as soon as telemetry has left the page."""
        if self._health.is_due(now_ms):
            self._publish("health", self._health.pieces(now_ms, self._commands.clock.now_s(now_ms)))

    def _tell_reports(self, now_ms):
        message = self._clock.message(now_ms)
        if message is not None:
            self._tell("clock", message, now_ms)
        if self._capability_seq == 0 or self._seconds % _CAPABILITY_S == 0:
            self._capability_seq += 1
            from firmware.reports import capability

            message = capability(self._seen, self._commands)
            message["seq"] = self._capability_seq
            self._tell("capability", message, now_ms)
            self._tell_responses(now_ms)
        if self._state_due or self._seconds % _STATE_S == 0:
            self._tell_state(now_ms)

    def _tell_responses(self, now_ms):
        """Of a few guns, in turn."""
        from firmware.gun_response import told

        guns = len(self._seen.guns)
        for at in range(min(guns, _RESPONSES)):
            message = told(self._seen.station, (self._capability_seq * _RESPONSES + at) % guns)
            self._tell("response", message, now_ms)

    def _tell_state(self, now_ms):
        """Only when something in it is not as it was."""
        from firmware.reports import state

        message = state(self._seen, now_ms, self._commands, self._journal, self._about[1])
        says = crc32(telemetry.to_json(message))
        self._state_due = False
        if says != self._said:
            message["seq"] = self._state_seq + 1
            if self._tell("state", message, now_ms, retain=True, qos=1):
                self._said, self._state_seq = says, self._state_seq + 1

    def _tell_alarms(self, now_ms):
        """Into the journal, whatever the broker does, and out at once while it listens."""
        alarms = self._seen.alarms
        change = alarms.peek()
        while change is not None:
            message = telemetry.to_json(change)
            self._journal.add(journal.ALARM, message, now_ms)
            if self.client.connected:
                self._tell("alarm", change, change["at_ms"], qos=1)
            alarms.published()
            change = alarms.peek()

    def _keep(self, now_ms):
        """Records, samples and decisions, for the journal."""
        seen = self._seen
        now_s = self._commands.clock.now_s(now_ms)
        span = self._energy.ended(now_ms, now_s)
        if span is not None:
            from firmware.entries import record

            self._add(journal.RECORD, record(self._energy, span, seen, now_ms), now_ms)
        if self._seconds % _SAMPLE_S == 0:
            from firmware.entries import sample

            self._add(journal.SAMPLE, sample(seen), now_ms)
            errors, self._errors_told = self.memory_errors - self._errors_told, self.memory_errors
            seen.alarms.update("memory_short", self._id, errors > 0, now_ms, errors)
        if self._seconds % _DECISION_S == 0 and self._has_decided():
            from firmware.entries import decision

            self._add(journal.DECISION, decision(seen, self._reasons), now_ms)

    def _has_decided(self):
        station, before = self._seen.station, self._reasons
        for at in range(len(before) - 1):
            if before[at] != station.reason[at]:
                return True
        return station.has_storage and before[-1] != station.storage_reason

    def _add(self, kind, message, now_ms):
        self._journal.add(kind, telemetry.to_json(message), now_ms)

    async def send(self):
        """What takes its time: the birth message, then the journal, one entry after the other and each acknowledged
        before the next, so that a broker that is slow is not flooded."""
        while True:
            await sleep_ms(_PACE_MS)
            if self.client.connected:
                try:
                    await self._send_next()
                except MemoryError:
                    self.memory_errors += 1
                    await sleep_ms(_SECOND_MS)

    async def _send_next(self):
        if self._birth_due:
            from firmware.birth import birth, parts

            pieces = await birth(parts(), *self._about)
            forget("firmware.birth")
            self._birth_due = not self._publish("birth", pieces, True)
            if self._home_assistant is not None and not self._birth_due:
                from firmware.home_assistant import announce

                await announce(self.client, self._home_assistant, self._about[0], self._seen)
                forget("firmware.home_assistant")
            return
        entry = self._journal.oldest()
        if entry is None:
            return
        gap = self._journal.gap_before(entry)
        message = journal.message(entry) if gap is None else journal.gap_message(gap)
        if await self.client.publish_acked(self._topic("journal"), message):
            if gap is None:
                self._journal.acknowledged(entry)
            else:
                self._journal.declared(gap)
