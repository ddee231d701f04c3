# runs on: cpython, micropython
"""A whole bus over a line that is a function: who goes first, who waits, and what a broken line does."""

import asyncio

from drivers.bus import Bus
from drivers.decode import u16
from drivers.modbus.clients import rtu_client, rtu_tcp_client, tcp_client
from drivers.point import Point
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms
from tests.drivers.fake_line import FakeLine, FakeUnit
from tests.drivers.stations import device
from tests.drivers.tables import Table
from tests.drivers.tables import device as made_up

RTU = {"id": "line", "kind": "rtu"}
TCP = {"id": "lan", "kind": "tcp"}
RTU_TCP = {"id": "bridge", "kind": "rtu_tcp"}


def scene(config, profiles, play, timeout_ms=30):
    """Run `play(bus, line, devices)` beside the bus. profiles: [(profile, unit, FakeUnit, other parameters)]."""
    kind = config["kind"]
    line = FakeLine({unit: fake for _, unit, fake, _ in profiles}, kind == "rtu", kind == "rtu_tcp")
    if line.is_serial:
        client = rtu_client(line, 115200, "N", 1, timeout_ms)
    else:
        client = (tcp_client if kind == "tcp" else rtu_tcp_client)(line, timeout_ms)
    devices = [device(name, unit=unit, id="d%d" % unit, **more) for name, unit, _, more in profiles]
    bus = Bus(config, client, devices)

    async def main():
        task = asyncio.create_task(bus.run())
        try:
            await play(bus, line, devices)
        finally:
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass

    asyncio.run(main())


async def until(condition, within_ms=3000):
    started = ticks_ms()
    while not condition():
        assert ticks_diff(ticks_ms(), started) < within_ms, "it did not happen"
        await sleep_ms(2)


async def obeyed(setpoint, value):
    setpoint.want(value)
    await until(lambda: setpoint.held == value)


def pile(unit, **more):
    return ("cn_pile_v2", unit, FakeUnit({2: 2, 4: 50, 5: 1, 7: 100, 8: 190}), more)


def test_readings_arrive_with_the_time_of_their_request():
    async def play(bus, line, devices):
        power = devices[0].readings["power_w"]
        await until(lambda: power.quality)
        assert power.value == 20000 and 0 <= ticks_diff(ticks_ms(), power.at_ms) < 200
        assert devices[0].health.ok > 0 and devices[0].alive(ticks_ms())

    scene(RTU, [pile(1)], play)


def test_a_decrease_is_the_very_next_frame_on_its_bus():
    fakes = [pile(unit, poll_ms=1) for unit in (1, 2, 3, 4)]  # a line that is never idle

    async def play(bus, line, devices):
        for dev in devices:
            dev.setpoints["limit_w"].want(60000)
        await until(lambda: all(d.setpoints["limit_w"].held == 60000 for d in devices))
        for turn in range(5):
            await sleep_ms(7 * turn)
            before = len(line.order)
            await obeyed(devices[2].setpoints["limit_w"], 50000 - 1000 * turn)
            # One request may already be on the wire when the want comes.
            assert line.order[before : before + 2].count(3) >= 1, line.order[before:]
            frames = [f for _, _, f, _ in fakes][2].writes()
            assert frames[-1] == (6, 0x2000, [500 - 10 * turn])

    scene(RTU, fakes, play)


def test_a_want_wakes_an_idle_bus_within_a_few_milliseconds():
    late = []

    async def play(bus, line, devices):
        setpoint = devices[0].setpoints["limit_w"]
        setpoint.want(60000)
        await until(lambda: setpoint.held_known)
        for turn in range(10):
            await sleep_ms(23)
            started = ticks_ms()
            await obeyed(setpoint, 40000 - 1000 * turn)
            late.append(ticks_diff(ticks_ms(), started))

    scene(TCP, [pile(1, poll_ms=5000)], play)
    assert sorted(late)[5] < 20, late


