"""What one device needs next from its bus, and how urgent it is."""

from drivers.command import DECREASE
from drivers.plan import Plan
from drivers.ticks import const, ticks_add, ticks_diff, ticks_ms
from drivers.trouble import Trouble

# Ranks, most urgent first.
RANK_DECREASE, RANK_CONTROL, RANK_INCREASE, RANK_SLOW = 0, 1, 2, 3

_PATIENCE_INCREASE_MS = 1000  # then an increase or a refresh ranks with the control readings
_PATIENCE_SLOW_MS = 5000
_GIVE_UP_MS = const(60000)
_MAX_IDLE_MS = const(1000)
# A device that says "busy" is asked again after 100, 200, 400, 800 and then every 1000 ms; one that says "acknowledged,
# still at work" after half a second; one that failed at most twice more, at once (practice of field drivers; meaning of
# the codes: MODBUS Application Protocol V1.1b3, 7).
_BUSY_FIRST_MS = const(100)
_BUSY_LONGEST_MS = const(1000)
_ACKNOWLEDGED_MS = const(500)
_REPEATS = const(2)


class Agenda(Plan):
    """alone: no other device shares the bus. rank, due_ms: of the job that `next_job` gave: how urgent it is, and since
    when it waits. rests_until_ms: until then nothing is due, None: that has to be looked at; the bus, which has many
    agendas to look at for each request, notes it and keeps away meanwhile. kept: the job that `next_job` gave, where
    only a request to this device or a `wake` can make another one more urgent; None: that has to be looked at.
    sleeper: of the bus."""

    rests_until_ms = None
    kept = None
    _write_after_ms = None  # of a device that needs a pause between two writes: when the next may go out

    def __init__(self, device, max_gap: int, alone: bool, shared=None, sleeper=None):
        Plan.__init__(self, device, max_gap, shared)
        self.rank = RANK_SLOW
        self.due_ms = self._not_before_ms = ticks_ms()
        self._alone = alone
        self.is_meter = device.role == "meter"
        self.sleeper = sleeper
        self._was_slow = False  # the newest answer was to a slow job
        self.trouble = None  # while the device is well

    def next_job(self, now_ms: int):
        """The device's most urgent job that may go out now, with `rank` and `due_ms` set; None when there is none.
        Allocates nothing."""
        if ticks_diff(self._not_before_ms, now_ms) > 0:
            return None
        if self.device.health.quarantined:
            return self._next_probe(now_ms)
        must_wait = self._write_wait_ms(now_ms) > 0
        command = None if must_wait else self._pending(now_ms)
        if command is not None and command.urgency(now_ms) == DECREASE:
            return self._command(command, RANK_DECREASE, now_ms)
        step = self.step()
        if step is not None and not (must_wait and step.is_write):
            return self._ranked(step, RANK_CONTROL, self._not_before_ms)
        block = self._block(now_ms, False)
        if command is not None:
            # The first limit of a gun tells what it holds, for which control waits as for a reading.
            held_known = command.setpoint.held_known
            patient = held_known and ticks_diff(now_ms, command.since_ms) < _PATIENCE_INCREASE_MS
            if block is None or not patient:
                return self._command(command, RANK_INCREASE if patient else RANK_CONTROL, now_ms)
        slow = self._block(now_ms, True)
        patient = slow is None or ticks_diff(now_ms, slow.due_ms) < _PATIENCE_SLOW_MS
        # Where the pause after each request is as long as the period, a control reading is always due: a slow job that
        # has waited for long enough goes before every other of them.
        if block is not None and (patient or self._was_slow):
            return self._ranked(block, RANK_CONTROL, block.due_ms)
        if block is None and self.start is not None and self._is_commanded and self.start.is_due(now_ms):
            return self._ranked(self.start, RANK_INCREASE, now_ms)
        if slow is None:
            return None
        return self._ranked(slow, RANK_SLOW if patient else RANK_CONTROL, slow.due_ms)

    def choose(self, now_ms: int):
        """`next_job`, without another look where `kept` stands. Allocates nothing."""
        job = self.kept
        if job is None:
            job = self.next_job(now_ms)
            if job is not None and self.rank <= RANK_CONTROL and self._is_steady:
                self.kept = job
        return job

    @property
    def _is_steady(self):
        """No write waits for its time: none becomes due by itself before what is due now."""
        if self._write_after_ms is not None or self.device.health.quarantined:
            return False
        for command in self.commands:
            if command.has_pause:
                return False
        return True

    def idle_ms(self, now_ms: int) -> int:
        """Time until `next_job` may give something without anybody waking the bus, 1 to 1000 ms."""
        if self.device.health.quarantined:
            idle = min(ticks_diff(self.trouble.probe_ms, now_ms), self._early_ms(now_ms))
        else:
            idle, wait_ms = _MAX_IDLE_MS, self._write_wait_ms(now_ms)
            for command in self.commands:
                idle = min(idle, wait_ms if command.urgency(now_ms) else command.idle_ms(now_ms))
            for block in self.blocks:
                idle = min(idle, ticks_diff(block.due_ms, now_ms))
            for block in self.read_backs:
                idle = min(idle, ticks_diff(block.due_ms, now_ms))
            step = self.step()
            if step is not None:
                idle = min(idle, wait_ms) if step.is_write else 0
        return max(1, min(_MAX_IDLE_MS, max(idle, ticks_diff(self._not_before_ms, now_ms))))

    def wake(self):
        """Something new is wanted of a setpoint. Allocates nothing."""
        self.rests_until_ms = self.kept = None
        self.sleeper.wake()

    def refused(self, job, error, now_ms: int):
        """The device answered `job` with an exception: what kind of answer that is, and when it is asked again."""
        busy = self.trouble.busy if self.trouble is not None else 0
        if error.is_patience:
            job.postponed(now_ms)
        elif error.is_failure and job.failures < _REPEATS:
            job.failures += 1
            job.postponed(now_ms)
        else:
            if job.failures:
                job.failures = 0
            job.refused(error, now_ms)
            if job in self.blocks and job.is_unsupported and len(job.fields) > 1:
                self._split(job)
        self.answered(job, now_ms)
        if error.is_patience:
            pause_ms = _ACKNOWLEDGED_MS
            if error.code != 5:
                self._troubled(now_ms).busy = busy + 1
                pause_ms = min(_BUSY_LONGEST_MS, _BUSY_FIRST_MS << min(busy, 4))
            self._not_before_ms = ticks_add(now_ms, max(pause_ms, self.device.profile.request_gap_ms))

    def answered(self, job, now_ms: int):
        """The device answered `job`."""
        backoff_ms = 0
        if self.trouble is not None:
            backoff_ms = self.trouble.backoff_ms
            self.trouble = None
        self._was_slow = job.slow
        self._after_request(job.is_write, now_ms)
        if self.device.health.quarantined:
            self.device.health.quarantined = False
            self._was_away(now_ms)
            if job not in self.steps:
                self.restart()
        if not self.blocks:
            if backoff_ms:
                self._troubled(now_ms).backoff_ms = backoff_ms
            if self.step() is None:  # it answers, but it is not what its profile expects
                self._isolate(now_ms)
                self.restart()

    def unanswered(self, silent: bool, now_ms: int, babbled: bool = False):
        """Silence (`silent`) or a damaged answer; babbled: the line was quiet before
        the request and was not afterwards."""
        self._after_request(False, now_ms)
        if self._troubled(now_ms).count(silent, babbled) or self.device.health.quarantined:
            self._isolate(now_ms)
        self.check_given_up(now_ms)

    def _split(self, block):
        """A block that the device refuses for good is read point by point from now on, where it may be."""
        if not self.device.profile.fixed_reads:
            from drivers import spans

            self.blocks = tuple([each for each in self.blocks if each is not block]) + spans.parts(block)

    def lost(self, now_ms: int):
        """The line is gone, perhaps for so long that ticks wrap. Whoever comes back may have been switched off
        meanwhile, and a peer that closes may have restarted."""
        self.restart()
        self.rests_until_ms = self.kept = None
        self._not_before_ms = now_ms
        self._was_away(now_ms)
        if self.trouble is not None:
            self.trouble.lost(now_ms)
        self.check_given_up(now_ms)

    def _was_away(self, now_ms):
        """Out of reach, perhaps for so long that ticks have wrapped and what was due seems to lie ahead."""
        self._write_after_ms = None
        for block in self.blocks + self.read_backs:
            block.due_ms = now_ms
        for command in self.commands:
            command.was_away()

    def check_given_up(self, now_ms: int):
        """After a minute of silence the readings are marked ABSENT, because ticks wrap."""
        device = self.device
        if not device.gave_up and device.health.ever_answered:
            if ticks_diff(now_ms, device.health.last_good_ms) > _GIVE_UP_MS:
                device.give_up()

    def _troubled(self, now_ms):
        if self.trouble is None:
            self.trouble = Trouble(self._alone, now_ms)
        return self.trouble

    def _isolate(self, now_ms):
        self.device.health.quarantined = True
        self._troubled(now_ms).put_off(self.device.role, now_ms)

    def _after_request(self, is_write, now_ms):
        self.kept = None
        profile = self.device.profile
        pause_ms = profile.request_gap_ms
        if is_write:
            pause_ms = max(pause_ms, profile.post_write_settle_ms)
            if profile.write_gap_ms:
                self._write_after_ms = ticks_add(now_ms, profile.write_gap_ms)
        self._not_before_ms = ticks_add(now_ms, pause_ms)

    def _write_wait_ms(self, now_ms):
        if self._write_after_ms is None:
            return 0
        wait_ms = ticks_diff(self._write_after_ms, now_ms)
        if wait_ms <= 0:
            self._write_after_ms = None
            return 0
        return wait_ms

    def _next_probe(self, now_ms):
        """Out of turn a new decrease; when its time has come a probe: in turn a pending decrease, which a device that
        only fails to answer will obey, and a read."""
        trouble = self.trouble
        trouble.is_early = ticks_diff(trouble.probe_ms, now_ms) > 0
        if trouble.is_early:
            if self._early_ms(now_ms) > 0:
                return None
            return self._ranked(self._new_decrease(now_ms), RANK_CONTROL, now_ms)
        self._ranked(None, RANK_INCREASE, trouble.probe_ms)
        trouble.probes += 1
        if trouble.probes & 1:
            for command in self.commands:
                if command.urgency(now_ms) == DECREASE:
                    return command
        return self.step() or (self.blocks[0] if self.blocks else None)

    def _new_decrease(self, now_ms):
        """A decrease to less than the device was ever sent; it may hear although it does not answer."""
        for command in self.commands:
            if command.is_lower_than_sent and command.urgency(now_ms) == DECREASE:
                return command
        return None

    def _early_ms(self, now_ms):
        """Time until a silent device is sent a new decrease out of turn, 1000 when there is none."""
        if self._new_decrease(now_ms) is None:
            return _MAX_IDLE_MS
        return self.trouble.early_ms(now_ms)

    def _pending(self, now_ms):
        """The command that has something to write, the one with a decrease before others; None before the read-back."""
        if not self.may_write:
            return None
        found = None
        for command in self.commands:
            urgency = command.urgency(now_ms)
            if urgency == DECREASE:
                return command
            if urgency:
                found = command
        return found

    @property
    def _is_commanded(self):
        """Control has asked for something."""
        for command in self.commands:
            if command.setpoint.has_want:
                return True
        return False

    def _command(self, command, rank, now_ms):
        start = self.start
        due = start is not None and start.is_due(now_ms)
        return self._ranked(start if due else command, rank, command.since_ms)

    def _ranked(self, job, rank, due_ms):
        self.rank = rank
        self.due_ms = due_ms
        return job

    def _block(self, now_ms, slow):
        """The block that has waited longest."""
        found, longest = None, -1
        for block in self.blocks:
            late = ticks_diff(now_ms, block.due_ms)
            if block.slow == slow and late > longest:
                found, longest = block, late
        if slow:
            for block in self.read_backs:
                late = ticks_diff(now_ms, block.due_ms)
                if late > longest:
                    found, longest = block, late
        return found
