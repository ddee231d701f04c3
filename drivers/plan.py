"""The jobs of one device: what is done at its start, what is read how often, what is written."""

from drivers.command import Command, ReadBack
from drivers.jobs import Arm, Block, Start
from drivers.sunspec import Walk


class Plan:
    """blocks: reads by period; commands: one per setpoint; read_backs: of the commands that can be read; steps: what
    must be done, in this order, before anything else. max_gap: unneeded registers that are read along to save a
    request."""

    def __init__(self, device, max_gap: int):
        self.device = device
        self.max_gap = max_gap
        self.blocks = []
        self.commands = []
        self.read_backs = []
        self.start = Start(device)
        self._arms = []
        self._walk = Walk(device) if device.profile.models else None
        self.steps = []
        self._stage = 0
        if self._walk is None:
            self._make(None)
        self.restart()

    def restart(self):
        """The device is new, or may have restarted: do all the steps again."""
        self._stage = 0
        if self._walk is not None:
            self._walk.restart()
            self.steps = [self._walk]
            return
        for step in self.read_backs:
            step.done = False
        for step in self._arms:
            step.restart()
        for command in self.commands:
            if command.output.steps:
                command.restarted()
        self.steps = self.read_backs + self._arms

    def step(self):
        """The step that is to be done next, None when all are."""
        while self._stage < len(self.steps):
            step = self.steps[self._stage]
            if not step.done:
                return step
            self._stage += 1
            if step is self._walk:
                self._walked()
        return None

    @property
    def may_write(self) -> bool:
        """The setpoints have been read back, as far as they can be."""
        if self._walk is not None and not self._walk.done:
            return False
        for step in self.read_backs:
            if not step.done:
                return False
        return True

    @property
    def is_commanded(self) -> bool:
        """Control has asked for something."""
        for command in self.commands:
            if command.setpoint.has_want:
                return True
        return False

    def adopt(self, bases: dict):
        """Take the models that another walk through the same device has found."""
        self._walk.bases = bases
        self._walked()

    def _walked(self):
        bases = self._walk.bases
        self._make(bases)
        surveys = list(self.device.profile.surveys(self.device, bases))
        self.steps = [self._walk] + surveys + self.read_backs + self._arms
        self._stage = 1

    def _make(self, bases):
        device, profile = self.device, self.device.profile
        base = profile.base(device.params)
        fields, commands, read_backs = [], [], []
        for point in profile.points:
            if bases is None or point.model in bases:
                at = point.register + (base if bases is None else bases[point.model])
                fields.append((at, point.field(device.params, device.readings[point.name])))
        for output in profile.outputs:
            if bases is None or output.model in bases:
                at = profile.output_base(device.params) if bases is None else bases[output.model]
                command = _command(device, output, at)
                commands.append(command)
                if output.read_function:
                    read_backs.append(ReadBack(device, command))
        self._arms = []
        for arm in profile.arms(device.params):
            if bases is None:
                self._arms.append(Arm(device, base, *arm))
            elif arm[4] in bases:
                self._arms.append(Arm(device, bases[arm[4]], *arm[:4]))
        if profile.fixed_reads:
            self.blocks = _fixed_blocks(device, fields, base)
        else:
            self.blocks = _merged_blocks(device, fields, self.max_gap)
        self.commands = commands
        self.read_backs = read_backs


def _command(device, output, base):
    if not output.steps:
        return Command(device, output, base)
    from drivers.sequence import Sequence

    return Sequence(device, output, base)


def _period_ms(device, slow):
    profile = device.profile
    if slow:
        return profile.slow_poll_ms
    return max(profile.min_poll_ms, device.params.get("poll_ms", profile.control_poll_ms))


def _place(block, at, field):
    """Where the field lies in the block's answer: in bytes, or in bits of coils and discrete inputs."""
    field.at = at - block.register if block.function < 3 else 2 * (at - block.register)
    block.fields.append(field)


def _fixed_blocks(device, fields, base):
    blocks = []
    for function, register, count, slow in [(read + (False,))[:4] for read in device.profile.fixed_reads]:
        register += base
        block = Block(device, function, register, count, _period_ms(device, slow), slow)
        for at, field in fields:
            first, end = field.point.span()
            if field.point.function == function and register <= at + first and at + end <= register + count:
                _place(block, at, field)
        blocks.append(block)
    return blocks


def _merged_blocks(device, fields, max_gap):
    """Adjacent points with the same function and period in one read each, as few reads as the device's limits allow."""
    profile, blocks = device.profile, []
    for slow in (False, True):
        for function in (1, 2, 3, 4):
            most, gap = (profile.max_bits, 16 * max_gap) if function < 3 else (profile.max_read, max_gap)
            chosen = [(at, f) for at, f in fields if f.point.function == function and f.point.slow == slow]
            chosen.sort(key=lambda pair: pair[0] + pair[1].point.span()[0])
            block = None
            for at, field in chosen:
                first, end = field.point.span()
                first += at
                end += at
                if profile.even_reads:
                    first -= first & 1
                    end += end & 1
                if block is not None:
                    reach = block.register + block.count
                    fits = end <= reach if profile.single_reads else first - reach <= gap
                if block is None or not fits or max(end, block.register + block.count) - block.register > most:
                    block = Block(device, function, first, 0, _period_ms(device, slow), slow)
                    blocks.append(block)
                block.count = max(block.count, end - block.register)
                _place(block, at, field)
    return blocks
