# runs on: cpython, micropython
"""What the cycle calls in the drivers, with the heap locked: one allocation is a MemoryError. (CPython has no lock;
there it only runs.)"""

from drivers.agenda import Agenda
from drivers.modbus.rtu import RtuFramer
from drivers.modbus.tcp import TcpFramer
from drivers.ticks import ticks_add, ticks_ms
from tests.drivers.stations import device, words
from tests.heap import heap_lock, heap_unlock


def locked(function, argument):
    heap_lock()
    try:
        return function(argument)
    finally:
        heap_unlock()


def test_the_lock_sees_an_allocation():
    try:
        from micropython import heap_lock as real
    except ImportError:
        return
    assert real

    def allocates(argument):
        return [argument, argument]

    try:
        locked(allocates, 1)
    except MemoryError:
        return
    raise AssertionError("the heap lock does not work")


def test_want_allocates_nothing_and_wakes_a_sleeping_bus():
    import asyncio

    from drivers.sleeper import Sleeper
    from drivers.ticks import sleep_ms, ticks_diff

    dev = device("alpitronic_hyc")
    setpoint = dev.setpoints["limit_w"]
    setpoint.sleeper = Sleeper()
    woken = []

    async def main():
        async def bus():
            await setpoint.sleeper.sleep(3000)
            woken.append(ticks_ms())

        task = asyncio.create_task(bus())
        await sleep_ms(5)
        started = ticks_ms()
        locked(setpoint.want, 12345) if hasattr(asyncio, "sleep_ms") else setpoint.want(12345)
        await task
        assert ticks_diff(woken[0], started) < 100

    asyncio.run(main())


def test_choosing_the_next_request_allocates_nothing():
    for profile in ("acrel_dtsd1352", "bcu_generic", "cn_pile_v2", "alpitronic_hyc"):
        agenda = Agenda(device(profile), 16, True)
        now = ticks_ms()
        while agenda.step() is not None:
            job = agenda.next_job(now)
            job.replied(words(*([0] * job.count)), 0, now, now)
        choose, idle = agenda.next_job, agenda.idle_ms
        for setpoint in agenda.device.setpoints.values():
            setpoint.want(30000)
        for _ in range(50):
            now = ticks_add(now, 97)
            locked(choose, now)
            locked(idle, now)


def test_decoding_an_answer_allocates_nothing():
    for profile in ("acrel_dtsd1352", "bcu_generic", "sinexcel_pws2", "cn_pile_v2", "alpitronic_hyc", "heidelberg_ec"):
        agenda = Agenda(device(profile), 16, True)
        for block in agenda.blocks:
            data = words(*[7] * block.count)
            for field, reading in zip(block.fields, block.readings):
                store = field.store
                store(reading, data, 0, 5)  # what only a bad sample needs is made with the first one

                def one(_, store=store, reading=reading, data=data):
                    store(reading, data, 0, 6)

                locked(one, None)


def test_building_and_checking_a_frame_allocates_nothing():
    rtu, tcp = RtuFramer(), TcpFramer()
    good = b"\x01\x03\x04\x00\x01\xe2\x40\xe3\x93"

    def build(framer):
        framer.request_read("d", 1, 3, 0x16A, 2)

    for framer in (rtu, tcp):
        locked(build, framer)
    from tests.drivers.fake_line import crc

    good = good[:-2] + crc(good[:-2])
    for i, byte in enumerate(good):
        rtu.rx[i] = byte
    assert locked(rtu.take, len(good)) == 3
    good = bytes(tcp.tx[:4]) + b"\x00\x07\x01\x03\x04\x00\x01\xe2\x40"
    for i, byte in enumerate(good):
        tcp.rx[i] = byte
    assert locked(tcp.take, len(good)) == 9


def test_counting_an_answer_allocates_nothing():
    from drivers.device import Health

    health = Health()
    add, at_ms = health.add_turnaround, health.turnaround_ms
    for duration_ms in (0, 5, 100, 5000):
        locked(add, duration_ms)
    locked(at_ms, 990)


def test_the_frame_of_a_request_is_the_same_object_while_its_length_is_the_same():
    framer = RtuFramer()
    view = framer.request(framer.request_read("d", 1, 3, 0, 2))
    length = framer.request_read("d", 7, 3, 0, 2)
    assert framer.request(length) is view and bytes(view) == bytes(framer.tx[:length]) and view[0] == 7
    locked(framer.request, length)
    length = framer.request_write("d", 1, 16, 0, [1] * 100, 100)
    assert bytes(framer.request(length)) == bytes(framer.tx[:length]) and length == 209, "in a longer buffer"
    assert len(framer.request(framer.request_read("d", 1, 3, 0, 2))) == 8 and framer.request(8)[0] == 1
