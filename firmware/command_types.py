"""What all types of commands have in common; what each does is in a module of its own, named after it
(firmware/command_limit.py for `limit`). Loaded when a command comes.

An outcome is decided first, remembered on flash next, and takes effect last: a power cut between leaves a command that
is answered as carried out, and limits that are put in force again at the start.
"""

from firmware import command_table
from firmware.command_steps import MAX_EXPIRES_S, tighten, withdraw

_MAX_ID = 64


class Outcome:
    """result: "accepted" (in force from now on), "done" (over and done with) or "refused". effect: a function without
    arguments, or None. kept: {name: what Memory.save is to keep}, None when nothing of it changes.
    """

    def __init__(self, result, code, args, effect=None, kept=None):
        self.result, self.code, self.args, self.effect, self.kept = result, code, args, effect, kept


def refusal(code, args) -> Outcome:
    return Outcome("refused", code, args)


def outcome(commands, who, command, common, now_ms) -> Outcome:
    """What becomes of a signed command in good time. common: the fields that every command may have."""
    kind = command["type"]
    may = command_table.rights(kind)
    if not may:
        return refusal("unknown_type", (shown(kind), ", ".join(sorted(command_table.names()))))
    if who not in may:
        return refusal("no_right", (who, kind, ", ".join(may)))
    supported = command_table.supported(commands)
    if kind not in supported:
        return refusal("not_supported", (kind, ", ".join(supported)))
    if kind == "emergency_stop":
        return Outcome("accepted", "stopped", (), lambda: commands.stop.press("command"))
    module = __import__("firmware.command_" + kind, None, None, ("outcome",))
    return module.outcome(commands, who, command, common, now_ms)


def expiry_problem(command):
    """What is wrong with `expires_s`: (field, found, allowed), or None."""
    if not is_int_in(command.get("expires_s"), 1, MAX_EXPIRES_S):
        return "expires_s", shown(command.get("expires_s")), "1..%d s" % MAX_EXPIRES_S
    return None


def left_s(commands, issued_s, expires_s, now_ms) -> int:
    """Seconds that an order for `expires_s` still lasts: it was given from `issued_s` on, however long the way was.
    Below 1: it is over. Without a clock the way counts as nothing."""
    now_s = commands.clock.now_s(now_ms)
    return expires_s if now_s is None else min(issued_s + expires_s - now_s, MAX_EXPIRES_S)


def loosens(limits, source_at, at, limit_w, replaces, now_ms):
    """The outcome when a limit would be looser than what it may be, else None. limit_w: None for its end. replaces: it
    takes the place of what its source has set before, and only the cap counts; else it may only tighten."""
    if limit_w is None:
        return None
    most_w = -1 if replaces else limits.limit_w(source_at, at, now_ms)
    if most_w < 0:
        most_w = limits.cap_w(at)
    return refusal("would_loosen", (most_w, limit_w)) if limit_w > most_w else None


def put_in_force(limits, source_at, at, limit_w, replaces, expires_s, now_ms):
    """limit_w: None where nothing is to be in force any more."""
    if replaces:
        withdraw(limits, source_at, at)
    if limit_w is not None:
        tighten(limits, source_at, at, limit_w, expires_s, now_ms)


def unknown_field(command, known):
    """A field that nobody knows: (field, found, allowed), or None."""
    for field in command:
        if field not in known:
            return "name", shown(field), ", ".join(known)
    return None


def _is_printable(text: str) -> bool:
    for char in text:
        if not " " <= char <= "~":
            return False
    return True


def is_proper_id(value) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _MAX_ID and _is_printable(value)


def is_int_in(value, least: int, most: int) -> bool:
    """A whole number in range; True and False are no numbers here, though Python counts them as 1 and 0."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def shown(value) -> str:
    """What was found, short and printable: an answer must not carry a hostile message onwards."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        text = '"%s"' % value[:24]
        return text if _is_printable(text) else "unprintable text"
    text = str(value)
    return text if len(text) <= 24 else text[:24] + "..."