def test_a_device_for_which_nothing_is_due_is_not_looked_at_until_its_time_comes_or_something_is_wanted():
    looked = []

    async def play(bus, line, devices):
        busy, idle = bus._agendas
        await until(lambda: busy.device.health.ok > 0 and idle.device.health.ok > 0)
        next_job = idle.next_job

        def counted(now_ms):
            looked.append(now_ms)
            return next_job(now_ms)

        idle.next_job = counted
        before, answered = len(line.order), busy.device.health.ok
        await until(lambda: busy.device.health.ok > answered + 30)
        # Twice a request of its own, or once a second: far less often than the busy one is asked.
        assert len(looked) <= 3 + 2 * line.order[before:].count(2) < 30, (looked, line.order[before:])
        looked.clear()
        await obeyed(devices[1].setpoints["limit_w"], 20000)
        assert looked

    scene(RTU, [pile(1, poll_ms=1), pile(2, poll_ms=5000)], play)


def test_no_request_is_begun_right_before_a_cycle():
    class Cycle:
        left_ms = 10

        @property
        def due_ms(self):
            return ticks_add(ticks_ms(), self.left_ms)

    async def play(bus, line, devices):
        await until(lambda: devices[0].health.ok > 0)
        bus.gate.cycle = cycle = Cycle()
        await sleep_ms(100)  # one may have been under way
        before = len(line.order)
        await sleep_ms(100)
        assert len(line.order) == before
        cycle.left_ms = 150
        await until(lambda: len(line.order) > before)

    scene(RTU, [pile(1, poll_ms=1)], play)


def test_a_silent_device_slows_the_others_little_and_comes_back_by_itself():
    fakes = [pile(1, poll_ms=20), pile(2, poll_ms=20), pile(3, poll_ms=20)]

    async def play(bus, line, devices):
        await until(lambda: all(d.alive(ticks_ms()) for d in devices))
        devices[1].setpoints["limit_w"].want(30000)
        await until(lambda: devices[1].setpoints["limit_w"].held == 30000)
        fakes[1][2].silent = True
        await until(lambda: devices[1].health.quarantined)
        before = devices[0].health.ok, devices[1].health.timeouts
        await sleep_ms(600)
        assert devices[0].health.ok - before[0] > 12 and devices[1].health.timeouts - before[1] <= 1
        fakes[1][2].silent = False
        writes = len(fakes[1][2].writes())
        await until(lambda: not devices[1].health.quarantined, 4000)
        await until(lambda: devices[1].alive(ticks_ms()))
        devices[1].setpoints["limit_w"].want(20000)
        await until(lambda: len(fakes[1][2].writes()) > writes)

    scene(RTU, fakes, play)


def test_setpoints_are_read_back_first_and_nothing_is_written_unasked():
    fake = FakeUnit({100: 1, 101: 0x86A0}, {100: 3, 136: 0, 137: 1000})

    async def play(bus, line, devices):
        setpoint = devices[0].setpoints["limit_w"]
        await until(lambda: setpoint.held_known)
        assert setpoint.held == 100000 and setpoint.upper == 100000
        await sleep_ms(300)
        assert fake.writes() == [] and fake.seen[0] == (3, 100, 2)
        setpoint.want(100000)
        await sleep_ms(100)
        assert fake.writes() == [], "it holds that already"
        setpoint.want(60000)
        await until(lambda: setpoint.held == 60000)
        assert fake.writes() == [(16, 100, [0, 60000])]

    scene(TCP, [("alpitronic_hyc", 1, fake, {"connector": 1})], play)


def test_a_write_whose_answer_is_lost_counts_as_possibly_held_and_is_repeated():
    fake = FakeUnit({100: 0, 101: 50000}, {100: 3})

    async def play(bus, line, devices):
        setpoint = devices[0].setpoints["limit_w"]
        await until(lambda: setpoint.held_known)
        fake.mute = True
        setpoint.want(90 * 1000)
        await until(lambda: setpoint.sent == 90000)
        await until(lambda: devices[0].health.timeouts >= 1)
        assert setpoint.held == 50000 and setpoint.upper == 90000
        fake.mute = False
        await until(lambda: setpoint.held == 90000)
        assert setpoint.upper == 90000 and fake.registers[101] == 90000 & 0xFFFF

    scene(TCP, [("alpitronic_hyc", 1, fake, {"connector": 1})], play)


def test_a_line_that_cannot_be_opened_is_tried_again_and_again():
    async def play(bus, line, devices):
        line.refused = True
        await sleep_ms(60)
        assert bus.problem is not None and not devices[0].alive(ticks_ms())
        beat = bus.heartbeat_ms
        await sleep_ms(700)
        assert bus.heartbeat_ms != beat
        line.refused = False
        await until(lambda: devices[0].alive(ticks_ms()), 4000)
        assert bus.problem is None

    config = RTU
    line_profiles = [pile(1)]
    scene(config, line_profiles, play)


