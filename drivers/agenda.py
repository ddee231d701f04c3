"""What one device needs next from its bus, how urgent it is, and how long a silent device is left alone."""

from drivers.command import DECREASE
from drivers.plan import Plan
from drivers.ticks import ticks_add, ticks_diff, ticks_ms

# Ranks, most urgent first.
RANK_DECREASE, RANK_CONTROL, RANK_INCREASE, RANK_SLOW = 0, 1, 2, 3

_SILENT_TO_QUARANTINE = 3
_NOISY_TO_QUARANTINE = 12  # damaged answers in a row: the device is there, but every request costs the others a drain
_BABBLING = 4  # an answer after which the line was not quiet counts as so many damaged ones
_PATIENCE_INCREASE_MS = 1000  # then an increase or a refresh ranks with the control readings
_PATIENCE_SLOW_MS = 5000
_GIVE_UP_MS = 60000
_PROBE_FIRST_MS = 2000
_PROBE_LONGEST_MS = 300000
_PROBE_LONGEST_CONTROL_MS = 10000  # roles that the cycle cannot do without
_PROBE_ALONE_FIRST_MS = 250  # a device alone on its bus slows nobody down
_PROBE_ALONE_LONGEST_MS = 2000
_MAX_IDLE_MS = 1000
# A device that says "busy" is asked again after 100, 200, 400, 800 and then every 1000 ms; one that says "acknowledged,
# still at work" after half a second; one that failed at most twice more, at once (practice of field drivers; meaning of
# the codes: MODBUS Application Protocol V1.1b3, 7).
_BUSY_FIRST_MS = 100
_BUSY_LONGEST_MS = 1000
_ACKNOWLEDGED_MS = 500
_REPEATS = 2
# A silent device is sent a new, lower limit out of turn, but not more often than this: a try costs the bus a time-out.
_EARLY_GAP_MS = 1000
_EARLY_GAP_ALONE_MS = 200
_EARLY_GAP_BABBLING_MS = 10000  # while a device babbles nobody on its line is heard


