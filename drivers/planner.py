"""Makes the jobs of a device out of its profile's tables. Only needed at the start, and after each walk through a
SunSpec device."""

from drivers import plausibility
from drivers.command import Command, ReadBack
from drivers.jobs import Block
from drivers.point import Field, bound
from drivers.profile import Profile
from drivers.spans import is_float, span


def make(plan, bases, max_gap: int, shared: dict):
    """Blocks, commands, read-backs, steps and start of `plan`. bases: {model: register of its ID} of a SunSpec device,
    else None. shared: fields made before, to be used again."""
    device, profile = plan.device, plan.device.profile
    base = profile.base(device.params)
    points, commands = [], []
    for point in profile.points:
        if bases is None or point.model in bases:
            points.append((point.register + (base if bases is None else bases[point.model]), point))
    for output in profile.outputs:
        if bases is None or output.model in bases:
            at = profile.output_base(device.params) if bases is None else bases[output.model]
            commands.append(_command(device, output, at))
    blocks = _fixed_blocks(device, points, base) if profile.fixed_reads else _merged_blocks(device, points, max_gap)
    plan.blocks = tuple([_filled(device, block, chosen, shared) for block, chosen in blocks])
    plan.commands = tuple(commands)
    plan.read_backs = tuple([ReadBack(command) for command in commands if command.output.read_function])
    plan.steps = plan.read_backs + _arms(device, bases, base)
    if type(profile).start is not Profile.start:
        from drivers.arming import Start

        plan.start = Start(device)


def _command(device, output, base):
    if not output.steps:
        return Command(device, output, base)
    from drivers.sequence import Sequence

    return Sequence(device, output, base)


def _arms(device, bases, base):
    arms = []
    for arm in device.profile.arms(device.params):
        if bases is None or arm[4] in bases:
            from drivers.arming import Arm

            function, register, value, read_function = arm[:4]
            arms.append(Arm((base if bases is None else bases[arm[4]]) + register, function, value, read_function))
    return tuple(arms)


def _filled(device, block, chosen, shared):
    """The block with the fields of the (register, point) that were chosen for it."""
    fields, readings = [], []
    for register, point in chosen:
        at = register - block.register if block.function < 3 else 2 * (register - block.register)
        fields.append(_field(point, at, device.params, shared))
        readings.append(device.readings[point.name])
    fields = tuple(fields)
    block.fields = shared.setdefault(fields, fields)
    block.readings = tuple(readings)
    return block


def _field(point, at, params, shared):
    num = point.num
    for name in point.times:
        num *= params.get(name, 1)
    low, high = bound(point.low, params), bound(point.high, params)
    slack, counts_w = plausibility.limits(point, params, abs(num) // point.den)
    key = (point, at, num, low, high, slack, counts_w)
    if key not in shared:
        kind = point.field or Field
        if is_float(point.decode) or not (point.scale_at is None and point.sign is None and point.product is None):
            from drivers.composed import ComposedField

            kind = ComposedField
        shared[key] = kind(*key)
    return shared[key]


def _period_ms(device, slow):
    profile = device.profile
    if slow:
        return profile.slow_poll_ms
    return max(profile.min_poll_ms, device.params.get("poll_ms", profile.control_poll_ms))


def _fixed_blocks(device, points, base):
    """[(block, [(register, point), ...]), ...]"""
    blocks = []
    for function, register, count, slow in [(read + (False,))[:4] for read in device.profile.fixed_reads]:
        register += base
        chosen = []
        for at, point in points:
            first, end = span(point)
            if point.function == function and register <= at + first and at + end <= register + count:
                chosen.append((at, point))
        blocks.append((Block(function, register, count, _period_ms(device, slow), slow), chosen))
    return blocks


def _merged_blocks(device, points, max_gap):
    """Adjacent points with the same function and period in one read each, as few reads as the device's limits allow:
    [(block, [(register, point), ...]), ...]."""
    profile, blocks = device.profile, []
    for slow in (False, True):
        for function in (1, 2, 3, 4):
            most, gap = (profile.max_bits, 16 * max_gap) if function < 3 else (profile.max_read, max_gap)
            wanted = [(at, point) for at, point in points if point.function == function and point.slow == slow]
            wanted.sort(key=lambda pair: pair[0] + span(pair[1])[0])
            block = None
            for at, point in wanted:
                first, end = span(point)
                first += at
                end += at
                if profile.even_reads:
                    first -= first & 1
                    end += end & 1
                if block is not None:
                    reach = block.register + block.count
                    fits = end <= reach if profile.single_reads else first - reach <= gap
                if block is None or not fits or max(end, block.register + block.count) - block.register > most:
                    block = Block(function, first, 0, _period_ms(device, slow), slow)
                    blocks.append((block, []))
                block.count = max(block.count, end - block.register)
                blocks[-1][1].append((at, point))
    return blocks