def test_a_lost_connection_is_opened_again_and_the_device_asked_what_it_holds():
    fake = FakeUnit({100: 0, 101: 50000}, {100: 3})

    async def play(bus, line, devices):
        setpoint = devices[0].setpoints["limit_w"]
        setpoint.want(50000)
        await until(lambda: setpoint.held_known and len(fake.reads(100)) > 1)
        fake.registers[101] = 20000  # the charger was restarted
        line.lost = True
        await until(lambda: line.opened == 2)
        await until(lambda: fake.registers[101] == 50000)
        await until(lambda: setpoint.held == 50000)  # once its answer has come

    scene(TCP, [("alpitronic_hyc", 1, fake, {"connector": 1})], play)


def test_exceptions_are_counted_and_the_device_stays_alive():
    fake = FakeUnit({100: 0, 101: 50000}, {100: 3})
    fake.refuse[4, 100] = 4

    async def play(bus, line, devices):
        health = devices[0].health
        await until(lambda: health.exceptions >= 2)
        assert devices[0].alive(ticks_ms()) and not health.quarantined
        assert "server device failure" in str(health.last_error) and "d1" in str(health.last_error)
        fake.refuse.clear()
        await until(lambda: devices[0].readings["state"].quality)

    scene(TCP, [("alpitronic_hyc", 1, fake, {"connector": 1})], play)


def test_a_gateway_that_reports_a_silent_device_does_not_make_it_alive():
    fakes = [pile(1), pile(2)]
    fakes[0][2].refuse[3, 0] = 11

    async def play(bus, line, devices):
        await until(lambda: devices[0].health.quarantined)
        assert not devices[0].alive(ticks_ms()) and line.opened == 1
        await until(lambda: devices[1].alive(ticks_ms()))

    scene(TCP, fakes, play)


def test_every_request_is_counted_by_what_became_of_it():
    fakes = [pile(1, poll_ms=20), pile(2, poll_ms=20), pile(3, poll_ms=20)]
    fakes[0][2].refuse[3, 0] = [4, 6]
    fakes[1][2].refuse[3, 0] = 11

    async def play(bus, line, devices):
        fakes[2][2].silent = True
        await until(lambda: devices[0].health.ok >= 5 and all(d.health.quarantined for d in devices[1:]))
        first, behind, silent = [device.health for device in devices]
        assert first.exceptions == 2 and first.answers - first.ok == 2 and 0 <= first.requests - first.answers <= 1
        assert behind.answers == 0 and behind.requests == behind.exceptions == 3
        assert silent.answers == 0 and silent.timeouts == silent.requests == 3
        assert first.turnaround_max_ms >= first.turnaround_ms(990) >= first.turnaround_ms(500)

    scene(RTU, fakes, play)


def test_a_babbling_device_is_left_alone_and_the_others_are_read():
    fakes = [pile(1, poll_ms=20), pile(2, poll_ms=20)]

    async def play(bus, line, devices):
        await until(lambda: all(d.alive(ticks_ms()) for d in devices))

        async def babble():  # unit 2 does not stop once it has been asked
            while True:
                if line.order[-1] == 2:
                    line.stray(b"\x55" * 40)
                await sleep_ms(1)

        fakes[1][2].silent = True
        task = asyncio.create_task(babble())
        await until(lambda: devices[1].health.quarantined, 4000)
        assert devices[1].health.protocol_errors < 12, "the limit for noise that is not babbling"
        before = devices[0].health.ok
        await sleep_ms(500)
        assert devices[0].health.ok - before > 10
        task.cancel()

    scene(RTU, fakes, play)


def test_only_the_device_that_sets_a_line_babbling_is_blamed_for_it():
    fakes = [pile(1, poll_ms=20), pile(2, poll_ms=20), pile(3, poll_ms=20)]

    async def play(bus, line, devices):
        await until(lambda: all(d.alive(ticks_ms()) for d in devices))
        for fake in fakes:
            fake[2].silent = True  # nobody is heard

        async def babble():
            while True:
                line.stray(b"\x55" * 40)
                await sleep_ms(1)

        task = asyncio.create_task(babble())
        await sleep_ms(3500)
        task.cancel()
        for fake in fakes:
            fake[2].silent = False
        blamed = [d for d in devices if d.health.quarantined]
        assert len(blamed) <= 1, "the line was noisy when the others were asked"
        await until(lambda: all(d.alive(ticks_ms()) for d in devices), 3000)

    scene(RTU, fakes, play)


