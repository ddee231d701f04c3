# runs on: cpython, micropython
"""Contacts of the process board: datagrams on a real socket; what is not heard of for a second is unknown."""

import os
import socket
import time

from boards.unix.inputs import Inputs, wired_port

TICKS = 1 << 30


def free_port():
    """A port that nobody has now. (MicroPython's sockets cannot tell which port they were given.)"""
    for port in range(20000 + os.urandom(1)[0] * 50, 60000, 7):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            probe.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
            return port
        except OSError:
            continue
        finally:
            probe.close()
    raise AssertionError("no free port")


class Wired:
    """Inputs and somebody who sends to them."""

    def __init__(self, names=("ESTOP", "RESET")):
        port = free_port()
        self.inputs = Inputs(names, port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = socket.getaddrinfo("127.0.0.1", port)[0][-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.inputs.close()
        self.socket.close()

    def send(self, *datagrams):
        for datagram in datagrams:
            self.socket.sendto(datagram, self.address)
        time.sleep(0.01)

    def levels(self, now_ms):
        self.inputs.poll(now_ms)
        return [self.inputs.level(name) for name in self.inputs.names]


def test_nothing_is_known_before_the_first_datagram():
    with Wired() as wired:
        assert wired.levels(0) == [-1, -1]


def test_the_levels_of_a_datagram_are_taken():
    with Wired() as wired:
        wired.send(b"ESTOP 1 RESET 0")
        assert wired.levels(5) == [1, 0]
        wired.send(b"RESET 1")
        assert wired.levels(10) == [1, 1]
        wired.send(b"ESTOP 0 DOOR 1 RESET 0")
        assert wired.levels(15) == [0, 0]
        assert wired.inputs.bad_datagrams == 0


def test_the_newest_of_several_datagrams_counts():
    with Wired() as wired:
        wired.send(b"ESTOP 1", b"ESTOP 0", b"ESTOP 1 RESET 1")
        assert wired.levels(0) == [1, 1]


def test_a_contact_that_is_silent_for_more_than_a_second_is_unknown():
    with Wired() as wired:
        wired.send(b"ESTOP 1 RESET 0")
        assert wired.levels(100) == [1, 0]
        assert wired.levels(1100) == [1, 0]
        wired.send(b"RESET 0")
        assert wired.levels(1101) == [-1, 0]
        wired.send(b"ESTOP 1")
        assert wired.levels(1200) == [1, 0]


def test_the_age_is_right_where_the_ticks_wrap():
    with Wired() as wired:
        wired.send(b"ESTOP 1")
        assert wired.levels(TICKS - 500) == [1, -1]
        assert wired.levels(500) == [1, -1]
        assert wired.levels(501) == [-1, -1]


def test_datagrams_that_say_something_else_are_counted_and_change_nothing():
    bad = (b"", b"ESTOP", b"ESTOP ", b"ESTOP 2", b"ESTOP 10", b"ESTOP1", b" 1", b"ESTOP  1", b"\x00\xff", b"x" * 300)
    with Wired() as wired:
        wired.send(b"ESTOP 1 RESET 1")
        wired.levels(0)
        for number, datagram in enumerate(bad):
            wired.send(datagram)
            assert wired.levels(1) == [1, 1], datagram
            assert wired.inputs.bad_datagrams == number + 1, datagram


def test_a_name_that_only_begins_alike_is_another_contact():
    with Wired() as wired:
        wired.send(b"ESTOPX 1 ESTO 1 RESE 0")
        assert wired.levels(0) == [-1, -1]


def test_a_flood_is_read_in_portions():
    with Wired() as wired:
        wired.send(*([b"ESTOP 1"] * 8 + [b"ESTOP 0"]))
        assert wired.levels(0) == [1, -1]
        assert wired.levels(1) == [0, -1]


def test_a_name_that_was_not_asked_for_is_refused():
    with Wired() as wired:
        try:
            wired.inputs.level("DOOR")
        except ValueError:
            return
        raise AssertionError("taken")


def test_without_a_wiring_file_every_contact_stays_unknown():
    assert wired_port("/nowhere/wiring.json") is None
    inputs = Inputs(("ESTOP",), wired_port("/nowhere/wiring.json"))
    inputs.poll(0)
    assert inputs.level("ESTOP") == -1
    inputs.close()


def test_the_wiring_file_gives_the_port():
    path = "/tmp/guangchu-wiring-" + "".join(["%02x" % byte for byte in os.urandom(6)])
    for text, port in (('{"inputs_port": 4321}', 4321), ('{"inputs_port": 0}', None), ('{"inputs_port": true}', None),
                       ('{"inputs_port": "1"}', None), ("{}", None), ("[]", None), ("not json", None)):
        with open(path, "w") as file:
            file.write(text)
        assert wired_port(path) == port, text
    os.remove(path)
