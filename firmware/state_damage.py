"""A file of things to remember that is of no use raises an alarm, and says so where the program prints. Start only."""

from drivers.ticks import ticks_ms
from firmware.state import PROBLEMS


def tell_damage(alarms, name, problem):
    """name: of the station for its state, "commands" for what signed commands left behind. problem: of the State."""
    if problem not in (None, PROBLEMS[0]):
        alarms.update("state_damaged", name, True, ticks_ms(), PROBLEMS.index(problem))
        told = alarms.active()[-1]
        print("%s: %s / %s" % (name, told["zh"], told["en"]))
