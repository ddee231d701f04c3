"""One RS-485 line, or one TCP gateway shared by its unit ids: the task that puts one request after another on it.

Order: decreases of setpoints > control readings > increases and refreshes > slow readings; among equals the one that
waits longest. A meter that has waited for 250 ms takes its turn among the decreases.
"""

from array import array

from drivers.agenda import RANK_CONTROL, RANK_DECREASE, Agenda
from drivers.flash_gate import Gate
from drivers.modbus.errors import Closed, CrcError, ExceptionReply, ModbusError, Timeout
from drivers.sleeper import Sleeper
from drivers.ticks import const, sleep_ms, ticks_add, ticks_diff, ticks_ms

_REOPEN_STEP_MS = const(250)  # a line that cannot be opened is tried again after 1, 2, 4 and then every 8 steps
_REOPEN_LONGEST_STEPS = const(8)
_MAX_WRITE_WORDS = const(8)
_MAX_IDLE_MS = const(1000)
_GATE_MS = const(2)
# A meter that is not heard makes control lower everything: where the decreases fill the line in every cycle it would
# not be asked again.
_METER_MS = const(250)
# To choose a request and send it takes a board with eight guns up to 20 ms: none is begun so short before a cycle.
_CYCLE_NEAR_MS = const(20)
# Registers read along for nothing: they cost less than a second request with its gaps and its turnaround.
_MAX_GAP_SERIAL = 16
_MAX_GAP_TCP = 40