class Agenda:
    """alone: no other device shares the bus."""

    def __init__(self, device, max_gap: int, alone: bool):
        self.device = device
        self.plan = Plan(device, max_gap)
        self.rank = RANK_SLOW  # of the job that `next_job` gave
        self.due_ms = ticks_ms()  # since when that job waits
        self._silent = 0
        self._noisy = 0
        self._not_before_ms = ticks_ms()
        self._probe_ms = ticks_ms()
        self._probes = 0
        self._busy = 0  # such answers in a row
        self._spoils = False  # it shares its line, and the newest request to it set it babbling
        self._alone = alone
        self._write_after_ms = None  # of a device that needs a pause between two writes: when the next may go out
        self._backoff_ms = 0
        self._tried_ms = ticks_ms()
        self._is_early = False  # the newest job of a silent device is a decrease out of turn
        self._early_gap_ms = _EARLY_GAP_ALONE_MS if alone else _EARLY_GAP_MS
        if alone:
            self._first_ms, self._longest_ms = _PROBE_ALONE_FIRST_MS, _PROBE_ALONE_LONGEST_MS
        else:
            self._first_ms = _PROBE_FIRST_MS
            cycle = device.role in ("gun", "meter", "pcs")
            self._longest_ms = _PROBE_LONGEST_CONTROL_MS if cycle else _PROBE_LONGEST_MS

    def next_job(self, now_ms: int):
        """The device's most urgent job that may go out now, with `rank` and `due_ms` set; None when there is none.
        Allocates nothing."""
        if ticks_diff(self._not_before_ms, now_ms) > 0:
            return None
        if self.device.health.quarantined:
            self._is_early = ticks_diff(self._probe_ms, now_ms) > 0
            if self._is_early:
                if self._early_ms(now_ms) > 0:
                    return None
                self.rank = RANK_CONTROL
                self.due_ms = now_ms
                return self._new_decrease(now_ms)
            self.rank = RANK_INCREASE
            self.due_ms = self._probe_ms
            return self._probe(now_ms)
        must_wait = self._write_wait_ms(now_ms) > 0
        command = None if must_wait else self._pending(now_ms)
        if command is not None and command.urgency(now_ms) == DECREASE:
            return self._command(command, RANK_DECREASE, now_ms)
        step = self.plan.step()
        if step is not None and not (must_wait and step.is_write):
            self.rank = RANK_CONTROL
            self.due_ms = self._not_before_ms
            return step
        block = self._block(now_ms, False)
        if command is not None:
            patient = ticks_diff(now_ms, command.since_ms) < _PATIENCE_INCREASE_MS
            if block is None or not patient:
                return self._command(command, RANK_INCREASE if patient else RANK_CONTROL, now_ms)
        if block is not None:
            self.rank = RANK_CONTROL
            self.due_ms = block.due_ms
            return block
        if self.plan.is_commanded and self.plan.start.is_due(now_ms):
            self.rank = RANK_INCREASE
            self.due_ms = now_ms
            return self.plan.start
        block = self._block(now_ms, True)
        if block is not None:
            patient = ticks_diff(now_ms, block.due_ms) < _PATIENCE_SLOW_MS
            self.rank = RANK_SLOW if patient else RANK_CONTROL
            self.due_ms = block.due_ms
        return block

    def idle_ms(self, now_ms: int) -> int:
        """Time until `next_job` may give something without anybody waking the bus, 1 to 1000 ms."""
        if self.device.health.quarantined:
            idle = min(ticks_diff(self._probe_ms, now_ms), self._early_ms(now_ms))
        else:
            idle, wait_ms = _MAX_IDLE_MS, self._write_wait_ms(now_ms)
            for command in self.plan.commands:
                idle = min(idle, wait_ms if command.urgency(now_ms) else command.idle_ms(now_ms))
            for block in self.plan.blocks:
                idle = min(idle, ticks_diff(block.due_ms, now_ms))
            for block in self.plan.read_backs:
                idle = min(idle, ticks_diff(block.due_ms, now_ms))
            step = self.plan.step()
            if step is not None:
                idle = min(idle, wait_ms) if step.is_write else 0
        return max(1, min(_MAX_IDLE_MS, max(idle, ticks_diff(self._not_before_ms, now_ms))))

    def refused(self, job, error, now_ms: int):
        """The device answered `job` with an exception: what kind of answer that is, and when it is asked again."""
        if error.is_patience:
            job.postponed(now_ms)
        elif error.is_failure and job.failures < _REPEATS:
            job.failures += 1
            job.postponed(now_ms)
        else:
            job.failures = 0
            job.refused(error, now_ms)
            self._split(job)
        busy = self._busy
        self.answered(job, now_ms)
        if error.is_patience:
            pause_ms = _ACKNOWLEDGED_MS
            if error.code != 5:
                self._busy = busy + 1
                pause_ms = min(_BUSY_LONGEST_MS, _BUSY_FIRST_MS << min(busy, 4))
            self._not_before_ms = ticks_add(now_ms, max(pause_ms, self.device.profile.request_gap_ms))

    def answered(self, job, now_ms: int):
        """The device answered `job`."""
        self._silent = 0
        self._noisy = 0
        self._busy = 0
        self._spoils = False
        self._is_early = False
        self._after_request(job.is_write, now_ms)
        if self.device.health.quarantined:
            self.device.health.quarantined = False
            if self.plan.blocks:
                self._backoff_ms = 0
            if job not in self.plan.steps:
                self.plan.restart()
        if not self.plan.blocks and self.plan.step() is None:  # it answers, but it is not what its profile expects
            self._isolate(now_ms)
            self.plan.restart()

    def unanswered(self, silent: bool, now_ms: int, babbled: bool = False):
        """Silence (`silent`) or a damaged answer; babbled: the line was quiet before
        the request and was not afterwards."""
        health = self.device.health
        self._after_request(False, now_ms)
        if silent:
            self._silent += 1
        else:
            self._noisy += _BABBLING if babbled else 1
        self._spoils = babbled and not self._alone
        if health.quarantined or self._silent >= _SILENT_TO_QUARANTINE or self._noisy >= _NOISY_TO_QUARANTINE:
            self._isolate(now_ms)
        self.check_given_up(now_ms)

    def check_given_up(self, now_ms: int):
        """After a minute of silence the readings are marked ABSENT, because ticks wrap."""
        device = self.device
        if not device.gave_up and device.health.ever_answered:
            if ticks_diff(now_ms, device.health.last_good_ms) > _GIVE_UP_MS:
                device.give_up()

    def _isolate(self, now_ms):
        self.device.health.quarantined = True
        self._noisy = 0
        self._tried_ms = now_ms
        if self._is_early:  # the probes keep their own rhythm
            self._is_early = False
            return
        longest_ms = _PROBE_LONGEST_MS if self._spoils else self._longest_ms
        self._backoff_ms = min(longest_ms, 2 * self._backoff_ms or self._first_ms)
        self._probe_ms = ticks_add(now_ms, self._backoff_ms)

    def _after_request(self, is_write, now_ms):
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

    def _split(self, job):
        """A block that the device refuses for good is read point by point from now on, where it may be."""
        plan = self.plan
        if job in plan.blocks and job.is_unsupported and len(job.fields) > 1 and not plan.device.profile.fixed_reads:
            plan.blocks = [block for block in plan.blocks if block is not job] + job.parts()

    def _new_decrease(self, now_ms):
        """A decrease to less than the device was ever sent; it may hear although it does not answer."""
        for command in self.plan.commands:
            if command.is_lower_than_sent and command.urgency(now_ms) == DECREASE:
                return command
        return None

    def _early_ms(self, now_ms):
        """Time until a silent device is sent a new decrease out of turn, 1000 when there is none."""
        if self._new_decrease(now_ms) is None:
            return _MAX_IDLE_MS
        gap_ms = _EARLY_GAP_BABBLING_MS if self._spoils else self._early_gap_ms
        return gap_ms - ticks_diff(now_ms, self._tried_ms)

    def _probe(self, now_ms):
        """In turn a pending decrease, which a device that only fails to answer will obey, and a read."""
        self._probes += 1
        if self._probes & 1:
            for command in self.plan.commands:
                if command.urgency(now_ms) == DECREASE:
                    return command
        return self.plan.step() or (self.plan.blocks[0] if self.plan.blocks else None)

    def _pending(self, now_ms):
        """The command that has something to write, the one with a decrease before others; None before the read-back."""
        if not self.plan.may_write:
            return None
        found = None
        for command in self.plan.commands:
            urgency = command.urgency(now_ms)
            if urgency == DECREASE:
                return command
            if urgency:
                found = command
        return found

    def _command(self, command, rank, now_ms):
        self.rank = rank
        self.due_ms = command.since_ms
        start = self.plan.start
        return start if start.is_due(now_ms) else command

    def _block(self, now_ms, slow):
        """The block that has waited longest."""
        found, longest = None, -1
        for block in self.plan.blocks:
            late = ticks_diff(now_ms, block.due_ms)
            if block.slow == slow and late > longest:
                found, longest = block, late
        if slow:
            for block in self.plan.read_backs:
                late = ticks_diff(now_ms, block.due_ms)
                if late > longest:
                    found, longest = block, late
        return found
