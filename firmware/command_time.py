"""The command `time`: what time it is, as the answer to the station's question. Loaded when one comes."""

from drivers.ticks import ticks_diff
from firmware.command_types import Outcome, refusal, shown, unknown_field

_MOST_ASKED_MS = 20000  # between the question for the time and its answer


def outcome(commands, who, command, common, now_ms) -> Outcome:
    """`issued` is the time now: only as the answer to the question that the station has just asked, so that a message
    held back on its way cannot set the clock back."""
    clock = commands.clock
    problem = unknown_field(command, common + ("asked",))
    if problem is not None:
        return refusal("bad_field", problem)
    passed_ms = ticks_diff(now_ms, clock.asked_ms)
    if not clock.asked or command.get("asked") != clock.asked or not 0 <= passed_ms <= _MOST_ASKED_MS:
        return refusal("not_asked", (shown(command.get("asked")), shown(clock.asked)))
    return Outcome("done", "time_set", (), lambda: _set_time(clock, command["issued"], passed_ms, now_ms))


def _set_time(clock, unix_s, passed_ms, now_ms):
    clock.set(unix_s, "platform", passed_ms + 1000, now_ms)
    clock.asked = ""