class Bus:
    """config: the bus object of the station file; port: a `drivers.modbus.client.Client`; devices: list of Device on
    it.

    `run()` is a task for the supervisor: it ends only by cancellation. `heartbeat_ms` is set on each turn of its loop.
    `problem`: the newest error of the line itself (it cannot be opened, it was lost), None while it is open.
    `gate`: that of the station's files, to be set for a serial line; of its own otherwise, and always open.
    """

    def __init__(self, config: dict, port, devices):
        self.id = config["id"]
        self.client = port
        self.devices = devices
        self.heartbeat_ms = ticks_ms()
        self.problem = None
        self.gate = Gate()
        self._sleeper = Sleeper()
        self._words = array("H", bytearray(2 * _MAX_WRITE_WORDS))
        port.connect_delay_ms = max([0] + [device.profile.connect_delay_ms for device in devices])
        max_gap, shared = _MAX_GAP_TCP if config["kind"] == "tcp" else _MAX_GAP_SERIAL, {}
        alone = len(devices) == 1
        self._agendas = tuple([Agenda(device, max_gap, alone, shared, self._sleeper) for device in devices])
        for agenda in self._agendas:
            for setpoint in agenda.device.setpoints.values():
                setpoint.sleeper = agenda
        # A pause that the gateway itself needs after each request, whichever device it is for.
        self._gap_ms = max([0] + [device.profile.gateway_gap_ms for device in devices])
        self._not_before_ms = self.heartbeat_ms
        self._is_noisy = False  # the line was not quiet after the newest request: the next one cannot be blamed for it
        self._failures = 0  # openings that failed, or lines that were lost, in a row

    async def run(self):
        while True:
            self.heartbeat_ms = ticks_ms()
            if not self.client.link.is_open:
                await self._open()
                continue
            if self.gate.waiting:  # a file is to be written: no answer would be heard
                await sleep_ms(_GATE_MS)
                continue
            if self.gate.cycle is not None:
                left_ms = ticks_diff(self.gate.cycle.due_ms, ticks_ms())
                if 0 < left_ms <= _CYCLE_NEAR_MS:
                    await sleep_ms(left_ms + 1)
                    continue
            agenda, job = self.pick(ticks_ms())
            if job is None:
                await self._sleeper.sleep(self.idle_ms(ticks_ms()))
            else:
                self.gate.on_wire += 1
                try:
                    await self._perform(agenda, job)
                finally:
                    self.gate.on_wire -= 1

    def pick(self, now_ms: int):
        """(agenda, job) that goes out next; (None, None) when nothing is due."""
        best, best_job = None, None
        meter, meter_job = None, None
        if ticks_diff(self._not_before_ms, now_ms) <= 0:
            for agenda in self._agendas:
                rests_until_ms = agenda.rests_until_ms
                if rests_until_ms is not None and ticks_diff(rests_until_ms, now_ms) > 0:
                    continue
                job = agenda.choose(now_ms)
                if job is None:
                    agenda.rests_until_ms = ticks_add(now_ms, agenda.idle_ms(now_ms))
                    continue
                agenda.rests_until_ms = None
                if (
                    best is None
                    or agenda.rank < best.rank
                    or agenda.rank == best.rank
                    and ticks_diff(agenda.due_ms, best.due_ms) < 0
                ):
                    best, best_job = agenda, job
                if agenda.is_meter and agenda.rank == RANK_CONTROL and ticks_diff(now_ms, agenda.due_ms) > _METER_MS:
                    if meter is None or ticks_diff(agenda.due_ms, meter.due_ms) < 0:
                        meter, meter_job = agenda, job
        if meter is not None and best.rank == RANK_DECREASE and ticks_diff(meter.due_ms, best.due_ms) < 0:
            return meter, meter_job
        return best, best_job

    def idle_ms(self, now_ms: int) -> int:
        """Time until `pick`, which has just found nothing, may find something; 1 to 1000 ms."""
        idle = _MAX_IDLE_MS
        for agenda in self._agendas:
            rests_until_ms = agenda.rests_until_ms
            idle = min(idle, 1 if rests_until_ms is None else ticks_diff(rests_until_ms, now_ms))
        return max(1, idle, min(_MAX_IDLE_MS, ticks_diff(self._not_before_ms, now_ms)))

    async def _open(self):
        if self._failures > 1:
            for _ in range(min(_REOPEN_LONGEST_STEPS, 1 << min(self._failures - 2, 4))):
                await sleep_ms(_REOPEN_STEP_MS)
                self.heartbeat_ms = ticks_ms()
        try:
            await self.client.open()
        except ModbusError as error:
            self._lost(error)
        else:
            self.problem = None

    def _lost(self, error):
        self._failures += 1
        self.problem = error
        now_ms = ticks_ms()
        self._not_before_ms = now_ms
        for agenda in self._agendas:
            agenda.lost(now_ms)

    async def _perform(self, agenda, job):
        """One request and all the ways in which it can end."""
        client, device, health = self.client, agenda.device, agenda.device.health
        job.schedule(ticks_ms())
        health.requests += 1
        try:
            if job.is_write:
                at = 0
                count = job.fill(self._words)
                await client.write(device.id, device.unit, job.function, job.register, self._words, count)
            else:
                at = await client.read(device.id, device.unit, job.function, job.register, job.count)
        except ModbusError as error:
            self._failed(agenda, job, error)
        else:
            now_ms = ticks_ms()
            self._failures = 0
            self._is_noisy = False
            health.ok += 1
            if job.failures:
                job.failures = 0
            device.answered(now_ms, client.turnaround_ms)
            job.replied(client.rx, at, client.sent_ms, now_ms)
            agenda.answered(job, now_ms)
        self._not_before_ms = ticks_add(ticks_ms(), self._gap_ms)

    def _failed(self, agenda, job, error):
        health, now_ms = agenda.device.health, ticks_ms()
        health.last_error = error
        if isinstance(error, ExceptionReply):
            health.exceptions += 1
            self._failures = 0
            if not error.is_from_gateway:
                agenda.device.answered(now_ms, self.client.turnaround_ms)
                agenda.refused(job, error, now_ms)
            else:  # the gateway is well: the device behind it does not answer
                job.unanswered(now_ms)
                agenda.unanswered(True, now_ms)
            return
        job.unanswered(now_ms)
        if isinstance(error, Closed):
            health.closed += 1
            self._lost(error)
            return
        is_silent = isinstance(error, Timeout)
        if is_silent:
            health.timeouts += 1
        elif isinstance(error, CrcError):
            health.crc_errors += 1
        else:
            health.protocol_errors += 1
        babbled = self.client.babbled
        agenda.unanswered(is_silent, now_ms, babbled and not self._is_noisy)
        self._is_noisy = babbled