def test_rtu_frames_over_tcp_are_a_bus_like_any_other():
    fakes = [pile(1, poll_ms=20), pile(2, poll_ms=20)]

    async def play(bus, line, devices):
        await until(lambda: all(d.alive(ticks_ms()) for d in devices))
        await obeyed(devices[1].setpoints["limit_w"], 30000)
        fakes[0][2].silent = True
        await until(lambda: devices[0].health.quarantined)
        assert line.opened >= 4, "after silence the connection is a new one"
        before = devices[1].health.ok
        await until(lambda: devices[1].health.ok > before + 5)

    scene(RTU_TCP, fakes, play)


def test_the_pause_after_a_connection_is_the_longest_that_a_device_behind_it_needs():
    class Dongle(type(device("cn_pile_v2").profile)):
        connect_delay_ms = 50

    devices = [device("cn_pile_v2", id="d1"), device("cn_pile_v2", id="d2", unit=2)]
    devices[1].profile = Dongle()
    client = tcp_client(FakeLine({}, False), 30)
    Bus(TCP, client, devices)
    assert client.connect_delay_ms == 50


def test_noise_in_front_of_every_answer_is_survived():
    async def play(bus, line, devices):
        line.before = b"\x00\xff"
        await until(lambda: devices[0].health.ok > 5)
        assert devices[0].health.crc_errors == 0 and devices[0].readings["power_w"].value == 20000

    scene(RTU, [pile(1, poll_ms=10)], play)


def test_a_pause_that_the_gateway_needs_holds_for_all_devices_behind_it():
    table = Table("meter", points=(Point("power_w", 3, 10, u16),), gateway_gap_ms=40, control_poll_ms=20)
    line = FakeLine({unit: FakeUnit({10: 5}) for unit in (1, 2, 3)}, False)
    sent_ms, write = [], line.write

    def timed(frame, length):
        sent_ms.append(ticks_ms())
        write(frame, length)

    line.write = timed
    devices = [made_up(table, id="d%d" % unit, unit=unit) for unit in (1, 2, 3)]
    bus = Bus(TCP, tcp_client(line, 200), devices)

    async def main():
        task = asyncio.create_task(bus.run())
        await until(lambda: len(sent_ms) >= 16, 20000)
        task.cancel()

    asyncio.run(main())
    assert min([ticks_diff(b, a) for a, b in zip(sent_ms, sent_ms[1:])]) >= 40
    assert line.order[:3] != line.order[:1] * 3 and {line.order.count(unit) for unit in (1, 2, 3)} <= {5, 6}, line.order


def test_a_meter_that_has_waited_takes_its_turn_among_the_decreases_and_goes_before_no_other_reading():
    """Decreases would keep it from the line while they fill it; other readings never do."""
    table = Table("meter", points=(Point("power_w", 3, 10, u16),), control_poll_ms=5000)
    line = FakeLine({1: FakeUnit({10: 5}), 2: pile(2)[2]}, True)
    devices = [made_up(table, id="d1", unit=1), device("cn_pile_v2", unit=2, id="d2", poll_ms=5000)]
    bus = Bus(RTU, rtu_client(line, 115200, "N", 1, 30), devices)
    limit = devices[1].setpoints["limit_w"]

    async def main():
        limit.want(60000)
        task = asyncio.create_task(bus.run())
        await until(lambda: limit.held_known and limit.held == 60000 and devices[0].health.ok > 0)
        meter, gun = bus._agendas
        now_ms = ticks_add(ticks_ms(), 50)  # the pauses of the line and of the devices are over

        def first(meter_waits_ms, gun_waits_ms=None):
            meter.blocks[0].due_ms = ticks_add(now_ms, -meter_waits_ms)
            if gun_waits_ms is not None:
                gun.blocks[0].due_ms = ticks_add(now_ms, -gun_waits_ms)
            meter.wake()
            gun.wake()
            return bus.pick(now_ms)[0]

        assert first(300, 400) is gun and first(300, 200) is meter
        limit.want(50000)
        assert first(250) is gun and first(251) is meter
        task.cancel()

    asyncio.run(main())
