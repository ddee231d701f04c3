"""Register contents handed to a device's blocks as answers. Runs on CPython and MicroPython."""

from drivers.modbus.errors import ExceptionReply
from drivers.plan import Plan
from drivers.reading import GOOD
from tests.drivers.stations import words


def read(device, function, registers, now=1000):
    """{reading: value, None unless it is GOOD} after each block of `device` was answered out of {register: word}."""
    for reading in device.readings.values():
        reading.at_ms = None  # no sample before this one
    plan = Plan(device, 16)
    answer(plan, {(function, register): word for register, word in registers.items()}, now)
    return values(device)


def values(device):
    return {name: (r.value if r.quality == GOOD else None) for name, r in device.readings.items()}


def answer(plan, image, now=1000):
    for block in plan.blocks:
        data = words(*[image.get((block.function, block.register + i), 0) for i in range(block.count)])
        block.replied(data, 0, now, now + 5)


def shape(device, max_gap=16):
    return [(b.function, b.register, b.count, b.slow) for b in Plan(device, max_gap).blocks]


def written(device, value, image=None):
    """What a device is sent for a setpoint: [(function, register, [words]), ...]. image: {register: word} that the
    steps of the start (SunSpec walk, read-backs) are answered from."""
    plan = Plan(device, 16)
    if image is not None:
        finish(plan, image)
    command = plan.commands[0]
    command.setpoint.want(value)
    buffer, sent = [0] * 8, []
    for _ in range(12):
        if not command.urgency(1000):
            return sent
        count = command.fill(buffer)
        sent.append((command.function, command.register, list(buffer[:count])))
        command.replied(b"", 0, 1000, 1001)
    raise AssertionError("the writes do not end: %s" % sent)


def finish(plan, image):
    """All steps of the start, out of {register: word}; what is not there is refused."""
    for _ in range(80):
        step = plan.step()
        if step is None:
            return
        serve(step, image)
    raise AssertionError("the steps do not end")


def serve(job, image):
    if job.register not in image:
        job.refused(ExceptionReply("device", job.register, job.function, 2), 1)
        return
    job.replied(words(*[image.get(job.register + i, 0) for i in range(job.count)]), 0, 1000, 1001)


def chain(*models):
    """(image, {model: register}) of a SunSpec device at 40000. models: (id, length, {offset: word})."""
    image, at, places = {40000: 0x5375, 40001: 0x6E53}, 40002, {}
    for model, length, contents in models:
        places[model if model not in places else (model, 2)] = at
        for offset in range(2, 2 + length):
            image[at + offset] = 0
        image[at], image[at + 1] = model, length
        for offset, word in contents.items():
            image[at + offset] = word & 0xFFFF
        at += 2 + length
    image[at], image[at + 1] = 0xFFFF, 0
    return image, places
