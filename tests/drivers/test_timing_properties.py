"""The bounds of the latency budget against the scheduler itself, in virtual time: no order of events may break them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import timing
from drivers.bus import Bus
from drivers.command import ReadBack
from drivers.device import Device
from drivers.profiles import registry
from drivers.ticks import ticks_add, ticks_diff, ticks_ms
from tests.drivers.stations import params

PROFILES = ("acrel_dtsd1352", "sinexcel_pws2", "bcu_generic", "alpitronic_hyc", "foxess_evc", "heidelberg_ec")
RUN_MS = 12000


class Line:
    """In place of a client: the bus is only asked what goes out next."""

    link = None


class Virtual:
    """A bus whose every request takes exactly as long as the budget counts. Ages and writes are measured on the way."""

    def __init__(self, config, members, phases_ms):
        self.requests = timing.requests_of(config, members)
        self.bus = Bus(config, Line(), [Device(each, registry.load(each["profile"])) for each in members])
        jobs = []
        for agenda in self.bus._agendas:
            jobs += agenda.blocks + agenda.read_backs + agenda.commands
        assert len(jobs) == len(self.requests)
        self.request_of = {id(job): request for job, request in zip(jobs, self.requests)}
        self.now_ms = ticks_ms()
        self.sent_ms, self.wanted_ms = {}, {}
        self.oldest_ms, self.slowest_ms = {}, {}
        self._start_up()
        for job, phase_ms in zip(jobs, phases_ms * len(jobs)):
            if hasattr(job, "due_ms"):
                job.due_ms = ticks_add(self.now_ms, phase_ms)
        self.sent_ms.clear()
        self.oldest_ms.clear()

    def _start_up(self):
        for agenda in self.bus._agendas:
            while agenda.step() is not None:
                self._perform(agenda, agenda.step(), 1)
                self.now_ms = ticks_add(self.now_ms, 200)

    def run(self, lower_every_ms):
        started_ms = self.now_ms
        for setpoint in self._setpoints():
            setpoint.want(9000)
        lowered_ms, level_w = ticks_add(started_ms, 3000), 9000
        while ticks_diff(self.now_ms, started_ms) < RUN_MS:
            if ticks_diff(self.now_ms, lowered_ms) >= 0:
                level_w -= 700
                lowered_ms = ticks_add(lowered_ms, lower_every_ms)
                for setpoint in self._setpoints():
                    self.wanted_ms[setpoint] = self.now_ms
                    setpoint.want(max(0, level_w))
            agenda, job = self.bus.pick(self.now_ms)
            if job is None:
                idle_ms = min(self.bus.idle_ms(self.now_ms), ticks_diff(lowered_ms, self.now_ms))
                self.now_ms = ticks_add(self.now_ms, max(1, idle_ms))
            else:
                request = self.request_of.get(id(job))
                self._perform(agenda, job, -(-request.line_us // 1000) if request else 1)

    def _setpoints(self):
        return [setpoint for device in self.bus.devices for setpoint in device.setpoints.values()]

    def _perform(self, agenda, job, line_ms):
        sent_ms = self.now_ms
        job.schedule(sent_ms)
        if job.is_write:
            job.fill([0] * 16)
        self.now_ms = ticks_add(sent_ms, line_ms)
        request = self.request_of.get(id(job))
        if request is not None and request.kind != timing.WRITE:
            if request in self.sent_ms:
                age_ms = ticks_diff(self.now_ms, self.sent_ms[request])
                self.oldest_ms[request] = max(age_ms, self.oldest_ms.get(request, 0))
            self.sent_ms[request] = sent_ms
        if isinstance(job, ReadBack):
            job.done = True  # the device holds what it was told: zeros would turn the next decrease into an increase
        else:
            job.replied(bytes(2 * max(1, job.count)), 0, sent_ms, self.now_ms)
        agenda.device.answered(self.now_ms, line_ms)
        agenda.answered(job, self.now_ms)
        if request is not None and request.kind == timing.WRITE and job.setpoint in self.wanted_ms:
            took_ms = ticks_diff(self.now_ms, self.wanted_ms.pop(job.setpoint))
            self.slowest_ms[request] = max(took_ms, self.slowest_ms.get(request, 0))


def members(names, polls_ms):
    found = []
    for number, name in enumerate(names):
        more = {"poll_ms": polls_ms[number]} if polls_ms[number] else {}
        found.append(params(name, id="d%d" % number, unit=number + 1, **more))
    return found


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(PROFILES), min_size=1, max_size=5),
    st.lists(st.sampled_from((None, 100, 300, 1000)), min_size=5, max_size=5),
    st.sampled_from(({"kind": "tcp"}, {"kind": "rtu", "baud": 9600}, {"kind": "rtu", "baud": 115200})),
    st.lists(st.integers(0, 400), min_size=1, max_size=9),
    st.integers(0, 400),
)
def test_no_age_and_no_write_exceeds_its_bound(names, polls_ms, bus, phases_ms, offset_ms):
    """However busy the line is, whatever the phases of its readings are."""
    virtual = Virtual({"id": "bus", **bus}, members(names, polls_ms), phases_ms)
    bounds = {each: timing.age_ms(virtual.requests, each) for each in virtual.requests if each.kind == timing.READ}
    virtual.run(2 * max([*bounds.values(), 500]) + offset_ms)
    rounding_ms = len(virtual.requests)  # each request is rounded up to a millisecond here, their sum there
    for request, bound_ms in bounds.items():
        assert virtual.oldest_ms.get(request, 0) <= bound_ms + rounding_ms, (request.device, request.count)
    for request, took_ms in virtual.slowest_ms.items():
        assert took_ms <= timing.write_ms(virtual.requests, request) + rounding_ms, request.device
    assert virtual.oldest_ms


def test_a_bound_is_reached_to_within_a_request():
    """The bound is no idle one: with a slow read in the way, the meter comes as late as it says."""
    worst_ms = 0
    for phase_ms in range(0, 100, 4):
        bus = {"id": "bus", "kind": "rtu", "baud": 9600}
        virtual = Virtual(bus, members(("acrel_dtsd1352",), [None]), [0, phase_ms])
        virtual.run(RUN_MS)
        meter = virtual.requests[0]
        worst_ms = max(worst_ms, virtual.oldest_ms[meter])
    assert timing.age_ms(virtual.requests, meter) - 6 <= worst_ms <= timing.age_ms(virtual.requests, meter) + 2


def test_the_pause_of_a_gateway_is_in_the_wait_of_every_device_behind_it():
    lan = {"id": "lan", "kind": "tcp"}
    first, second = [params("huawei_sun2000", id="pv%d" % unit, unit=unit) for unit in (1, 2)]
    alone_ms = timing.device_age_ms(timing.requests_of(lan, [first]), "pv1")
    both_ms = timing.device_age_ms(timing.requests_of(lan, [first, second]), "pv1")
    assert both_ms - alone_ms >= 2 * 1000, "a read and a write of the other one, each with its second of quiet"
