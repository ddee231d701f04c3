"""Contacts on the pins of a real board, with the interface of boards/unix/inputs.py.

An opened contact counts at once; a closed one only after it has been closed for a while, so that a bouncing reset
button acts once and a bouncing emergency-stop contact stays "open", which is its safe side.
"""

from array import array

CLOSED_AFTER_MS = 50
# The ticks of every runtime wrap at a multiple of 2^30 ms, so the low 30 bits of a difference are the time passed.
_TICKS = 0x3FFFFFFF


class Inputs:
    """names: the contacts to read. contacts: the board's table name -> (pin, pull, level while closed).
    make_pin: how a pin is made (None: machine.Pin). Raises KeyError for a contact that the board does not have."""

    def __init__(self, names, contacts, make_pin=None):
        self.names = tuple(names)
        make_pin = make_pin or _machine_pin
        self._pins = [make_pin(contacts[name][0], contacts[name][1]) for name in self.names]
        self._closed = array("i", [contacts[name][2] for name in self.names])
        self._levels = array("i", [-1] * len(self.names))
        self._since_ms = array("i", [0] * len(self.names))
        self._bouncing = array("i", [0] * len(self.names))

    def poll(self, now_ms):
        """Reads every pin; call it once a cycle, just before the levels are read."""
        for index in range(len(self._levels)):
            if self._pins[index].value() != self._closed[index]:
                self._levels[index] = 0
                self._bouncing[index] = 0
            elif self._levels[index] != 1 and not self._bouncing[index]:
                self._bouncing[index] = 1
                self._since_ms[index] = now_ms
            elif self._levels[index] != 1 and (now_ms - self._since_ms[index]) & _TICKS >= CLOSED_AFTER_MS:
                self._levels[index] = 1
                self._bouncing[index] = 0

    def level(self, name) -> int:
        """1: closed, 0: open, -1: not read yet. Raises ValueError for a name that was not asked for."""
        return self._levels[self.names.index(name)]

    def close(self):
        """Pins need no closing; the method keeps the boards alike."""


def _machine_pin(number, pull):
    from machine import Pin

    return Pin(number, Pin.IN, Pin.PULL_DOWN if pull == "down" else Pin.PULL_UP if pull == "up" else None)
