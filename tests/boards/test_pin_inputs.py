# runs on: cpython, micropython
"""Contacts on pins: open counts at once, closed after it has been closed for a while."""

from boards.pin_inputs import Inputs

CONTACTS = {"ESTOP": (10, "down", 1), "RESET": (11, "up", 0)}


class Pin:
    made = {}

    def __init__(self, number, pull):
        self.pull = pull
        self.now = 0
        self.made[number] = self

    def value(self):
        return self.now


def inputs():
    return Inputs(("ESTOP", "RESET"), CONTACTS, Pin)


def levels(contacts, now_ms):
    contacts.poll(now_ms)
    return [contacts.level("ESTOP"), contacts.level("RESET")]


def test_nothing_is_known_before_the_first_poll():
    contacts = inputs()
    assert [contacts.level("ESTOP"), contacts.level("RESET")] == [-1, -1]


def test_each_contact_is_read_with_its_own_pull_and_sense():
    contacts = inputs()
    assert (Pin.made[10].pull, Pin.made[11].pull) == ("down", "up")
    Pin.made[10].now, Pin.made[11].now = 0, 1
    assert levels(contacts, 0) == [0, 0]


def test_a_closed_contact_counts_after_50_ms():
    contacts = inputs()
    Pin.made[10].now, Pin.made[11].now = 1, 1
    assert levels(contacts, 0) == [-1, 0]
    assert levels(contacts, 49) == [-1, 0]
    assert levels(contacts, 50) == [1, 0]


def test_an_opened_contact_counts_at_once_and_bouncing_keeps_it_open():
    contacts = inputs()
    pin = Pin.made[10]
    pin.now = 1
    levels(contacts, 0)
    assert levels(contacts, 60)[0] == 1
    for now_ms in range(100, 300, 20):
        pin.now = (now_ms // 20 + 1) % 2
        assert levels(contacts, now_ms)[0] == 0, now_ms
    pin.now = 1
    assert levels(contacts, 300)[0] == 0 and levels(contacts, 350)[0] == 1


def test_the_time_is_right_where_the_ticks_wrap():
    contacts = inputs()
    Pin.made[10].now = 1
    levels(contacts, (1 << 30) - 20)
    assert levels(contacts, 20)[0] == -1
    assert levels(contacts, 30)[0] == 1
