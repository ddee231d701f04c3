"""The jobs of one device: what is done at its start, what is read how often, what is written."""

from drivers.command import Command, ReadBack
from drivers.jobs import Arm, Block, Start
from drivers.point import Field
from drivers.sunspec import Rating, Walk


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

    def _walked(self):
        bases = self._walk.bases
        self._make(bases)
        self.steps = [self._walk, Rating(self.device, bases)] + self.read_backs
        self._stage = 1

    def _make(self, bases):
        device, profile = self.device, self.device.profile
        base = profile.base(device.params)
        fields, commands, read_backs = [], [], []
        for point in profile.points:
            if bases is None or point.model in bases:
                at = point.register + (base if bases is None else bases[point.model])
                fields.append((at, Field(point, device.params, device.readings[point.name])))
        for output in profile.outputs:
            if bases is None or output.model in bases:
                command = Command(device, output, base if bases is None else bases[output.model])
                commands.append(command)
                if output.read_function:
                    read_backs.append(ReadBack(device, command))
        self._arms = [Arm(device, base, *arm) for arm in profile.arms(device.params)]
        if profile.fixed_reads:
            self.blocks = _fixed_blocks(device, fields)
        else:
            self.blocks = _merged_blocks(device, fields, self.max_gap)
        self.commands = commands
        self.read_backs = read_backs


def _period_ms(device, slow):
    if slow:
        return device.profile.slow_poll_ms
    return device.params.get("poll_ms", device.profile.control_poll_ms)


def _fixed_blocks(device, fields):
    blocks = []
    for function, register, count in device.profile.fixed_reads:
        block = Block(device, function, register, count, _period_ms(device, False), False)
        for at, field in fields:
            if field.point.function == function and register <= at and at + field.point.words <= register + count:
                field.at = 2 * (at - register)
                block.fields.append(field)
        blocks.append(block)
    return blocks


def _merged_blocks(device, fields, max_gap):
    """Adjacent points with the same function and period in one read each, as few reads as the device's limit allows."""
    blocks = []
    for slow in (False, True):
        for function in (3, 4):
            chosen = [(at, f) for at, f in fields if f.point.function == function and f.point.slow == slow]
            chosen.sort(key=lambda pair: pair[0])
            block = None
            for at, field in chosen:
                first, end = field.point.span()
                first += at
                end += at
                fits = block is not None and first - block.register - block.count <= max_gap
                if not fits or max(end, block.register + block.count) - block.register > device.profile.max_read:
                    block = Block(device, function, first, 0, _period_ms(device, slow), slow)
                    blocks.append(block)
                block.count = max(block.count, end - block.register)
                field.at = 2 * (at - block.register)
                block.fields.append(field)
    return blocks


