"""The contacts of the process board as UDP datagrams."""

import asyncio
import socket

import pytest

from tools.sim.contacts import Contacts


def receive(change_after, count):
    """The first `count` datagrams, with the levels changed after some of them."""

    async def body():
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        contacts = Contacts(receiver.getsockname()[1])
        task = asyncio.create_task(contacts.run())
        loop = asyncio.get_running_loop()
        got, stamps = [], []
        for number in range(count):
            got.append(await asyncio.wait_for(loop.sock_recv(receiver, 100), 2))
            stamps.append(loop.time())
            for name, level in change_after.get(number, ()):
                contacts.set(name, level)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        receiver.close()
        return got, stamps

    return asyncio.run(body())


def test_levels_arrive_again_and_again_and_follow_a_change():
    got, stamps = receive({1: [("ESTOP", 0)], 2: [("ESTOP", 1), ("RESET", 1)]}, 4)
    assert got == [b"ESTOP 1 RESET 0", b"ESTOP 1 RESET 0", b"ESTOP 0 RESET 0", b"ESTOP 1 RESET 1"]
    assert stamps[3] - stamps[0] >= 0.25


def test_nobody_listening_does_not_end_it():
    async def body():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        task = asyncio.create_task(Contacts(port).run())
        await asyncio.sleep(0.35)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(body())


def test_a_level_that_is_no_level_is_refused():
    with pytest.raises(ValueError, match="contact ESTOP: level 2, allowed 0 or 1"):
        Contacts(1).set("ESTOP", 2)
